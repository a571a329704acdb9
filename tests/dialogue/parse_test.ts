import {
  type Dialogue,
  type DialogueStep,
  DialogueSyntaxError,
  parseDialogue,
  parseMarkdown,
} from "@mailwright/mailwright";
import { deepEqual, equal, throws } from "node:assert/strict";
import { roundTrip, withoutPlaces } from "./same.ts";

const pure = { permissions: "none" } as const;
const bytes = (text: string) => new TextEncoder().encode(text);

/** The only step of a text, behind a greeting. */
function stepOf(text: string): unknown {
  const dialogue = parseDialogue(`S: 220 mx\n${text}\n`);
  roundTrip(dialogue);
  equal(dialogue.steps.length, 2);
  return withoutPlaces(dialogue.steps[1]);
}

Deno.test.each<[string, unknown]>([
  ["C:  NOOP  ", {
    kind: "line",
    end: "C",
    template: [{ kind: "text", text: "NOOP" }],
    content: false,
  }],
  ["C|a\\r\\n\\t\\0\\\\\\xfFé", {
    kind: "bytes",
    end: "C",
    from: new Uint8Array([...bytes("a\r\n\t\0\\"), 255, ...bytes("é")]),
    stuffed: false,
  }],
  ["S|ab  ", { kind: "bytes", end: "S", from: bytes("ab  "), stuffed: false }],
  ["C< sub/a b.eml", { kind: "bytes", end: "C", from: { path: "sub/a b.eml" }, stuffed: true }],
  ["C<raw a.eml", { kind: "bytes", end: "C", from: { path: "a.eml" }, stuffed: false }],
  ["C<<END\n  a\n}\n\n.b\n# c\nEND", {
    kind: "bytes",
    end: "C",
    from: bytes("  a\r\n}\r\n\r\n.b\r\n# c\r\n"),
    stuffed: true,
  }],
  ["C<<raw END\na\nEND", { kind: "bytes", end: "C", from: bytes("a\r\n"), stuffed: false }],
  ["C<<END\nEND", { kind: "bytes", end: "C", from: bytes(""), stuffed: true }],
  ["C & S: <tls>", { kind: "tls" }],
  ["S: <tls>", { kind: "tls" }],
  ["C & S: <turn>", { kind: "turn" }],
  ["S: <close>", { kind: "close", end: "S" }],
  ["C: <drop>", { kind: "drop", end: "C" }],
  ["C: <open>", { kind: "open", end: "C" }],
  ["C: <pause 2s>", { kind: "pause", end: "C", ms: 2000 }],
  ["S: <silence 150ms>", { kind: "silence", end: "S", ms: 150 }],
  ["@delay S 1m", { kind: "delay", end: "S", ms: 60_000 }],
  ["@delay C 0", { kind: "delay", end: "C", ms: 0 }],
  ["@chunk C 1", { kind: "chunk", end: "C", size: 1 }],
  ["@outcome ok", { kind: "outcome", name: "ok" }],
  ["@auth scram-sha-256 user pass", {
    kind: "auth",
    mechanism: "SCRAM-SHA-256",
    user: "user",
    secret: "pass",
  }],
  ["#+12ms\n@step within=2s soft\n@step label=x\nC: <close>", {
    kind: "close",
    end: "C",
    after: 12,
    within: 2000,
    soft: true,
    label: "x",
  }],
  ['@step match=verb label="a b"\nC*', {
    kind: "content",
    end: "C",
    match: "verb",
    label: "a b",
  }],
  ["@repeat 3 {\nC: <close>\n}", {
    kind: "block",
    how: "repeat",
    count: 3,
    arms: [[{ kind: "close", end: "C" }]],
  }],
  ['@each r in a b, "c, d", $${e}, "" {\nC: <close>\n}', {
    kind: "block",
    how: "each",
    name: "r",
    values: ["a b", "c, d", "${e}", ""],
    arms: [[{ kind: "close", end: "C" }]],
  }],
  ["@when AUTH PLAIN {\nC: <close>\n}", {
    kind: "block",
    how: "when",
    capability: "AUTH PLAIN",
    arms: [[{ kind: "close", end: "C" }]],
  }],
  ["@alt {\nC: <close>\n} or {\nC: <drop>\n}or{\n}", {
    kind: "block",
    how: "alt",
    arms: [[{ kind: "close", end: "C" }], [{ kind: "drop", end: "C" }], []],
  }],
])("parseDialogue() reads and printDialogue() writes the step %j", pure, (text, step) => {
  deepEqual(stepOf(text), step);
});

