import { deepEqual, equal, match, throws } from "node:assert/strict";
import { parsePop3Reply } from "../../src/pop3/mod.ts";

const none = { permissions: "none" } as const;

Deno.test.each([
  "+OKAY ready",
  "+Do you even care?",
  "ok ready",
  "+ok ready",
  "* OK ready",
  "-ERROR no",
  "+",
  "+ OK",
  "",
  "220 mail.example ESMTP",
  " +OK",
  "+OK\tready",
  "+OK re\0ady",
])("parsePop3Reply() refuses %s [P5] [Q14] [T-P01]", none, (line) => {
  throws(() => parsePop3Reply(line), { name: "ProtocolError" });
});

Deno.test("parsePop3Reply() shows what it refuses, escaped and short [T-G5]", none, () => {
  throws(() => parsePop3Reply(`\x1b[2J${"x".repeat(500)}`), (error: Error) => {
    match(
      error.message,
      /^Cannot read the line "\\x1b\[2Jx{76}" as a reply: it does not begin with/,
    );
    return true;
  });
});

Deno.test("parsePop3Reply() takes +OK and -ERR with and without text", none, () => {
  equal(parsePop3Reply("+OK").ok, true);
  equal(parsePop3Reply("+OK ").rest, "");
  equal(parsePop3Reply("+OK  two blanks").rest, " two blanks");
  equal(parsePop3Reply("-ERR").ok, false);
  equal(`${parsePop3Reply("-ERR no such message")}`, "-ERR no such message");
});

Deno.test("parsePop3Reply() takes +ERR for a failure, and says so [Q15]", none, () => {
  const reply = parsePop3Reply("+ERR no such message");
  deepEqual([reply.ok, reply.rest, reply.notes], [false, "no such message", ["+ERR for -ERR"]]);
});

Deno.test("parsePop3Reply() notes a lone LF as line end [P2]", none, () => {
  deepEqual(parsePop3Reply({ text: "+OK", bareLf: true }).notes, ["bare LF"]);
  deepEqual(parsePop3Reply({ text: "+OK", bareLf: false }).notes, []);
});

Deno.test.each([
  { line: "-ERR [IN-USE] locked", code: "IN-USE", temporary: true, text: "locked" },
  { line: "-ERR [login-delay] later", code: "LOGIN-DELAY", temporary: true, text: "later" },
  { line: "-ERR [SYS/TEMP] quota", code: "SYS/TEMP", temporary: true, text: "quota" },
  { line: "-ERR [Sys/Temp/Quota]", code: "SYS/TEMP/QUOTA", temporary: true, text: "" },
  { line: "-ERR [SYS/PERM] gone", code: "SYS/PERM", temporary: false, text: "gone" },
  { line: "-ERR [AUTH] wrong", code: "AUTH", temporary: false, text: "wrong" },
  { line: "-ERR [UTF8] needed", code: "UTF8", temporary: false, text: "needed" },
  { line: "-ERR [IN-USER] no", code: "IN-USER", temporary: false, text: "no" },
  { line: "-ERR no code", code: undefined, temporary: false, text: "no code" },
  { line: "-ERR [not closed", code: undefined, temporary: false, text: "[not closed" },
  { line: "-ERR [two words] x", code: undefined, temporary: false, text: "[two words] x" },
  { line: "-ERR [] x", code: undefined, temporary: false, text: "[] x" },
  { line: "-ERR [SYS//TEMP] x", code: undefined, temporary: false, text: "[SYS//TEMP] x" },
  { line: "+OK [SYS/TEMP] x", code: "SYS/TEMP", temporary: false, text: "x" },
])(
  "parsePop3Reply() reads the response code of $line [Q22] [P29] [T-A10] [T-P20]",
  none,
  ({ line, code, temporary, text }) => {
    const reply = parsePop3Reply(line);
    deepEqual([reply.code, reply.temporary, reply.text], [code, temporary, text]);
  },
);

Deno.test("Pop3Reply.is() knows the levels of a response code", none, () => {
  const reply = parsePop3Reply("-ERR [SYS/TEMP/QUOTA] full");
  deepEqual(["SYS", "sys/temp", "SYS/TEMP/QUOTA"].map((code) => reply.is(code)), [
    true,
    true,
    true,
  ]);
  deepEqual(["SYS/TEM", "TEMP", "SYS/TEMP/QUOTA/X"].map((code) => reply.is(code)), [
    false,
    false,
    false,
  ]);
});

Deno.test("Pop3Reply prints escaped and as plain data [T-G5]", none, () => {
  const reply = parsePop3Reply("-ERR [AUTH] no\rFAKE: +OK \x1b[2J");
  equal(`${reply}`, "-ERR [AUTH] no\\rFAKE: +OK \\x1b[2J");
  equal(
    JSON.stringify(reply),
    '{"ok":false,"code":"AUTH","text":"no\\rFAKE: +OK \\u001b[2J"}',
  );
});
