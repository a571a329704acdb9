import { deepEqual, equal, match, throws } from "node:assert/strict";
import { parseReply, ReplyParser, type SmtpReply } from "../../src/smtp/reply.ts";
import type { ReceivedLine } from "../../src/wire/mod.ts";

/** Feeds lines as the channel gives them. */
function feed(parser: ReplyParser, ...lines: (string | ReceivedLine)[]): SmtpReply | undefined {
  let reply: SmtpReply | undefined;
  for (const line of lines) {
    reply = parser.add(typeof line === "string" ? { text: line, bareLf: false } : line);
  }
  return reply;
}

const PURE: Omit<Deno.TestDefinition, "fn" | "name"> = { permissions: "none" };

Deno.test("parseReply() reads one line and several", PURE, () => {
  const one = parseReply("250 OK");
  deepEqual([one.code, one.lines, one.text], [250, ["OK"], "OK"]);
  const many = parseReply("250-mx.example\r\n250-SIZE 1000\r\n250 HELP\r\n");
  deepEqual(many.lines, ["mx.example", "SIZE 1000", "HELP"]);
  equal(many.text, "mx.example\nSIZE 1000\nHELP");
});

Deno.test.each(
  [
    ["250", [""]],
    ["250 ", [""]],
    ["250-\r\n250 ", ["", ""]],
    ["250-\r\n250", ["", ""]],
    ["250\r\n", [""]],
  ] as const,
)("parseReply() takes a code without text: %j [S5] [T-R05]", PURE, (text, lines) => {
  const reply = parseReply(text);
  equal(reply.code, 250);
  deepEqual(reply.lines, lines);
});

Deno.test.each([
  "XXX",
  "0",
  "01",
  "012",
  "1234",
  "2500 x",
  "199 x",
  "600 x",
  "25 x",
  "abc",
  "099 x",
  "250_x",
  "+OK",
  "HTTP/1.1 400 Bad Request",
  "250\tx",
  "２50 x",
  " 250 x",
])("parseReply() refuses %j, which is no reply [S7] [T-R04]", PURE, (line) => {
  throws(() => parseReply(line), {
    name: "ProtocolError",
    message:
      `Cannot read the line "${line}" as part of a reply: it does not begin with a reply code`
        .replace("\t", "\\t"),
  });
});

Deno.test("parseReply() names the first 80 characters of a line, escaped [T-R04]", PURE, () => {
  throws(() => parseReply(`\x1b]0;owned\x07${"x".repeat(500)}`), ({ message }: Error) => {
    match(message, /"\\x1b\]0;owned\\x07x{70}"/);
    return true;
  });
});

Deno.test.each([
  ["250-a\r\n550 b"],
  ["550-a\r\n250 b"],
  ["250-a\r\n250-b\r\n354 c"],
  ["250-a\r\n251 b"],
])("parseReply() rejects a code that changes midway: %j [S4] [T-R03]", PURE, (text) => {
  throws(() => parseReply(text), { name: "ProtocolError", message: /its code is not \d{3} as in/ });
});

Deno.test("parseReply() rejects text that is not exactly one reply", PURE, () => {
  throws(() => parseReply("250-a"), { name: "ProtocolError", message: /last line is missing/ });
  throws(() => parseReply(""), { name: "ProtocolError", message: /last line is missing/ });
  throws(() => parseReply("250 a\r\n250 b"), {
    name: "ProtocolError",
    message: /the reply is complete/,
  });
  throws(() => parseReply(`250 ${"x".repeat(8200)}`), { name: "LineTooLongError" });
});

Deno.test.each(
  [
    [259, "ok"],
    [200, "ok"],
    [299, "ok"],
    [354, "continue"],
    [399, "continue"],
    [477, "transient"],
    [400, "transient"],
    [588, "permanent"],
    [599, "permanent"],
  ] as const,
)("SmtpReply.class of %d is %s by its first digit [S12]", PURE, (code, expected) => {
  const reply = parseReply(`${code} whatever`);
  equal(reply.class, expected);
  equal(reply.ok, expected === "ok");
});

Deno.test("ReplyParser skips one blank line before a reply and notes it [S6] [T-R06]", PURE, () => {
  const parser = new ReplyParser();
  equal(feed(parser, ""), undefined);
  equal(parser.begun, false);
  deepEqual(feed(parser, "220 mx.example")?.notes, ["blank line before the reply"]);
  // Each reply may have one.
  deepEqual(feed(parser, "", "250 ok")?.notes, ["blank line before the reply"]);
  deepEqual(feed(parser, "250 ok")?.notes, []);
});

