import { deepEqual, equal, ok, rejects } from "node:assert/strict";
import type { OutgoingMessage } from "../../src/smtp/delivery.ts";
import { SmtpSession } from "../../src/smtp/session.ts";
import { type Connection, memoryPair } from "../../src/wire/mod.ts";
import { settle } from "../fake_clock.ts";
import { mailTo, sendOver } from "./deliveries.ts";
import { faulty } from "./faulty.ts";
import { greeted } from "./scripted_session.ts";

const PURE: Omit<Deno.TestDefinition, "fn" | "name"> = { permissions: "none" };
const OFFERED = "PIPELINING, CHUNKING, SIZE 1000";

/** A message that can go in a window. */
function chunked(to: string, more: Parameters<typeof mailTo>[1] = {}): OutgoingMessage {
  return mailTo([`${to}@mx.example`], { chunking: true, ...more });
}

/** What the server hears of it. */
const whole = (to: string): string => `
  C: RSET
  C: MAIL FROM:<ann@client.example> SIZE=13
  C: RCPT TO:<${to}@mx.example>
  C: BDAT 13 LAST
  C: Subject: hi`;
const TAKEN = "\nS: 250 reset\nS: 250 sender\nS: 250 ok\nS: 250 taken";

Deno.test("SmtpSession.sendAll() waits for nothing while the window has room", PURE, async () => {
  // The server says nothing before it has all four; and then the half of what it owes.
  const { receipts, writes } = await sendOver(
    OFFERED,
    `${whole("a")}${whole("b")}${whole("c")}${whole("d")}
    ${TAKEN}${TAKEN}
    ${whole("e")}${whole("f")}
    ${TAKEN}${TAKEN}${TAKEN}${TAKEN}`,
    ["a", "b", "c", "d", "e", "f"].map((to) => chunked(to)),
    { window: 4 },
  );
  deepEqual(receipts.map(({ outcome }) => outcome), Array(6).fill("accepted"));
  equal(writes, 2);
});

Deno.test("SmtpSession.sendAll() goes one by one without a window", PURE, async () => {
  const envelope = (to: string): string => `
    C: MAIL FROM:<ann@client.example> SIZE=13
    C: RCPT TO:<${to}@mx.example>
    S: 250 sender
    S: 250 ok
    C: BDAT 13 LAST
    C: Subject: hi`;
  const { receipts, writes } = await sendOver(
    OFFERED,
    // RFC 3030: whether this BDAT is refused is not known when the next envelope is written.
    `${envelope("a")}
    C: RSET
    ${envelope("b").replace("S: 250 sender", "S: 554 no\nS: 250 reset\nS: 250 sender")}
    S: 250 taken`,
    ["a", "b"].map((to) => chunked(to)),
  );
  deepEqual(receipts.map(({ outcome }) => outcome), ["refused", "accepted"]);
  equal(writes, 3);
});

Deno.test(
  "SmtpSession.sendAll() lets each message of a window have its own fate",
  PURE,
  async () => {
    const { receipts, error } = await sendOver(
      OFFERED,
      `${whole("a")}${whole("b")}${whole("c")}${whole("d")}
    S: 250 reset
    S: 550 not you
    S: 503 no sender
    S: 503 no sender
    S: 250 reset
    S: 250 sender
    S: 550 no such user
    S: 554 no valid recipients
    S: 250 reset
    S: 250 sender
    S: 250 ok
    S: 452 disk full
    ${TAKEN}`,
      ["a", "b", "c", "d"].map((to) => chunked(to)),
      { window: 4 },
    );
    equal(error, undefined);
    deepEqual(receipts.map(({ outcome }) => outcome), [
      "refused",
      "refused",
      "deferred",
      "accepted",
    ]);
    deepEqual(receipts.map(({ stage }) => stage), ["final", "final", "final", "final"]);
  },
);

