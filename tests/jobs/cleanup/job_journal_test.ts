import { deepEqual, equal, ok, throws } from "node:assert/strict";
import { HeaderCache } from "../../../src/jobs/cleanup/plan/header_cache.ts";
import type { JournalEvent } from "../../../src/jobs/cleanup/journal/journal_event.ts";
import { parseJournalEntry } from "../../../src/jobs/cleanup/journal/parse_journal_entry.ts";
import { JournalState } from "../../../src/jobs/cleanup/journal/journal_state.ts";
import type { CleanupExit } from "../../../src/jobs/mod.ts";
import { FakeClock } from "../../fake_clock.ts";
import { MemoryStore } from "../../faults/memory_store.ts";
import { CleanupJournal } from "../../../src/jobs/cleanup/journal/cleanup_journal.ts";

const none = { permissions: "none" } as const;
const HASH = "0123456789abcdef".repeat(4);
const COPY = { archive: "lists", path: "archive/lists/a.eml", sha256: HASH, bytes: 12 };

const EVENTS: readonly JournalEvent[] = [
  { event: "run", run: "r1", account: "ann@mail.example", plan: HASH },
  { event: "snapshot", digest: HASH, messages: 2, came: ["u1", "u2"], left: [] },
  { event: "retrieving", uid: "u1" },
  { event: "archived", run: "r1", uid: "u1", size: 12, headerHash: HASH, copy: COPY },
  { event: "found", copy: { ...COPY, path: "a.mbox", offset: 0, length: 99 } },
  { event: "commit-intent", run: "r1", plan: HASH, marks: [{ uid: "u1", leaves: 0 }] },
  { event: "committed" },
  { event: "gone", uids: ["u1"] },
  { event: "still-there", uids: [] },
  { event: "gone-elsewhere", uids: ["u2"] },
  { event: "careful" },
  { event: "retired", by: "ann", note: "tape 7", copies: [{ sha256: HASH, path: "a.mbox" }] },
  { event: "restoring", sha256: HASH, bodyHash: HASH, messageId: "<1@a.example>" },
  { event: "restored", sha256: HASH, outcome: "accepted" },
  { event: "ended", run: "r1", exit: "done" },
];

Deno.test("CleanupJournal reads back all that it has written", none, async () => {
  const store = new MemoryStore();
  const clock = new FakeClock();
  {
    using journal = await CleanupJournal.open(store, "journal.jsonl", clock);
    await journal.record(...EVENTS);
  }
  using journal = await CleanupJournal.open(store.powerLoss(), "journal.jsonl", clock);
  const status = journal.state.status();
  deepEqual(status, {
    account: "ann@mail.example",
    lastAt: "2026-01-01T00:00:00.000Z",
    runs: [{
      runId: "r1",
      planId: HASH,
      startedAt: "2026-01-01T00:00:00.000Z",
      archived: 1,
      intended: 1,
      exit: "done",
    }],
    messages: 2,
    unverified: [],
    archived: 1,
    gone: 1,
    copies: 1,
    retired: 1,
    carefulRuns: 10,
    restored: [{
      sha256: HASH,
      messageId: "<1@a.example>",
      outcome: "accepted",
      back: true,
      at: "2026-01-01T00:00:00.000Z",
    }],
  });
  equal(journal.state.careful, true);
  equal([...journal.state.copies()].length, 2);
  await journal.record({ event: "released", sha256s: [HASH] });
  deepEqual(journal.state.status().restored, []);
});

Deno.test("parseJournalEntry() takes every event, and nothing that lacks a field", none, () => {
  for (const event of EVENTS) {
    const entry = { ...event, at: 5 };
    deepEqual(parseJournalEntry(JSON.parse(JSON.stringify(entry))), entry);
    for (const key of Object.keys(entry)) {
      const { [key]: _, ...rest } = entry as unknown as Record<string, unknown>;
      if (key === "plan" && event.event === "run" || key === "messageId" || key === "note") {
        continue;
      }
      throws(() => parseJournalEntry(rest), { name: "TypeError" }, `${event.event} ${key}`);
    }
  }
  throws(() => parseJournalEntry({ at: 1, event: "toString" }), { name: "TypeError" });
  throws(() => parseJournalEntry([]), { name: "TypeError" });
});

