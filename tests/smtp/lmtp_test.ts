import { deepEqual, equal, ok, rejects } from "node:assert/strict";
import { connectSmtp } from "../../src/smtp/connect.ts";
import type { Receipt } from "../../src/smtp/receipt.ts";
import { ClosedError } from "../../src/wire/mod.ts";
import { mailTo, names, sendOver } from "./deliveries.ts";
import { play } from "./scripted_server.ts";

const PURE: Omit<Deno.TestDefinition, "fn" | "name"> = { permissions: "none" };
const LMTP = { session: { protocol: "lmtp" } } as const;

const to = (...locals: string[]): string[] => locals.map((local) => `${local}@mx.example`);
const MAIL = "C: MAIL FROM:<ann@client.example>";
const rcpt = (local: string): string => `C: RCPT TO:<${local}@mx.example>`;
const CONTENT = "C: Subject: hi\nC: .";
/** Three recipients, the middle one refused. */
const ENVELOPE = `${MAIL}
  S: 250 sender
  ${rcpt("a")}
  S: 250 a
  ${rcpt("b")}
  S: 550 b
  ${rcpt("c")}
  S: 250 c
  C: DATA
  S: 354 go
  ${CONTENT}`;
const ABC = mailTo(to("a", "b", "c"));

const finals = ({ accepted }: Receipt): (string | undefined)[] =>
  accepted.map(({ final }) => final?.text);

Deno.test("connectSmtp() greets with LHLO in LMTP, and falls back to nothing", PURE, async () => {
  const good = play(
    "S: 220 mx.example LMTP\nC: LHLO client.example\nS: 250-mx.example\nS: 250 SIZE 10",
  );
  const options = { protocol: "lmtp", name: "client.example", tls: "none" } as const;
  const session = await connectSmtp({ connection: good.connection, ...options });
  equal(session.capabilities.size, 10);
  session.close();
  await good.done;
  const bad = play("S: 220 mx.example\nC: LHLO client.example\nS: 500 what?\nC: QUIT\nS: 221 bye");
  await rejects(connectSmtp({ connection: bad.connection, ...options }), {
    name: "SmtpReplyError",
    verb: "LHLO",
  });
  await bad.done;
});

Deno.test(
  "Receipt of LMTP has the final reply of each accepted recipient [S41]",
  PURE,
  async () => {
    const { receipts, error } = await sendOver(
      "",
      `${ENVELOPE}
    S: 250 2.1.5 a has it
    S: 250 2.1.5 c has it
    ${ENVELOPE}
    S: 250 again a
    S: 250 again c`,
      [ABC, ABC],
      LMTP,
    );
    equal(error, undefined);
    const [first, second] = receipts;
    ok(first !== undefined && second !== undefined);
    equal(first.outcome, "partial"); // b was refused
    deepEqual(names(first.accepted), to("a", "c"));
    deepEqual(finals(first), ["a has it", "c has it"]);
    deepEqual(first.accepted.map(({ reply }) => reply.text), ["a", "c"]);
    deepEqual(finals(second), ["again a", "again c"]);
  },
);

Deno.test("Receipt of LMTP keeps apart who got it and who did not [S41]", PURE, async () => {
  const { receipts } = await sendOver(
    "",
    `${ENVELOPE}
    S: 452 4.2.2 a is full
    S: 250 2.1.5 c has it`,
    [ABC],
    LMTP,
  );
  const [receipt] = receipts;
  equal(receipt?.outcome, "partial");
  deepEqual(names(receipt.accepted), to("c"));
  deepEqual(
    receipt.rejected.map(({ recipient, reply, retry }) => `${recipient} ${reply?.code} ${retry}`),
    ["a@mx.example 452 later", "b@mx.example 550 never"],
  );
  deepEqual(receipt.inDoubt, []);
});

Deno.test.each([
  ["S: 550 a\nS: 554 c", "refused"],
  ["S: 550 a\nS: 451 c", "deferred"],
  ["S: 451 a\nS: 451 c", "deferred"],
])("Receipt of LMTP where nobody got it: %j [S35] [S41]", PURE, async (said, outcome) => {
  const { receipts, error } = await sendOver("", `${ENVELOPE}\n${said}`, [ABC], LMTP);
  equal(error, undefined);
  equal(receipts[0]?.outcome, outcome);
});

Deno.test(
  "Receipt of LMTP is in doubt for whom the final reply is missing [S41] [T-D02]",
  PURE,
  async () => {
    for (
      const [said, inDoubt] of [
        ["<close>", ["a", "c"]],
        ["S: 250 a has it\n<close>", ["c"]],
        ["S: 250 a has it\nS| 25\n<close>", ["c"]],
        ["S: 421 closing\n<close>", ["c"]],
      ] as const
    ) {
      const { receipts, error } = await sendOver("", `${ENVELOPE}\n${said}`, [ABC], LMTP);
      ok(error instanceof ClosedError);
      const [receipt] = receipts;
      equal(receipt?.outcome, "in-doubt");
      deepEqual(receipt.inDoubt.map(String), to(...inDoubt));
      equal(receipt.error, error);
      const told = said.startsWith("S: 250") ? to("a") : [];
      deepEqual(names(receipt.accepted), told);
    }
  },
);

