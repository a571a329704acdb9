import { deepEqual, equal, ok } from "node:assert/strict";
import { type ArchivedCopy, openArchive } from "../../src/jobs/cleanup/archive/archive.ts";
import { LineJournal } from "../../src/jobs/cleanup/journal/line_journal.ts";
import type { PolicyArchive } from "../../src/jobs/cleanup/policy/policy.ts";
import type { FileStore } from "../../src/jobs/file_store.ts";
import { all, KINDS, octetsIn, octetsOf, put } from "../jobs/cleanup/archives.ts";
import { FaultyStore, isDeath, STORE_FAULTS, type StoreFault, sweepStore } from "./faulty_store.ts";
import { MemoryStore } from "./memory_store.ts";

const PURE = { permissions: "none" } as const;
const JOURNAL = "job/journal.jsonl";
const MESSAGES = ["one\r\n", "From two", "three\r\n\r\n", "four\r\n"];

function openJournal(store: FileStore): Promise<LineJournal<ArchivedCopy>> {
  // What these tests have written.
  return LineJournal.open(store, JOURNAL, { parse: (value) => value as ArchivedCopy });
}

/** Archives what the journal does not have, two at a time: a message may be deleted behind the sync. */
async function run(store: FileStore, spec: PolicyArchive, deleted: Set<string>): Promise<void> {
  using journal = await openJournal(store);
  const known = journal.entries;
  using archive = openArchive(store, "lists", spec, { known });
  await archive.tidy();
  for (const copy of known) ok(await archive.verify(copy));
  const left = MESSAGES.filter((text) => !deleted.has(text));
  for (let at = 0; at < left.length; at += 2) {
    const batch = left.slice(at, at + 2);
    for (const text of batch) journal.append(await put(archive, text));
    await archive.barrier();
    await journal.sync();
    for (const text of batch) deleted.add(text);
  }
}

/** Runs with a fault; tells whether it fired. A death that somebody hides fails the test. */
async function faultyRun(
  memory: MemoryStore,
  spec: PolicyArchive,
  fault: StoreFault,
  deleted: Set<string>,
): Promise<boolean> {
  const store = new FaultyStore(memory, fault);
  try {
    await run(store, spec, deleted);
    ok(!store.dead);
  } catch (error) {
    equal(isDeath(error), store.dead, String(error));
    ok(store.fired, String(error));
  }
  return store.fired;
}

function leftBy(memory: MemoryStore): MemoryStore[] {
  return [
    memory.crash(),
    memory.powerLoss(),
    memory.powerLoss({ octets: 100 }),
    memory.powerLoss({ octets: 200, names: true }),
    memory.powerLoss({ octets: Infinity, names: true }),
  ];
}

/** Every message that may be deleted is in the archive, with the journal and without it. */
async function checkNothingLost(
  store: MemoryStore,
  spec: PolicyArchive,
  deleted: ReadonlySet<string>,
): Promise<void> {
  using journal = await openJournal(store.crash());
  for (
    const known of [journal.entries, await all(openArchive(store.crash(), "lists", spec).digests())]
  ) {
    const archive = openArchive(store.powerLoss(), "lists", spec);
    const texts = new Set<string>();
    for (const copy of known) {
      if (await archive.verify(copy)) texts.add(String(await octetsIn(archive, copy)));
    }
    for (const text of deleted) ok(texts.has(String(octetsOf(text))), text);
  }
}

async function checkEnd(memory: MemoryStore, spec: PolicyArchive): Promise<void> {
  const deleted = new Set<string>();
  await run(memory, spec, deleted);
  await checkNothingLost(memory, spec, deleted);
  const found = await all(openArchive(memory, "lists", spec).digests());
  equal(found.length, MESSAGES.length);
  const files = [...memory.files().keys()].filter((path) => path !== JOURNAL);
  deepEqual(files, [...new Set(found.map(({ path }) => path))].sort());
}

function world(): MemoryStore {
  const memory = new MemoryStore();
  memory.put(JOURNAL, "");
  return memory;
}

Deno.test.each(KINDS)(
  "Journal and archive lose no message that may be deleted, whatever fails: $kind [T-C01] [T-C02] [T-C07] [T-C18] [P36]",
  PURE,
  async (spec) => {
    const fired = await sweepStore(async (fault) => {
      const memory = world();
      const deleted = new Set<string>();
      const has = await faultyRun(memory, spec, fault, deleted);
      for (const left of leftBy(memory)) {
        await checkNothingLost(left, spec, deleted);
        await checkEnd(left, spec);
      }
      return has;
    });
    ok(fired > 200, `${fired} faults`);
  },
);

Deno.test.each(KINDS)(
  "Journal and archive lose no message in two faulty runs: $kind [T-C02] [T-C07] [P36]",
  PURE,
  async (spec) => {
    // A linear congruence with a fixed seed: the same pairs each time.
    let seed = 20_260_304;
    const draw = (limit: number): number => {
      seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31;
      return seed % limit;
    };
    const fault = (): StoreFault => ({
      kind: "EIO",
      when: "before",
      ...STORE_FAULTS[draw(STORE_FAULTS.length)],
      nth: 1 + draw(30),
    });
    let both = 0;
    for (let pair = 0; pair < 300; pair++) {
      const memory = world();
      const deleted = new Set<string>();
      const first = await faultyRun(memory, spec, fault(), deleted);
      const lefts = leftBy(memory);
      const next = lefts[draw(lefts.length)] ?? memory;
      const second = await faultyRun(next, spec, fault(), deleted);
      if (first && second) both += 1;
      const last = leftBy(next);
      const end = last[draw(last.length)] ?? next;
      await checkNothingLost(end, spec, deleted);
      await checkEnd(end, spec);
    }
    ok(both > 50, `${both} pairs`);
  },
);
