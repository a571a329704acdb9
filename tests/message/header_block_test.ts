import { parseHeaderBlock } from "@mailwright/mailwright/message";
import { deepEqual, equal, ok } from "node:assert/strict";
import { fixture, fixtures, octets, READ_FIXTURES } from "./received.ts";
import { seeded } from "./random.ts";

const pure = { permissions: "none" } as const;

/** Names and values. */
function fieldsOf(text: string): [string, string][] {
  return parseHeaderBlock(octets(text)).fields.map(({ name, value }) => [name, value]);
}

Deno.test.each([
  ["A: b\r\nC:d\r\n\r\n", [["A", "b"], ["C", "d"]]],
  ["A: b\nC: d\n\n", [["A", "b"], ["C", "d"]]],
  ["A: b\r\r\nC: d\r\r\n\r\r\n", [["A", "b"], ["C", "d"]]],
  ["A: b\rC: d\r\n\r\n", [["A", "b C: d"]]],
  ["A: b\0c\r\n\r\n", [["A", "b\0c"]]],
  ["A \t: b\r\n\r\n", [["A", "b"]]],
  ["A:\r\n b\r\n\tc\r\n\r\n", [["A", "b c"]]],
  ["A: b\r\n  \r\n c\r\n\t\r\n\r\n", [["A", "b   c"]]],
  ["A: \r\nB:\r\n\r\n", [["A", ""], ["B", ""]]],
  ["A: b\r\n\r\n C: d\r\n", [["A", "b"]]],
  ["A: b\r\nC: d", [["A", "b"], ["C", "d"]]],
  ["A: b\r\n\r", [["A", "b"]]],
  ["\r\nA: b\r\n\r\n", []],
  ["From a@b.example Sat Jul  4 09:05:00 2020\nA: b\n\n", [["A", "b"]]],
  [">From a@b.example\n folded\nA: b\n\n", [["A", "b"]]],
  ["From : a@b.example\r\n\r\n", [["From", "a@b.example"]]],
  ["__proto__: a\r\nconstructor: b\r\n\r\n", [["__proto__", "a"], ["constructor", "b"]]],
  ["", []],
])("parseHeaderBlock() reads %j", pure, (text, expected) => {
  deepEqual(fieldsOf(text), expected);
});

Deno.test("parseHeaderBlock() passes over what is no field, and tells where", pure, () => {
  const lines = [
    " first",
    "A: b",
    "no colon",
    " more of it",
    "two words: c",
    ": d",
    "Ä: e",
    "F: g",
  ];
  const header = parseHeaderBlock(octets(lines.join("\r\n") + "\r\n\r\n"));
  deepEqual(header.fields.map(({ name, at }) => [name, at]), [["A", 8], ["F", 63]]);
  deepEqual(header.broken, [0, 14, 37, 51, 56]);
  equal(header.complete, true);
});

Deno.test("parseHeaderBlock() finds names in any case, all of them in their order", pure, () => {
  const header = parseHeaderBlock(octets("To: a\r\nCc: b\r\nTO: c\r\nto: d\r\n\r\n"));
  equal(header.get("tO")?.value, "a");
  deepEqual(header.getAll("to").map(({ value }) => value), ["a", "c", "d"]);
  equal(header.get("__proto__"), undefined);
  equal(header.get("constructor"), undefined);
  deepEqual(header.getAll("From"), []);
});

Deno.test.each([
  ["A: b\r\n\r\nbody", true, 8],
  ["A: b\n\nbody", true, 6],
  ["A: b\r\n", false, undefined],
  ["A: b\r\n\r", false, undefined],
  ["", false, undefined],
])("parseHeaderBlock() knows whether %j ends", pure, (text, complete, bodyStart) => {
  const header = parseHeaderBlock(octets(text));
  equal(header.complete, complete);
  equal(header.bodyStart, bodyStart);
  equal(parseHeaderBlock(octets(text), { complete: true }).complete, true);
});

Deno.test("parseHeaderBlock() gives the octets of a field as they came", pure, () => {
  const bytes = octets("A: é\r\n\tb \r\nC: d\r\n\r\n");
  const [first] = parseHeaderBlock(bytes).fields;
  ok(first);
  equal(new TextDecoder().decode(first.raw), " é\r\n\tb ");
  equal(first.raw.buffer, bytes.buffer);
});

/** A header whose first value is made of octets. */
function encoded(value: readonly number[], more: string = ""): string | undefined {
  const bytes = [...octets("A: "), ...value, ...octets(`\r\n${more}\r\n`)];
  return parseHeaderBlock(Uint8Array.from(bytes)).get("A")?.text;
}

Deno.test.each([
  ["UTF-8", [0xc3, 0xbc], "", "ü"],
  ["Latin-1", [0xfc, 0x80], "", "ü€"],
  ["the charset of the body", [0xb7, 0xa2], "Content-Type: text/plain; charset=GB2312\r\n", "发"],
  ["a code page", [0x93, 0xfa], "content-type: text/plain;\r\n charset = 'cp932'\r\n", "日"],
  ["Latin-1 where UTF-8 is told", [0xfc], "Content-Type: text/plain; charset=utf-8\r\n", "ü"],
  ["Latin-1 where nobody knows", [0xfc], "Content-Type: text/plain; charset=x-y\r\n", "ü"],
])("ParsedField.text reads %s", pure, (_, value, more, text) => {
  equal(encoded(value, more), text);
});

