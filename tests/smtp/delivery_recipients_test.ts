import { deepEqual, equal, ok } from "node:assert/strict";
import type { Receipt } from "../../src/smtp/receipt.ts";
import { ClosedError } from "../../src/wire/mod.ts";
import { mailTo, names, sendOver } from "./deliveries.ts";

const PURE: Omit<Deno.TestDefinition, "fn" | "name"> = { permissions: "none" };

const MAIL = "C: MAIL FROM:<ann@client.example>";
const CONTENT = "C: Subject: hi\nC: .";
/** The recipients `a`, `b`, … of a script that says one command at a time. */
const to = (...locals: string[]): string[] => locals.map((local) => `${local}@mx.example`);
const rcpt = (local: string, reply: string): string =>
  `C: RCPT TO:<${local}@mx.example>\nS: ${reply}`;
/** The same in one group, without the replies. */
const group = (...locals: string[]): string =>
  [MAIL, ...locals.map((local) => `C: RCPT TO:<${local}@mx.example>`)].join("\n");

const retries = ({ rejected }: Receipt): string[] => rejected.map(({ retry }) => retry);
const codes = ({ rejected }: Receipt): (number | undefined)[] =>
  rejected.map(({ reply }) => reply?.code);

/** Sends one message and gives its receipt. */
async function receiptOver(
  offered: string,
  script: string,
  message: ReturnType<typeof mailTo>,
): Promise<Receipt> {
  const { receipts, error } = await sendOver(offered, script, [message]);
  if (error !== undefined) throw error;
  const [receipt] = receipts;
  if (receipt === undefined) throw new Error("there was no receipt");
  return receipt;
}

Deno.test(
  "Receipt keeps where 251 forwards to, and takes 252, 253 and 259 as acceptance [S12] [S33] [T-R22]",
  PURE,
  async () => {
    const receipt = await receiptOver(
      "",
      `${MAIL}
    S: 250 sender
    ${rcpt("a", "251 2.1.5 User not local; will forward to <a@other.example>")}
    ${rcpt("b", "252 perhaps")}
    ${rcpt("c", "253 ok")}
    ${rcpt("d", "259 ok")}
    C: DATA
    S: 354 go
    ${CONTENT}
    S: 250 taken`,
      mailTo(to("a", "b", "c", "d")),
    );
    equal(receipt.outcome, "accepted");
    deepEqual(receipt.accepted.map(({ forward }) => forward), [
      "<a@other.example>",
      undefined,
      undefined,
      undefined,
    ]);
    deepEqual(receipt.accepted.map(({ reply }) => reply.code), [251, 252, 253, 259]);
  },
);

Deno.test("Receipt forwards nothing on the word of another code [S33]", PURE, async () => {
  const receipt = await receiptOver(
    "",
    `${MAIL}
    S: 250 sender
    ${rcpt("a", "250 <a@mx.example> ok")}
    C: DATA
    S: 354 go
    ${CONTENT}
    S: 250 taken`,
    mailTo(to("a")),
  );
  equal("forward" in (receipt.accepted[0] ?? {}), false);
});

Deno.test(
  "SmtpSession.sendAll() sends to the others, and then the next message [S34]",
  PURE,
  async () => {
    const { receipts } = await sendOver(
      "",
      `${MAIL}
    S: 250 sender
    ${rcpt("a", "250 ok")}
    ${rcpt("b", "550 5.1.1 no such user")}
    ${rcpt("c", "250 ok")}
    C: DATA
    S: 354 go
    ${CONTENT}
    S: 250 2.0.0 Ok: queued as 4ABC12
    ${MAIL}
    S: 250 sender
    ${rcpt("d", "250 ok")}
    C: DATA
    S: 354 go
    ${CONTENT}
    S: 250 taken`,
      [mailTo(to("a", "b", "c")), mailTo(to("d"))],
    );
    const [first, second] = receipts;
    equal(first?.outcome, "partial");
    deepEqual(names(first.accepted), to("a", "c"));
    deepEqual(names(first.rejected), to("b"));
    deepEqual([codes(first), retries(first)], [[550], ["never"]]);
    equal(first.queueId, "4ABC12");
    equal(second?.outcome, "accepted");
  },
);