Deno.test("parseDialogue() reads the whole head", pure, () => {
  const dialogue = parseDialogue(
    [
      "\ufeff@lmtp",
      "@name a name",
      "@var a = 1",
      '@var b = " $${x} "',
      "@var constructor =",
      "@secret p",
      "@secret q = open sesame",
      "@match text client=bytes",
      "@timeout 5s",
      "@require SIZE",
      "@require AUTH PLAIN",
      "@fragment",
      "@on RCPT nobody@ x2 -> 550 5.1.1 no such user",
      '@on CONNECT "x 2" -> delay 2s',
      "@on . -> drop",
      "@on data x1 -> silence",
      "@on QUIT -> close",
    ].join("\r\n"),
  );
  deepEqual(withoutPlaces(dialogue), {
    schema: "mailwright-dialogue/1",
    protocol: "lmtp",
    name: "a name",
    vars: { a: "1", b: " $${x} ", constructor: "" },
    secrets: [{ name: "p" }, { name: "q", sample: "open sesame" }],
    match: { server: "text", client: "bytes" },
    timeout: 5000,
    require: ["SIZE", "AUTH PLAIN"],
    fragment: true,
    steps: [],
    on: [
      {
        verb: "RCPT",
        pattern: "nobody@",
        times: 2,
        action: { kind: "reply", text: "550 5.1.1 no such user" },
      },
      { verb: "CONNECT", pattern: "x 2", action: { kind: "delay", ms: 2000 } },
      { verb: ".", action: { kind: "drop" } },
      { verb: "DATA", times: 1, action: { kind: "silence" } },
      { verb: "QUIT", action: { kind: "close" } },
    ],
  });
  roundTrip(dialogue);
});

/** The replies of a text: for each the marks of its lines, with codes. */
function repliesOf(dialogue: Dialogue): string[] {
  return dialogue.steps.flatMap((step) => step.kind === "reply" ? [shapeOf(step)] : []);
}

function shapeOf({ lines, forbid }: DialogueStep & { kind: "reply" }): string {
  const shapes = lines.map((line) => {
    if (line.kind === "rest") return "*";
    if (line.kind === "pattern") return `~${line.sample ?? ""}`;
    return `${line.optional ? "?" : ""}${line.code.join("|") || "."}${line.more ? "-" : ""}`;
  });
  return [...shapes, ...forbid.map((text) => `!${text}`)].join(" ");
}

Deno.test.each([
  ["S: 250", ["250"]],
  ["S: 250-a\nS? 250-b\nS: 250 c\nS! d\nS! e f", ["250- ?250- 250 !d !e f"]],
  ["S: 250 a\nS: 250 b", ["250", "250"]],
  ["S: {250|251|5xx} a", ["250|251|5xx"]],
  ["S~ /a/\nC: NOOP", ["~"]],
  ["S~ /a/\nS: 250 b", ["~ 250"]],
  ["S~ /a\\/b/ = 250-a\nS: 250 b\nS~ /a/ = 250 c\nS: 250 d", ["~250-a 250", "~250 c", "250"]],
  ["S: 250-a\nS*\nS: 250 b", ["250- * 250"]],
  ["S*\nC: NOOP", ["*"]],
  ["S: 250-a\nC: NOOP\nS: 250 b", ["250-", "250"]],
])("parseDialogue() puts the lines %j together", pure, (text, shapes) => {
  const dialogue = parseDialogue(`@smtp\n@fragment\n${text}\n`);
  deepEqual(repliesOf(dialogue), shapes);
  roundTrip(dialogue);
});

Deno.test.each([
  ["S: +OK a\nS: -ERR b\nS: + c\nS: +", ["+OK", "-ERR", "+", "+"]],
  ["C: LIST\nS: +OK\nS: 1 2\nS? 2 3\nS*\nS: .\nC: STAT\nS: +OK 1 2", ["+OK- . ?. *", "+OK"]],
  ["C: LIST\nC: STAT\nS: +OK\nS: +OK 1 2", ["+OK", "+OK"]],
  ["C: LIST\nS: +OK\nS: .", ["+OK-"]],
  ["C: RETR 1\nS: +OK\nS: a\nS: +OK b\nS:\nS: .", ["+OK- . . ."]],
  ["C: RETR 1\nS: +OK\nS~ /a/\nS: .", ["+OK- ~"]],
  ["C: STAT\nC: STAT\nS: +OK\nS~ /a/\nC: NOOP", ["+OK", "~"]],
  ["C: XTND\nS: +OK\nS: a\nS: .", ["+OK- ."]],
])("parseDialogue() puts the lines of POP3 %j together", pure, (text, shapes) => {
  const dialogue = parseDialogue(`@pop3\n@fragment\n${text}\n`);
  deepEqual(repliesOf(dialogue), shapes);
  roundTrip(dialogue);
});

