import { deepEqual, equal, match, ok, rejects } from "node:assert/strict";
import { connectSmtp } from "../../src/smtp/connect.ts";
import { receiptOf } from "../../src/smtp/error_receipt.ts";
import { SmtpSession } from "../../src/smtp/session.ts";
import type { Receipt } from "../../src/smtp/receipt.ts";
import { Secret } from "../../src/sasl/mod.ts";
import { ClosedError, type Connection, memoryPair, TlsError } from "../../src/wire/mod.ts";
import { FakeClock } from "../fake_clock.ts";
import { type Fault, type Faulty, faulty, type Moment } from "./faulty.ts";
import { play } from "./scripted_server.ts";

const PURE: Omit<Deno.TestDefinition, "fn" | "name"> = { permissions: "none" };

const SCRIPT = `
  S: 220 mx.example ready
  C: EHLO client.example
  S: 250-mx.example
  S: 250 STARTTLS
  C: STARTTLS
  S: 220 go
  <tls>
  C: EHLO client.example
  S: 250-mx.example
  S: 250 AUTH LOGIN
  C~ AUTH LOGIN
  S: 334 UGFzc3dvcmQ6
  C: *
  S: 235 in
  C: MAIL FROM:<ann@client.example>
  S: 250 sender
  C: RCPT TO:<bob@mx.example>
  S: 250 bob
  C: RCPT TO:<eve@mx.example>
  S: 250 eve
  C: DATA
  S: 354 go
  ${"C: *\n".repeat(3 * 641 - 1)}
  C: last line
  C: .
  S: 250 2.0.0 taken
  C: RSET
  S: 250 reset
  C: QUIT
  S: 221 bye`;

/** Content in pieces that are each written at once, and not with what follows. */
async function* content(): AsyncGenerator<Uint8Array> {
  const encoder = new TextEncoder();
  const lines = `${"x".repeat(62)}\r\n`.repeat(640); // 40 KiB
  for (const last of ["first line", "second line", "last line"]) {
    yield await Promise.resolve(encoder.encode(`${lines}${last}\r\n`));
  }
}

type Report = Receipt["outcome"] | "no session";

/** The 22 stages of threats D; what is reported there, and what if 421 comes. */
const STAGES: readonly (readonly [string, Moment, Report, Report, (Report | undefined)?])[] = [
  ["before the greeting", { after: "nothing" }, "no session", "no session"],
  ["in the greeting", { after: "reading", text: "22" }, "no session", "no session"],
  ["after the greeting", { after: "reading", text: "ready\r\n" }, "no session", "no session"],
  ["in the reply to EHLO", { after: "reading", text: "250-mx" }, "no session", "no session"],
  ["after EHLO", { after: "reading", text: "STARTTLS\r\n" }, "no session", "no session"],
  ["after STARTTLS", { after: "writing", text: "STARTTLS\r\n" }, "no session", "no session"],
  ["after its 220", { after: "reading", text: "220 go\r\n" }, "no session", "no session"],
  ["in the handshake", { after: "handshake" }, "no session", "no session"],
  ["after AUTH", { after: "writing", text: "AUTH LOGIN" }, "no session", "no session"],
  ["after 334", { after: "reading", text: "334 UGFzc3dvcmQ6\r\n" }, "no session", "no session"],
  ["after 235", { after: "reading", text: "235 in\r\n" }, "not-sent", "deferred"],
  ["after MAIL", { after: "writing", text: "MAIL FROM" }, "not-sent", "deferred"],
  ["after a RCPT", { after: "writing", text: "RCPT TO:<eve" }, "not-sent", "deferred"],
  ["after DATA", { after: "writing", text: "DATA\r\n" }, "not-sent", "deferred"],
  // A peer that is only silent takes all that is written: the end as well.
  ["after 354", { after: "reading", text: "354 go\r\n" }, "not-sent", "deferred", "in-doubt"],
  ["in the body", { after: "writing", text: "first line\r\n" }, "not-sent", "deferred", "in-doubt"],
  ["before the dot", { after: "writing", text: "last line\r\n" }, "in-doubt", "deferred"],
  ["after the dot", { after: "writing", text: "\r\n.\r\n" }, "in-doubt", "deferred"],
  ["in its reply", { after: "reading", text: "354 go\r\n25" }, "in-doubt", "in-doubt"],
  ["after its reply", { after: "reading", text: "taken\r\n" }, "accepted", "accepted"],
  ["after RSET", { after: "writing", text: "RSET\r\n" }, "accepted", "accepted"],
  ["after QUIT", { after: "writing", text: "QUIT\r\n" }, "accepted", "accepted"],
];
const FAULTS: readonly Fault[] = ["FIN", "RST", "silence", "421 and FIN", "no close_notify"];

