import { rejects } from "node:assert/strict";
import { loadTls } from "../../../src/jobs/probe/peer_certificate.ts";
import { type Connection, dial } from "../../../src/wire/mod.ts";
import { pem, TlsServer } from "./peers.ts";

Deno.test("loadTls() tells an end that came while the certificate was judged [T-S10]", async () => {
  const ca = await pem("ca");
  const tls = { requestCert: true, rejectUnauthorized: true, ca: [ca] };
  await using server = await TlsServer.start({ mode: "implicit", tls });
  const start = await loadTls();
  const { promise: ended, resolve } = Promise.withResolvers<void>();
  let judging = false;
  const socket = await dial({ hostname: "127.0.0.1", port: server.port });
  const watched: Connection = {
    local: socket.local,
    remote: socket.remote,
    security: socket.security,
    read: async (buffer) => {
      const count = await socket.read(buffer);
      if (judging) resolve();
      return count;
    },
    write: (bytes) => socket.write(bytes),
    startTls: (options) => socket.startTls(options),
    close: () => socket.close(),
  };
  // In TLS 1.3 the server's verdict on the client comes behind the handshake.
  const connection = await start(watched, { hostname: "127.0.0.1", caCerts: [ca] }, {
    versions: ["1.3"],
    judge: async () => {
      judging = true;
      await ended;
      await new Promise((done) => setTimeout(done, 0)); // its events are told
      return true;
    },
  });
  await rejects(connection.read(new Uint8Array(10)), { name: "TlsError" });
  connection.close();
});