Deno.test(
  "parseDialogue() knows content, its blanks, events in it, and where it ends",
  pure,
  () => {
    const dialogue = parseDialogue(
      "C: DATA\nS: 354 go\nC:   two blanks \nC:\nC: ..\nC: <drop>\nC:  <drop>\nC: .\nS: 250 ok\nC:  NOOP \n",
    );
    const seen = dialogue.steps.map((step) =>
      step.kind === "line"
        ? [step.content, step.template.map((part) => part.kind === "text" && part.text).join()]
        : step.kind
    );
    deepEqual(seen, [
      [false, "DATA"],
      "reply",
      [true, "  two blanks "],
      [true, ""],
      [true, ".."],
      "drop",
      [true, " <drop>"],
      [true, "."],
      "reply",
      [false, "NOOP"],
    ]);
    roundTrip(dialogue);
  },
);

Deno.test("parseDialogue() takes S: as commands behind <turn>, and C: as replies", pure, () => {
  const dialogue = parseDialogue(
    "C: ATRN a.example\nS: 250 go\nC & S: <turn>\nC: 220 a.example\nS: EHLO mx\nC: 250-a\nC: 250 SIZE\n",
  );
  deepEqual(
    dialogue.steps.slice(3).map((step) => "end" in step && `${step.kind} ${step.end}`),
    ["reply C", "line S", "reply C"],
  );
  roundTrip(dialogue);
});

Deno.test("parseDialogue() begins each text anew", pure, () => {
  const text = "C: DATA\nS: 354 go\nC:  a\n";
  deepEqual(parseDialogue(text), parseDialogue(text));
});

Deno.test("parseDialogue() says where everything stands", pure, () => {
  const dialogue = parseDialogue("S: 220 mx\n  C:  NOOP\n\nS: 250-a\nS? 250-b\nS: 250 c\n", {
    file: "x/a.dialogue",
  });
  equal(dialogue.name, "a");
  const [, line, reply] = dialogue.steps;
  deepEqual(line?.at, { file: "x/a.dialogue", line: 2, column: 3 });
  deepEqual(reply?.at, { file: "x/a.dialogue", line: 4, column: 1 });
  deepEqual(
    reply?.kind === "reply" && reply.lines.map(({ at }) => [at.line, at.column]),
    [[4, 4], [5, 4], [6, 4]],
  );
});

Deno.test.each([
  ["X: a", "1:1"],
  ["C: a\nS: 2x0 b", "2:4"],
  ["S: 250ok", "1:4"],
  ["S: {250|abc} x", "1:4"],
  ["S? 250 a", "1:4"],
  ["S! ", "1:3"],
  ["S! a", "1:1"],
  ["S* a", "1:4"],
  ["C: NOOP\nC* a", "2:4"],
  ["C:", "1:3"],
  ["C? a", "1:1"],
  ["C: <clsoe>", "1:4"],
  ["S: <silence>", "1:4"],
  ["C & S: <close>", "1:8"],
  ["S~ a", "1:4"],
  ["S~ /(a/", "1:7"],
  ["S~ /(a)\\1/", "1:9"],
  ["S~ /(?=a)/", "1:7"],
  ["S~ /a{257}/", "1:6"],
  ["C|a\\q", "1:4"],
  ["C|a\\x1", "1:4"],
  ["C< ../a", "1:4"],
  ["C<<\na", "1:4"],
  ["C<<END\na", "1:1"],
  ["C: ${a b}", "1:4"],
  ["@nosuch", "1:1"],
  ["@smtp x", "1:7"],
  ["@smtp\n@pop3", "2:1"],
  ["S: 220 mx\n@pop3", "2:1"],
  ["@name a\n@name b", "2:1"],
  ["@var 1 = x", "1:6"],
  ["@var a x", "1:8"],
  ["@var a = ${b}", "1:10"],
  ["@var a = 1\n@secret a", "2:9"],
  ["@secret a = ${a}", "1:13"],
  ["@match loud", "1:8"],
  ["@match client=code", "1:8"],
  ["@timeout 5", "1:10"],
  ['C: NOOP${repeat 1 "\\x0d"}', "1:4"],
  ["@timeout 5h", "1:10"],
  ["@require", "1:9"],
  ["@step", "1:6"],
  ["@step loud", "1:7"],
  ["@step soft soft\nC: NOOP", "1:16"],
  ["@step soft\n@step soft\nC: NOOP", "2:1"],
  ["@step match=verb\nS: 220 mx", "2:1"],
  ["@step match=code\nC: NOOP", "2:1"],
  ["@step soft", "1:1"],
  ["#+5h\nC: NOOP", "1:1"],
  ["@auth PLAIN user", "1:17"],
  ["@chunk X 1", "1:8"],
  ["@chunk S x", "1:10"],
  ["@delay S", "1:9"],
  ["@outcome 1", "1:10"],
  ["@on RCPT 550 no", "1:14"],
  ["@on RCPT -> nothing", "1:13"],
  ["@on -> 550 no", "1:5"],
  ["@repeat 2\n}", "1:1"],
  ["@repeat x {\n}", "1:9"],
  ["@repeat 10001 {\n}", "1:9"],
  ["@each a b {\n}", "1:9"],
  ["@each a in {\n}", "1:11"],
  ["@each a in b, {\n}", "1:14"],
  ["@when {\n}", "1:6"],
  ["@repeat 2 {\n} or {\n}", "1:1"],
  ["@repeat 2 {\nC: NOOP", "1:1"],
  ["}", "1:1"],
  ["@repeat 2 {\n@var a = b\n}", "2:1"],
  ["@call a", "1:7"],
  ["@proc a {\n}\n@proc a {\n}", "3:7"],
  ["@proc a {", "1:1"],
  ["@proc a {\nX: b\n}", "2:1"],
  ["@proc a {\nC: NOOP\n} or {\nC: NOOP\n}\n@call a", "3:1"],
  ["@repeat 2 {\n@call a\n}", "2:7"],
  ["@proc a {\n@var a = b\n}\n@call a", "2:1"],
  ["@include a", "1:1"],
  ["@pop3\nS: OK", "2:4"],
  ["@pop3\nS: +OK\nS: a\nC: QUIT", "4:1"],
  ["@pop3\nS? +OK", "2:4"],
  ["a\0b", "1:2"],
  ["C: a\rb", "1:5"],
  ["C: a\x1bb", "1:5"],
])("parseDialogue() refuses %j at %s [T-I41]", pure, (text, place) => {
  throws(() => parseDialogue(text), (error) => {
    if (!(error instanceof DialogueSyntaxError)) throw error;
    const { at, expected } = error.problems[0];
    equal(`${at.line}:${at.column}`, place, error.message);
    equal(expected === "", false);
    return true;
  });
});