type Case = readonly [string, string, Report, Moment, Fault];
const CASES: readonly Case[] = STAGES.flatMap(([stage, moment, report, farewell, silent]) =>
  FAULTS.map((fault): Case => {
    const wanted = fault === "421 and FIN" ? farewell : fault === "silence" ? silent : undefined;
    return [fault, stage, wanted ?? report, moment, fault];
  })
);
const reporting = (...reports: Report[]): Case[] =>
  CASES.filter(([, , report]) => reports.includes(report));

/** Everything a user does, up to the break and beyond. */
async function everything(
  { connection }: Faulty,
  clock: FakeClock,
): Promise<{ report: Report; receipt?: Receipt | undefined; error?: unknown }> {
  let session: SmtpSession;
  try {
    session = await connectSmtp({
      connection,
      host: "mx.example",
      name: "client.example",
      auth: { user: "ann", password: new Secret("pencil") },
      clock,
    });
  } catch (error) {
    return { report: "no session", error };
  }
  let receipt: Receipt | undefined;
  let error: unknown;
  try {
    const to = ["bob@mx.example", "eve@mx.example"];
    receipt = await session.send({ from: "ann@client.example", to, policy: "any" }, content());
  } catch (thrown) {
    error = thrown;
    receipt = receiptOf(thrown);
  }
  await session.rset().catch(() => {});
  await session.quit();
  await session[Symbol.asyncDispose]();
  // Whoever asks later hears the same.
  deepEqual(session.lastReceipt, receipt);
  return { report: receipt?.outcome ?? "no session", receipt, error };
}

async function check([, , report, moment, fault]: Case): Promise<void> {
  const clock = new FakeClock();
  const { connection, done, heard } = play(SCRIPT);
  const broken = faulty(connection, moment, fault);
  let over = false;
  const running = everything(broken, clock).finally(() => over = true);
  do await clock.advance(600_000); while (!over);
  const seen = await running;
  await done.catch(() => {}); // it was cut off
  equal(broken.broken(), true, "the fault has not come about");
  equal(seen.report, report);
  equal(broken.afterDeath(), 0, "something was written to the dead");
  equal(clock.sleeping, 0);
  const { receipt } = seen;
  if (report === "no session") {
    ok(seen.error instanceof Error);
    equal("temporary" in seen.error && seen.error.temporary, !/protocol/i.test(seen.error.name));
    ok(!heard().includes("MAIL"));
    return;
  }
  ok(receipt !== undefined);
  const { accepted, rejected, inDoubt } = receipt;
  equal(accepted.length + rejected.length + inDoubt.length, 2);
  ok(rejected.every(({ retry }) => retry === "later"));
  equal(
    seen.error === undefined,
    report === "accepted" || (report === "deferred" && decided(receipt)),
  );
}

/** Whether the farewell was the answer to what concerns all recipients. */
function decided({ rejected }: Receipt): boolean {
  return rejected.every(({ reply }) => reply?.code === 421);
}

Deno.test("the table of faults is whole", PURE, () => {
  equal(STAGES.length, 22);
  equal(CASES.length, 110);
});

Deno.test.each(reporting("no session"))(
  "connectSmtp() rejects at %s %s, and no mail was begun [T-D01]",
  PURE,
  (...row) => check(row),
);

Deno.test.each(reporting("not-sent"))(
  "SmtpSession.send() reports at %s %s: %s [T-D01]",
  PURE,
  (...row) => check(row),
);

Deno.test.each(reporting("in-doubt"))(
  "SmtpSession.send() reports at %s %s: %s [S43] [T-D02] [T-D03]",
  PURE,
  (...row) => check(row),
);

Deno.test.each(reporting("accepted"))(
  "SmtpSession.send() reports at %s %s: %s [T-D04]",
  PURE,
  (...row) => check(row),
);

Deno.test.each(reporting("deferred"))(
  "SmtpSession.send() reports at %s %s: %s [S18] [T-D05]",
  PURE,
  (...row) => check(row),
);

/** Says something to the end of the content, and then is gone. */
async function answeredBy(last: string): Promise<Receipt | undefined> {
  const { connection } = play(`
    S: 220 mx.example
    C: EHLO client.example
    S: 250 mx.example
    C~ MAIL
    S: 250 sender
    C~ RCPT
    S: 250 bob
    C: DATA
    S: 354 go
    C: Subject: hi
    C: .
    S| ${last}
    <close>`);
  const session = await connectSmtp({ connection, name: "client.example", tls: "none" });
  try {
    const envelope = { from: null, to: ["bob@mx.example"], policy: "any" } as const;
    return await session.send(envelope, "Subject: hi\r\n");
  } catch (error) {
    return receiptOf(error);
  } finally {
    await session.quit();
  }
}

Deno.test.each(["", "2", "25", "250", "250 queued", "250-queued", "250-queued\\r\\n", "550 no"])(
  "Receipt is in doubt after the unfinished reply %j [T-D03]",
  PURE,
  async (last) => {
    const receipt = await answeredBy(last);
    equal(receipt?.outcome, "in-doubt");
    deepEqual(receipt.inDoubt.map(String), ["bob@mx.example"]);
    equal(receipt.stage, "final");
  },
);

