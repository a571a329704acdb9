import { deepEqual, equal, rejects } from "node:assert/strict";
import { SmtpPool } from "../../src/smtp/pool.ts";
import { mailTo, SMALL } from "./deliveries.ts";
import { poolServer } from "./pool_server.ts";
import { greeted } from "./scripted_session.ts";

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

const REFUSED = `
  C: MAIL FROM:<ann@client.example>
  S: 250 sender
  C: RCPT TO:<bob@mx.example>
  S: 550 no such user
  C: RSET`;
const { envelope } = mailTo(["bob@mx.example"]);

Deno.test("SmtpSession.send() leaves no envelope behind", PURE, async () => {
  await using made = await greeted("", `${REFUSED}\nS: 250 reset\nC: MAIL FROM:<>\nS: 250 ok`);
  equal((await made.session.send(envelope, SMALL)).outcome, "refused");
  equal((await made.session.mail(null)).code, 250);
  await made.done;
});

Deno.test.each(["S: 502 what?", "S: 421 closing", "<close>"])(
  "SmtpSession.send() lets its result stand when RSET is answered by %s [S37] [S38]",
  PURE,
  async (answer) => {
    await using made = await greeted("", `${REFUSED}\n${answer}`);
    const receipt = await made.session.send(envelope, SMALL);
    equal(receipt.outcome, "refused");
    equal(receipt.error, undefined);
    equal(made.session.usable, false);
    await made.done;
  },
);

Deno.test(
  "SmtpSession.send() does not mix with a transaction that was begun by hand",
  PURE,
  async () => {
    await using made = await greeted(
      "",
      "C: MAIL FROM:<>\nS: 250 ok\nC: RSET\nS: 250 reset\nC: NOOP\nS: 250 fine",
    );
    const { session } = made;
    await session.mail(null);
    await rejects(session.send(envelope, SMALL), { name: "SmtpLocalError", message: /RSET/ });
    await session.rset();
    await session.noop(); // nothing of the message was said
    await made.done;
  },
);
