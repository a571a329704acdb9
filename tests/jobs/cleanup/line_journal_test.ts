import { deepEqual, equal, ok, rejects, throws } from "node:assert/strict";
import { LineJournal } from "../../../src/jobs/cleanup/journal/line_journal.ts";
import { JournalError } from "../../../src/jobs/cleanup/journal/journal_error.ts";
import { FaultyStore, isDeath, STORE_FAULTS, sweepStore } from "../../faults/faulty_store.ts";
import { MemoryStore } from "../../faults/memory_store.ts";

const PATH = "job/journal.jsonl";
const PURE = { permissions: "none" } as const;

interface Event {
  readonly n: number;
  readonly text?: string;
}

function parse(value: unknown): Event {
  if (typeof value !== "object" || value === null || !("n" in value)) {
    throw new TypeError("Cannot read event: it has no number");
  }
  return value as Event; // Made by these tests.
}

function open(store: FaultyStore | MemoryStore): Promise<LineJournal<Event>> {
  return LineJournal.open(store, PATH, { parse });
}

function withFolder(options?: { pieceSize: number }): MemoryStore {
  const store = new MemoryStore(options);
  store.put("job/lock", "");
  return store;
}

const EVENTS: readonly Event[] = [
  { n: 1, text: "plain" },
  { n: 2, text: 'quotes " and \\ and \n' },
  { n: 3, text: "ü, 漢字, \u2028, \u{1f4ee}, a lone \ud800" },
  { n: 4 },
];

async function written(events = EVENTS): Promise<Uint8Array<ArrayBuffer>> {
  const store = withFolder();
  using journal = await open(store);
  journal.append(...events);
  await journal.sync();
  return store.files().get(PATH) ?? new Uint8Array(0);
}

function holding(octets: Uint8Array): MemoryStore {
  const store = new MemoryStore();
  store.put(PATH, octets);
  return store;
}

Deno.test("LineJournal gives back what was appended, in pieces of any size", PURE, async () => {
  for (const pieceSize of [1, 7, 65_536]) {
    const store = withFolder({ pieceSize });
    {
      using journal = await open(store);
      deepEqual([journal.entries, journal.dropped], [[], 0]);
      journal.append(...EVENTS.slice(0, 2));
      await journal.sync();
      journal.append(...EVENTS.slice(2));
      await journal.sync();
    }
    using journal = await open(store);
    deepEqual([journal.entries, journal.dropped], [EVENTS, 0]);
  }
});

Deno.test("LineJournal lines are JSON with the entry in it", PURE, async () => {
  const [line = ""] = new TextDecoder().decode(await written()).split("\n");
  const { sum, entry } = JSON.parse(line);
  equal(/^[0-9a-f]{16}$/.test(sum), true);
  deepEqual(entry, EVENTS[0]);
});

Deno.test("LineJournal.sync() is one write and one sync for all entries", PURE, async () => {
  const store = new FaultyStore(withFolder());
  using journal = await open(store);
  const before = new Map(store.calls);
  for (let n = 0; n < 100; n++) journal.append({ n });
  await journal.sync();
  await journal.sync();
  const made = ["write", "sync"] as const;
  deepEqual(made.map((call) => (store.calls.get(call) ?? 0) - (before.get(call) ?? 0)), [1, 1]);
});

Deno.test("LineJournal.sync() called twice at once keeps the order", PURE, async () => {
  const store = withFolder();
  {
    using journal = await open(store);
    journal.append({ n: 1 });
    const first = journal.sync();
    journal.append({ n: 2 });
    await Promise.all([first, journal.sync()]);
  }
  using journal = await open(store);
  deepEqual(journal.entries, [{ n: 1 }, { n: 2 }]);
});

Deno.test(
  "LineJournal cut at every octet gives the whole lines before [T-C17] [T-F14]",
  PURE,
  async () => {
    const octets = await written();
    for (let size = 0; size <= octets.length; size++) {
      const store = holding(octets.subarray(0, size));
      const whole = octets.subarray(0, size).lastIndexOf(0x0a) + 1;
      const count = octets.subarray(0, size).filter((octet) => octet === 0x0a).length;
      {
        using journal = await open(store);
        deepEqual(journal.entries, EVENTS.slice(0, count));
        equal(journal.dropped, size - whole);
        journal.append({ n: 99 });
        await journal.sync();
      }
      using again = await open(store);
      deepEqual([...again.entries], [...EVENTS.slice(0, count), { n: 99 }]);
      equal(again.dropped, 0);
    }
  },
);