Deno.test(
  "SmtpSession reads no more finals in LMTP than there are recipients [S41] [T-R07]",
  PURE,
  async () => {
    const { receipts, error } = await sendOver(
      "",
      `${ENVELOPE}
    S: 250 a has it
    S: 250 c has it
    S: 250 who is this for?
    <eof>`,
      [ABC, ABC],
      LMTP,
    );
    equal((error as Error).name, "ProtocolError");
    deepEqual(receipts.map(({ outcome }) => outcome), ["partial", "not-sent"]);
  },
);

Deno.test("SmtpSession takes 354 without a recipient as a breach of LMTP [S42]", PURE, async () => {
  const { receipts, error, usable } = await sendOver(
    "PIPELINING",
    `${MAIL}
    ${rcpt("a")}
    C: DATA
    S: 250 sender
    S: 550 a
    S: 354 go
    <eof>`,
    [mailTo(to("a"))],
    LMTP,
  );
  equal(error, undefined);
  equal(usable, false);
  equal(receipts[0]?.outcome, "refused");
});

Deno.test(
  'The policy "all" rules the recipients of LMTP, and later replies may still differ',
  PURE,
  async () => {
    const { receipts } = await sendOver(
      "",
      `${MAIL}
    S: 250 sender
    ${rcpt("a")}
    S: 250 a
    ${rcpt("b")}
    S: 550 b
    C: RSET
    S: 250 reset
    ${MAIL}
    S: 250 sender
    ${rcpt("a")}
    S: 250 a
    ${rcpt("c")}
    S: 250 c
    C: DATA
    S: 354 go
    ${CONTENT}
    S: 250 a has it
    S: 452 c is full`,
      [mailTo(to("a", "b"), { policy: "all" }), mailTo(to("a", "c"), { policy: "all" })],
      LMTP,
    );
    equal(receipts[0]?.outcome, "refused");
    equal(receipts[1]?.outcome, "partial");
    deepEqual(names(receipts[1].accepted), to("a"));
  },
);

Deno.test(
  "SmtpSession reads one final per recipient behind the last chunk, too [S41]",
  PURE,
  async () => {
    const { receipts, error } = await sendOver(
      "CHUNKING, PIPELINING",
      `${MAIL}
    ${rcpt("a")}
    ${rcpt("c")}
    S: 250 sender
    S: 250 a
    S: 250 c
    C: BDAT 13 LAST
    C: Subject: hi
    C: RSET
    ${MAIL}
    ${rcpt("d")}
    S: 250 a has it
    S: 554 c has not
    S: 250 reset
    S: 250 sender
    S: 250 d
    C: BDAT 13 LAST
    C: Subject: hi
    S: 250 d has it`,
      // A window would not know whose reply is whose.
      [mailTo(to("a", "c"), { chunking: true }), mailTo(to("d"), { chunking: true })],
      { ...LMTP, window: 4 },
    );
    equal(error, undefined);
    deepEqual(receipts.map(({ outcome }) => outcome), ["partial", "accepted"]);
  },
);

Deno.test(
  "SmtpSession lets the next envelope ride with the end of an LMTP message",
  PURE,
  async () => {
    const group = (local: string): string => `${MAIL}\n${rcpt(local)}\n${rcpt("x")}\nC: DATA`;
    const { receipts, writes } = await sendOver(
      "PIPELINING",
      `${group("a")}
    S: 250 sender
    S: 250 a
    S: 250 x
    S: 354 go
    ${CONTENT}
    ${group("b")}
    S: 250 a has it
    S: 250 x has it
    S: 250 sender
    S: 250 b
    S: 250 x
    S: 354 go
    ${CONTENT}
    S: 250 b has it
    S: 250 x has it`,
      [mailTo(to("a", "x")), mailTo(to("b", "x"))],
      LMTP,
    );
    deepEqual(receipts.map(({ outcome }) => outcome), ["accepted", "accepted"]);
    equal(writes, 3);
  },
);

Deno.test("SmtpSession takes no 354 for a final reply of LMTP [S40] [T-R16]", PURE, async () => {
  const { receipts, error } = await sendOver(
    "",
    `${ENVELOPE}
    S: 250 a has it
    S: 354 go
    <eof>`,
    [ABC],
    LMTP,
  );
  equal((error as Error).name, "ProtocolError");
  equal(receipts[0]?.outcome, "in-doubt");
  deepEqual(names(receipts[0].accepted), to("a"));
});
