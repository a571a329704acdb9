import { deepEqual, equal, match, ok, rejects, throws } from "node:assert/strict";
import { DatabaseSync, StatementSync } from "node:sqlite";
import { BulkJournalError } from "../../../src/jobs/bulk/journal/journal_error.ts";
import { readMark } from "../../../src/jobs/bulk/journal/run_mark.ts";
import { openSqliteJournal } from "../../../src/jobs/bulk/journal/sqlite_journal.ts";
import { asProblem } from "../../../src/jobs/bulk/journal/sqlite_problem.ts";
import { ABOUT, JOURNAL_CASES, people } from "./journal_suite.ts";

/** A folder of its own for a test. */
async function withFolder(run: (folder: string) => Promise<void>): Promise<void> {
  await Deno.mkdir("tests/.tmp", { recursive: true });
  const folder = await Deno.makeTempDir({ dir: "tests/.tmp" });
  try {
    await run(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** The files of a journal as a process leaves them that dies now. */
async function leave(from: string, to: string): Promise<void> {
  for (const end of ["", "-wal", "-shm", ".mark"]) {
    await Deno.copyFile(`${from}/j.db${end}`, `${to}/j.db${end}`);
  }
}

Deno.test.each(JOURNAL_CASES)("a journal in SQLite %s", async (_, run) => {
  await withFolder(async (folder) => {
    let path = `${folder}/j.db`;
    let copies = 0;
    await run({
      open: () => openSqliteJournal(path, { create: copies === 0, moved: copies > 0 }),
      abandon: async (journal) => {
        const copy = `${folder}/${++copies}`;
        await Deno.mkdir(copy);
        await leave(path.slice(0, -"/j.db".length), copy);
        await journal.close();
        path = `${copy}/j.db`;
      },
    });
  });
});

/** A journal that a run has left without closing it: two rows accepted, one about to end. */
async function left(folder: string): Promise<string> {
  await using journal = await openSqliteJournal(`${folder}/j.db`, { create: true });
  const { id } = await journal.create(ABOUT, people(50));
  const { journal: job } = await journal.run(id, 0);
  const claims = await job.claim(3, 0);
  for (const { id: row } of claims) await job.committing(row);
  for (const { id: row } of claims.slice(0, 2)) await job.outcome({ id: row, state: "accepted" });
  await Deno.mkdir(`${folder}/left`);
  await leave(folder, `${folder}/left`);
  return `${folder}/left/j.db`;
}

Deno.test("openSqliteJournal() refuses what is not there or no journal [T-B26] [T-B27]", async () => {
  await withFolder(async (folder) => {
    const path = `${folder}/j.db`;
    await rejects(openSqliteJournal(path), { name: "BulkJournalError", problem: "missing" });
    await Deno.writeTextFile(path, "no database at all, but long enough to look at".repeat(50));
    await rejects(openSqliteJournal(path, { create: true }), { problem: "damaged" });
    await Deno.remove(path);

    const journal = await openSqliteJournal(path, { create: true });
    await journal.create(ABOUT, people(1));
    await journal.close();
    await Deno.remove(path);
    await rejects(openSqliteJournal(path, { create: true }), { problem: "missing" });
    await Deno.writeFile(path, new Uint8Array());
    await rejects(openSqliteJournal(path, { create: true }), { problem: "missing" });
  });
});

Deno.test("openSqliteJournal() lets nobody but the owner read what names people", async () => {
  await withFolder(async (folder) => {
    const journal = await openSqliteJournal(`${folder}/j.db`, { create: true });
    await journal.create(ABOUT, people(1));
    for await (const { name } of Deno.readDir(folder)) {
      equal(((await Deno.stat(`${folder}/${name}`)).mode ?? 0) & 0o077, 0, name);
    }
    await journal.close();
  });
});

Deno.test("openSqliteJournal() leaves one file that can be looked at and is left as it is", async () => {
  await withFolder(async (folder) => {
    const path = `${folder}/j.db`;
    const writer = await openSqliteJournal(path, { create: true });
    const { id } = await writer.create(ABOUT, people(2));
    const beside = async (): Promise<string[]> =>
      (await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => name).sort();
    {
      await using reader = await openSqliteJournal(path, { readOnly: true });
      equal((await (await reader.look(id)).counts()).pending, 2); // while another one writes
    }
    await writer.close();
    deepEqual(await beside(), ["j.db", "j.db.lock", "j.db.mark"]);
    const before = await Deno.readFile(path);

    await using reader = await openSqliteJournal(path, { readOnly: true });
    const job = await reader.look(id);
    equal((await job.counts()).pending, 2);
    for (
      const change of [
        () => reader.run(id, 0),
        () => reader.create(ABOUT, []),
        () => reader.suppress([], 0),
        () => job.release({ to: "resend", by: "ann", atMs: 0 }),
      ]
    ) await rejects(change, { name: "BulkJournalError", problem: "state" });
    await reader.close();
    deepEqual(await beside(), ["j.db", "j.db.lock", "j.db.mark"]);
    deepEqual(await Deno.readFile(path), before);

    await Deno.copyFile(path, `${folder}/copy.db`);
    await rejects(openSqliteJournal(`${folder}/copy.db`, { readOnly: true }), { problem: "moved" });
    const looked = { readOnly: true, moved: true };
    await (await openSqliteJournal(`${folder}/copy.db`, looked)).close();
    await rejects(openSqliteJournal(`${folder}/copy.db`), { problem: "moved" }); // nobody went on
    const none = { readOnly: true, create: true };
    await rejects(openSqliteJournal(`${folder}/none.db`, none), { problem: "missing" });
  });
});

Deno.test("openSqliteJournal() looks at a journal that is on its way, or was left", async () => {
  await withFolder(async (folder) => {
    await using reader = await openSqliteJournal(await left(folder), {
      readOnly: true,
      moved: true,
    });
    const { accepted, committing, pending } = await (await reader.look(1)).counts();
    deepEqual([accepted, committing, pending], [2, 1, 47]);
  });
});

Deno.test("openSqliteJournal() refuses another journal in the place of one [T-B26]", async () => {
  await withFolder(async (folder) => {
    for (const name of ["one", "two"]) {
      const journal = await openSqliteJournal(`${folder}/${name}.db`, { create: true });
      await journal.create({ ...ABOUT, name }, people(1));
      await journal.close();
    }
    await Deno.rename(`${folder}/two.db`, `${folder}/one.db`);
    await rejects(openSqliteJournal(`${folder}/one.db`), { problem: "foreign" });
  });
});

Deno.test("openSqliteJournal() refuses a copy until it is told [T-B25]", async () => {
  await withFolder(async (folder) => {
    const journal = await openSqliteJournal(`${folder}/j.db`, { create: true });
    await journal.create(ABOUT, people(1));
    await journal.close();
    await Deno.copyFile(`${folder}/j.db`, `${folder}/copy.db`);
    await rejects(openSqliteJournal(`${folder}/copy.db`), { problem: "moved" });
    await (await openSqliteJournal(`${folder}/copy.db`, { moved: true })).close();
    await (await openSqliteJournal(`${folder}/copy.db`)).close();
  });
});

Deno.test("a journal in SQLite has one runner at a time, who is named [T-B23]", async () => {
  await withFolder(async (folder) => {
    const path = `${folder}/j.db`;
    await using first = await openSqliteJournal(path, { create: true });
    const { id } = await first.create(ABOUT, people(1));
    await using second = await openSqliteJournal(path);
    await rejects(second.run(id, 0), (error: Error) => {
      match(error.message, new RegExp(`another run holds it.*${Deno.pid}`));
      return true;
    });
    const job = await second.look(id);
    equal((await job.counts()).pending, 1); // looking is allowed
    await rejects(job.release({ to: "resend", by: "ann", atMs: 0 }), { problem: "busy" });
    await first.close();
    await second.run(id, 0);
  });
});

Deno.test("a journal in SQLite that cannot be written to leaves its lock to the next try", async () => {
  await withFolder(async (folder) => {
    const path = `${folder}/j.db`;
    await using first = await openSqliteJournal(path, { create: true });
    await Deno.mkdir(`${path}.mark`); // in its way
    await rejects(first.create(ABOUT, people(1)));
    await Deno.remove(`${path}.mark`);
    {
      await using second = await openSqliteJournal(path);
      await second.create(ABOUT, people(1));
    }
    await first.run(1, 0);
    equal((await readMark(`${path}.mark`))?.commits, 2);
    await using third = await openSqliteJournal(path);
    await rejects(third.run(1, 0), { problem: "busy" });
  });
});

/** A file as a process leaves it that dies within a transaction, with what takes that back. */
async function dying(from: string, to: string, change: string): Promise<void> {
  const database = new DatabaseSync(from);
  try {
    database.exec(`PRAGMA cache_size = 5; BEGIN; ${change}`);
    for (const end of ["", "-journal"]) await Deno.copyFile(`${from}${end}`, `${to}${end}`);
  } finally {
    database.close();
  }
}

Deno.test("openSqliteJournal() begins again what died before there was anything [T-B01]", async () => {
  await withFolder(async (folder) => {
    const path = `${folder}/j.db`;
    const some = "CREATE TABLE line (text TEXT); WITH RECURSIVE n (i) AS " +
      "(SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 500) " +
      "INSERT INTO line SELECT hex(zeroblob(500)) FROM n;";
    await dying(`${folder}/other.db`, path, some);
    ok((await Deno.stat(path)).size > 0);
    await using journal = await openSqliteJournal(path, { create: true });
    equal((await journal.create(ABOUT, people(2))).rows, 2);
  });
});

Deno.test("openSqliteJournal() takes back what died as the run ended [T-B07]", async () => {
  await withFolder(async (folder) => {
    const path = `${folder}/j.db`;
    {
      await using journal = await openSqliteJournal(path, { create: true });
      await journal.create(ABOUT, people(2_000));
    }
    const copy = `${folder}/copy.db`;
    await dying(path, copy, "UPDATE line SET state = 'accepted', text = fields || fields;");
    for (const readOnly of [true, false]) {
      await using journal = await openSqliteJournal(copy, { readOnly, moved: true });
      equal((await (await journal.look(1)).counts()).pending, 2_000);
    }
  });
});

Deno.test("asProblem() knows what SQLite throws with a number and without", async () => {
  await withFolder(async (folder) => {
    using one = new DatabaseSync(`${folder}/j.db`);
    using two = new DatabaseSync(`${folder}/j.db`);
    one.exec("PRAGMA busy_timeout = 0");
    two.exec("BEGIN IMMEDIATE");
    await Deno.writeTextFile(`${folder}/other.db`, "no database at all".repeat(99));
    using other = new DatabaseSync(`${folder}/other.db`);
    const begin = "BEGIN IMMEDIATE";
    for (
      const [act, expected] of [
        [() => one.exec(begin), "busy"],
        [() => one.prepare(begin).run(), "busy"],
        [() => other.exec(begin), "damaged"],
        [() => other.prepare(begin).run(), "damaged"],
        [() => one.exec("nonsense"), "storage"],
      ] as const
    ) {
      throws(act, (error) => {
        const problem = asProblem(error, "j.db");
        ok(problem instanceof BulkJournalError);
        equal(problem.problem, expected, problem.message);
        return true;
      });
    }
    const plain = new TypeError("no");
    equal(asProblem(plain, "j.db"), plain);
  });
});

Deno.test("openSqliteJournal() misses no commit that is gone [T-B26]", async () => {
  await withFolder(async (folder) => {
    const path = await left(folder);
    const wal = await Deno.readFile(`${path}-wal`);
    const database = await Deno.readFile(path);
    const mark = await Deno.readFile(`${path}.mark`);
    let opened = 0;
    let refused = 0;
    for (let short = 0; short <= wal.length; short += short < 4200 ? 97 : 1021) {
      const size = wal.length - short;
      await Deno.writeFile(path, database);
      await Deno.writeFile(`${path}-wal`, wal.subarray(0, size));
      await Deno.writeFile(`${path}.mark`, mark);
      await Deno.remove(`${path}-shm`).catch(() => {});
      try {
        const journal = await openSqliteJournal(path, { moved: true });
        const { recovery } = await journal.run(1, 0);
        equal(recovery.inDoubt, 1, `cut at ${size}`);
        equal((await (await journal.look(1)).counts()).accepted, 2, `cut at ${size}`);
        await journal.close();
        opened++;
      } catch (error) {
        ok(error instanceof Error && error.name === "BulkJournalError", `cut at ${size}: ${error}`);
        refused++;
      }
    }
    ok(refused > 20 && opened > 0, `${refused} refused, ${opened} opened`);
  });
});

Deno.test("openSqliteJournal() never takes an accepted row for a pending one [T-B26]", async () => {
  await withFolder(async (folder) => {
    const whole = `${folder}/whole`;
    await Deno.mkdir(whole);
    const source = await openSqliteJournal(`${whole}/j.db`, { create: true });
    const { id } = await source.create(ABOUT, people(20));
    const { journal: job } = await source.run(id, 0);
    for (const { id: row } of await job.claim(20, 0)) {
      await job.committing(row);
      await job.outcome({ id: row, state: "accepted" });
    }
    await source.close();
    const octets = await Deno.readFile(`${whole}/j.db`);
    let refused = 0;
    for (let at = 0; at < octets.length; at += 397) {
      const path = `${folder}/${at}.db`;
      const damaged = octets.slice();
      damaged[at] = (damaged[at] ?? 0) ^ 0x10;
      await Deno.writeFile(path, damaged);
      try {
        await using journal = await openSqliteJournal(path, { moved: true });
        const { journal: resumed } = await journal.run(id, 0);
        equal((await resumed.claim(99, 0)).length, 0, `bit at ${at}`);
      } catch (error) {
        ok(error instanceof Error && error.name === "BulkJournalError", `bit at ${at}: ${error}`);
        refused++;
      }
      for (const end of ["", "-wal", "-shm", ".mark", ".lock"]) {
        await Deno.remove(path + end).catch(() => {});
      }
    }
    ok(refused > 0);
  });
});

/** How many statements SQLite is given while something is done. */
async function statementsOf(act: () => Promise<unknown>): Promise<number> {
  let count = 0;
  const undo: (() => void)[] = [];
  const watch = <O extends object>(owner: O, name: keyof O): void => {
    const plain = owner[name];
    if (typeof plain !== "function") throw new TypeError(`Cannot watch "${String(name)}"`);
    const watched = function (this: O, ...args: unknown[]): unknown {
      count++;
      return plain.apply(this, args);
    };
    Object.assign(owner, { [name]: watched });
    undo.push(() => Object.assign(owner, { [name]: plain }));
  };
  for (const name of ["run", "get", "all"] as const) watch(StatementSync.prototype, name);
  watch(DatabaseSync.prototype, "exec");
  try {
    await act();
  } finally {
    for (const each of undo) each();
  }
  return count;
}

Deno.test("a journal in SQLite takes a new row in with one statement", async () => {
  await withFolder(async (folder) => {
    await using journal = await openSqliteJournal(`${folder}/j.db`, { create: true });
    const cost = (name: string, rows: number): Promise<number> =>
      statementsOf(() => journal.create({ ...ABOUT, name }, people(rows)));
    await cost("first", 1); // it takes the lock
    const few = await cost("few", 10);
    equal(await cost("many", 110) - few, 100);
  });
});

Deno.test("a journal in SQLite commits once for five connections, two statements a row", async () => {
  await withFolder(async (folder) => {
    await using journal = await openSqliteJournal(`${folder}/j.db`, { create: true });
    const { id } = await journal.create(ABOUT, people(100));
    const { journal: job } = await journal.run(id, 0);
    const commits = async (): Promise<number> =>
      (await readMark(`${folder}/j.db.mark`))?.commits ?? NaN;
    const before = await commits();
    const rows = await job.claim(100, 0);
    const statements = await statementsOf(async () => {
      for (let at = 0; at <= rows.length; at += 5) { // each answer, and the end of the row behind it
        await Promise.all([
          ...rows.slice(Math.max(at - 5, 0), at)
            .map((row) => job.outcome({ id: row.id, state: "accepted" })),
          ...rows.slice(at, at + 5).map((row) => job.committing(row.id)),
        ]);
      }
    });
    equal(await commits() - before, 21);
    equal(statements, 2 * 100 + 21 * 3); // with begin, commit, and the number of the commit
  });
});