Deno.test.each(
  [
    ["one for now, one for good", ["450", "550"], "deferred", ["later", "never"]],
    ["both for good", ["550", "553"], "refused", ["never", "never"]],
    ["both for now", ["450", "451"], "deferred", ["later", "later"]],
  ] as const,
)(
  "Receipt of a message that nobody was accepted for: %s [S35]",
  PURE,
  async (_, [one, two], outcome, retry) => {
    for (const offered of ["", "PIPELINING"]) {
      const receipt = await receiptOver(
        offered,
        offered === ""
          ? `${MAIL}\nS: 250 sender\n${rcpt("a", `${one} no`)}\n${rcpt("b", `${two} no`)}`
          : `${group("a", "b")}\nC: DATA\nS: 250 sender\nS: ${one} no\nS: ${two} no\nS: 503 no`,
        mailTo(to("a", "b")),
      );
      equal(receipt.outcome, outcome);
      equal(receipt.stage, "rcpt");
      deepEqual(codes(receipt), [Number(one), Number(two)]);
      deepEqual(retries(receipt), retry);
      equal(receipt.reply?.code, Number(two)); // not the 503 to DATA
    }
  },
);

Deno.test("SmtpSession.send() does not ask a greylisting server again [S39]", PURE, async () => {
  const receipt = await receiptOver(
    "",
    `${MAIL}\nS: 250 sender\n${rcpt("a", "451 4.7.1 Greylisted, try again later")}`,
    mailTo(to("a")),
  );
  equal(receipt.outcome, "deferred");
  deepEqual(retries(receipt), ["later"]);
  equal(`${receipt.rejected[0]?.reply?.enhanced}`, "4.7.1");
});

Deno.test.each(["452 4.5.3 too many recipients", "552 too many recipients"])(
  "Receipt marks recipients that had no room for the next transaction: %s [S36] [T-R22]",
  PURE,
  async (full) => {
    const receipt = await receiptOver(
      "",
      `${MAIL}
      S: 250 sender
      ${rcpt("a", "250 ok")}
      ${rcpt("b", "550 no such user")}
      ${rcpt("c", full)}
      ${rcpt("d", full)}
      C: DATA
      S: 354 go
      ${CONTENT}
      S: 250 taken`,
      mailTo(to("a", "b", "c", "d")),
    );
    equal(receipt.outcome, "partial");
    deepEqual(retries(receipt), ["never", "next-transaction", "next-transaction"]);
  },
);

Deno.test(
  "Receipt counts recipients without room as deferred when the content is refused [S36]",
  PURE,
  async () => {
    const receipt = await receiptOver(
      "",
      `${MAIL}
    S: 250 sender
    ${rcpt("a", "250 ok")}
    ${rcpt("b", "552 too many recipients")}
    C: DATA
    S: 354 go
    ${CONTENT}
    S: 554 spam`,
      mailTo(to("a", "b")),
    );
    deepEqual(retries(receipt), ["never", "next-transaction"]);
    equal(receipt.outcome, "deferred");
  },
);

Deno.test(
  "Receipt takes 452 and 552 to the first recipient at their word [S36]",
  PURE,
  async () => {
    const receipt = await receiptOver(
      "",
      `${MAIL}\nS: 250 sender\n${rcpt("a", "552 mailbox full")}\n${rcpt("b", "452 disk full")}`,
      mailTo(to("a", "b")),
    );
    deepEqual(retries(receipt), ["never", "later"]);
  },
);

