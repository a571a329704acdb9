import { DialogueSyntaxError, parseDialogue, type ParseOptions } from "@mailwright/mailwright";
import { deepEqual, doesNotThrow, equal, ok, throws } from "node:assert/strict";
import { roundTrip } from "./same.ts";

const pure = { permissions: "none" } as const;

/** What is expected where a text is refused first. */
function refusal(text: string, options: ParseOptions = {}): string {
  let seen = "";
  throws(() => parseDialogue(text, options), (error) => {
    if (!(error instanceof DialogueSyntaxError)) throw error;
    const [{ id, at, expected }] = error.problems;
    seen = `${at.file}:${at.line} ${id}: ${expected}`;
    return true;
  });
  return seen;
}

/** Reads files of a map, and keeps which were asked for. */
function folder(
  files: Record<string, string>,
): { read: (path: string) => string; asked: string[] } {
  const asked: string[] = [];
  const read = (path: string) => {
    asked.push(path);
    return files[path] ?? "";
  };
  return { read, asked };
}

Deno.test(
  "parseDialogue() takes a line of 64 KiB and a file of 1 MiB, no more [T-I41]",
  pure,
  () => {
    const line = `C: ${"a".repeat(65_533)}`;
    doesNotThrow(() => parseDialogue(line));
    equal(refusal(`${line}a`), ":1 syntax: a line of at most 64 KiB");
    equal(refusal(`C: ${"é".repeat(32_767)}`), ":1 syntax: a line of at most 64 KiB");
    const file = "#\n".repeat(512 * 1024);
    doesNotThrow(() => parseDialogue(file));
    equal(refusal(`${file}#`), ":1 syntax: a file of at most 1 MiB");
  },
);

Deno.test("parseDialogue() takes blocks 16 deep, no more [T-I44]", pure, () => {
  const nested = (depth: number) =>
    "@repeat 1 {\n".repeat(depth) + "C: NOOP\n" + "}\n".repeat(depth);
  doesNotThrow(() => parseDialogue(nested(16)));
  equal(refusal(nested(17)), ":17 syntax: at most 16 blocks in each other");
  equal(refusal(nested(50_000)).startsWith(":17 "), true);
});

Deno.test("parseDialogue() counts the steps of loops before anything runs [T-I44]", pure, () => {
  const loops = (turns: number) =>
    `@repeat ${turns} {\n@each a in b, c {\nC: NOOP\nS: 250 ok\nC: NOOP\nS: 250 ok\nC: RSET\n}\n}\n`;
  doesNotThrow(() => parseDialogue(loops(10_000)));
  equal(
    refusal(`@repeat 2 {\n${loops(10_000)}}\n`),
    ":1 syntax: at most 100000 steps",
  );
  equal(refusal("@repeat 10000 {\n@repeat 10000 {\n}\n}\n"), ":1 syntax: at most 100000 steps");
});

Deno.test("parseDialogue() stops procedures that call each other ever more [T-I44]", pure, () => {
  let text = "@proc p0 {\nC: NOOP\nS: 250 ok\n}\n";
  for (let n = 1; n <= 14; n++) text += `@proc p${n} {\n${`@call p${n - 1}\n`.repeat(10)}}\n`;
  const seen = refusal(`${text}@call p14\n`);
  ok(seen.includes("100000 lines of procedures"), seen);
  equal(
    refusal("@proc a {\n@call b\n}\n@proc b {\n@call a\n}\n@call a\n"),
    ":5 include-cycle: no circle of files or procedures",
  );
});

