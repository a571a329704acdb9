import { decodeWords, Header, HeaderError, textHeader } from "@mailwright/mailwright/message";
import { equal, match, ok, throws } from "node:assert/strict";
import { seeded, textOf } from "./random.ts";

const pure = { permissions: "none" } as const;
const octets = (text: string): number => new TextEncoder().encode(text).length;

/** What a reader sees: unfolded, without the name. */
function valueOf(header: Header): string {
  equal(header.line.endsWith("\r\n"), true);
  const unfolded = header.line.slice(0, -2).replace(/\r\n(?=[ \t])/g, "");
  equal(/[\r\n]/.test(unfolded), false);
  return unfolded.slice(header.name.length + 1).replace(/^ /, "");
}

const CONTROLS = [
  "\r\nBcc: v@x.test",
  "\r",
  "\n",
  "\0",
  "\v",
  "\f",
  "\x1b",
  "\x7f",
  "\u0085",
  "\u2028",
];

Deno.test.each([...CONTROLS, "\ud800"].map((bad) => [bad]))(
  "textHeader() rejects %j anywhere [T-I01] [T-I10] [T-I15]",
  pure,
  (bad) => {
    for (
      const text of [`Hi${bad}`, `${bad}Hi`, `Grüße ${bad} an alle`, `${"x".repeat(2000)}${bad}`]
    ) {
      throws(() => textHeader("Subject", text), HeaderError);
    }
  },
);

Deno.test.each([
  ["Hi\r\nBcc: v@x.test"],
  ["Hi\r\n"],
  ["Hi\r\n "],
  ["Hi\r\n \r\n x"],
  ["Hi\r\n\r\n x"],
  ["Hi\r x"],
  ["Hi\n x"],
  ["Hi\0"],
  ["Grüße\u0085"],
  ["Grüße\r\nBcc: v@x.test"],
  ["\ud800"],
])("Header takes one field and rejects %j [T-I10] [T-I15]", pure, (value) => {
  throws(() => new Header("X-A", value), HeaderError);
});

Deno.test.each([
  [""],
  ["X A"],
  ["X:Y"],
  ["X-A\r\nBcc"],
  ["X-A\n"],
  ["X-Ä"],
  ["X-A\t"],
  ["__proto__"],
  ["constructor"],
  ["X".repeat(51)],
])("Header rejects the name %j [T-I16]", pure, (name) => {
  throws(() => new Header(name, "x"), { name: "HeaderError", field: name });
  throws(() => textHeader(name, "é"), HeaderError);
});

Deno.test("Header takes folds and raw UTF-8, and says so", pure, () => {
  const folded = new Header("X-A", "a\r\n b\r\n\tc");
  equal(folded.line, "X-A: a\r\n b\r\n\tc\r\n");
  equal(folded.utf8, false);
  equal(new Header("X-A", "\r\n a").line, "X-A:\r\n a\r\n");
  equal(new Header("X-A", "").line, "X-A:\r\n");
  equal(new Header("X-A", "Grüße").utf8, true);
});

Deno.test("Header holds lines of at most 998 octets [T-I19]", pure, () => {
  equal(new Header("X-A", "x".repeat(993)).line.length, 1000);
  throws(() => new Header("X-A", "x".repeat(994)), HeaderError);
  throws(() => new Header("X-A", `a\r\n ${"x".repeat(998)}`), HeaderError);
  throws(() => new Header("X-A", "é".repeat(500)), HeaderError);
});

Deno.test("Header does not change, and nothing else is one", pure, () => {
  const header = new Header("X-A", "b");
  throws(() => Object.assign(header, { line: "X-A: b\r\nBcc: c\r\n" }), TypeError);
  // @ts-expect-error: an object of the same shape is no Header
  const forged: Header = { name: "X-A", line: "X-A: b\r\nBcc: c\r\n", utf8: false };
  equal(forged instanceof Header, false);
});

Deno.test.each([
  ["Hello", "Subject: Hello\r\n"],
  ["", "Subject:\r\n"],
  ["a  b\tc", "Subject: a  b\tc\r\n"],
  ["Café at noon", "Subject: =?UTF-8?Q?Caf=C3=A9_at_noon?=\r\n"],
  [" lost ", "Subject: =?UTF-8?Q?_lost_?=\r\n"],
  [
    "=?utf-8?Q?=0D=0ABcc:_x?=",
    "Subject: =?UTF-8?B?PT91dGYtOD9RPz0wRD0wQUJjYzpfeD89?=\r\n",
  ],
])("textHeader() writes %j", pure, (text, line) => {
  equal(textHeader("Subject", text).line, line);
});

Deno.test("textHeader() folds at blanks, at 78 [T-I19]", pure, () => {
  const { line } = textHeader("Subject", "word ".repeat(100).trim());
  for (const part of line.trimEnd().split("\r\n")) {
    ok(part.length <= 78 && part.length > 70 || line.trimEnd().endsWith(part), part);
  }
});

Deno.test(
  "textHeader() encodes what cannot be folded, and leaves a long link whole [T-I19]",
  pure,
  () => {
    const link = `see https://mail.example/${"x".repeat(300)} today`;
    match(
      textHeader("Subject", link).line,
      /^Subject: see\r\n https:\/\/mail\.example\/x{300}\r\n today\r\n$/,
    );
    for (const text of ["x".repeat(100_000), `a${" ".repeat(2000)}b`, "é".repeat(50_000)]) {
      const header = textHeader("Subject", text);
      for (const line of header.line.split("\r\n")) ok(line.length <= 76);
      equal(decodeWords(valueOf(header)), text);
    }
  },
);

const CHARACTERS = [
  ...'abc XYZ019    \t,;:<>()@"\\=?_-.éßЯ日本語嘊嘍😀',
  "=?",
  "?=",
  "word".repeat(20),
];

Deno.test(
  "textHeader() gives back what was written, in short lines [T-I09] [T-I15] [T-I19]",
  pure,
  () => {
    const random = seeded(2);
    for (let round = 0; round < 500; round++) {
      const text = textOf(
        random,
        random(2) === 0 ? CHARACTERS : CHARACTERS.slice(0, 30),
        round % 200,
      );
      const header = textHeader(`X-${"N".repeat(random(48))}`, text);
      equal(decodeWords(valueOf(header)), text);
      equal(header.utf8, false);
      for (const line of header.line.split("\r\n")) {
        ok(octets(line) <= 998);
        if (line.includes("=?")) ok(line.length <= 76, line);
      }
    }
  },
);
