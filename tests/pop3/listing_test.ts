import { deepEqual, equal, throws } from "node:assert/strict";
import {
  makeSnapshot,
  parseListLine,
  parseStat,
  parseUidlLine,
  readListing,
} from "../../src/pop3/listing.ts";
import { Numbering } from "../../src/pop3/message_number.ts";
import { Pop3LocalError, Pop3Reply, Pop3ReplyError } from "../../src/pop3/mod.ts";

const none = { permissions: "none" } as const;
const refuse = (problem: string): Error => new RangeError(problem);

Deno.test.each([
  "",
  "7",
  "seven 1",
  "7 #octets",
  "-1 5",
  "1e9 5",
  "0x10 5",
  "7 1e9",
  "7 0x10",
  "7,5",
])(
  'parseStat() refuses "%s" [P6] [T-P03]',
  none,
  (text) => {
    throws(() => parseStat(text, refuse), RangeError);
  },
);

Deno.test(
  "parseStat() refuses counts that a double does not hold, and allocates for none [T-P03] [T-X07]",
  none,
  () => {
    throws(() => parseStat("99999999999999999999 1", refuse), RangeError);
    deepEqual(parseStat("9007199254740991 9007199254740991", refuse), {
      count: 9_007_199_254_740_991,
      octets: 9_007_199_254_740_991,
    });
  },
);

Deno.test("parseStat() uses the count where the octets are no sum [Q5]", none, () => {
  deepEqual(parseStat("20000 -2147483648", refuse), { count: 20_000, octets: undefined });
  deepEqual(parseStat("20000 99999999999999999999", refuse), { count: 20_000, octets: undefined });
  deepEqual(parseStat(" 2  320 more text", refuse), { count: 2, octets: 320 });
});

Deno.test.each(["", "1", "a 5", "0 5", "1 x", "1 -5", "-1 5", "1 99999999999999999999", "1.5 2"])(
  'parseListLine() refuses "%s" [P6] [T-P04]',
  none,
  (text) => {
    throws(() => parseListLine(text, refuse), RangeError);
  },
);

Deno.test(
  "parseListLine() tolerates blanks, more fields and a status in front [Q3] [T-P04]",
  none,
  () => {
    deepEqual(parseListLine("1 1024 extra", refuse), { value: 1, size: 1024 });
    deepEqual(parseListLine("  1   1024  ", refuse), { value: 1, size: 1024 });
    deepEqual(parseListLine("+OK 1 1024", refuse), { value: 1, size: 1024 });
  },
);

Deno.test("parseUidlLine() takes any uid of the standard as text [Q3] [T-P05]", none, () => {
  for (const uid of ["whqtswO00WBw418f9t5JxYwZ", "../../etc/x", "a/b", "!~", "x".repeat(70)]) {
    deepEqual(parseUidlLine(`3 ${uid}`, refuse), { value: 3, uid });
  }
  deepEqual(parseUidlLine("+OK  3    uid", refuse), { value: 3, uid: "uid" });
  deepEqual(parseUidlLine("3\tuid \t", refuse), { value: 3, uid: "uid" });
});

Deno.test.each([
  "3",
  "3 ",
  `3 ${"x".repeat(71)}`,
  "3 two words",
  "3 a\0b",
  "3 \xfcid",
  "3 \u{1f600}",
  "3 \x7f",
])(
  'parseUidlLine() keeps the message and no uid of "%s" [T-P05]',
  none,
  (text) => {
    deepEqual(parseUidlLine(text, refuse), { value: 3, uid: undefined });
  },
);

Deno.test("parseUidlLine() refuses lines without a number [P6]", none, () => {
  for (const text of ["", "uid", "0 uid", "-3 uid"]) {
    throws(() => parseUidlLine(text, refuse), RangeError);
  }
});

Deno.test(
  "readListing() tolerates gaps and any order, not a number twice [Q4] [T-P04]",
  none,
  () => {
    const numbers = new Numbering();
    const rows = readListing(["7 5", "2 5", "100 5"], numbers, parseListLine, refuse);
    deepEqual(rows.map(({ no }) => no.value), [7, 2, 100]);
    throws(() => readListing(["3 5", "4 5", "3 6"], numbers, parseListLine, refuse), {
      message: "it has the number 3 twice",
    });
    // A listing that makes no sense gives no numbers.
    throws(() => numbers.get(4), Pop3LocalError);
    equal(numbers.get(7), rows[0]?.no);
  },
);

Deno.test("readListing() refuses entries of more than 512 octets", none, () => {
  const lines = [`1 5 ${"x".repeat(510)}`];
  throws(() => readListing(lines, new Numbering(), parseListLine, refuse), RangeError);
});

Deno.test("a number is an object of its session [P25]", none, () => {
  const [ours, theirs] = [new Numbering(), new Numbering()];
  const no = ours.listed(3);
  theirs.listed(3);
  equal(ours.check(no), no);
  equal(ours.listed(3), no);
  throws(() => theirs.check(no), { name: "Pop3LocalError" });
  // What was stored, and comes back by a cast.
  // deno-lint-ignore no-explicit-any -- the cast is what is tested
  for (const stored of [3, "3", JSON.parse(JSON.stringify(no)), null] as any[]) {
    throws(() => ours.check(stored), { name: "Pop3LocalError" });
  }
  // @ts-expect-error: nothing that only looks like a number of a session has its type
  throws(() => ours.check({ value: 3, toString: () => "3", toJSON: () => 3 }), Pop3LocalError);
  equal(`${no} ${JSON.stringify({ no })}`, '3 {"no":3}');
});

