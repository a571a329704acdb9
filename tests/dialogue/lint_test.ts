import { type Dialogue, lintDialogue, parseDialogue, repairDialogue } from "@mailwright/mailwright";
import { deepEqual, equal, ok } from "node:assert/strict";
import { roundTrip } from "./same.ts";

const pure = { permissions: "none" } as const;

/** `line id` for each finding of a dialogue. */
function found(dialogue: Dialogue, ...ignored: readonly string[]): string[] {
  return lintDialogue(dialogue)
    .filter(({ id }) => !ignored.includes(id))
    .map(({ id, at }) => `${at.line} ${id}`);
}

const HELLO = "S: 220 mx\nC: EHLO me\nS: 250-mx\nS: 250 PIPELINING\n";
const BYE = "C: QUIT\nS: 221 bye\n";
const MAIL = "C: MAIL FROM:<a@x>\nS: 250 ok\nC: RCPT TO:<b@x>\nS: 250 ok\nC: DATA\nS: 354 go\n";

Deno.test.each<[string, string[]]>([
  ["", []],
  [`${HELLO}${BYE}`, []],
  // What an end cannot say.
  [`S: 220 \${host}\n${BYE}`, ["1 not-servable"]],
  [`S: 220 \${host=a} \${_}\n${BYE}`, ["1 not-servable"]],
  [`S: 220 mx\nC: EHLO \${me}\nS: 250 \${me}\n${BYE}`, ["2 not-playable"]],
  [`S: 220 \${host=a}\nC: EHLO \${host}\nS: 250 \${host}\n${BYE}`, []],
  [`@var host = a\nS: 220 \${host}\n${BYE}`, []],
  [`S~ /220 .*/\n${BYE}`, ["1 not-servable"]],
  [`S~ /220 .*/ = 220 mx\n${BYE}`, []],
  [`S*\n${BYE}`, ["1 not-servable"]],
  [`${HELLO}${MAIL}C*\nC: .\nS: 250 ok\n${BYE}`, ["11 not-playable"]],
  [`@alt {\nS: 220 \${a=b}\n} or {\nS: 421 no\n}\nC: EHLO \${a}\nS: 250 ok\n${BYE}`, []],
  [`@alt {\nS: 220 a\n} or {\nS: 421 \${a=b}\n}\nC: EHLO \${a}\nS: 250 ok\n${BYE}`, [
    "6 not-playable",
  ]],
  // RFC 2449 section 6.6: a group of POP3 has other ends.
  ["S: +OK\nC: CAPA\nS: +OK\nS: PIPELINING\nS: .\nC: NOOP\nC: QUIT\nS: +OK\nS: +OK\n", []],
  ["S: +OK\nC: CAPA\nS: +OK\nS: PIPELINING\nS: .\nC: STLS\nC: QUIT\nS: +OK\nS: +OK\n", [
    "7 batch-crosses-sync",
  ]],
  // The name of APOP may stand in the file, the digest may not.
  [
    `@var user = a\n@secret pass\nS: +OK \${stamp=<1@a>}\nC: APOP \${user} \${apop stamp pass}\nS: +OK\nC: QUIT\nS: +OK\n`,
    ["4 cleartext-auth"],
  ],
  [
    `@var user = a\n@var digest = 0\nS: +OK <1@a>\nC: APOP \${user} \${digest}\nS: +OK\nC: QUIT\nS: +OK\n`,
    ["4 cleartext-auth", "4 secret-in-file"],
  ],
  // Replies.
  [`${HELLO}S: 250 more\n${BYE}`, ["5 unsolicited-reply"]],
  [`${HELLO}S: 421 bye\nS: <close>\n`, []],
  [`${HELLO}C: NOOP\n`, ["5 unanswered-command", "5 no-quit"]],
  [`${HELLO}${MAIL}C: .\n`, ["11 unanswered-command", "11 no-quit"]],
  [`${HELLO}C: NOOP\nS: <silence 1s>\n`, ["6 no-quit"]],
  [`${HELLO}C: NOOP\nS: <drop>\n`, []],
  [`${HELLO}C: QUIT\n`, []],
  [`${HELLO}C|NOOP\\r\\nNOOP\\r\\n\nS: 250 ok\nS: 250 ok\n${BYE}`, []],
  [`${HELLO}C: NOOP\nS: 250-a\nS: 251 b\n${BYE}`, ["6 mixed-codes"]],
  [`${HELLO}C: NOOP\nS: 250-a\n${BYE}`, ["6 unfinished-reply"]],
  [
    `${HELLO}C: NOOP\nS: 250-a\nS~ /b/\n${BYE}`,
    ["6 unfinished-reply", "7 not-servable"],
  ],
  // Templates and alternatives.
  [`S: 220 \${a=1}\${b=2}\n${BYE}`, ["1 ambiguous-hole"]],
  [`S: 220 mx\n@alt {\nC: NOOP\nS: 250 ok\n} or {\nS: 421 bye\n}\n${BYE}`, ["2 ambiguous-alt"]],
  [`S: 220 mx\n@alt {\nC: NOOP\nS: 250 ok\n} or {\n}\n${BYE}`, ["2 ambiguous-alt"]],
  [`@alt {\nS: 220 a\n} or {\nS: 2xx b\n}\n${BYE}`, ["4 ambiguous-alt"]],
  [`@alt {\nS: 250 a\n} or {\nS: 251 b\n} or {\nS: {421|2xx} c\n} or {\nS: 421 d\n}\n${BYE}`, [
    "6 ambiguous-alt",
    "8 ambiguous-alt",
  ]],
  [`@match text\n@alt {\nS: 220 a\n} or {\nS: 220 b\n}\n${BYE}`, []],
  [`S: 220 mx\n@alt {\nC: NOOP\nS: 250 a\n} or {\nC: noop\nS: 250 b\n}\n${BYE}`, [
    "6 ambiguous-alt",
  ]],
  [`${HELLO}${BYE}C: NOOP\nS: 250 ok\n`, ["7 unreachable-step"]],
  [`${HELLO}${BYE}S: <close>\n`, []],
  [`${HELLO}S: <drop>\nC: NOOP\n`, ["6 unreachable-step"]],
  [`${HELLO}`, ["3 no-quit"]],
  // Commands.
  [`S: 220 mx\nC: EHLO me\nC: NOOP\nS: 250 a\nS: 250 b\n${BYE}`, [
    "3 batch-crosses-sync",
    "3 batch-without-pipelining",
  ]],
  [`${HELLO}C: NOOP\nC: RSET\nS: 250 a\nS: 250 b\n${BYE}`, ["6 batch-crosses-sync"]],
  [`${HELLO}C: RSET\nC: NOOP\nS: 250 a\nS: 250 b\n${BYE}`, []],
  [`S: 220 mx\nC: EHLO me\nS: 250 mx\nC: RSET\nC: NOOP\nS: 250 a\nS: 250 b\n${BYE}`, [
    "5 batch-without-pipelining",
  ]],
  [`${HELLO}${MAIL}C: .\nC: QUIT\nS: 250 ok\nS: 221 bye\n`, []],
  [`${HELLO}C: FROBNICATE\nS: 500 what\n${BYE}`, ["5 unknown-verb"]],
  [`${HELLO}C: MAIL FROM: a@x\nS: 250 ok\n${BYE}`, ["5 path-without-brackets"]],
  [`${HELLO}C: MAIL FROM: <a@x>\nS: 250 ok\nC: MAIL FROM:\${p=<a@x>}\nS: 503 no\n${BYE}`, []],
  [`${HELLO}C: VRFY Zoë\nS: 252 ok\n${BYE}`, ["5 non-ascii-command"]],
  // Content.
  [`${HELLO}${MAIL}C: .x\nC: ..x\nC: ...\nC: é\nC: é\nC: .\nS: 250 ok\n${BYE}`, [
    "11 dot-unstuffed",
    "13 dot-unstuffed",
    "14 eight-bit-content",
  ]],
  [`S: 220 mx\nC: EHLO me\nS: 250-mx\nS: 250 8bitmime\n${MAIL}C: é\nC: .\nS: 250 ok\n${BYE}`, []],
  // Logins.
  [`@secret p\nS: 220 mx\n@auth PLAIN u p\nS: 235 ok\n${BYE}`, [
    "3 auth-before-ehlo",
    "3 cleartext-auth",
  ]],
  [`@secret p\n@var u = x\n${HELLO}C & S: <tls>\n@auth PLAIN u p\nS: 235 ok\n${BYE}`, [
    "8 auth-before-ehlo",
  ]],
  [`${HELLO}C: AUTH PLAIN AHUAcA==\nS: 235 ok\n${BYE}`, ["5 cleartext-auth", "5 secret-in-file"]],
  [`${HELLO}C: AUTH LOGIN\nS: 334 a\nC: eA==\nS: 334 b\nC: *\nS: 501 ok\n${BYE}`, [
    "5 cleartext-auth",
    "7 secret-in-file",
  ]],
  [`@var u = u\n@var p = p\n${HELLO}C: AUTH PLAIN \${plain u p}\nS: 235 ok\n${BYE}`, [
    "7 cleartext-auth",
    "7 secret-in-file",
  ]],
  [`${HELLO}C: STARTTLS\nS: 220 go\nC & S: <tls>\nC: MAIL FROM:<a@x>\nS: 250 ok\n${BYE}`, [
    "8 capability-after-tls-missing",
  ]],
  [`${HELLO}C: STARTTLS\nS: 220 go\nC & S: <tls>\n${HELLO.slice(10)}${BYE}`, []],
  // Times.
  [`S: <silence 11m>\n@timeout 601s\n@step within=11m\nS: 220 mx\n@delay S 11m\n${BYE}`, [
    "1 time-over-limit",
    "2 time-over-limit",
    "4 time-over-limit",
    "5 time-over-limit",
  ]],
  [`@on RCPT -> delay 11m\n`, ["1 time-over-limit"]],
])("lintDialogue() judges %j", pure, (text, expected) => {
  deepEqual(found(parseDialogue(text)), expected);
});

