import { dialogueToTypeScript, parseDialogue } from "@mailwright/mailwright";
import { equal, ok, throws } from "node:assert/strict";

const pure = { permissions: "none" } as const;
const HELLO = "S: 220 mx\nC: EHLO me\nS: 250-mx\nS? 250-SIZE\nS: 250 AUTH PLAIN\nS! STARTTLS\n";
const GREETED = '.expect(220, "mx").ehlo("me").expect(250, "mx")' +
  '.caps({ has: ["AUTH PLAIN"], not: ["STARTTLS"] })';

/** The calls of a dialogue in one line; nothing if it stays text. */
function callsOf(text: string): string | undefined {
  const code = dialogueToTypeScript(parseDialogue(text), { name: "x" });
  const [, calls] = /export const x = (?:smtp|lmtp|pop3)\(\)\s*(.*);\n$/s.exec(code) ?? [];
  if (calls === undefined) ok(code.includes("export const x = parseDialogue(`@"));
  return calls?.replace(/\n +/g, "");
}

Deno.test.each<[string, string]>([
  [
    "C: MAIL FROM:<a@x>\nS: 250 ok\nC: RCPT TO:<b@x>\nS: 250\nC: DATA\nS: 354\nC: Hi {x}\nC: ..\nC:\nC: .\nS: 250 as ${q=1}",
    '.mail("a@x").expect(250, "ok").rcpt("b@x").expect(250).data("Hi {x}\\r\\n.\\r\\n\\r\\n").expect(250, "as {q=1}")',
  ],
  [
    "C: MAIL FROM:<> SIZE=1 X=${x=1}\nS: 250\nC: RCPT TO:<b@x> NOTIFY=NEVER\nS: 250",
    '.mail("", "SIZE=1", "X={x=1}").expect(250).rcpt("b@x", "NOTIFY=NEVER").expect(250)',
  ],
  ["C: MAIL FROM:<a@x> X=${x=1 2}\nS: 250", '.command("MAIL FROM:<a@x> X={x=1 2}").expect(250)'],
  [
    "C: MAIL FROM:<a@x>\nS: 250\nC: RCPT TO:<b@x>\nS: 250\nC: DATA\nS: 354\nC<< END\n.a\nEND\nC: b\nC: .\nS: 250",
    '.mail("a@x").expect(250).rcpt("b@x").expect(250).data(".a\\r\\nb\\r\\n").expect(250)',
  ],
  [
    "C: MAIL FROM:<a@x>\nS: 250\nC: RCPT TO:<b@x>\nS: 250\nC: BDAT 3\nC|a\\r\\n\nS: 250\nC: BDAT ${len} LAST\nC|\\xff\nS: 250",
    '.mail("a@x").expect(250).rcpt("b@x").expect(250).bdat("a\\r\\n").expect(250)' +
    '.bdat(Uint8Array.fromBase64("/w=="), { last: true }).expect(250)',
  ],
  [
    "C: MAIL FROM:<a@x>\nC: RCPT TO:<b@x>\nC: BDAT 1\nC|a\nC: BDAT 0 LAST\nS: 250\nS: 250\nS: 250\nS: 251",
    '.batch((b) => b.mail("a@x").expect(250).rcpt("b@x").expect(250).bdat("a").expect(250)' +
    '.bdat("", { last: true }).expect(251))',
  ],
  // Octets without a recipient, and more of them than were announced, are what they are.
  ["C: BDAT 1\nC|a\nS: 503", '.raw("BDAT 1\\r\\na").expect(503)'],
  ["C: HELP\nS: 214\nC: HELP me\nS: 214", '.help().expect(214).help("me").expect(214)'],
  ["C: RCPT TO:<b@x>\nS: 503", '.command("RCPT TO:<b@x>").expect(503)'],
  [
    "C: NOOP\nC: RSET\nS: 250 a\nS: 2xx b",
    '.batch((b) => b.noop().expect(250, "a").rset().expect("2xx", "b"))',
  ],
  [
    "@secret p\n@var u = a b\nC: AUTH PLAIN ${plain u p}\nS: 235",
    '.auth("PLAIN", { user: "a b", password: secret("p") }).expect(235)',
  ],
  [
    "@secret p = s\n@var u = a\n@auth SCRAM-SHA-1 u p\n@alt {\nS: 235\n@outcome ok\n} or {\nS: 535\n@outcome no\n}",
    '.auth("SCRAM-SHA-1", { user: "a", password: secret("p", { sample: "s" }) }).expect({ 235: "ok", 535: "no" })',
  ],
  [
    "C: STARTTLS\nS: 220 go\nC & S: <tls>\nC: EHLO me\nS: 250 mx",
    '.startTls().ehlo("me").expect(250, "mx")',
  ],
  [
    "C: NOOP\n@step soft within=2s match=text label=l\nS: 250",
    '.noop().soft(250).within("2s").match("text").label("l")',
  ],
  [
    "@repeat 2 {\nC: NOOP\nS: 250\n}",
    ".each(Array.from({ length: 2 }), (d) => d.noop().expect(250))",
  ],
  [
    "@each a in 1, 2 {\nC: VRFY ${a}`\nS: 252 ${a}\n}",
    '.each(["1", "2"], (d, a) => d.vrfy(`${a}\\``).expect(252, `${a}`))',
  ],
  // What stands for something else in the code, and words of the language, have a dollar behind them.
  [
    "@each class in 1 {\nC: VRFY ${class}{\nS: 252\n}\n",
    '.each(["1"], (d, class$) => d.vrfy(`${class$}{{`).expect(252))',
  ],
  [
    "@each b in 1 {\nC: NOOP\nC: VRFY ${b}\nS: 250\nS: 252\n}\n",
    '.each(["1"], (d, b$) => d.batch((b) => b.noop().expect(250).vrfy(`${b$}`).expect(252)))',
  ],
  [
    "@secret p\n@var u = a\n@each secret in 1 {\nC: AUTH PLAIN ${plain u p}\nS: 535 ${secret}\n}\n",
    '.each(["1"], (d, secret$) => d.auth("PLAIN", { user: "a", password: secret("p") })' +
    ".expect(535, `${secret$}`))",
  ],
  [
    "C: VRFY */ ` $${x} \\u0041 // '\"\nS: 252 $${x}`",
    '.vrfy("*/ ` ${{x} \\\\u0041 // \'\\"").expect(252, "${{x}`")',
  ],
  ["C|a\\nb\nS: 500", '.raw("a\\nb").expect(500)'],
  ["S: <close>", ".expectClose()"],
  ["C: <pause 2s>\nC: QUIT\nS: {221|250}", '.pause("2s").quit().expect([221, 250])'],
])("dialogueToTypeScript() writes %j as %s", pure, (text, calls) => {
  equal(callsOf(`${HELLO}${text}\n`), `${GREETED}${calls}`);
});

