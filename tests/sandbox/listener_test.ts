import { equal, ok, rejects } from "node:assert/strict";
import { type Connection, formatEndpoint } from "@mailwright/mailwright";
import { listen, SANDBOX_CA, type SocketConnection } from "@mailwright/mailwright/sandbox";
import { RawClient } from "../server/raw_client.ts";
import { connect, upgrade } from "./plain_client.ts";

/** The next connection to a listener. */
async function next(
  listener: AsyncIterable<SocketConnection>,
): Promise<SocketConnection> {
  for await (const connection of listener) return connection;
  throw new Error("The listener is closed");
}

/** A connected pair over real sockets. */
async function pair() {
  const listener = await listen();
  const [client, server] = await Promise.all([connect(listener.endpoint.port), next(listener)]);
  return {
    client,
    server,
    async [Symbol.asyncDispose]() {
      try {
        client.octets.close();
      } catch {
        // taken over by TLS
      }
      await listener[Symbol.asyncDispose]();
    },
  };
}

const TLS = { hostname: "localhost" };

Deno.test.each<[string]>([["0.0.0.0"], ["::"], ["192.0.2.1"], ["localhost"], ["mx.example"], [""]])(
  "listen() refuses %j in code [T-V06]",
  { permissions: "none" },
  async (hostname) => {
    await rejects(listen({ hostname }), {
      name: "TypeError",
      message: `Cannot listen on "${hostname}": the sandbox stays on loopback`,
    });
  },
);

Deno.test("listen() rejects where the permission is missing", { permissions: "none" }, async () => {
  await rejects(listen(), {
    name: "NotCapable",
    message: 'Requires net access to "127.0.0.1", run again with the --allow-net flag',
  });
});

Deno.test("listen() says that a port is taken", async () => {
  await using listener = await listen();
  await rejects(
    listen({ port: listener.endpoint.port }),
    /^Error: Cannot listen on "127.0.0.1:\d+": .*EADDRINUSE/,
  );
});

Deno.test("a connection knows its ends, reads, and writes", async () => {
  await using ends = await pair();
  const { client, server } = ends;
  ok(formatEndpoint(server.local).startsWith("127.0.0.1:"));
  equal(server.security, "clear");
  await client.send("hello");
  const buffer = new Uint8Array(3);
  equal(await server.read(buffer), 3);
  equal(new TextDecoder().decode(buffer), "hel");
  equal(await server.read(buffer), 2);
  await server.write(new TextEncoder().encode("220 x\r\n"));
  equal(await client.reply(), "220 x");
  client.octets.close();
  equal(await server.read(buffer), null);
});

Deno.test("a connection writes more than the system holds, while it is read", async () => {
  await using ends = await pair();
  const size = 8 * 1024 * 1024;
  const writing = ends.server.write(new Uint8Array(size)).then(() => ends.server.close());
  let octets = 0;
  const buffer = new Uint8Array(65536);
  for (let count = 0; count !== null;) {
    octets += count;
    const read = await ends.client.octets.read(buffer);
    if (read === null) break;
    count = read;
  }
  await writing;
  equal(octets, size);
});

Deno.test("close() ends a waiting read and a waiting write", async () => {
  await using ends = await pair();
  const reading = rejects(ends.server.read(new Uint8Array(1)), Deno.errors.Interrupted);
  // Nobody reads: the system takes some, and the rest waits.
  const writing = rejects(ends.server.write(new Uint8Array(32 * 1024 * 1024)));
  ends.server.close();
  ends.server.close();
  await reading;
  await writing;
});

Deno.test("a write fails when the client is gone, waiting or not", async () => {
  await using ends = await pair();
  await ends.server.write(new Uint8Array(1000));
  // Nobody reads: the system takes some, and the rest waits.
  const writing = rejects(ends.server.write(new Uint8Array(32 * 1024 * 1024)));
  ends.client.octets.close(); // with octets unread, which makes it a reset
  await writing;
  await rejects(ends.server.write(new Uint8Array(1)));
  await rejects(ends.server.read(new Uint8Array(1)));
});

Deno.test("close() lets what was written arrive, and TLS its farewell", async () => {
  for (const secure of [false, true]) {
    await using ends = await pair();
    let client = ends.client;
    let server: Connection = ends.server;
    if (secure) {
      [client, server] = await Promise.all([
        upgrade(ends.client, [SANDBOX_CA]),
        ends.server.startTls(TLS),
      ]);
    }
    await server.write(new TextEncoder().encode("221 bye\r\n"));
    server.close();
    equal(await client.reply(), "221 bye");
    equal(await client.octets.read(new Uint8Array(1)), null);
    client.octets.close();
  }
});

Deno.test("reset() breaks the connection, inside TLS too", async () => {
  for (const secure of [false, true]) {
    await using ends = await pair();
    let client = ends.client;
    let server: Connection & { reset?(): void } = ends.server;
    if (secure) {
      [client, server] = await Promise.all([
        upgrade(ends.client, [SANDBOX_CA]),
        ends.server.startTls(TLS),
      ]);
    }
    server.reset?.();
    await rejects(client.octets.read(new Uint8Array(1)), Deno.errors.ConnectionReset);
    client.octets.close();
  }
});

Deno.test.each<[string]>([["localhost"], ["127.0.0.1"]])(
  "startTls() proves to be %s",
  async (name) => {
    await using ends = await pair();
    // A line in the clear first, so that something has been read before.
    await ends.client.send("STARTTLS\r\n");
    await ends.server.read(new Uint8Array(100));
    const [inside, server] = await Promise.all([
      upgrade(ends.client, [SANDBOX_CA], name),
      ends.server.startTls(TLS),
    ]);
    equal(server.security, "verified");
    await inside.send("hi");
    equal(await server.read(new Uint8Array(10)), 2);
    inside.octets.close();
  },
);

Deno.test.each<[string, string]>([["another name", "mx.example"], ["nobody's CA", ""]])(
  "startTls() is refused by a client that wants %s",
  async (_name, hostname) => {
    await using ends = await pair();
    await Promise.all([
      rejects(
        upgrade(ends.client, hostname === "" ? [] : [SANDBOX_CA], hostname || "localhost"),
        Deno.errors.InvalidData,
      ),
      rejects(ends.server.startTls(TLS), { name: "TlsError" }),
    ]);
  },
);

Deno.test("startTls() fails on octets in the clear, read or not, and on nothing", async () => {
  for (const sent of ["NOOP\r\n", ""]) {
    await using ends = await pair();
    if (sent !== "") {
      await ends.client.send(`x${sent}`);
      // One octet is asked for; the system may give all, and what is left must not count.
      await ends.server.read(new Uint8Array(1));
    }
    const failed = rejects(ends.server.startTls(TLS), { name: "TlsError" });
    if (sent === "") ends.client.octets.close();
    else await ends.client.send(sent);
    await failed;
  }
});

Deno.test("a listener that is closed ends its iteration and its connections", async () => {
  const listener = await listen();
  const client = await connect(listener.endpoint.port);
  const server = await next(listener);
  const ended = (async () => {
    for await (const _ of listener);
  })();
  await listener[Symbol.asyncDispose]();
  await ended;
  await server.closed;
  equal(await new RawClient(client.octets).line(), null);
  client.octets.close();
  await rejects(connect(listener.endpoint.port), Deno.errors.ConnectionRefused);
});