Deno.test(
  "SmtpSession.sendAll() goes over from a window to a plain message and back",
  PURE,
  async () => {
    const { receipts, error } = await sendOver(
      OFFERED,
      `${whole("a")}${whole("b")}
    ${TAKEN}${TAKEN.replace("250 taken", "554 no")}
    C: RSET
    C: MAIL FROM:<ann@client.example> SIZE=13
    C: RCPT TO:<c@mx.example>
    C: DATA
    S: 250 reset
    S: 250 sender
    S: 250 ok
    S: 354 go
    C: Subject: hi
    C: .
    S: 250 taken
    ${whole("d")}${whole("e")}${whole("f")}
    ${TAKEN}${TAKEN}${TAKEN}`,
      [
        ...["a", "b"].map((to) => chunked(to)),
        mailTo(["c@mx.example"]),
        ...["d", "e", "f"].map((to) => chunked(to)),
      ],
      { window: 4 },
    );
    equal(error, undefined);
    deepEqual(receipts.map(({ outcome }) => outcome), [
      "accepted",
      "refused",
      ...Array(4).fill("accepted"),
    ]);
  },
);

Deno.test("SmtpSession.sendAll() passes over a local refusal inside a window", PURE, async () => {
  const big = chunked("b", {
    content: `Subject: ${"x".repeat(900)}\r\n\r\n${"y".repeat(900)}\r\n`,
  });
  const { receipts, writes } = await sendOver(
    OFFERED,
    `${whole("a")}${whole("c")}${TAKEN}${TAKEN}`,
    [chunked("a"), big, chunked("c")],
    { window: 3 },
  );
  deepEqual(receipts.map(({ outcome }) => outcome), ["accepted", "not-sent", "accepted"]);
  equal((receipts[1]?.error as Error).name, "SmtpLocalError");
  equal(writes, 1);
});

Deno.test('SmtpSession.sendAll() keeps the policy "all" out of windows', PURE, async () => {
  const { receipts } = await sendOver(
    OFFERED,
    `
    C: MAIL FROM:<ann@client.example> SIZE=13
    C: RCPT TO:<a@mx.example>
    S: 250 sender
    S: 250 ok
    C: BDAT 13 LAST
    C: Subject: hi
    S: 250 taken`,
    [chunked("a", { policy: "all" })],
    { window: 4 },
  );
  equal(receipts[0]?.outcome, "accepted");
});

Deno.test(
  "SmtpSession.sendAll() reads a window to its end although PIPELINING is masked now",
  PURE,
  async () => {
    await using made = await greeted(OFFERED, `${whole("a")}${whole("b")}${TAKEN}${TAKEN}`);
    const outcomes: string[] = [];
    const messages = ["a", "b"].map((to) => chunked(to));
    for await (const { outcome } of made.session.sendAll(messages, { window: 2 })) {
      made.session.mask("PIPELINING", "CHUNKING");
      outcomes.push(outcome);
    }
    deepEqual(outcomes, ["accepted", "accepted"]);
    await made.done;
  },
);

/** Answers only when nothing more comes, and tells how many octets of commands were unanswered then. */
async function patient(connection: Connection): Promise<number[]> {
  const encoder = new TextEncoder();
  const decoder = new TextDecoder();
  const buffer = new Uint8Array(1024 * 1024);
  const unanswered: number[] = [];
  const hello = `250-mx.example\r\n250-${OFFERED.replaceAll(", ", "\r\n250-")}\r\n250 X\r\n`;
  await connection.read(buffer);
  await connection.write(encoder.encode(hello));
  for (let count = await connection.read(buffer); count !== null;) {
    let text = "";
    let next: Promise<number | null>;
    let more: number | null | "nothing";
    do {
      text += decoder.decode(buffer.subarray(0, count));
      next = connection.read(buffer);
      more = await Promise.race([next, settle().then(() => "nothing" as const)]);
      if (typeof more === "number") count = more;
    } while (typeof more === "number");
    const commands = text.split("\r\n").filter((line) => /^[A-Z]{4}\b/.test(line));
    unanswered.push(commands.join("\r\n").length + 2);
    await connection.write(encoder.encode("250 ok\r\n".repeat(commands.length))).catch(() => {});
    count = await next;
  }
  return unanswered;
}

