import { deepEqual, equal } from "node:assert/strict";
import { SmtpPool } from "../../src/smtp/pool.ts";
import { mailTo, SMALL } from "./deliveries.ts";
import { poolServer } from "./pool_server.ts";

const PURE: Omit<Deno.TestDefinition, "fn" | "name"> = { permissions: "none" };

Deno.test("SmtpPool connects anew where a server does not know RSET [S38]", PURE, async () => {
  const unknown = new TextEncoder().encode("502 5.5.1 what?\r\n");
  await using server = poolServer({
    intervene: (_, { verb }) => verb === "RSET" ? { execute: false, reply: unknown } : undefined,
  });
  await using pool = new SmtpPool({
    url: "smtp://mx.example",
    dial: server.dial,
    tls: "none",
    maxConnections: 1,
  });
  const outcomes: string[] = [];
  for (const to of ["bob", "nobody", "eve"]) {
    outcomes.push((await pool.send(mailTo([`${to}@mx.example`]).envelope, SMALL)).outcome);
  }
  // The envelope to nobody was left open, and only another connection is sure to be without it.
  deepEqual(outcomes, ["accepted", "refused", "accepted"]);
  equal(server.connections, 2);
  equal(server.mails.length, 2);
});
