import { deepEqual, equal, ok } from "node:assert/strict";
import { MboxQuoting } from "../../../src/jobs/cleanup/archive/mbox_quoting.ts";
import {
  fromLine,
  mboxRecords,
  recordEnd,
} from "../../../src/jobs/cleanup/archive/mbox_records.ts";
import { joined } from "../../../src/jobs/cleanup/octets.ts";
import { all, MESSAGES, octetsOf } from "./archives.ts";

const PURE = { permissions: "none" } as const;

function through(direction: "quote" | "unquote", pieces: readonly Uint8Array[]): string {
  const quoting = new MboxQuoting(direction);
  const octets = joined([...pieces.map((piece) => quoting.push(piece)), quoting.end()]);
  return Array.from(octets, (octet) => String.fromCharCode(octet)).join("");
}

function halves(text: string, at: number): Uint8Array[] {
  const octets = octetsOf(text);
  return [octets.subarray(0, at), octets.subarray(at)];
}

Deno.test("MboxQuoting quotes lines of quotes and From, and no others", PURE, () => {
  const cases = [
    ["From me", ">From me"],
    ["a\nFrom me\n", "a\n>From me\n"],
    [">From me", ">>From me"],
    [">>>From ", ">>>>From "],
    ["From", "From"],
    ["Fromage", "Fromage"],
    ["from me", "from me"],
    [" From me", " From me"],
    ["> From me", "> From me"],
    ["a\rFrom me", "a\rFrom me"],
    ["aFrom me", "aFrom me"],
    ["F\nFr\nFro\nFrom\nFrom \n", "F\nFr\nFro\nFrom\n>From \n"],
    [">\n>>\n>F\n>From\n>From x", ">\n>>\n>F\n>From\n>>From x"],
    ["", ""],
  ] as const;
  for (const [plain, quoted] of cases) {
    for (let at = 0; at <= plain.length; at++) {
      equal(through("quote", halves(plain, at)), quoted);
    }
    for (let at = 0; at <= quoted.length; at++) {
      equal(through("unquote", halves(quoted, at)), plain);
    }
  }
});

Deno.test("MboxQuoting leaves a From line that nobody has quoted", PURE, () => {
  equal(through("unquote", [octetsOf("From x\na\nFrom y")]), "From x\na\nFrom y");
});

Deno.test("MboxQuoting restores all texts of five pieces, wherever they are split", PURE, () => {
  const letters = [">", "From ", "Fro", "\n", "x"];
  const count = letters.length ** 5;
  let split = 0;
  for (let number = 0; number < count; number++) {
    const digits = number.toString(letters.length).padStart(5, "0");
    const plain = Array.from(digits, (digit) => letters[Number(digit)]).join("");
    const quoted = through("quote", [octetsOf(plain)]);
    ok(!/^From /m.test(quoted.replaceAll("\r", "")));
    split = (split + 1) % (quoted.length + 1);
    equal(through("unquote", halves(quoted, split)), plain);
    equal(through("quote", halves(plain, split)), quoted);
  }
});

function record(text: string): string {
  const octets = octetsOf(text);
  const quoted = through("quote", [octets]);
  const sha256 = digests.get(text) ?? "";
  return fromLine({ sha256, bytes: octets.length }) + quoted + recordEnd(octets.at(-1));
}

const digests = new Map(
  await Promise.all(
    [...Object.values(MESSAGES), "hello"].map(async (text) => {
      const digest = await crypto.subtle.digest("SHA-256", octetsOf(text));
      return [text, new Uint8Array(digest).toHex()] as const;
    }),
  ),
);

async function* inPieces(text: string, size: number): AsyncGenerator<Uint8Array> {
  const octets = octetsOf(text);
  for (let at = 0; at < octets.length; at += size) {
    yield await Promise.resolve(octets.subarray(at, at + size));
  }
}

Deno.test("mboxRecords() finds every record, in pieces of any size", PURE, async () => {
  const texts = Object.values(MESSAGES);
  const file = texts.map(record).join("");
  for (const size of [1, 2, 7, 150, file.length]) {
    const found = await all(mboxRecords(inPieces(file, size), 1000));
    deepEqual(found.map(({ state }) => state), texts.map(() => "intact"));
    deepEqual(found.map(({ sha256 }) => sha256), texts.map((text) => digests.get(text)));
    deepEqual(found.map(({ bytes }) => bytes), texts.map((text) => text.length));
    let offset = 1000;
    for (const [at, text] of texts.entries()) {
      deepEqual([found[at]?.offset, found[at]?.length], [offset, record(text).length]);
      offset += record(text).length;
    }
  }
});

Deno.test("mboxRecords() tells a torn record from a damaged one", PURE, async () => {
  const one = record("hello");
  const two = record(MESSAGES["From lines"] ?? "");
  const states = async (file: string): Promise<string[]> =>
    (await all(mboxRecords(inPieces(file, 11), 0))).map(({ state }) => state);
  for (let size = 1; size < two.length; size++) {
    deepEqual(await states(one + two.slice(0, size)), ["intact", "torn"], `${size}`);
  }
  deepEqual(await states(one.replace("hello", "hellx") + two), ["damaged", "intact"]);
  deepEqual(await states(one.replace("hello", "hell") + two), ["damaged", "intact"]);
  deepEqual(await states(two + one.replace("hello", "\0\0\0\0\0")), ["intact", "damaged"]);
  deepEqual(await states(one.replace("hello\r\n", "hello\n") + two), ["damaged", "intact"]);
});

Deno.test("mboxRecords() passes over what others have put in", PURE, async () => {
  const foreign = "From bob@client.example Mon Mar  2 10:00:00 2026\nSubject: a\n\nhello\n\n";
  const forged = `From ${
    "z".repeat(64)
  }.5@mailwright.invalid Thu Jan  1 00:00:00 1970\r\nhello\r\n\r\n`;
  const long = `From ${"y".repeat(500)}\nhello\n\n`;
  const one = record("hello");
  for (const other of [foreign, forged, long, "junk\n\n", "\n\n"]) {
    for (const size of [1, 64, 1000]) {
      const found = await all(mboxRecords(inPieces(other + one + other + one + other, size), 0));
      deepEqual(found.map(({ state, offset, length }) => [state, offset, length]), [
        ["intact", other.length, one.length],
        ["intact", 2 * other.length + one.length, one.length],
      ]);
    }
  }
});