Deno.test("parseDialogue() puts procedures and files in where they are named", pure, () => {
  const { read, asked } = folder({
    "d/sub/hello.dialogue": "C: EHLO me\nS: 250 mx\n@include ../more.dialogue\n",
    "d/more.dialogue": "@secret pass = x\nC< sub/a.eml\n",
  });
  const dialogue = parseDialogue(
    "@proc bye {\nC: QUIT\nS: 221 bye\n}\nS: 220 mx\n@include sub/hello.dialogue\n@call bye\n",
    { file: "d/main.dialogue", read },
  );
  deepEqual(asked, ["d/sub/hello.dialogue", "d/more.dialogue"]);
  deepEqual(dialogue.steps.map(({ kind, at }) => `${kind} ${at.file}:${at.line}`), [
    "reply d/main.dialogue:5",
    "line d/sub/hello.dialogue:1",
    "reply d/sub/hello.dialogue:2",
    "bytes d/more.dialogue:2",
    "line d/main.dialogue:2",
    "reply d/main.dialogue:3",
  ]);
  deepEqual(dialogue.secrets, [{ name: "pass", sample: "x" }]);
  roundTrip(dialogue);
});

Deno.test("parseDialogue() keeps a path relative to the folder of the dialogue", pure, () => {
  const { read } = folder({ "r/a/sub/x.dialogue": "C< ../../b/c.eml\n" });
  const { steps } = parseDialogue("@include sub/x.dialogue\n", {
    file: "r/a/main.dialogue",
    root: "r",
    read,
  });
  deepEqual(steps[0]?.kind === "bytes" && steps[0].from, { path: "../b/c.eml" });
});

Deno.test.each([
  "/etc/passwd",
  "../x",
  "a/../../x",
  "http://host/x",
  "file:x",
  "C:\\x",
  "a\\..\\..\\x",
  "~/../../x",
  ".",
  "a/",
  "",
])("parseDialogue() never asks for the file %j [T-I44]", pure, (path) => {
  const { read, asked } = folder({});
  for (const text of [`@include ${path}\n`, `C< ${path}\n`, `C<raw ${path}\n`]) {
    throws(() => parseDialogue(text, { file: "d/a.dialogue", read }), DialogueSyntaxError);
  }
  deepEqual(asked, []);
});

Deno.test("parseDialogue() refuses a file outside of its root", pure, () => {
  throws(() => parseDialogue("", { file: "a/b", root: "c" }), TypeError);
});

Deno.test("parseDialogue() stops files that include each other [T-I44]", pure, () => {
  const loop = folder({ a: "@include b\n", b: "@include a\n" });
  equal(
    refusal("@include a\n", { read: loop.read }),
    "b:1 include-cycle: no circle of files or procedures",
  );
  deepEqual(loop.asked, ["a", "b"]);
  const self = folder({});
  equal(
    refusal("@include d\n", { file: "d", read: self.read }),
    "d:1 include-cycle: no circle of files or procedures",
  );
});

Deno.test(
  "parseDialogue() bounds how many, how deep, and how large included files are [T-I44]",
  pure,
  () => {
    const many = folder({});
    equal(refusal("@include a\n".repeat(65), { read: many.read }), ":65 syntax: at most 64 files");
    equal(many.asked.length, 64);
    const deep = folder(
      Object.fromEntries(Array.from({ length: 20 }, (_, n) => [`f${n}`, `@include f${n + 1}\n`])),
    );
    equal(
      refusal("@include f0\n", { read: deep.read }),
      "f7:1 syntax: at most 8 files in each other",
    );
    const large = folder({ a: "#\n".repeat(500_000) });
    equal(
      refusal("@include a\n".repeat(5), { read: large.read }),
      ":5 syntax: at most 4 MiB of files",
    );
    equal(large.asked.length, 5);
  },
);

Deno.test("parseDialogue() keeps blocks inside of their file", pure, () => {
  const { read } = folder({ a: "}\n", b: "@repeat 2 {\n" });
  equal(refusal("@repeat 2 {\n@include a\n}\n", { read }), "a:1 syntax: a block before");
  equal(refusal("@include b\n}\n", { read }), 'b:1 syntax: "}" at the end of its block');
});

const secret = "@secret pass\n@var user = u\n";
const login = "C: AUTH LOGIN\nS: 334 a\n";