Deno.test(
  "SmtpSession.sendAll() has no more than 16 KiB of commands in a window [S30]",
  PURE,
  async () => {
    const [connection, server] = memoryPair();
    const served = patient(server);
    const session = new SmtpSession(connection, { host: "mx.example", name: "c.example" });
    await session.ehlo();
    const crowd = Array.from({ length: 40 }, (_, i) => `somebody-with-a-long-name-${i}@mx.example`);
    const messages = Array(30).fill(mailTo(crowd, { chunking: true }));
    let accepted = 0;
    for await (const { outcome } of session.sendAll(messages, { window: 1000 })) {
      equal(outcome, "accepted");
      accepted++;
    }
    session.close();
    equal(accepted, 30);
    const unanswered = await served;
    ok(Math.max(...unanswered) <= 16 * 1024, `${unanswered}`);
    // Eight of them fit, and then four at a time.
    ok(session.turns.writes <= 10, `${session.turns.writes} writes`);
  },
);

Deno.test(
  "SmtpSession.sendAll() sends a message with very many recipients by itself [S30]",
  PURE,
  async () => {
    const [connection, server] = memoryPair();
    const served = patient(server);
    const session = new SmtpSession(connection, { host: "mx.example", name: "c.example" });
    await session.ehlo();
    const crowd = Array.from({ length: 1000 }, (_, i) => `recipient-${i}@mx.example`);
    const messages = [chunked("a"), mailTo(crowd, { chunking: true }), chunked("b")];
    const accepted: number[] = [];
    for await (const receipt of session.sendAll(messages, { window: 10 })) {
      accepted.push(receipt.accepted.length);
    }
    session.close();
    deepEqual(accepted, [1, 1000, 1]);
    ok(Math.max(...await served) <= 16 * 1024);
  },
);

Deno.test(
  "DeliveryOptions.beforeEnd is heard for a whole window before any of it is written",
  PURE,
  async () => {
    const heard: string[] = [];
    await using made = await greeted(OFFERED, `${whole("a")}${whole("b")}${TAKEN}${TAKEN}`);
    const before = made.session.turns.writes;
    const beforeEnd = async ({ envelope }: OutgoingMessage): Promise<void> => {
      await Promise.resolve();
      heard.push(`${envelope.to}, ${made.session.turns.writes - before} writes`);
    };
    const messages = ["a", "b"].map((to) => chunked(to));
    for await (const { outcome } of made.session.sendAll(messages, { window: 2, beforeEnd })) {
      heard.push(outcome);
    }
    deepEqual(heard, [
      "a@mx.example, 0 writes",
      "b@mx.example, 0 writes",
      "accepted",
      "accepted",
    ]);
    await made.done;
  },
);

Deno.test(
  "DeliveryOptions.beforeEnd that throws keeps a message of a window from being sent, and no other",
  PURE,
  async () => {
    const full = new Error("the disk is full");
    await using made = await greeted(
      OFFERED,
      `${whole("a")}${whole("b")}${TAKEN}${TAKEN}
    C: NOOP
    S: 250 still here`,
    );
    const outcomes: string[] = [];
    const messages = ["a", "b", "c", "d"].map((to) => chunked(to));
    const beforeEnd = ({ envelope }: OutgoingMessage): void => {
      if (`${envelope.to}`.startsWith("c")) throw full;
    };
    const sending = (async () => {
      for await (const receipt of made.session.sendAll(messages, { window: 4, beforeEnd })) {
        outcomes.push(receipt.outcome);
      }
    })();
    await rejects(sending, full);
    deepEqual(outcomes, ["accepted", "accepted", "not-sent"]);
    // Nothing of it had been written, so the session is as good as before.
    equal((await made.session.noop()).text, "still here");
    await made.done;
  },
);

Deno.test.each([
  ["502 what?", "ProtocolError"],
  ["421 closing", "ClosedError"],
])(
  "SmtpSession.sendAll() lets an accepted message stand when RSET is answered %s [S37] [S38]",
  PURE,
  async (reply, name) => {
    const { receipts, error, usable } = await sendOver(
      OFFERED,
      `
      C: MAIL FROM:<ann@client.example> SIZE=13
      C: RCPT TO:<a@mx.example>
      S: 250 sender
      S: 250 ok
      C: BDAT 13 LAST
      C: Subject: hi
      C: RSET
      C: MAIL FROM:<ann@client.example> SIZE=13
      C: RCPT TO:<b@mx.example>
      S: 250 taken
      S: ${reply}
      <eof>`,
      [chunked("a"), chunked("b")],
    );
    equal((error as Error).name, name);
    equal(usable, false);
    deepEqual(receipts.map(({ outcome }) => outcome), ["accepted", "not-sent"]);
    deepEqual(receipts[1]?.rejected.map(({ retry }) => retry), ["later"]);
  },
);