Deno.test.each(
  [
    ["550 no", "refused", ["later", "never", "later"]],
    ["452 4.5.3 too many recipients", "deferred", ["later", "later", "later"]],
  ] as const,
)(
  'SmtpSession.send() with the policy "all" sends to nobody when one gets %s [S28] [S36]',
  PURE,
  async (no, outcome, retry) => {
    const { receipts, error } = await sendOver(
      "PIPELINING",
      `${group("a", "b", "c")}
      S: 250 sender
      S: 250 ok
      S: ${no}
      S: 250 ok
      C: RSET
      ${group("d")}
      S: 250 reset
      S: 250 sender
      S: 250 ok
      C: DATA
      S: 354 go
      ${CONTENT}
      S: 250 taken`,
      [
        mailTo(to("a", "b", "c"), { policy: "all" }),
        mailTo(to("d"), { policy: "all" }),
      ],
    );
    equal(error, undefined);
    const [first, second] = receipts;
    equal(first?.outcome, outcome);
    equal(first.stage, "rcpt");
    deepEqual(first.accepted, []);
    deepEqual(retries(first), retry);
    equal(second?.outcome, "accepted");
  },
);

Deno.test(
  'SmtpSession.send() with the policy "all" asks nobody more after a refusal [S28]',
  PURE,
  async () => {
    const receipt = await receiptOver(
      "",
      `${MAIL}\nS: 250 sender\n${rcpt("a", "550 no")}`,
      mailTo(to("a", "b"), { policy: "all" }),
    );
    equal(receipt.outcome, "refused");
    deepEqual(retries(receipt), ["never", "later"]);
  },
);

Deno.test(
  "SmtpSession.sendAll() answers 354 without a recipient by a lone dot [S26] [T-R19]",
  PURE,
  async () => {
    const { receipts, error } = await sendOver(
      "PIPELINING",
      `${group("a")}
    C: DATA
    S: 250 sender
    S: 550 no such user
    S: 354 go
    C: .
    S: 250 taken, whatever it is
    ${group("b")}
    C: DATA
    S: 250 sender
    S: 250 ok
    S: 354 go
    ${CONTENT}
    S: 250 taken`,
      [mailTo(to("a")), mailTo(to("b"))],
    );
    equal(error, undefined);
    deepEqual(receipts.map(({ outcome }) => outcome), ["refused", "accepted"]);
    deepEqual(receipts.map(({ octets }) => octets), [0, 13]);
  },
);

Deno.test(
  "SmtpSession.sendAll() sends neither dot nor content to 354 after MAIL was refused [S27]",
  PURE,
  async () => {
    const { receipts, error, usable } = await sendOver(
      "PIPELINING",
      `${group("a")}
    C: DATA
    S: 550 not you
    S: 503 no sender
    S: 354 go
    <eof>`,
      [mailTo(to("a"))],
    );
    equal(error, undefined);
    equal(usable, false);
    equal(receipts[0]?.outcome, "refused");
    equal(receipts[0].stage, "mail");
    equal(receipts[0].reply?.code, 550);
  },
);

Deno.test("SmtpSession.sendAll() goes on after MAIL was refused, without RSET", PURE, async () => {
  const { receipts } = await sendOver(
    "PIPELINING",
    `${group("a")}
    C: DATA
    S: 451 4.3.0 later
    S: 503 no sender
    S: 554 no recipients
    ${group("b")}
    C: DATA
    S: 250 sender
    S: 250 ok
    S: 354 go
    ${CONTENT}
    S: 250 taken`,
    [mailTo(to("a")), mailTo(to("b"))],
  );
  deepEqual(receipts.map(({ outcome }) => outcome), ["deferred", "accepted"]);
});

Deno.test.each([
  ["the end of the content", "554 5.7.1 spam", "refused", "never", "final"],
  ["the end of the content", "451 4.3.0 later", "deferred", "later", "final"],
  ["DATA", "554 no valid recipients", "refused", "never", "data"],
  ["DATA", "451 later", "deferred", "later", "data"],
])(
  "Receipt of a refusal of %s by %s",
  PURE,
  async (what, reply, outcome, retry, stage) => {
    const receipt = await receiptOver(
      "",
      `${MAIL}
      S: 250 sender
      ${rcpt("a", "250 ok")}
      ${rcpt("b", "250 ok")}
      C: DATA
      ${what === "DATA" ? `S: ${reply}` : `S: 354 go\n${CONTENT}\nS: ${reply}`}`,
      mailTo(to("a", "b")),
    );
    equal(receipt.outcome, outcome);
    equal(receipt.stage, stage);
    equal(`${receipt.reply}`, reply);
    deepEqual(retries(receipt), [retry, retry]);
    equal(receipt.queueId, undefined);
  },
);

