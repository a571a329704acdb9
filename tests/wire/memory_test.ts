import { deepEqual, equal, rejects } from "node:assert/strict";
import { type Connection, memoryPair } from "../../src/wire/mod.ts";
import { settle } from "../fake_clock.ts";

const pure = { permissions: "none" } as const;
const octets = (text: string): Uint8Array => Uint8Array.from(text, (c) => c.charCodeAt(0));

async function read(connection: Connection, size = 100): Promise<string | null> {
  const buffer = new Uint8Array(size);
  const count = await connection.read(buffer);
  return count === null ? null : String.fromCharCode(...buffer.subarray(0, count));
}

Deno.test("memoryPair() gives what one end writes to the other, both ways", pure, async () => {
  const [client, server] = memoryPair();
  await client.write(octets("EHLO"));
  await server.write(octets("220"));
  equal(await read(server), "EHLO");
  equal(await read(client), "220");
  deepEqual([client.local, client.remote, client.security], [
    { transport: "memory" },
    { transport: "memory" },
    "clear",
  ]);
  client.close();
  server.close();
});

Deno.test("memoryPair() joins writes and cuts reads", pure, async () => {
  const [client, server] = memoryPair({ chunk: 3 });
  await client.write(octets("ab"));
  await client.write(octets(""));
  await client.write(octets("cdef"));
  equal(await read(server), "abc");
  equal(await read(server, 2), "de");
  equal(await read(server), "f");
  const waiting = read(server);
  await client.write(octets("g"));
  equal(await waiting, "g");
  client.close();
  server.close();
});

Deno.test("memoryPair() copies what is written", pure, async () => {
  const [client, server] = memoryPair();
  const bytes = octets("abc");
  await client.write(bytes);
  bytes.fill(0);
  equal(await read(server), "abc");
  client.close();
  server.close();
});

Deno.test("memoryPair() lets a write wait for room", pure, async () => {
  const [client, server] = memoryPair({ capacity: 4 });
  await client.write(octets("abcdef")); // more than there is room for, into an empty pipe
  let done = false;
  const waiting = client.write(octets("g")).then(() => done = true);
  await settle();
  equal(done, false);
  equal(await read(server, 2), "ab");
  await settle();
  equal(done, false);
  equal(await read(server, 2), "cd");
  await waiting;
  equal(await read(server), "efg");
  client.close();
  server.close();
});

Deno.test("a closed memory connection gives the rest, then the end", pure, async () => {
  const [client, server] = memoryPair();
  await client.write(octets("QUIT"));
  client.close();
  client.close();
  equal(await read(server, 2), "QU");
  equal(await read(server), "IT");
  equal(await read(server), null);
  equal(await read(server), null);
  await rejects(server.write(octets("221")), Deno.errors.BrokenPipe);
  server.close();
});

Deno.test("closing a memory connection ends its own waits [D7]", pure, async () => {
  const [client, server] = memoryPair({ capacity: 1 });
  await client.write(octets("ab"));
  const waits = [client.read(new Uint8Array(1)), client.write(octets("c"))];
  client.close();
  for (const wait of waits) await rejects(wait, Deno.errors.Interrupted);
  await rejects(client.read(new Uint8Array(1)), Deno.errors.Interrupted);
  await rejects(client.write(octets("d")), Deno.errors.Interrupted);
  server.close();
});

Deno.test("closing a memory connection ends a write of the other end", pure, async () => {
  const [client, server] = memoryPair({ capacity: 1 });
  await client.write(octets("ab"));
  const waiting = client.write(octets("c"));
  server.close();
  await rejects(waiting, Deno.errors.BrokenPipe);
  client.close();
});

for (const first of ["client", "server"] as const) {
  Deno.test(`memory connections become TLS together, the ${first} first`, pure, async () => {
    const [client, server] = memoryPair({ chunk: 2 });
    const options = { hostname: "mail.example" };
    const joining = (first === "client" ? client : server).startTls(options);
    const joined = (first === "client" ? server : client).startTls(options);
    const [secureClient, secureServer] = first === "client"
      ? [await joining, await joined]
      : [await joined, await joining];
    equal(secureClient.security, "verified");
    equal(secureServer.security, "verified");
    await secureClient.write(octets("abc"));
    equal(await read(secureServer), "ab"); // the options hold inside too
    await rejects(secureClient.startTls(options), { name: "TlsError", failure: "unsupported" });
    secureClient.close();
    secureServer.close();
  });
}

Deno.test("memory TLS fails on both ends with plain octets unread [D3] [T-S05]", pure, async () => {
  const [client, server] = memoryPair();
  const options = { hostname: "mail.example" };
  await server.write(octets("250 injected"));
  const failure = { name: "TlsError", failure: "not-tls" };
  const waiting = rejects(server.startTls(options), failure);
  await rejects(client.startTls(options), failure);
  await waiting;
});

Deno.test("memory TLS fails where the other end goes on in the clear [T-S08]", pure, async () => {
  const [client, server] = memoryPair();
  const options = { hostname: "mail.example" };
  const failure = { name: "TlsError", failure: "not-tls" };
  const waiting = rejects(client.startTls(options), failure);
  await server.write(octets("250 what?"));
  await waiting;
  await rejects(server.startTls(options), failure);
});

Deno.test(
  "memory TLS fails when the other end is gone, before or after [T-S10]",
  pure,
  async () => {
    const options = { hostname: "mail.example" };
    const failure = { name: "TlsError", failure: "closed", temporary: true };
    for (const when of ["before", "after"]) {
      const [client, server] = memoryPair();
      if (when === "before") server.close();
      const waiting = rejects(client.startTls(options), failure);
      if (when === "after") server.close();
      await waiting;
    }
    const [client] = memoryPair();
    const waiting = rejects(client.startTls(options), failure);
    client.close(); // our own end: what a deadline does
    await waiting;
  },
);