Deno.test.each<[string, string[]]>([
  ["C: TOP 1\nS: +OK\n", ["3 top-without-lines"]],
  ["C: TOP 1 0\nS: +OK\n", []],
  ["C: STAT\nS: +OK 3 30\nC: LIST\nS: +OK\nS: 1 10\nS: 2 20\nS: .\n", ["6 count-mismatch"]],
  ["C: STAT\nS: +OK 2 30\nC: LIST\nS: +OK\nS: 1 10\nS: 2 21\nS: .\n", ["6 count-mismatch"]],
  ["C: STAT\nS: +OK ${n:int=2} 30\nC: LIST\nS: +OK\nS: 1 10\nS: 2 ${s:int=20}\nS: .\n", []],
  ["C: STAT\nS: +OK 2 30\nC: LIST\nS: +OK\nS: 1 10\nS*\nS: .\n", []],
  ["C: DELE 1\nS: +OK\n", ["3 dele-without-quit"]],
  ["C: DELE 1\nS: +OK\nC: RSET\nS: +OK\nC: QUIT\nS: +OK\n", ["5 rset-undoes-dele"]],
  ["C: EHLO a\nS: -ERR no\n", ["3 unknown-verb"]],
])("lintDialogue() judges the maildrop %j", pure, (text, expected) => {
  deepEqual(found(parseDialogue(`@pop3\n@fragment\n${text}`), "cleartext-auth"), expected);
});

