import { deepEqual, equal, ok } from "node:assert/strict";
import { type ArchivedCopy, openArchive } from "../../../src/jobs/cleanup/archive/archive.ts";
import { fromLine } from "../../../src/jobs/cleanup/archive/mbox_records.ts";
import { MemoryStore } from "../../faults/memory_store.ts";
import { all, DAY, KINDS, MESSAGES, octetsIn, octetsOf, put } from "./archives.ts";

const PURE = { permissions: "none" } as const;
const FIXTURES = "tests/fixtures/messages";

async function sha256(octets: Uint8Array<ArrayBuffer>): Promise<string> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", octets)).toHex();
}

async function fixtures(): Promise<[string, Uint8Array<ArrayBuffer>][]> {
  const names = (await all(Deno.readDir(FIXTURES))).map(({ name }) => name)
    .filter((name) => name.endsWith(".eml"));
  return await Promise.all(
    names.sort().map(async (name) => [name, await Deno.readFile(`${FIXTURES}/${name}`)]),
  );
}

Deno.test.each(KINDS)(
  "Archive gives every message back octet for octet: $kind [T-C02]",
  async (spec) => {
    const messages = [
      ...Object.entries(MESSAGES).map(([name, text]) => [name, octetsOf(text)] as const),
      ...await fixtures(),
    ];
    ok(messages.length > 30);
    for (const pieceSize of [1, 5, 65_536]) {
      const store = new MemoryStore({ pieceSize });
      using archive = openArchive(store, "lists", spec);
      const copies: ArchivedCopy[] = [];
      for (const [, octets] of messages) copies.push(await put(archive, octets));
      await archive.barrier();
      for (const [at, [name, octets]] of messages.entries()) {
        const copy = copies[at];
        ok(copy !== undefined);
        deepEqual([copy.archive, copy.bytes, copy.sha256], [
          "lists",
          octets.length,
          await sha256(octets),
        ], name);
        deepEqual(await octetsIn(archive, copy), octets, name);
        equal(await archive.verify(copy), true, name);
      }
      const found = await all(openArchive(store, "lists", spec).digests());
      const byDigest = (one: { sha256: string }, other: { sha256: string }): number =>
        one.sha256 < other.sha256 ? -1 : 1;
      deepEqual(found.sort(byDigest), [...new Set(copies)].sort(byDigest));
    }
  },
);

Deno.test.each(KINDS)("Archive takes a message split at every octet: $kind", PURE, async (spec) => {
  for (const text of Object.values(MESSAGES)) {
    for (let at = 0; at <= text.length; at++) {
      using archive = openArchive(new MemoryStore(), "lists", spec);
      const copy = await put(archive, text, { at });
      await archive.barrier();
      deepEqual(await octetsIn(archive, copy), octetsOf(text));
    }
  }
});

Deno.test.each(KINDS)("Archive takes several messages at once: $kind", PURE, async (spec) => {
  const store = new MemoryStore();
  using archive = openArchive(store, "lists", spec);
  const one = await archive.begin(DAY);
  const other = await archive.begin(DAY);
  await one.write(octetsOf("one"));
  await other.write(octetsOf("other"));
  await one.write(octetsOf(" more"));
  const copies = [await other.finish(), await one.finish()];
  await archive.barrier();
  deepEqual(await Promise.all(copies.map((copy) => octetsIn(archive, copy))), [
    octetsOf("other"),
    octetsOf("one more"),
  ]);
});

Deno.test.each(KINDS)(
  "Archive keeps equal octets once: $kind [T-C02] [T-C10] [T-I40]",
  PURE,
  async (spec) => {
    const store = new MemoryStore();
    const text = "Subject: twice\r\n\r\nsame\r\n";
    const size = (): number => store.files().values().reduce((sum, { length }) => sum + length, 0);
    const first = openArchive(store, "lists", spec);
    const copy = await put(first, text);
    deepEqual(await put(first, text), copy, "before the barrier");
    await first.barrier();
    deepEqual(await put(first, text), copy, "behind the barrier");
    await first.barrier();
    first.close();
    const before = size();
    for (const known of [[copy], []]) {
      using archive = openArchive(store, "lists", spec, { known });
      deepEqual(await put(archive, text), copy, "in a later run");
      await archive.barrier();
      equal(size(), before);
      equal(await archive.verify(copy), true);
    }
  },
);