Deno.test.each([
  "C: ${pass}",
  "C: EHLO ${pass}",
  "C: RCPT TO:<${pass}@x>",
  "C: PASS ${pass}",
  "C: X ${b64 pass}",
  "C: X ${plain user pass}",
  "S: 250 ${pass}",
  "S: 250-a\nS: 250 ${b64 pass}",
  `${login}S: 334 \${pass}`,
  `${login}C: \${b64 user}\nS: 535 no\nC: X \${pass}`,
  "C: AUTH LOGIN\nC: ${b64 pass}",
  "C: AUTH LOGIN\nS~ /.*/\nC: ${b64 pass}",
  "C: AUTH LOGIN\nS: {250|334} a\nC: ${b64 pass}",
  `${login}C & S: <turn>\nC: 220 \${pass}`,
  "C: DATA\nS: 354 go\nC: ${pass}\nC: .\nS: 250 ok",
  "C: DATA\nS: 354 go\nC: AUTH ${pass}\nC: .\nS: 250 ok",
  "@each pass in a {\nC: NOOP\nS: 250 ok\n}",
  "@auth PLAIN pass pass",
  "@alt {\nS: 334 a\n} or {\nS: 250 a\nC: ${pass}\n}",
])("parseDialogue() refuses a secret in %j [T-I45]", pure, (text) => {
  const seen = refusal(`@smtp\n@fragment\n${secret}${text}\n`);
  ok(seen.endsWith("no secret"), seen);
});

Deno.test("parseDialogue() points at the secret that would be seen [T-I45]", pure, () => {
  const text = "@smtp\n@secret pass\nS: 220 mx\nC: HELP\nS: 214-a\nS: 214 pass ${b64 pass=x} b\n";
  throws(() => parseDialogue(text, { file: "a" }), {
    message: 'Cannot parse the dialogue a:6:13: "${b64 pass=x}" was seen, no secret is expected: ' +
      "it may be in @auth, in an answer of AUTH, in PASS and in APOP only",
  });
});

Deno.test("parseDialogue() refuses a secret that only its place makes one [T-I45]", pure, () => {
  ok(refusal("C: AUTH PLAIN ${plain user pass}\nS: 235 ok\nC: EHLO ${pass}\n").includes(":3 "));
});

Deno.test.each([
  ["smtp", "C: AUTH PLAIN ${plain user pass}"],
  ["smtp", `${login}C: \${b64 user}\nS: 334 b\nC: \${b64 pass}\nS: 235 ok`],
  ["smtp", `${login}@alt {\nC: \${b64 pass}\n} or {\nC: \${b64 pass}\n}`],
  ["smtp", "C: AUTH CRAM-MD5\nS: 334 ${b64 c=YQ==}\nC: ${cram c user pass}"],
  ["smtp", "@auth SCRAM-SHA-256 user pass"],
  ["pop3", "C: USER ${user}\nS: +OK\nC: PASS ${pass}"],
  ["pop3", "S: +OK ${stamp=<1@x>}\nC: APOP ${user} ${apop stamp pass}"],
  ["pop3", "C: AUTH PLAIN\nS: +\nC: ${plain user pass}"],
])("parseDialogue() takes a secret of %s in %j [T-I45]", pure, (protocol, text) => {
  roundTrip(parseDialogue(`@${protocol}\n@fragment\n${secret}${text}\n`));
});

Deno.test("parseDialogue() has no names but those of the file", pure, () => {
  const { vars } = parseDialogue("@var constructor = x\n");
  deepEqual(Object.getPrototypeOf(vars), null);
  equal("toString" in vars, false);
});

Deno.test("parseDialogue() stops at 20 problems", pure, () => {
  throws(
    () => parseDialogue("X\n".repeat(1000)),
    (error) => error instanceof DialogueSyntaxError && error.problems.length === 20,
  );
});