Deno.test.each([
  ["=?utf-8?Q?a b?=", "a b"],
  ["=?utf-8?Q?a?= =?utf-8?Q?b?=", "ab"],
  ["=?utf-8?Q?a?=\r\n =?utf-8?Q?b?=", "ab"],
  ["=?cp936?Q?=B7=A2?=", "发"],
  ["=?x-y?Q?a?= b", "=?x-y?Q?a?= b"],
  ["=?utf-8?Q?=0D=0AB:_c?=", "\r\nB: c"],
  ["=?utf-8?Q?cut", "=?utf-8?Q?cut"],
])("ParsedField.text decodes %j, and leaves it in value", pure, (value, text) => {
  const field = parseHeaderBlock(octets(`A: ${value}\r\n\r\n`)).get("A");
  equal(field?.text, text);
  equal(field?.value, value.replace("\r\n", ""));
});

const MEBI = 1024 * 1024;

Deno.test("parseHeaderBlock() stops at 1 MiB [T-X10]", pure, () => {
  const start = "A: b\r\nLong: ";
  for (
    const [size, unparsable] of [[MEBI, undefined], [MEBI + 1, /longer than 1048576/]] as const
  ) {
    const bytes = octets(start + "x".repeat(size - start.length - 4) + "\r\n\r\n");
    equal(bytes.length, size);
    const header = parseHeaderBlock(bytes, { complete: true });
    equal(header.complete, unparsable === undefined);
    ok(
      unparsable === undefined
        ? header.unparsable === undefined
        : unparsable.test(header.unparsable ?? ""),
    );
    equal(header.get("A")?.value, "b");
  }
});

Deno.test(
  "parseHeaderBlock() looks no further than 1 MiB for the end of a line [T-X10]",
  pure,
  () => {
    const bytes = new Uint8Array(50 * MEBI).fill(0x61);
    const header = parseHeaderBlock(bytes, { complete: true });
    equal(header.complete, false);
    equal(header.unparsable, "it is longer than 1048576 octets");
  },
);

Deno.test.each([["A:\n", 10_000, 0], ["a\n", 0, 10_000], ["A:b\nc\n", 5_000, 5_000]])(
  "parseHeaderBlock() stops at 10000 fields and broken lines of %j [T-X10]",
  pure,
  (piece, fields, broken) => {
    const header = parseHeaderBlock(octets(piece.repeat(100_000) + "\n"), { complete: true });
    equal(header.unparsable, "it has over 10000 fields");
    equal(header.complete, false);
    equal(header.fields.length, fields);
    equal(header.broken.length, broken);
  },
);

/** Octets that count how many of them are searched for a line end. */
class Searched extends Uint8Array<ArrayBuffer> {
  static count = 0;
  override indexOf(octet: number, from: number = 0): number {
    const found = super.indexOf(octet, from);
    Searched.count += (found < 0 ? this.length : found + 1) - from;
    return found;
  }
}

Deno.test("parseHeaderBlock() searches each octet twice at most [T-X09] [T-X10]", pure, () => {
  for (const piece of ["A: b\r\n", "A:\r\n b\r\n", " \r\n", "\r", ":\r\n", "A", "\0", "=?a?q?"]) {
    const bytes = octets(piece.repeat(100_000 / piece.length));
    Searched.count = 0;
    const header = parseHeaderBlock(Searched.from(bytes));
    for (const { text } of header.fields) ok(text.length <= bytes.length);
    ok(
      Searched.count > 0 && Searched.count <= 2 * bytes.length,
      `${JSON.stringify(piece)}: ${Searched.count}`,
    );
  }
});

Deno.test("parseHeaderBlock() reads no less when more has come", READ_FIXTURES, () => {
  for (const name of fixtures()) {
    const bytes = fixture(name).subarray(0, 3_000);
    const whole = parseHeaderBlock(bytes);
    for (let size = 0; size <= bytes.length; size++) {
      const part = parseHeaderBlock(bytes.subarray(0, size));
      equal(part.complete, whole.bodyStart !== undefined && size >= whole.bodyStart);
      // The last one may be cut short.
      const sure = part.complete ? part.fields : part.fields.slice(0, -1);
      for (const [index, { name, raw }] of sure.entries()) {
        equal(name, whole.fields[index]?.name);
        deepEqual(raw, whole.fields[index]?.raw);
      }
    }
  }
});

Deno.test("parseHeaderBlock() reads any octets", pure, () => {
  const random = seeded(5);
  const common = octets('A: b\r\n\t =?utf-8?Q?=C3?= \0<(",;@>)');
  for (let round = 0; round < 2_000; round++) {
    const bytes = Uint8Array.from(
      { length: random(200) },
      () => random(4) === 0 ? random(256) : common[random(common.length)] ?? 0,
    );
    const { fields, broken, bodyStart = bytes.length } = parseHeaderBlock(bytes);
    for (const { name, at, raw, value, text } of fields) {
      ok(/^[!-9;-~]+$/.test(name));
      ok(at + name.length < raw.byteOffset && raw.byteOffset + raw.length <= bodyStart);
      equal(value, value.trim());
      ok(text.isWellFormed());
    }
    ok([...broken, ...fields.map(({ at }) => at)].every((at) => at < bodyStart));
  }
});