Deno.test.each(KINDS)(
  "Archive.barrier() is what makes a copy count: $kind [P36]",
  PURE,
  async (spec) => {
    const store = new MemoryStore();
    using archive = openArchive(store, "lists", spec);
    const copy = await put(archive, "Subject: a\r\n\r\n");
    equal(await openArchive(store.powerLoss(), "lists", spec).verify(copy), false);
    await archive.barrier();
    equal(await openArchive(store.powerLoss(), "lists", spec).verify(copy), true);
  },
);

Deno.test.each(KINDS)(
  "Archive.look() tells what is missing from what has changed: $kind [T-C15]",
  PURE,
  async (spec) => {
    const store = new MemoryStore();
    const text = "Subject: a\r\n\r\nFrom here\r\n";
    const open = () => openArchive(store, "lists", spec, { known: [copy] });
    const writer = openArchive(store, "lists", spec);
    const copy = await put(writer, text);
    await writer.barrier();
    writer.close();
    equal(await open().verify({ ...copy, archive: "other" }), false);
    equal(await open().verify({ ...copy, path: "../x" }), false);
    equal(await open().verify({ ...copy, bytes: copy.bytes - 1 }), false);
    const octets = store.files().get(copy.path) ?? new Uint8Array(0);
    const damages = [
      octets.subarray(0, -5),
      octets.map((octet, at) => at === octets.length - 7 ? octet ^ 1 : octet),
      new Uint8Array(0),
      undefined,
    ];
    for (const damage of damages) {
      store.take(copy.path);
      if (damage !== undefined) store.put(copy.path, damage);
      // An mbox that is there may be another one.
      const missing = damage === undefined || damage.length === 0 && "mbox" in spec;
      equal(await open().look(copy), missing ? "missing" : "damaged");
      using archive = open();
      const again = await put(archive, text);
      await archive.barrier();
      equal(await archive.verify(again), true);
      deepEqual(await octetsIn(archive, again), octetsOf(text));
    }
  },
);

Deno.test.each(KINDS)("ArchiveWriter.abort() leaves nothing: $kind", PURE, async (spec) => {
  const store = new MemoryStore();
  using archive = openArchive(store, "lists", spec);
  const writer = await archive.begin(DAY);
  await writer.write(octetsOf("half a mess"));
  await writer.abort();
  await writer.abort();
  await archive.barrier();
  deepEqual(store.files(), new Map());
});

Deno.test.each(KINDS)(
  "Archive holds pieces of a long message, not the message: $kind",
  PURE,
  async (spec) => {
    const store = new MemoryStore();
    using archive = openArchive(store, "lists", spec);
    const writer = await archive.begin(DAY);
    const piece = octetsOf(`${"x".repeat(1023)}\n`.repeat(64));
    for (let count = 0; count < 100; count++) await writer.write(piece);
    const copy = await writer.finish();
    await archive.barrier();
    equal(copy.bytes, 100 * piece.length);
    let longest = 0;
    for await (const { length } of archive.read(copy)) longest = Math.max(longest, length);
    ok(longest <= 2 * store.pieceSize);
  },
);

Deno.test(
  "an mbox that another one has taken the place of is read from its begin [T-C08]",
  PURE,
  async () => {
    const spec = { mbox: "lists.mbox" };
    const store = new MemoryStore();
    const write = async (text: string, known: readonly ArchivedCopy[] = []) => {
      using archive = openArchive(store, "lists", spec, { known });
      const copy = await put(archive, text);
      await archive.barrier();
      return copy;
    };
    const old = await write("x".repeat(500));
    store.take("lists.mbox");
    // Where the old one ended, this one has what would be a torn record if that were the begin of a line.
    const lie = fromLine({ sha256: "0".repeat(64), bytes: 99_999 });
    const head = fromLine({ sha256: "0".repeat(64), bytes: 999 }).length;
    const other = await write("y".repeat((old.length ?? 0) - head) + lie);
    const next = await write("Subject: next\r\n\r\n", [old]);
    using archive = openArchive(store, "lists", spec);
    equal(await archive.look(old), "missing");
    for (const copy of [other, next]) equal(await archive.look(copy), "whole");
  },
);