Deno.test("dialogueToTypeScript() writes a maildrop", pure, () => {
  equal(
    callsOf(
      "@secret p\nS: <silence 1s>\nS: +OK\nC: USER a\nS: +OK\nC: PASS ${p}\nS: +OK\nC: LIST\nS: +OK two\nS: 1 ${n:int}\nS: .\nC: TOP 1 0\nS: +OK\nC: DELE 1\nS: -ERR no\nC: QUIT\nS: +OK\n",
    ),
    '.silence("1s").expect("+OK").user("a").expect("+OK").pass(secret("p")).expect("+OK").list().expect("+OK", "two").lines(["1 {n:int}"]).top(1, 0).expect("+OK").dele(1).expect("-ERR", "no").quit().expect("+OK")',
  );
});

Deno.test.each([
  "@fragment",
  "@require SIZE",
  "@match text",
  "@on RCPT -> drop",
  "S: 250 unsolicited",
  "C: NOOP\nS~ /a/",
  "C: NOOP\nS: 250-a\nS: 250 b",
  "C: NOOP\nS: 250 ok\nS! b",
  "@chunk S 1",
  "C & S: <turn>",
  "C: <drop>",
  "S|250 ok\\r\\n",
  "C: NOOP\nS: <close>",
  "C: STARTTLS\nS: 2xx go\nC & S: <tls>",
  "C< a.eml",
  "@when SIZE {\nC: NOOP\nS: 250\n}",
  "@alt {\nC: NOOP\nS: 250\n} or {\nC: RSET\nS: 250\n}",
  "@step label=a\nC: NOOP\nS: 250",
  "@secret p\nC: AUTH X ${p}\nS: 235",
  "@secret p\n@var u = a\n@auth EXTERNAL u p\nS: 235",
])("dialogueToTypeScript() leaves %j as text", pure, (text) => {
  equal(callsOf(`${HELLO}${text}\n`), undefined);
});

