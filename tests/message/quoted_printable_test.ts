import {
  decodeQuotedPrintable,
  encodeQuotedPrintable,
  QuotedPrintableDecoder,
  QuotedPrintableEncoder,
} from "@mailwright/mailwright/message";
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { chunksOf, counted, seeded } from "./random.ts";

const pure = { permissions: "none" } as const;
const text = (bytes: Uint8Array): string => new TextDecoder("latin1").decode(bytes);
const octets = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text);

Deno.test.each([
  ["", ""],
  ["a=b", "a=3Db"],
  ["Grüße\r\n", "Gr=C3=BC=C3=9Fe\r\n"],
  ["a b \r\nc\t\r\n", "a b=20\r\nc=09\r\n"],
  ["a \t \r\n", "a \t=20\r\n"],
  ["a ", "a=20"],
  ["\ra\nb\r", "=0Da=0Ab=0D"],
  [" \r", " =0D"],
  [".\r\n..\r\n", ".\r\n..\r\n"],
  ["\0\x7f", "=00=7F"],
  ["x".repeat(75), "x".repeat(75)],
  ["x".repeat(76), `${"x".repeat(75)}=\r\nx`],
  [`${"x".repeat(73)}é`, `${"x".repeat(73)}=\r\n=C3=A9`],
  [`${"x".repeat(75)} \r\n`, `${"x".repeat(75)}=\r\n=20\r\n`],
])("encodeQuotedPrintable() writes %j as %j", pure, (plain, encoded) => {
  equal(text(encodeQuotedPrintable(octets(plain))), encoded);
  equal(text(decodeQuotedPrintable(octets(encoded))), text(octets(plain)));
});

Deno.test.each([
  ["a=\r\nb", "ab"],
  ["a= \t\r\nb", "ab"],
  ["a=\nb", "ab"],
  ["a  \r\nb\t\nc  ", "a\r\nb\nc"],
  ["=3d=3D", "=="],
  ["=", ""],
  ["= ", ""],
  ["=4", "=4"],
  ["=4G=G4=-1", "=4G=G4=-1"],
  ["==41", "=A"],
  ["= x", "= x"],
  ["=\rx", "=\rx"],
  ["a \rb", "a \rb"],
  ["a\nb\rc", "a\nb\rc"],
])("decodeQuotedPrintable() reads %j as %j", pure, (encoded, plain) => {
  equal(text(decodeQuotedPrintable(octets(encoded))), plain);
});

const OCTETS = [..."ab \t\r\n=.09AFé\0", "\r\n", "= \r\n", "=41", "  "];

function randomOctets(random: (limit: number) => number, length: number): Uint8Array<ArrayBuffer> {
  return octets(Array.from({ length }, () => OCTETS[random(OCTETS.length)]).join(""));
}

Deno.test("encodeQuotedPrintable() writes short lines and gives the octets back", pure, () => {
  const random = seeded(5);
  for (let length = 0; length < 400; length++) {
    const bytes = randomOctets(random, length);
    const encoded = text(encodeQuotedPrintable(bytes));
    match(encoded, /^(?:[!-~ \t]|\r\n)*$/);
    for (const line of encoded.split("\r\n")) {
      ok(line.length <= 76);
      equal(/[ \t]$/.test(line), false);
    }
    deepEqual(decodeQuotedPrintable(octets(encoded)), bytes);
  }
});

Deno.test(
  "QuotedPrintableEncoder and -Decoder do not mind how octets are cut [T-I24]",
  pure,
  () => {
    const random = seeded(6);
    for (let length = 0; length < 400; length++) {
      const bytes = randomOctets(random, length);
      for (
        const [whole, coder] of [
          [encodeQuotedPrintable(bytes), new QuotedPrintableEncoder()],
          [decodeQuotedPrintable(bytes), new QuotedPrintableDecoder()],
        ] as const
      ) {
        const out = [...chunksOf(random, bytes)].flatMap((chunk) => [...coder.push(chunk)]);
        equal(text(Uint8Array.from([...out, ...coder.end()])), text(whole), text(bytes));
      }
    }
  },
);

Deno.test("QuotedPrintableDecoder holds back no more than a line of blanks", pure, () => {
  for (const start of ["", "="]) {
    const decoder = new QuotedPrintableDecoder();
    let given = decoder.push(octets(start)).length;
    for (let round = 0; round < 5_000; round++) given += decoder.push(octets(" ")).length;
    ok(given >= 5_000 - 998);
    equal(given + decoder.push(octets("x")).length + decoder.end().length, start.length + 5_001);
  }
});

Deno.test("quoted-printable looks at each octet a few times at most", pure, () => {
  for (
    const piece of ["a", "=", " ", "= ", "=4", "=41", "a \r", "\r", "\r\n", "=\r\n", " =", "é"]
  ) {
    for (const code of [encodeQuotedPrintable, decodeQuotedPrintable]) {
      const input = counted(octets(piece.repeat(1_500)));
      code(input.bytes);
      ok(input.reads() <= 8 * input.bytes.length, `${code.name} ${JSON.stringify(piece)}`);
    }
  }
});