Deno.test("ReplyParser rejects a second blank line, and one inside a reply [T-R06]", PURE, () => {
  throws(() => feed(new ReplyParser(), "", ""), {
    name: "ProtocolError",
    message: "Cannot read a reply: two blank lines before it",
  });
  throws(() => feed(new ReplyParser(), "250-a", ""), { name: "ProtocolError" });
});

Deno.test("ReplyParser rejects NUL in a reply [T-R10]", PURE, () => {
  throws(() => feed(new ReplyParser(), "250 o\0k"), {
    name: "ProtocolError",
    message: 'Cannot read the line "250 o\\x00k" as part of a reply: it holds a NUL',
  });
});

Deno.test("ReplyParser notes a bare LF once, and a CR within a line is text [T-R02]", PURE, () => {
  const reply = feed(
    new ReplyParser(),
    { text: "250-a", bareLf: true },
    { text: "250 b", bareLf: true },
  );
  deepEqual(reply?.notes, ["bare LF"]);
  deepEqual(feed(new ReplyParser(), "250-a\rb", "250 c")?.lines, ["a\rb", "c"]);
});

Deno.test("ReplyParser stops at 128 lines [S10] [T-X02]", PURE, () => {
  const parser = new ReplyParser();
  for (let line = 0; line < 128; line++) feed(parser, "250-x");
  throws(() => feed(parser, "250-x"), {
    name: "ProtocolError",
    message: "Cannot read a reply: it is longer than 128 lines or 32768 octets",
  });
});

Deno.test("ReplyParser stops at 32 KiB [S10] [T-X02]", PURE, () => {
  const parser = new ReplyParser();
  const line = `250-${"x".repeat(8186)}`; // 8,192 octets with CRLF
  feed(parser, line, line, line, line);
  throws(() => feed(parser, "250 y"), { name: "ProtocolError", message: /32768 octets/ });
});

Deno.test("ReplyParser keeps the octets of text that is no UTF-8 [S9] [T-R11]", PURE, () => {
  const raw = Uint8Array.of(50, 53, 48, 32, 71, 114, 252, 223); // 250 Grüß in Latin-1
  const reply = feed(
    new ReplyParser(),
    "250-plain",
    { text: "250 Grü\xdf", raw, bareLf: false },
  );
  deepEqual(reply?.lines, ["plain", "Grüß"]);
  equal(reply?.raw?.[0], undefined);
  deepEqual(reply?.raw?.[1], raw.subarray(4));
  equal(parseReply("250 fine").raw, undefined);
});

Deno.test("SmtpReply shows control characters as escapes [T-R12] [T-R13]", PURE, () => {
  const reply = parseReply("550 no\rFAKE: 250 ok");
  equal(`${reply}`, "550 no\\rFAKE: 250 ok");
  equal(`${parseReply("250 \x1b]0;x\x07\x1b[2J\x9b31m\x08\u202e")}`.includes("\x1b"), false);
  equal(
    `${parseReply("250 \x1b]0;x\x07\x1b[2J\x9b31m\x08\u202e")}`,
    "250 \\x1b]0;x\\x07\\x1b[2J\\x9b31m\\x08\\u{202e}",
  );
  equal(JSON.stringify(parseReply("250 \x1b[2J")), '{"code":250,"text":"\\u001b[2J"}');
});

Deno.test("SmtpReply joins its lines where it is printed, and is plain data in JSON", PURE, () => {
  const reply = parseReply("550-5.1.1 No such\r\n550 5.1.1 user");
  equal(`${reply}`, "550 5.1.1 No such / 5.1.1 user");
  deepEqual(JSON.parse(JSON.stringify(reply)), {
    code: 550,
    enhanced: "5.1.1",
    text: "No such\nuser",
  });
  equal(`${parseReply("250")}`, "250");
});

Deno.test.each(
  [
    ["250 5.1.1 no such user", "ok"],
    ["550 2.0.0 ok", "permanent"],
    ["450 5.7.1 never", "transient"],
  ] as const,
)(
  "ReplyParser lets the code win over an enhanced status that contradicts, and notes it: %s [T-R21]",
  PURE,
  (line, expected) => {
    const reply = feed(new ReplyParser(), line);
    equal(reply?.class, expected);
    equal(reply?.enhanced, undefined);
    equal(reply?.text, line.slice(4));
    deepEqual(reply?.notes, ["enhanced status of another class"]);
  },
);

Deno.test("ReplyParser sees no contradiction where there is none [T-R21]", PURE, () => {
  for (const line of ["250 2.1.0 ok", "220 1.2.3.4 ready", "250 5 mails", "354 go", "250 3.0.0"]) {
    deepEqual(feed(new ReplyParser(), line)?.notes, [], line);
  }
});
