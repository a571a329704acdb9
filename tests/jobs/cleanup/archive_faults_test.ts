import { deepEqual, equal, ok, rejects } from "node:assert/strict";
import { type ArchivedCopy, openArchive } from "../../../src/jobs/cleanup/archive/archive.ts";
import { mboxRecords } from "../../../src/jobs/cleanup/archive/mbox_records.ts";
import { ArchiveError } from "../../../src/jobs/cleanup/archive/archive_error.ts";
import type { PolicyArchive } from "../../../src/jobs/cleanup/policy/policy.ts";
import { denoFileStore } from "../../../src/jobs/deno_file_store.ts";
import type { FileStore } from "../../../src/jobs/file_store.ts";
import {
  FaultyStore,
  isDeath,
  STORE_FAULTS,
  type StoreFault,
  sweepStore,
} from "../../faults/faulty_store.ts";
import { MemoryStore } from "../../faults/memory_store.ts";
import { all, DAY, KINDS, octetsIn, octetsOf, put } from "./archives.ts";

const PURE = { permissions: "none" } as const;
const ONE = "Subject: one\r\n\r\nFrom me\r\n";
const TWO = "Subject: two\r\n\r\nno final line end";
const THREE = "Subject: three\r\n\r\n.\r\n";

/** Two batches; `confirmed` are the copies behind a barrier, as a journal would know them. */
async function run(
  store: FileStore,
  spec: PolicyArchive,
  confirmed: ArchivedCopy[],
): Promise<void> {
  using archive = openArchive(store, "lists", spec, { known: confirmed });
  await archive.tidy();
  for (const batch of [[ONE, TWO], [ONE, THREE]]) {
    const copies: ArchivedCopy[] = [];
    for (const text of batch) copies.push(await put(archive, text));
    await archive.barrier();
    confirmed.push(...copies);
  }
}

/** What a faulty run has left: as it stands, and as a loss of power leaves it. */
function leftBy(memory: MemoryStore): MemoryStore[] {
  return [
    memory.crash(),
    memory.powerLoss(),
    memory.powerLoss({ octets: 1 }),
    memory.powerLoss({ octets: 150 }),
    memory.powerLoss({ octets: 170, names: true }),
    memory.powerLoss({ octets: Infinity, names: true }),
  ];
}

/** The next run finds what was confirmed, and brings the rest, each message once. */
async function resume(
  store: MemoryStore,
  spec: PolicyArchive,
  confirmed: readonly ArchivedCopy[],
): Promise<void> {
  using archive = openArchive(store, "lists", spec, { known: confirmed });
  await archive.tidy();
  for (const copy of confirmed) equal(await archive.verify(copy), true);
  for (const text of [ONE, TWO, THREE]) {
    const copy = await put(archive, text);
    await archive.barrier();
    const after = openArchive(store.powerLoss(), "lists", spec);
    deepEqual(await octetsIn(after, copy), octetsOf(text));
  }
  const found = await all(openArchive(store, "lists", spec).digests());
  equal(found.length, 3);
  const files = [...store.files().keys()];
  equal(files.length, "mbox" in spec ? 1 : 3, files.join(" "));
  if (!("mbox" in spec)) return;
  const records = await all(mboxRecords(store.readPieces(files[0] ?? ""), 0));
  deepEqual(records.map(({ state }) => state), ["intact", "intact", "intact"]);
}

async function faultyRun(spec: PolicyArchive, fault: StoreFault): Promise<boolean> {
  const memory = new MemoryStore();
  const store = new FaultyStore(memory, fault);
  const confirmed: ArchivedCopy[] = [];
  try {
    await run(store, spec, confirmed);
  } catch (error) {
    ok(error instanceof ArchiveError, String(error));
    equal(isDeath(error), fault.kind === "died");
  }
  // An abort may fail without a word; here nothing is aborted.
  if (store.fired) ok(confirmed.length < 4);
  for (const next of leftBy(memory)) {
    const found = await all(openArchive(next, "lists", spec).digests());
    const digests = new Set(found.map(({ sha256 }) => sha256));
    for (const { sha256 } of confirmed) ok(digests.has(sha256));
    const afterwards = openArchive(next.powerLoss(), "lists", spec);
    for (const copy of found) equal(await afterwards.verify(copy), true);
    await resume(next.crash(), spec, confirmed);
    await resume(next.crash(), spec, []);
    await resume(next.crash(), spec, found);
  }
  return store.fired;
}