/** A maildrop of these lines. */
function snapshot(stat: string, sizes: readonly string[], uids: readonly string[]) {
  const numbers = new Numbering();
  return makeSnapshot(
    parseStat(stat, refuse),
    readListing(sizes, numbers, parseListLine, refuse),
    readListing(uids, numbers, parseUidlLine, refuse),
  );
}

Deno.test("makeSnapshot() puts agreeing answers together", none, async () => {
  const { messages, numbers, duplicates, contradictions, uidlError } = await snapshot(
    "2 300",
    ["1 100", "2 200"],
    ["1 a", "2 b"],
  );
  deepEqual(messages.map(({ no, size, uid }) => `${no} ${size} ${uid}`), ["1 100 a", "2 200 b"]);
  deepEqual(numbers.map(({ value }) => value), [1, 2]);
  deepEqual([duplicates.size, contradictions, uidlError], [0, [], undefined]);
});

Deno.test(
  "makeSnapshot() has one digest for one maildrop, whatever its numbers [T-P07]",
  none,
  async () => {
    const first = await snapshot("2 300", ["1 100", "2 200"], ["1 a", "2 b"]);
    const renumbered = await snapshot("2 300", ["4 100", "9 200"], ["4 a", "9 b"]);
    const others = [
      await snapshot("2 300", ["1 100", "2 200"], ["1 a", "2 c"]),
      await snapshot("2 301", ["1 100", "2 201"], ["1 a", "2 b"]),
      await snapshot("1 100", ["1 100"], ["1 a"]),
      await snapshot("2 300", ["1 100", "2 200"], ["1 b", "2 a"]),
    ];
    equal(first.digest.length, 64);
    equal(renumbered.digest, first.digest);
    equal(new Set([first, ...others].map(({ digest }) => digest)).size, 5);
  },
);

Deno.test(
  "makeSnapshot() groups messages with one uid and resolves nothing [P21] [T-P06]",
  none,
  async () => {
    const { messages, duplicates } = await snapshot(
      "4 4",
      ["1 1", "2 1", "3 1", "4 1"],
      ["1 a", "2 b", "3 a", "4"],
    );
    equal(messages.length, 4);
    deepEqual([...duplicates].map(([uid, numbers]) => `${uid}: ${numbers}`), ["a: 1,3"]);
  },
);

Deno.test.each([
  {
    name: "a count of STAT",
    stat: "3 3",
    sizes: ["1 1", "2 2"],
    uids: ["1 a", "2 b"],
    kinds: ["count"],
  },
  {
    name: "a sum of STAT",
    stat: "2 9",
    sizes: ["1 1", "2 2"],
    uids: ["1 a", "2 b"],
    kinds: ["octets"],
  },
  {
    name: "no sum of STAT",
    stat: "2 -9",
    sizes: ["1 1", "2 2"],
    uids: ["1 a", "2 b"],
    kinds: ["stat-octets"],
  },
  {
    name: "a gap beyond the count",
    stat: "2 3",
    sizes: ["1 1", "9 2"],
    uids: ["1 a", "9 b"],
    kinds: ["beyond-count"],
  },
  {
    name: "numbers that go down",
    stat: "2 3",
    sizes: ["2 1", "1 2"],
    uids: ["1 a", "2 b"],
    kinds: ["order"],
  },
  {
    name: "a uid too few",
    stat: "2 3",
    sizes: ["1 1", "2 2"],
    uids: ["1 a"],
    kinds: ["count", "uid-missing"],
  },
  {
    name: "a uid too many",
    stat: "1 1",
    sizes: ["1 1"],
    uids: ["1 a", "5 b"],
    kinds: ["count", "uid-unlisted"],
  },
  { name: "no valid uid", stat: "1 1", sizes: ["1 1"], uids: ["1 a b"], kinds: ["uid-invalid"] },
])(
  "makeSnapshot() reports $name [Q5] [Q6] [P23] [T-P04]",
  none,
  async ({ stat, sizes, uids, kinds }) => {
    const { contradictions } = await snapshot(stat, sizes, uids);
    deepEqual(contradictions.map(({ kind }) => kind), kinds);
  },
);

Deno.test("makeSnapshot() goes without uids and says why [T-P08]", none, async () => {
  const numbers = new Numbering();
  const error = new Pop3ReplyError("UIDL", new Pop3Reply(false, "no"), { host: "mail.example" });
  const sizes = readListing(["1 5"], numbers, parseListLine, refuse);
  const { messages, uidlError, contradictions } = await makeSnapshot(
    { count: 1, octets: 5 },
    sizes,
    error,
  );
  deepEqual(messages.map(({ uid }) => uid), [undefined]);
  equal(uidlError, error);
  deepEqual(contradictions, []);
});
