import {
  Base64Decoder,
  Base64Encoder,
  codeStream,
  decodeBase64,
  encodeBase64,
} from "@mailwright/mailwright/message";
import { deepEqual, equal, ok } from "node:assert/strict";
import { chunksOf, counted, seeded } from "./random.ts";

const pure = { permissions: "none" } as const;
const text = (bytes: Uint8Array): string => new TextDecoder("latin1").decode(bytes);
const octets = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text);
const upTo = (length: number): Uint8Array<ArrayBuffer> =>
  Uint8Array.from({ length }, (_, index) => index * 7);

// RFC 4648 section 10.
Deno.test.each([
  ["", ""],
  ["f", "Zg==\r\n"],
  ["fo", "Zm8=\r\n"],
  ["foo", "Zm9v\r\n"],
  ["foob", "Zm9vYg==\r\n"],
  ["fooba", "Zm9vYmE=\r\n"],
  ["foobar", "Zm9vYmFy\r\n"],
])("encodeBase64() writes %j as %j", pure, (plain, encoded) => {
  equal(text(encodeBase64(octets(plain))), encoded);
  equal(text(decodeBase64(octets(encoded))), plain);
});

Deno.test("encodeBase64() writes lines of 76 characters and gives the octets back", pure, () => {
  for (const length of [55, 56, 57, 58, 113, 114, 115, 1000, 10_000]) {
    const encoded = text(encodeBase64(upTo(length)));
    const lines = encoded.split("\r\n");
    equal(lines.pop(), "");
    equal(lines.slice(0, -1).every((line) => line.length === 76), true);
    ok((lines.at(-1)?.length ?? 99) <= 76);
    equal(lines.join(""), upTo(length).toBase64());
    deepEqual(decodeBase64(octets(encoded)), upTo(length));
  }
});

Deno.test("Base64Encoder and Base64Decoder do not mind how octets are cut [T-I24]", pure, () => {
  const random = seeded(4);
  for (let length = 0; length < 200; length++) {
    const bytes = upTo(length);
    for (
      const [whole, coder] of [
        [encodeBase64(bytes), new Base64Encoder()],
        [decodeBase64(bytes), new Base64Decoder()],
      ] as const
    ) {
      const out = [...chunksOf(random, bytes)].flatMap((chunk) => [...coder.push(chunk)]);
      deepEqual([...out, ...coder.end()], [...whole]);
    }
  }
});

Deno.test.each([
  ["SGVs bG8\t=\r\n", "Hello"],
  ["SGVs!!-_bG8", "Hello"],
  ["SGVsbG8=\r\nSGVsbG8=", "HelloHello"],
  ["S", ""],
  ["SG", "H"],
  ["====", ""],
  ["é", ""],
])("decodeBase64() passes over what is not of the alphabet: %j", pure, (encoded, plain) => {
  equal(text(decodeBase64(octets(encoded))), plain);
});

Deno.test("decodeBase64() looks at each octet no more than twice", pure, () => {
  for (const piece of ["A", "=", "A=", "AA=", "\n", "é"]) {
    const input = counted(octets(piece.repeat(2_000)));
    decodeBase64(input.bytes);
    ok(input.reads() <= 2 * input.bytes.length);
  }
});

Deno.test("codeStream() pipes through a coder", pure, async () => {
  const source = ReadableStream.from([upTo(40), upTo(0), upTo(100)]);
  const piped = source.pipeThrough(codeStream(new Base64Encoder()))
    .pipeThrough(codeStream(new Base64Decoder()));
  deepEqual(await new Response(piped).bytes(), Uint8Array.of(...upTo(40), ...upTo(100)));
});