Deno.test("JournalState knows what a listing has to tell", none, () => {
  const state = new JournalState();
  const take = (...events: readonly JournalEvent[]) =>
    void events.forEach((event) => state.take({ at: 5, ...event }));
  take({ event: "snapshot", digest: HASH, messages: 3, came: ["u1", "u2", "u3"], left: [] });
  const intent = (...uids: string[]): JournalEvent => ({
    event: "commit-intent",
    run: "r1",
    plan: HASH,
    marks: uids.map((uid) => ({ uid, leaves: 0 })),
  });
  take(intent("u1"), intent("u2"));
  deepEqual([...state.expectedUids ?? []], ["u3"]);
  equal(state.pending.get("u1")?.outcome, undefined);
  take({ event: "unknown" });
  deepEqual([...state.pending.values()].map(({ outcome }) => outcome), ["unknown", "unknown"]);
  // What an earlier run has left open does not get the answer of a later one.
  take({ event: "still-there", uids: ["u1", "u2"] }, intent("u1"));
  take({ event: "run", run: "r2", account: "a" }, intent("u2"), { event: "not-committed" });
  deepEqual([...state.pending.keys()], ["u1"]);
});

Deno.test("JournalState believes a server again after ten runs without a fault [Q21]", none, () => {
  const state = new JournalState();
  let runs = 0;
  const run = (exit: CleanupExit, ...within: readonly JournalEvent[]) => {
    const name = `r${++runs}`;
    const events: JournalEvent[] = [{ event: "run", run: name, account: "ann" }, ...within];
    for (const event of [...events, { event: "ended", run: name, exit } as const]) {
      state.take({ at: 5, ...event });
    }
  };
  equal(state.careful, false);
  run("done", { event: "careful" });
  for (let calm = 0; calm < 9; calm++) run(calm % 2 === 0 ? "done" : "kept");
  // These have not seen enough of the server.
  for (const exit of ["connection", "interrupted", "busy", "guard", "archive"] as const) run(exit);
  equal(state.careful, true);
  equal(state.status().carefulRuns, 1);
  run("done");
  equal(state.careful, false);
  run("done", { event: "careful" });
  equal(state.status().carefulRuns, 10);
});

Deno.test(
  "JournalState knows the mailbox by its first listing, not by what was typed",
  none,
  () => {
    const state = new JournalState();
    const listing = { event: "snapshot", digest: HASH, messages: 0, came: [], left: [] } as const;
    state.take({ at: 5, event: "run", run: "r1", account: "ann@pop.exmaple:995" });
    equal(state.account, undefined);
    state.take({ at: 6, event: "run", run: "r2", account: "ann@pop.example:995" });
    state.take({ at: 7, ...listing });
    equal(state.account, "ann@pop.example:995");
  },
);

Deno.test("JournalState takes the latest instant, though the clock has gone back", none, () => {
  const state = new JournalState();
  state.take({ at: 9, event: "careful" });
  state.take({ at: 5, event: "careful" });
  equal(state.lastMs, 9);
});

Deno.test("HeaderCache keeps to one mailbox, one size and the first sight", none, async () => {
  const store = new MemoryStore();
  const header = new TextEncoder().encode("Subject: a\r\n\r\n");
  const open = (account = "ann") => HeaderCache.open(store, "headers.jsonl", account);
  {
    using cache = await open();
    cache.see(["u1"], 100);
    cache.see(["u1"], 200);
    cache.putHeader({ uid: "u1", size: 7 }, header, HASH);
    cache.putContent({ uid: "u1", size: 7 }, HASH);
    await cache.sync();
  }
  {
    using cache = await open();
    equal(cache.firstSeen("u1"), 100);
    const fact = cache.get({ uid: "u1", size: 7 }, 1);
    ok(fact !== undefined && "header" in fact);
    equal(fact.header.get("Subject")?.text, "a");
    deepEqual(cache.get({ uid: "u1", size: 7 }, 3), { tier: 3, contentHash: HASH });
    equal(cache.get({ uid: "u1", size: 8 }, 1), undefined);
    // With another size it is another message, first seen all the same.
    cache.putContent({ uid: "u1", size: 8 }, HASH);
    equal(cache.get({ uid: "u1", size: 8 }, 1), undefined);
    // A clock that was ahead makes nobody older.
    cache.see(["u1"], 50);
    equal(cache.firstSeen("u1"), 50);
  }
  using other = await open("ben");
  equal(other.firstSeen("u1"), undefined);
});