Deno.test(
  "Receipt knows no refusal by a reply that belongs nowhere [S40] [T-D01]",
  PURE,
  async () => {
    for (const code of ["250 ok", "220 hello", "334 go"]) {
      const { receipts, error } = await sendOver(
        "",
        `${MAIL}\nS: 250 sender\n${rcpt("a", "250 ok")}\nC: DATA\nS: ${code}\n<eof>`,
        [mailTo(to("a"))],
      );
      equal((error as Error).name, "ProtocolError");
      equal(receipts[0]?.outcome, "not-sent", code);
      deepEqual(retries(receipts[0]), ["later"]);
      deepEqual(codes(receipts[0]), [undefined]);
    }
  },
);

Deno.test(
  "Receipt is in doubt after a reply to the content that belongs nowhere [S40] [T-R16]",
  PURE,
  async () => {
    for (const code of ["354 go", "220 hello", "334 x", "235 ok"]) {
      const { receipts, error } = await sendOver(
        "",
        `${MAIL}
      S: 250 sender
      ${rcpt("a", "250 ok")}
      C: DATA
      S: 354 go
      ${CONTENT}
      S: ${code}
      <eof>`,
        [mailTo(to("a"))],
      );
      equal((error as Error).name, "ProtocolError");
      equal(receipts[0]?.outcome, "in-doubt", code);
      deepEqual(receipts[0].inDoubt.map(String), to("a"));
    }
  },
);

Deno.test("Receipt of 421 to MAIL defers all [S18] [T-R09]", PURE, async () => {
  for (
    const [offered, script] of [
      ["", `${MAIL}\nS: 421 closing\n<eof>`],
      ["PIPELINING", `${group("a", "b")}\nC: DATA\nS: 421 closing\n<eof>`],
    ] as const
  ) {
    const { receipts, error, usable } = await sendOver(offered, script, [mailTo(to("a", "b"))]);
    equal(error, undefined);
    equal(usable, false);
    equal(receipts[0]?.outcome, "deferred");
    deepEqual(codes(receipts[0]), [421, 421]);
  }
});

Deno.test(
  "Receipt of 421 to a recipient keeps what others were told, and defers the rest [S18] [T-R09]",
  PURE,
  async () => {
    for (
      const [offered, script] of [
        [
          "",
          `${MAIL}\nS: 250 sender\n${rcpt("a", "250 ok")}\n${rcpt("b", "550 no")}\n${
            rcpt("c", "421 closing")
          }\n<eof>`,
        ],
        [
          "PIPELINING",
          `${
            group("a", "b", "c", "d")
          }\nC: DATA\nS: 250 sender\nS: 250 ok\nS: 550 no\nS: 421 closing\n<eof>`,
        ],
      ] as const
    ) {
      const { receipts, error } = await sendOver(offered, script, [mailTo(to("a", "b", "c", "d"))]);
      ok(error instanceof ClosedError);
      equal(error.lastReply, "421 closing");
      equal(receipts[0]?.outcome, "deferred");
      deepEqual(codes(receipts[0]), [undefined, 550, 421, undefined]);
      deepEqual(retries(receipts[0]), ["later", "never", "later", "later"]);
    }
  },
);

Deno.test(
  "Receipt of 421 to DATA or to the content defers all [S18] [T-R09] [T-D05]",
  PURE,
  async () => {
    for (const end of ["S: 421 closing", `S: 354 go\n${CONTENT}\nS: 421 closing`]) {
      const { receipts, error, usable } = await sendOver(
        "",
        `${MAIL}\nS: 250 sender\n${rcpt("a", "250 ok")}\nC: DATA\n${end}\n<eof>`,
        [mailTo(to("a"))],
      );
      equal(error, undefined);
      equal(usable, false);
      equal(receipts[0]?.outcome, "deferred");
      deepEqual(codes(receipts[0]), [421]);
    }
  },
);