Deno.test(
  "LineJournal with any bit flipped loses the end or is refused untouched [T-C17]",
  PURE,
  async () => {
    const octets = await written();
    let refused = 0;
    for (let bit = 0; bit < octets.length * 8; bit++) {
      const damaged = octets.slice();
      damaged[bit >> 3] = (damaged[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      const store = holding(damaged);
      try {
        using journal = await open(store);
        ok(journal.dropped > 0, `bit ${bit}`);
        deepEqual(journal.entries, EVENTS.slice(0, journal.entries.length));
      } catch (error) {
        ok(error instanceof JournalError, String(error));
        deepEqual(store.files().get(PATH), damaged);
        refused += 1;
      }
    }
    ok(refused > octets.length * 4, `${refused} refused`);
  },
);

Deno.test(
  "LineJournal names the line that is damaged, missing or there twice [T-C17]",
  PURE,
  async () => {
    const lines = new TextDecoder().decode(await written()).split(/(?<=\n)/);
    const [one = "", two = "", three = "", four = ""] = lines;
    const cases = [
      { text: one + two.replace("quotes", "quoted") + three, line: 2 },
      { text: one + three + four, line: 2 },
      { text: one + two + two + three, line: 3 },
      { text: two + three, line: 1 },
      { text: one + three + two + four, line: 2 },
      { text: `${one}\n${two}`, line: 2 },
    ];
    for (const { text, line } of cases) {
      const message = `Cannot read journal "${PATH}": line ${line} is damaged`;
      await rejects(open(holding(new TextEncoder().encode(text))), {
        name: "JournalError",
        path: PATH,
        line,
        message,
      });
    }
  },
);

Deno.test("LineJournal refuses a file that was never a journal, and leaves it", PURE, async () => {
  for (const text of ["secret notes", "{}", "\0\0\0\0", '{"sum": "']) {
    const store = holding(new TextEncoder().encode(text));
    await rejects(open(store), { name: "JournalError", line: 1 });
    equal(new TextDecoder().decode(store.files().get(PATH)), text);
  }
});

Deno.test("LineJournal cuts octets off that a disk has filled with zeros", PURE, async () => {
  const octets = await written();
  using journal = await open(holding(Uint8Array.of(...octets, 0, 0, 0, 0)));
  deepEqual([journal.entries, journal.dropped], [EVENTS, 4]);
});

Deno.test("LineJournal tells why an entry cannot be read", PURE, async () => {
  const store = withFolder();
  using journal = await LineJournal.open<object>(store, PATH, { parse: () => ({}) });
  journal.append({ n: 1 }, { m: 2 });
  await journal.sync();
  journal.close();
  await rejects(open(store), (error: unknown) => {
    ok(error instanceof JournalError && error.cause instanceof TypeError);
    equal(error.message, `Cannot read journal "${PATH}": line 2 holds what it must not`);
    return true;
  });
});

Deno.test("LineJournal is dead after a failed write or sync [T-C07] [T-C18]", PURE, async () => {
  for (const call of ["write", "sync"] as const) {
    const fault = { call, nth: call === "sync" ? 2 : 1, kind: "ENOSPC", when: "midway" } as const;
    const memory = withFolder();
    const store = new FaultyStore(memory, fault);
    using journal = await open(store);
    journal.append({ n: 1 });
    await rejects(journal.sync(), { code: "ENOSPC" });
    ok(store.fired);
    await rejects(journal.sync(), { code: "ENOSPC" });
    throws(() => journal.append({ n: 2 }), { code: "ENOSPC" });
    journal.close();
    await rejects(journal.sync(), { code: "ENOSPC" });
  }
});

Deno.test(
  "LineJournal takes nothing after close() and an entry that is too long",
  PURE,
  async () => {
    const journal = await open(withFolder());
    const text = "x".repeat(8 * 1024 * 1024);
    throws(() => journal.append({ n: 1, text }), { name: "JournalError" });
    journal.close();
    throws(() => journal.append({ n: 1 }), { message: /it has been closed$/ });
  },
);

Deno.test("LineJournal reads no further than it may hold of a line without end", PURE, async () => {
  const store = holding(new Uint8Array(64 * 1024 * 1024).fill(0x41));
  const pieces = store.readPieces(PATH);
  let read = 0;
  store.readPieces = async function* () {
    for await (const piece of pieces) {
      read += piece.length;
      yield piece;
    }
  };
  await rejects(open(store), { name: "JournalError", line: 1 });
  ok(read < 17 * 1024 * 1024, `${read} octets`);
});

Deno.test(
  "LineJournal keeps what was synced over power losses torn at every octet [T-C18]",
  PURE,
  async () => {
    const store = withFolder();
    using journal = await open(store);
    journal.append({ n: 1 });
    await journal.sync();
    const synced = store.files().get(PATH)?.length ?? 0;
    const whole = store.crash();
    const faulty = new FaultyStore(whole, {
      call: "sync",
      nth: 2,
      kind: "EIO",
      when: "before",
    });
    using next = await open(faulty);
    next.append({ n: 2 }, { n: 3 });
    await rejects(next.sync(), { code: "EIO" });
    const all = (whole.files().get(PATH)?.length ?? 0) - synced;
    ok(all > 0);
    for (let octets = 0; octets <= all; octets++) {
      for (const names of [false, true]) {
        using after = await open(whole.powerLoss({ octets, names }));
        deepEqual(after.entries, [{ n: 1 }, { n: 2 }, { n: 3 }].slice(0, after.entries.length));
        ok(after.entries.length >= 1);
      }
    }
  },
);

Deno.test(
  "LineJournal has what sync() confirmed, whatever fails [T-C07] [T-C17] [T-C18]",
  PURE,
  async () => {
    const fired = await sweepStore(async (fault) => {
      const memory = withFolder();
      const store = new FaultyStore(memory, fault);
      let confirmed = 0;
      try {
        using journal = await open(store);
        for (let n = 1; n <= 3; n++) {
          journal.append({ n });
          await journal.sync();
          confirmed = n;
        }
      } catch (error) {
        equal(isDeath(error), fault.kind === "died");
      }
      const left = [
        memory.crash(),
        memory.powerLoss(),
        memory.powerLoss({ octets: 9, names: true }),
      ];
      for (const next of left) {
        using journal = await open(next);
        deepEqual(journal.entries, [1, 2, 3].slice(0, journal.entries.length).map((n) => ({ n })));
        ok(journal.entries.length >= confirmed);
      }
      return store.fired;
    }, STORE_FAULTS);
    ok(fired > 50, `${fired} faults`);
  },
);