Deno.test("SmtpSession.sendAll() takes no acceptance of content for nobody", PURE, async () => {
  const { receipts, usable } = await sendOver(
    OFFERED,
    `${whole("a")}
    S: 250 reset
    S: 250 sender
    S: 550 no such user
    S: 250 taken
    <eof>`,
    [chunked("a")],
    { window: 2 },
  );
  equal(receipts[0]?.outcome, "refused");
  equal(usable, false);
});

Deno.test(
  "SmtpSession.sendAll() knows that nothing of a message was taken behind 421 to a recipient [S18]",
  PURE,
  async () => {
    const { receipts, error } = await sendOver(
      OFFERED,
      `
    C: RSET
    C: MAIL FROM:<ann@client.example> SIZE=13
    C: RCPT TO:<a@mx.example>
    C: RCPT TO:<b@mx.example>
    C: BDAT 13 LAST
    C: Subject: hi
    S: 250 reset
    S: 250 sender
    S: 250 a
    S: 421 closing
    <eof>`,
      [mailTo(["a@mx.example", "b@mx.example"], { chunking: true })],
      { window: 2 },
    );
    equal((error as Error).name, "ClosedError");
    equal(receipts[0]?.outcome, "deferred");
    deepEqual(receipts[0].rejected.map(({ reply }) => reply?.code), [undefined, 421]);
  },
);

Deno.test(
  "SmtpSession.sendAll() puts no window behind what nobody asked for [T-R07]",
  PURE,
  async () => {
    await using made = await greeted(OFFERED, "C: NOOP\nS: 250 fine\nS: 250 stray\n<eof>");
    await made.session.noop();
    const receipts: string[] = [];
    const sending = (async () => {
      for await (const { outcome } of made.session.sendAll([chunked("a")], { window: 2 })) {
        receipts.push(outcome);
      }
    })();
    await rejects(sending, { name: "ProtocolError" });
    deepEqual(receipts, ["not-sent"]);
    await made.done;
  },
);

Deno.test(
  "DeliveryOptions.beforeEnd in a window: an abort in it leaves no doubt [T-D01]",
  PURE,
  async () => {
    await using made = await greeted(OFFERED, "<eof>");
    const abort = new AbortController();
    const outcomes: string[] = [];
    const messages = ["a", "b"].map((to) => chunked(to));
    const beforeEnd = ({ envelope }: OutgoingMessage): void => {
      if (`${envelope.to}`.startsWith("b")) abort.abort(new Error("enough"));
    };
    const sending = (async () => {
      const ways = { window: 2, beforeEnd, signal: abort.signal };
      for await (const { outcome } of made.session.sendAll(messages, ways)) outcomes.push(outcome);
    })();
    await rejects(sending, { message: "enough" });
    deepEqual(outcomes, ["not-sent", "not-sent"]);
    await made.done;
  },
);

Deno.test(
  "Receipt knows that nothing of a window was written behind a write that failed [T-D01] [T-D02]",
  PURE,
  async () => {
    const [below, server] = memoryPair();
    const broken = faulty(below, { after: "reading", text: "250 X\r\n" }, "RST");
    const served = patient(server);
    const session = new SmtpSession(broken.connection, { host: "mx.example", name: "c.example" });
    await session.ehlo();
    session.mask("SIZE");
    const content = `${"x".repeat(998)}\r\n`.repeat(50); // too much to share a write
    const messages = ["a", "b"].map((to) => chunked(to, { content }));
    const outcomes: string[] = [];
    const sending = (async () => {
      for await (const { outcome } of session.sendAll(messages, { window: 2 })) {
        outcomes.push(
          outcome,
        );
      }
    })();
    await rejects(sending, { name: "ClosedError" });
    deepEqual(outcomes, ["in-doubt", "not-sent"]);
    equal(broken.afterDeath(), 0);
    await served;
  },
);