Deno.test.each(KINDS)(
  "Archive keeps what a barrier confirmed, whatever fails: $kind [T-C01] [T-C02] [T-C07] [T-C17] [P36]",
  PURE,
  async (spec) => {
    const fired = await sweepStore((fault) => faultyRun(spec, fault));
    ok(fired > 200, `${fired} faults`);
  },
);

Deno.test.each(KINDS)(
  "Archive goes on where a process has died on the disk: $kind [T-C01] [T-C02]",
  async (spec) => {
    await Deno.mkdir("tests/.tmp", { recursive: true });
    const fired = await sweepStore(async (fault) => {
      const folder = await Deno.makeTempDir({ dir: "tests/.tmp" });
      const base = folder.slice(folder.indexOf("tests/.tmp"));
      try {
        const store = new FaultyStore(denoFileStore, fault);
        const dying = openArchive(store, "lists", spec, { base });
        try {
          for (const text of [ONE, TWO]) await put(dying, text);
          await dying.barrier();
        } catch (error) {
          ok(isDeath(error));
        }
        store.bury();
        using archive = openArchive(denoFileStore, "lists", spec, { base });
        await archive.tidy();
        const copies = [await put(archive, ONE), await put(archive, TWO)];
        await archive.barrier();
        for (const copy of copies) equal(await archive.verify(copy), true);
        equal((await all(archive.digests())).length, 2);
        return store.fired;
      } finally {
        await Deno.remove(base, { recursive: true });
      }
    }, STORE_FAULTS.filter(({ kind }) => kind === "died"));
    ok(fired > 20, `${fired} faults`);
  },
);

Deno.test.each(KINDS)(
  "Archive is of no more use after a failure: $kind [T-C07]",
  PURE,
  async (spec) => {
    for (const call of ["create", "write", "sync", "rename", "syncFolder"] as const) {
      if (call === "rename" && "mbox" in spec) continue;
      const store = new FaultyStore(new MemoryStore(), {
        call,
        nth: 1,
        kind: "ENOSPC",
        when: "before",
      });
      using archive = openArchive(store, "lists", spec);
      const failed = (error: unknown): true => {
        ok(error instanceof ArchiveError && error.cause instanceof Error && "code" in error.cause);
        deepEqual([error.archive, error.cause.code], ["lists", "ENOSPC"]);
        equal(error.message, `Cannot write archive "lists": ENOSPC: ${call}`);
        return true;
      };
      const work = async (): Promise<void> => {
        await put(archive, ONE);
        await archive.barrier();
      };
      await rejects(work(), failed);
      await rejects(work(), failed);
      await rejects(archive.barrier(), failed);
      await rejects(archive.tidy(), failed);
    }
  },
);

Deno.test(
  "Archive cuts a torn mbox back at every octet, and no further [T-C02] [T-F14]",
  PURE,
  async () => {
    const spec = { mbox: "archive/lists.mbox" };
    const store = new MemoryStore();
    const writer = openArchive(store, "lists", spec);
    const known = [await put(writer, ONE)];
    await writer.barrier();
    const end = store.files().get(spec.mbox)?.length ?? 0;
    await put(writer, TWO);
    const whole = store.files().get(spec.mbox) ?? new Uint8Array(0);
    for (let size = end; size <= whole.length; size++) {
      for (const journal of [known, []]) {
        const next = new MemoryStore();
        next.put(spec.mbox, whole.subarray(0, size));
        using archive = openArchive(next, "lists", spec, { known: journal });
        const torn = size > end && size < whole.length;
        equal(await archive.tidy(), torn ? 1 : 0, `${size}`);
        equal(next.files().get(spec.mbox)?.length, torn ? end : size);
        await put(archive, TWO);
        await archive.barrier();
        deepEqual(next.files().get(spec.mbox), whole);
      }
    }
  },
);

Deno.test("Archive leaves records in an mbox that no journal knows [T-C17]", PURE, async () => {
  const spec = { mbox: "archive/lists.mbox" };
  const store = new MemoryStore();
  const copies: ArchivedCopy[] = [];
  for (const text of [ONE, TWO]) {
    // Each run with a journal of its own, as two mailboxes with one policy have.
    using archive = openArchive(store, "lists", spec);
    copies.push(await put(archive, text));
    await archive.barrier();
  }
  using archive = openArchive(store, "lists", spec, { known: copies.slice(0, 1) });
  equal(await archive.tidy(), 0);
  deepEqual(await put(archive, TWO), copies[1]);
});