Deno.test("dialogueToTypeScript() escapes what would be code", pure, () => {
  const text = "S: 220 `${x=\\}`\n@chunk S 1\n";
  const code = dialogueToTypeScript(parseDialogue(text, { name: "1 bad-name" }), {
    from: "./m.ts",
  });
  equal(
    code,
    'import { parseDialogue } from "./m.ts";\n\nexport const dialogue = parseDialogue(`@smtp\n@name 1 bad-name\nS: 220 \\`\\${x=\\\\}\\`\n@chunk S 1\n`);\n',
  );
});

Deno.test("dialogueToTypeScript() takes no name that would be code", pure, () => {
  const dialogue = parseDialogue(HELLO);
  for (const name of ["", "a = 1, b", "1a", "a-b"]) {
    throws(() => dialogueToTypeScript(dialogue, { name }), { name: "TypeError" });
  }
});

const READY = "S: +OK\n@secret p\nC: USER u\nS: +OK\nC: PASS ${p}\nS: +OK\n";
const IN = '.expect("+OK").user("u").expect("+OK").pass(secret("p")).expect("+OK")';

Deno.test.each<[string, string | undefined]>([
  // The builder describes the bodies that it knows of only.
  ["S: +OK\nC: CAPA\nS: -ERR\nC: LANG\nS: +OK\nS: en\nS: .\n", undefined],
  // Behind PASS it goes on as after a success: no other login is there.
  [`${READY}C: USER v\nS: -ERR\n`, `${IN}.command("USER v").expect("-ERR")`],
  [`${READY}C: PASS \${p}\nS: -ERR\n`, undefined],
  [
    `${READY}C: NOOP\nC: QUIT\nS: +OK\nS: +OK\n`,
    `${IN}.batch((b) => b.noop().expect("+OK").command("QUIT").expect("+OK"))`,
  ],
  // A number stays one.
  [
    "S: +OK ${n:int=1}\nC: NOOP\nS: +OK ${n}\n",
    '.expect("+OK", "{n:int=1}").command("NOOP").expect("+OK", "{n:int}")',
  ],
])("dialogueToTypeScript() writes what the builder takes of %j", pure, (text, calls) => {
  equal(callsOf(`@pop3\n${text}`), calls);
});

Deno.test(
  "dialogueToTypeScript() says hello as the protocol does, and TLS before a message",
  pure,
  () => {
    equal(
      callsOf("@lmtp\nS: 220\nC: EHLO me\nS: 500\nC: LHLO me\nS: 250\n"),
      '.expect(220).command("EHLO me").expect(500).lhlo("me").expect(250)',
    );
    const tls = "C: STARTTLS\nS: 220\nC & S: <tls>\nC: EHLO me\nS: 250\n";
    equal(callsOf(`${HELLO}C: MAIL FROM:<a@x>\nS: 530\n${tls}`), undefined);
  },
);

Deno.test(
  "dialogueToTypeScript() asks a maildrop what it offers, and logs in inside TLS",
  pure,
  () => {
    equal(
      callsOf(
        "@secret p\n@var u = a\nS: +OK\nC: CAPA\nS: +OK\nS: STLS\nS: .\nC: STLS\nS: +OK\n" +
          "C & S: <tls>\nC: CAPA\nS: +OK list\nS: SASL PLAIN\nS! STLS\nS: .\n@auth PLAIN u p\nS: +OK\n",
      ),
      '.expect("+OK").capa().caps({ has: ["STLS"] }).startTls().capa().expect("+OK", "list")' +
        '.caps({ has: ["SASL PLAIN"], not: ["STLS"] })' +
        '.auth("PLAIN", { user: "a", password: secret("p") }).expect("+OK")',
    );
  },
);
