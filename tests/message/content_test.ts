import { type ContentDescription, describeContent } from "@mailwright/mailwright/message";
import { deepEqual, equal, ok } from "node:assert/strict";
import { counted, seeded, textOf } from "./random.ts";

const pure = { permissions: "none" } as const;
const octets = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text);
const PLAIN: ContentDescription = {
  eightBit: false,
  longestLine: 11,
  bareCr: false,
  bareLf: false,
  nul: false,
  dotLine: false,
  utf8Headers: false,
  signed: false,
};

const rows: [string, string, Partial<ContentDescription>][] = [
  ["plain text", "Subject: Hi\r\n\r\nHello\r\n", {}],
  ["LF line ends [T-I26] [S46]", "Subject: Hi\n\nHello\n", { bareLf: true }],
  ["mixed line ends [T-I26]", "Subject: Hi\r\n\r\nHello\nyou\r\n", { bareLf: true }],
  ["a bare CR [T-I26] [S46]", "Subject: Hi\r\n\r\na\rb\r\n", { bareCr: true }],
  ["a CR at the end [T-I25]", "Subject: Hi\r\n\r\na\r", { bareCr: true }],
  ["CR CR LF [T-I23]", "Subject: Hi\r\n\r\na\r\r\n", { bareCr: true }],
  ["LF CR [T-I23]", "Subject: Hi\r\n\r\na\n\r", { bareCr: true, bareLf: true }],
  ["a NUL [T-I23]", "Subject: Hi\r\n\r\na\0b\r\n", { nul: true }],
  ["a lone dot [T-I24] [S47]", "Subject: Hi\r\n\r\n.\r\n", { dotLine: true }],
  ["a dot at the very start [T-I24] [S47]", ".: Hi\r\n\r\nHello you!!\r\n", { dotLine: true }],
  ["a dot in a line", "Subject: Hi\r\n\r\na.\r\n", {}],
  ["8-bit text [T-I27] [S51]", "Subject: Hi\r\n\r\nGrüße\r\n", { eightBit: true }],
  ["8-bit headers [S55]", "Subject: ü\r\n\r\nHi\r\n", { eightBit: true, utf8Headers: true }],
  ["a header alone", "Subject: ü", { eightBit: true, utf8Headers: true }],
  ["a long line [T-I27] [S52]", `a: b\r\n\r\n${"x".repeat(2_000)}\r\n`, { longestLine: 2_000 }],
  ["a long last line", `a: b\r\n\r\nx\r\n${"x".repeat(2_000)}`, { longestLine: 2_000 }],
  ["nothing", "", { longestLine: 0 }],
  ["an empty header", "\r\nDKIM-Signature: ü", { longestLine: 18, eightBit: true }],
  ["DKIM [S53]", "A: b\r\ndkim-signature: v=1\r\n\r\n", { signed: true, longestLine: 19 }],
  ["ARC [S53]", "ARC-Seal: i=1\r\n\r\n", { signed: true, longestLine: 13 }],
  [
    "multipart/signed [S53]",
    'Content-Type:\r\n Multipart/Signed; boundary="b"\r\n\r\n',
    { signed: true, longestLine: 31 },
  ],
  ["a signature in the body", "Subject: Hi\r\n\r\nARC-Seal: x\r\n", {}],
  ["a signature in a value", "X: \r\n ARC-Seal: 1\r\n\r\n", { longestLine: 12 }],
];
for (const [name, message, differs] of rows) {
  Deno.test(`describeContent() describes ${name}`, pure, () => {
    for (const bytes of [octets(message), octets(` ${message}`).subarray(1)]) {
      const seen = describeContent(bytes);
      deepEqual({ ...seen, signed: seen.signed }, { ...PLAIN, ...differs });
    }
  });
}

Deno.test("describeContent() sees each octet wherever it stands [T-I23] [T-I27]", pure, () => {
  const [LF, CR] = [10, 13];
  for (let octet = 0; octet < 256; octet++) {
    for (let place = 1; place < 9; place++) {
      const bytes = octets("x".repeat(10));
      bytes[place] = octet;
      const expected = {
        ...PLAIN,
        longestLine: octet === LF ? Math.max(place, 9 - place) : 10,
        bareCr: octet === CR,
        bareLf: octet === LF,
        nul: octet === 0,
        eightBit: octet > 127,
        utf8Headers: octet > 127,
      };
      const seen = describeContent(bytes);
      deepEqual({ ...seen, signed: seen.signed }, expected);
    }
  }
});

Deno.test("describeContent() describes whatever comes, wherever it lies", pure, () => {
  const random = seeded(5);
  const pieces = ["\r", "\n", "\r\n", "\r\n\r\n", ".", "\0", "\t", "\x0e", "\x7f", "\x80", "\xff"];
  for (let round = 0; round < 5_000; round++) {
    const text = textOf(random, [...pieces, "ab", "abcde", "text of a line"], 12);
    const lines = text.split("\n").map((line, at, { length }) =>
      at < length - 1 ? line.replace(/\r$/, "") : line
    );
    const empty = lines.slice(0, -1).indexOf("");
    const header = empty < 0 ? lines : lines.slice(0, empty);
    const eightBit = /[\x80-\xff]/;
    const expected: ContentDescription = {
      eightBit: eightBit.test(text),
      longestLine: Math.max(...lines.map(({ length }) => length)),
      bareCr: /\r(?!\n)/.test(text),
      bareLf: /(?<!\r)\n/.test(text),
      nul: text.includes("\0"),
      dotLine: /(?:^|\n)\./.test(text),
      utf8Headers: eightBit.test(header.join("\n")),
      signed: false,
    };
    const before = random(8);
    const around = `${"\n".repeat(before)}${text}\n.\n`;
    const buffer = Uint8Array.from(around, (character) => character.charCodeAt(0));
    const bytes = buffer.subarray(before, -3);
    const seen = describeContent(bytes);
    deepEqual({ ...seen, signed: seen.signed }, expected, JSON.stringify(text));
  }
});

Deno.test("describeContent() looks at each octet no more than three times", pure, () => {
  for (const piece of ["\r", "\n", "\r\n", "a", "\n\n", "content-type: "]) {
    const input = counted(octets(piece.repeat(1_000)));
    describeContent(input.bytes);
    ok(input.reads() <= 3 * input.bytes.length);
  }
});

Deno.test("describeContent() gives a hostile header back in one pass [T-I14]", pure, () => {
  const header = octets(`${"content-type: ".repeat(20_000)}\n${"content-type:\n ".repeat(20_000)}`);
  equal(describeContent(header).signed, false);
});