Deno.test("Archive leaves what other programs have put into an mbox", PURE, async () => {
  const spec = { mbox: "archive/lists.mbox" };
  const foreign = "From bob@client.example Mon Mar  2 10:00:00 2026\nSubject: hers\n\nhello";
  for (const end of ["", "\n", "\n\n", "\r\n\r\n"]) {
    const store = new MemoryStore();
    store.put(spec.mbox, foreign + end);
    using archive = openArchive(store, "lists", spec);
    const first = await put(archive, ONE);
    await archive.barrier();
    const text = new TextDecoder().decode(store.files().get(spec.mbox));
    ok(text.startsWith(foreign + end));
    ok(/\n\r?\n$/.test(text.slice(0, first.offset)));
    store.put(spec.mbox, text + foreign + end);
    using later = openArchive(store, "lists", spec, { known: [first] });
    const second = await put(later, TWO);
    await later.barrier();
    deepEqual(await octetsIn(later, first), octetsOf(ONE));
    deepEqual(await octetsIn(later, second), octetsOf(TWO));
    deepEqual(await all(openArchive(store, "lists", spec).digests()), [first, second]);
  }
});

Deno.test("Archive finds messages again that a mail reader has moved [T-C15]", PURE, async () => {
  const spec = { maildir: "archive" };
  const store = new MemoryStore();
  using archive = openArchive(store, "lists", spec);
  const copy = await put(archive, ONE);
  await archive.barrier();
  await store.rename(copy.path, `archive/cur/${copy.sha256}:2,S`);
  using later = openArchive(store, "lists", spec, { known: [copy] });
  equal(await later.verify(copy), true);
  deepEqual(await put(later, ONE), copy);
  deepEqual(await all(later.digests()), [{ ...copy, path: `archive/cur/${copy.sha256}:2,S` }]);
});

Deno.test("Archive.tidy() spares what another run is writing [T-C01]", PURE, async () => {
  for (const spec of KINDS) {
    const store = new MemoryStore();
    using one = openArchive(store, "lists", spec);
    using other = openArchive(store, "lists", spec);
    const writer = await one.begin(DAY);
    await writer.write(octetsOf(ONE));
    equal(await other.tidy(), 0);
    const copy = await writer.finish();
    await one.barrier();
    equal(await one.verify(copy), true);
    await one.begin(undefined);
    one.close();
    equal(await other.tidy(), 1);
  }
});

Deno.test(
  "Archive.tidy() holds what it removes, so that no other run begins to write it",
  PURE,
  async () => {
    const store = new MemoryStore();
    using archive = openArchive(store, "lists", { maildir: "archive" });
    await store.makeFolder("archive/tmp");
    store.put("archive/tmp/1.part", "left by a run that died");
    const remove = store.remove.bind(store);
    let refused = 0;
    store.remove = async (path) => {
      await rejects(store.append(path), Deno.errors.Busy);
      refused++;
      await remove(path);
    };
    equal(await archive.tidy(), 1);
    equal(refused, 1);
  },
);

Deno.test("Archive.begin() passes over a file that another run holds", PURE, async () => {
  const store = new MemoryStore();
  using archive = openArchive(store, "lists", { maildir: "archive" });
  const create = store.create.bind(store);
  const asked: string[] = [];
  store.create = (path) => {
    asked.push(path);
    return asked.length === 1 ? Promise.reject(new Deno.errors.Busy(path)) : create(path);
  };
  const copy = await put(archive, ONE);
  await archive.barrier();
  equal(await archive.verify(copy), true);
  deepEqual(asked, ["archive/tmp/1.part", "archive/tmp/2.part"]);
});

Deno.test(
  "Archive takes the message that another run has brought in the meantime [T-C02]",
  PURE,
  async () => {
    for (const spec of KINDS.slice(0, 2)) {
      const store = new MemoryStore();
      using one = openArchive(store, "lists", spec);
      using other = openArchive(store, "lists", spec);
      const copies = [await put(one, ONE), await put(other, ONE)];
      await one.barrier();
      await other.barrier();
      deepEqual(copies[0], copies[1]);
      equal(store.files().size, 1);
    }
  },
);

Deno.test("Archive refuses an mbox that another run is writing", PURE, async () => {
  const store = new MemoryStore();
  const spec = { mbox: "lists.mbox" };
  using one = openArchive(store, "lists", spec);
  using other = openArchive(store, "lists", spec);
  await put(one, ONE);
  await rejects(
    put(other, TWO),
    (error: unknown) => error instanceof ArchiveError && error.cause instanceof Deno.errors.Busy,
  );
  await one.barrier();
  using later = openArchive(store, "lists", spec);
  await put(later, TWO);
});
