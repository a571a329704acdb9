import { equal, rejects, throws } from "node:assert/strict";
import { checkTls, DenoConnection } from "../../src/wire/deno_connection.ts";
import { certificate } from "./listener.ts";

const address = { transport: "tcp", hostname: "192.0.2.1", port: 25 } as const;

/** A socket of the platform whose parts a test replaces. */
function fakeSocket(parts: Partial<Deno.TcpConn>): Deno.TcpConn {
  const socket: Partial<Deno.TcpConn> = {
    localAddr: address,
    remoteAddr: address,
    close() {},
    ...parts,
  };
  return socket as Deno.TcpConn; // what the connection uses is there
}

Deno.test("DenoConnection.write() writes all, however little the platform takes at once", {
  permissions: "none",
}, async () => {
  let written = "";
  const socket = fakeSocket({
    write(bytes) {
      written += String.fromCharCode(...bytes.subarray(0, 3));
      return Promise.resolve(Math.min(3, bytes.length));
    },
  });
  await new DenoConnection(socket, "clear").write(new TextEncoder().encode("MAIL FROM:<>\r\n"));
  equal(written, "MAIL FROM:<>\r\n");
});

Deno.test("DenoConnection.startTls() closes what comes about after close() [T-S09]", {
  permissions: "none",
}, async () => {
  const { startTls } = Deno;
  const upgrade = Promise.withResolvers<unknown>();
  Object.assign(Deno, { startTls: () => upgrade.promise });
  try {
    const connection = new DenoConnection(fakeSocket({}), "clear");
    const upgrading = connection.startTls({ hostname: "mail.example" });
    connection.close();
    let closed = false;
    upgrade.resolve({ close: () => closed = true, handshake: () => new Promise(() => {}) });
    await rejects(upgrading, { name: "TlsError" });
    equal(closed, true);
  } finally {
    Object.assign(Deno, { startTls });
  }
});

Deno.test("DenoConnection.close() minds no socket that is closed already", {
  permissions: "none",
}, () => {
  const socket = fakeSocket({
    close() {
      throw new Deno.errors.BadResource("Bad resource ID");
    },
  });
  new DenoConnection(socket, "clear").close();
});

Deno.test("checkTls() gives the name as certificates have it [T-S16]", () => {
  const { hostname, caCerts } = checkTls({
    hostname: "bücher.example.",
    caCerts: [certificate("ca")],
  });
  equal(hostname, "xn--bcher-kva.example");
  equal(caCerts.length, 1);
});

Deno.test("checkTls() refuses what the platform would overlook", { permissions: "none" }, () => {
  // Without a name the platform checks for 127.0.0.1; a root that is no PEM it ignores.
  throws(() => checkTls({ hostname: "" }), TypeError);
  throws(() => checkTls({ hostname: "mail.example", caCerts: ["nonsense"] }), TypeError);
});