Deno.test.each([
  ["250 ok\\r\\n", "accepted"],
  ["250\\r\\n", "accepted"],
  ["250 ok\\n", "accepted"],
  ["250-queued\\r\\n250 ok\\r\\n", "accepted"],
  ["451 later\\r\\n", "deferred"],
  ["421 later\\r\\n", "deferred"],
  ["554 never\\r\\n", "refused"],
])(
  "Receipt goes by the complete reply %j, whatever follows [T-D04] [T-D05]",
  PURE,
  async (last, outcome) => {
    equal((await answeredBy(last))?.outcome, outcome);
  },
);

Deno.test(
  "Receipt goes by the last words of a server that has closed in the body [S19] [T-D06]",
  PURE,
  async () => {
    for (
      const [words, outcome, retry] of [
        ["552 5.3.4 too big\\r\\n", "refused", "never"],
        ["452 disk full\\r\\n", "deferred", "later"],
        ["421 4.3.2 shutting down\\r\\n", "deferred", "later"],
      ] as const
    ) {
      const { connection } = play(`
      S: 220 mx.example
      C: EHLO client.example
      S: 250 mx.example
      C~ MAIL
      S: 250 sender
      C~ RCPT
      S: 250 bob
      C: DATA
      S: 354 go
      C: *
      S| ${words}
      <close>`);
      const session = await connectSmtp({ connection, name: "client.example", tls: "none" });
      const envelope = { from: null, to: ["bob@mx.example"], policy: "any" } as const;
      const receipt = await session.send(envelope, content());
      equal(receipt.outcome, outcome);
      equal(receipt.stage, "content");
      equal(receipt.rejected[0]?.retry, retry);
      equal(session.usable, false);
      await session.quit();
    }
  },
);

Deno.test("Receipt believes no acceptance of a body that was cut off [T-D06]", PURE, async () => {
  const { connection } = play(`
    S: 220 mx.example
    C: EHLO client.example
    S: 250 mx.example
    C~ MAIL
    S: 250 sender
    C~ RCPT
    S: 250 bob
    C: DATA
    S: 354 go
    C: *
    S: 250 taken
    <close>`);
  const session = await connectSmtp({ connection, name: "client.example", tls: "none" });
  const envelope = { from: null, to: ["bob@mx.example"], policy: "any" } as const;
  await rejects(session.send(envelope, content()), { name: "ProtocolError" });
  equal(session.lastReceipt?.outcome, "not-sent");
});

Deno.test(
  "SmtpSession tells why it could not write when there are no last words [S19]",
  PURE,
  async () => {
    const [below] = memoryPair();
    const { connection } = faulty(below, { after: "nothing" }, "FIN");
    await connection.write(new Uint8Array(1)); // the one that the socket still took
    const session = new SmtpSession(connection, { host: "mx.example", name: "c.example" });
    await rejects(session.noop(), (error) => {
      ok(error instanceof ClosedError);
      match(error.message, /^Cannot write: BrokenPipe/);
      ok(error.cause instanceof Deno.errors.BrokenPipe);
      return true;
    });
  },
);

Deno.test("SmtpSession waits for last words only a moment [S19] [T-D06]", PURE, async () => {
  const clock = new FakeClock();
  const [below, server] = memoryPair();
  const connection: Connection = {
    local: below.local,
    remote: below.remote,
    security: below.security,
    read: (buffer) => below.read(buffer),
    write: () => Promise.reject(new Deno.errors.BrokenPipe("broken pipe")),
    startTls: (options) => below.startTls(options),
    close: () => below.close(),
  };
  const session = new SmtpSession(connection, { host: "mx.example", name: "c.example", clock });
  const saying = rejects(session.noop(), { name: "TimeoutError", limitMs: 2_000 });
  await clock.advance(2_000);
  await saying;
  server.close();
});

Deno.test("SmtpSession tells the 421 that came before a write failed [S19]", PURE, async () => {
  const [connection] = memoryPair();
  const broken = faulty(connection, { after: "nothing" }, "421 and FIN").connection;
  await broken.write(new Uint8Array(1)); // the one that the socket still took
  const late = new SmtpSession(broken, { host: "mx.example", name: "client.example" });
  const reply = await late.noop();
  equal(`${reply}`, "421 4.3.2 shutting down");
  equal(late.usable, false);
});

Deno.test("TlsError tells the reply to STARTTLS before a close [T-D01]", PURE, async () => {
  const { connection } = play(SCRIPT);
  const broken = faulty(connection, { after: "handshake" }, "FIN");
  const seen = await everything(broken, new FakeClock());
  ok(seen.error instanceof TlsError);
  match(`${seen.error.lastReply}`, /^220 go/);
});