Deno.test("parseDialogue() tells all problems at once, with their places [T-I41]", pure, () => {
  throws(() => parseDialogue("X: 1\nC: NOOP\n@typo\nS: 25\n", { file: "a.dialogue" }), {
    name: "DialogueSyntaxError",
    message: [
      'Cannot parse the dialogue a.dialogue:1:1: "X: 1" was seen, "C:", "S:", "S?", "S!", "S~", "S*", "C*", "C|", "C<", a directive or a comment is expected',
      'Cannot parse the dialogue a.dialogue:3:1: "@typo" was seen, the name of a directive is expected: there are ' +
      "@alt, @auth, @call, @chunk, @delay, @each, @fragment, @include, @lmtp, @match, @name, @on, " +
      "@outcome, @pop3, @proc, @repeat, @require, @secret, @smtp, @step, @timeout, @var, @when",
      'Cannot parse the dialogue a.dialogue:4:4: "25" was seen, a reply code, as "250", "2xx" or "{250|251}", and a blank or a hyphen is expected',
    ].join("\n"),
  });
});

Deno.test(
  "parseMarkdown() reads each fence with its heading and the lines of the whole",
  pure,
  () => {
    const text = [
      "# One #",
      "```smtp",
      "S: 220 mx",
      "```",
      "```ts",
      "```smtp",
      "```",
      "## Two",
      "  ````pop3 ignored",
      "  S: +OK",
      "  ````",
      "~~~lmtp",
      "C: LHLO a",
      "~~~",
    ].join("\n");
    const read = parseMarkdown(text, { file: "a.md" });
    deepEqual(read.map(({ name, protocol }) => [name, protocol]), [
      ["One", "smtp"],
      ["Two", "pop3"],
      ["Two", "lmtp"],
    ]);
    deepEqual(read[1]?.steps[0]?.at, { file: "a.md", line: 10, column: 3 });
    throws(() => parseMarkdown("```smtp\nS: 220 mx\n"), { name: "DialogueSyntaxError" });
    throws(() => parseMarkdown("```smtp\n@pop3\n```\n"), { name: "DialogueSyntaxError" });
  },
);

Deno.test(
  "parseDialogue() names each directive that there is, where one is none [T-I41]",
  pure,
  () => {
    const problemOf = (text: string): readonly string[] => {
      try {
        parseDialogue(text);
      } catch (error) {
        if (error instanceof DialogueSyntaxError) return error.message.split("\n");
      }
      return [];
    };
    // A block that nobody knows is one problem.
    const [message = "", ...others] = problemOf("S: 220 mx\n@repaet 3 {\nC: NOOP\nS: 250\n}\n");
    deepEqual(others, []);
    const names = message.match(/@[a-z0-9]+(?=[, ]|$)/g) ?? [];
    equal(names.length > 20, true, message);
    for (const name of names) {
      equal(problemOf(`${name}\n`).some((one) => one.includes("name of a directive")), false, name);
    }
  },
);