Deno.test.each(
  [
    ["MAIL", `${group("a", "b")}\nC: DATA\nS: 554 5.7.1 not you\n<close>`, [554, 554]],
    [
      "all recipients",
      `${group("a", "b")}\nC: DATA\nS: 250 sender\nS: 550 no\nS: 551 no\n<close>`,
      [550, 551],
    ],
  ] as const,
)(
  "Receipt tells the refusal of %s and not the close behind it [S16]",
  PURE,
  async (_, script, expected) => {
    const { receipts, error, usable } = await sendOver("PIPELINING", script, [
      mailTo(to("a", "b")),
    ]);
    equal(error, undefined);
    equal(usable, false);
    equal(receipts[0]?.outcome, "refused");
    equal(receipts[0].error, undefined);
    deepEqual(codes(receipts[0]), expected);
  },
);

Deno.test("Receipt of a close behind some replies keeps those [S16] [T-R20]", PURE, async () => {
  const { receipts, error } = await sendOver(
    "PIPELINING",
    `${group("a", "b", "c")}\nC: DATA\nS: 250 sender\nS: 550 no\nS: 250 ok\n<close>`,
    [mailTo(to("a", "b", "c"))],
  );
  ok(error instanceof ClosedError);
  equal(receipts[0]?.outcome, "not-sent");
  equal(receipts[0].error, error);
  deepEqual(codes(receipts[0]), [550, undefined, undefined]);
  deepEqual(retries(receipts[0]), ["never", "later", "later"]);
});

Deno.test(
  "SmtpSession.sendAll() tells what the dead session leaves undone, once",
  PURE,
  async () => {
    const { receipts, error } = await sendOver(
      "",
      `${MAIL}\nS: 421 closing\n<eof>`,
      [mailTo(to("a")), mailTo(to("b")), mailTo(to("c"))],
    );
    ok(error instanceof ClosedError);
    deepEqual(receipts.map(({ outcome }) => outcome), ["deferred", "not-sent"]);
  },
);

Deno.test.each([
  ["354", "MAIL", `${MAIL}\nS: 354 go`],
  ["220", "MAIL", `${MAIL}\nS: 220 hello`],
  ["235", "RCPT", `${MAIL}\nS: 250 ok\n${rcpt("a", "235 ok")}`],
  ["354", "RCPT", `${MAIL}\nS: 250 ok\n${rcpt("a", "354 go")}`],
])(
  "SmtpSession.send() takes %s to %s as a breach of the protocol [S40] [T-R16]",
  PURE,
  async (_, verb, script) => {
    const { receipts, error } = await sendOver("", `${script}\n<eof>`, [mailTo(to("a"))]);
    equal((error as Error).name, "ProtocolError");
    ok((error as Error).message.endsWith(`as the answer to ${verb}`));
    equal(receipts[0]?.outcome, "not-sent");
  },
);

Deno.test(
  'Receipt with the policy "all" is refused by one refusal for good among those for now [S28]',
  PURE,
  async () => {
    const receipt = await receiptOver(
      "PIPELINING",
      `${group("a", "b")}\nS: 250 sender\nS: 450 later\nS: 550 never`,
      mailTo(to("a", "b"), { policy: "all" }),
    );
    equal(receipt.outcome, "refused");
  },
);

Deno.test(
  "SmtpSession.sendAll() names no recipient to a server that has refused MAIL",
  PURE,
  async () => {
    for (const policy of ["any", "all"] as const) {
      const { receipts } = await sendOver(
        "",
        `${MAIL}
      S: 550 not you
      ${MAIL}
      S: 451 not now`,
        [mailTo(to("a"), { policy }), mailTo(to("b"), { policy })],
      );
      deepEqual(receipts.map(({ outcome }) => outcome), ["refused", "deferred"]);
    }
  },
);