Deno.test("lintDialogue() finds a secret outside AUTH in what was not text [T-I45]", pure, () => {
  const dialogue = parseDialogue(`S: 220 mx\nC: EHLO \${p=x}\nS: 250 ok\n${BYE}`);
  deepEqual(found({ ...dialogue, secrets: [{ name: "p" }] }), ["2 secret-outside-auth"]);
});

Deno.test("lintDialogue() says what can be done, and how bad it is", pure, () => {
  for (const finding of lintDialogue(parseDialogue("S: 220-mx\nC: FOO\nS: 250 x\nS: 250 x\n"))) {
    ok(finding.text.length > 10 && finding.fix.length > 10);
    ok(["error", "warning", "note"].includes(finding.level));
    equal("step" in finding, false);
  }
});

Deno.test("lintDialogue() counts LMTP's replies to one message", pure, () => {
  const text = (replies: number) =>
    `S: 220 mx\nC: LHLO me\nS: 250 mx\nC: MAIL FROM:<a@x>\nS: 250 ok\nC: RCPT TO:<b@x>\nS: 250 ok\nC: RCPT TO:<c@x>\nS: 250 ok\nC: DATA\nS: 354 go\nC: .\n${
      "S: 250 ok\n".repeat(replies)
    }${BYE}`;
  deepEqual(found(parseDialogue(`@lmtp\n${text(2)}`)), []);
  deepEqual(found(parseDialogue(`@lmtp\n${text(3)}`)), ["16 unsolicited-reply"]);
  const chunk = (replies: number) =>
    text(replies).replace("C: DATA\nS: 354 go\nC: .", "C: BDAT 0 LAST");
  deepEqual(found(parseDialogue(`@lmtp\n${chunk(2)}`)), []);
  deepEqual(found(parseDialogue(`@lmtp\n${chunk(3)}`)), ["14 unsolicited-reply"]);
  const octets = (replies: number) => chunk(replies).replace("BDAT 0 LAST", "BDAT 1 LAST\nC|x");
  deepEqual(found(parseDialogue(`@lmtp\n${octets(3)}`)), ["15 unsolicited-reply"]);
});

Deno.test("repairDialogue() mends what is plain, and nothing else", pure, () => {
  const dialogue = parseDialogue(
    `${HELLO}S: 250 more\nC: MAIL FROM: a@x\nS: 250-ok\nC: RCPT TO:b@x NOTIFY=NEVER\nS: 250 ok\nC: DATA\nS: 354 go\nC: .x\nC: ...\nC: .\nS: 250 ok\n@alt {\nC: FOO\nS: 500-a\n} or {\nC: QUIT\nS: 221 bye\n}\n`,
  );
  equal(
    roundTrip(repairDialogue(dialogue)),
    `@smtp\n${HELLO}C: MAIL FROM:<a@x>\nS: 250 ok\nC: RCPT TO:<b@x> NOTIFY=NEVER\nS: 250 ok\nC: DATA\nS: 354 go\nC: ..x\nC: ...\nC: .\nS: 250 ok\n@alt {\nC: FOO\nS: 500 a\n} or {\nC: QUIT\nS: 221 bye\n}\n`,
  );
});
