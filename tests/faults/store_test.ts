import { deepEqual, equal, ok, rejects } from "node:assert/strict";
import { ArchiveError } from "../../src/jobs/cleanup/archive/archive_error.ts";
import { Died, FaultyStore, isDeath, STORE_FAULTS, sweepStore } from "./faulty_store.ts";
import { MemoryStore } from "./memory_store.ts";

const PURE = { permissions: "none" } as const;
const text = (octets: Uint8Array | undefined): string => new TextDecoder().decode(octets);
const bytes = (value: string): Uint8Array => new TextEncoder().encode(value);

function contents(store: MemoryStore): Record<string, string> {
  return Object.fromEntries(store.files().entries().map(([path, octets]) => [path, text(octets)]));
}

Deno.test("MemoryStore loses what was not synced, names and octets apart", PURE, async () => {
  const store = new MemoryStore();
  store.put("a/old", "old");
  const file = await store.create("a/new");
  await file.write(bytes("synced"));
  await file.sync();
  await file.write(bytes(", not"));
  deepEqual(contents(store.powerLoss()), { "a/old": "old" });
  deepEqual(contents(store.powerLoss({ names: true })), { "a/new": "synced", "a/old": "old" });
  await store.syncFolder("a");
  deepEqual(contents(store.powerLoss({ octets: 3 })), { "a/new": "synced, n", "a/old": "old" });
  await store.rename("a/new", "a/newer");
  await store.remove("a/old");
  deepEqual(contents(store.powerLoss()), { "a/new": "synced", "a/old": "old" });
  deepEqual(contents(store.powerLoss({ names: true })), { "a/newer": "synced" });
  deepEqual(contents(store.crash()), { "a/newer": "synced, not" });
  await store.syncFolder("a");
  deepEqual(contents(store.powerLoss()), { "a/newer": "synced" });
  await file.truncate(2);
  deepEqual(contents(store.powerLoss()), { "a/newer": "synced" });
  deepEqual(contents(store.powerLoss({ octets: 1 })), { "a/newer": "sy" });
});

Deno.test("MemoryStore lets go of locks when its process dies", PURE, async () => {
  const store = new MemoryStore();
  store.put("job/lock", "");
  ok(await store.lock("job/lock"));
  await store.append("job/journal");
  for (const next of [store.crash(), store.powerLoss({ names: true })]) {
    ok(await next.lock("job/lock"));
    await next.append("job/journal");
    equal(await store.lock("job/lock"), undefined);
  }
});

Deno.test(
  "FaultyStore fails at the Nth call, before, midway or after the effect",
  PURE,
  async () => {
    const written = async (
      when: "before" | "midway" | "after",
      sticky: boolean,
    ): Promise<string> => {
      const memory = new MemoryStore();
      const store = new FaultyStore(memory, {
        call: "write",
        nth: 2,
        kind: "ENOSPC",
        when,
        sticky,
      });
      const file = await store.create("file");
      await file.write(bytes("1234"));
      await rejects(file.write(bytes("5678")), { code: "ENOSPC" });
      const last = file.write(bytes("9"));
      if (sticky) await rejects(last, { code: "ENOSPC" });
      await last.catch(() => {});
      await file.sync();
      deepEqual([store.fired, store.dead, store.calls.get("write")], [true, false, 3]);
      equal(store.total, 5);
      return text(memory.files().get("file"));
    };
    deepEqual(
      await Promise.all([
        written("before", false),
        written("midway", false),
        written("after", false),
        written("before", true),
      ]),
      ["12349", "1234569", "123456789", "1234"],
    );
  },
);

Deno.test("FaultyStore does nothing for a process that has died", PURE, async () => {
  const memory = new MemoryStore();
  memory.put("file", "old");
  const store = new FaultyStore(memory, { nth: 3, kind: "died", when: "before" });
  const lock = await store.lock("lock");
  const file = await store.append("file");
  await rejects(file.write(bytes("new")), Died);
  const calls: (() => Promise<unknown>)[] = [
    () => file.write(bytes("new")),
    () => file.truncate(0),
    () => file.sync(),
    () => store.create("other"),
    () => store.append("other"),
    () => store.read("file"),
    () => Array.fromAsync(store.readPieces("file")),
    () => store.size("file"),
    () => store.list("."),
    () => store.makeFolder("folder"),
    () => store.rename("file", "other"),
    () => store.remove("file"),
    () => store.syncFolder("."),
    () => store.lock("other"),
  ];
  for (const call of calls) await rejects(call(), Died);
  file.close();
  lock?.release();
  deepEqual(contents(memory), { file: "old", lock: "" });
  equal(await memory.lock("lock"), undefined);
  store.bury();
  ok(await memory.lock("lock"));
  await memory.append("file");
});

Deno.test("isDeath() sees death through wrappers", PURE, () => {
  const died = new Died("gone");
  ok(isDeath(died));
  ok(isDeath(new ArchiveError("lists", "Cannot write", { cause: died })));
  ok(isDeath(new SuppressedError(new Error("later"), died)));
  ok(!isDeath(new Error("other", { cause: new Error("disk") })));
});

Deno.test("sweepStore() ends with the first run in which nothing fires", PURE, async () => {
  const seen: number[] = [];
  const fired = await sweepStore((fault) => {
    seen.push(fault.nth);
    return Promise.resolve(fault.nth <= 2);
  });
  equal(fired, 2 * STORE_FAULTS.length);
  deepEqual(seen, STORE_FAULTS.flatMap(() => [1, 2, 3]));
});
