/**
 * What every journal of bulk jobs must do, whatever keeps it.
 *
 * @module
 */

import { deepEqual, equal, match, ok, rejects } from "node:assert/strict";
import type { BulkJournal, NewRow } from "../../../src/jobs/bulk/journal/journal.ts";

/** A journal that can be left as a process that dies leaves it, and opened again. */
export interface JournalWorld {
  /** Opens the journal, and makes it the first time. */
  open(): Promise<BulkJournal>;
  /** Leaves the journal without closing it in order. */
  abandon(journal: BulkJournal): Promise<void>;
}

export const ABOUT = {
  name: "welcome",
  fingerprint: "f1",
  contentHash: "c1",
  settings: { server: "smtp://mx.example", connections: 5 },
};

/** Rows for as many people. */
export function* people(count: number): Generator<NewRow> {
  for (let at = 1; at <= count; at++) {
    const recipient = `p${at}@mail.example`;
    yield {
      line: at + 1,
      recipient,
      key: recipient,
      fields: { email: recipient, name: `P ${at}` },
    };
  }
}

const NOW = Date.UTC(2026, 10, 21);

async function states(journal: BulkJournal, id: number): Promise<string> {
  const job = await journal.look(id);
  const seen: string[] = [];
  for await (const { line, state } of job.rows()) seen.push(`${line}:${state}`);
  return seen.join(" ");
}

/** What every row says of itself. */
async function reasons(journal: BulkJournal, id: number): Promise<readonly string[]> {
  const seen: string[] = [];
  const job = await journal.look(id);
  for await (const { stage, code, enhanced, text, queueId, notBeforeMs, ms } of job.rows()) {
    const said = [stage, code, enhanced, text, queueId, notBeforeMs, ms];
    seen.push(said.filter((each) => each !== undefined).join(" "));
  }
  return seen;
}

/** The cases, each for a journal of its own. */
export const JOURNAL_CASES: readonly (readonly [
  name: string,
  run: (world: JournalWorld) => Promise<void>,
])[] = [
  ["remembers what a job is", async (world) => {
    const journal = await world.open();
    const made = await journal.create(ABOUT, people(3));
    equal(made.rows, 3);
    await journal.close();
    const again = await world.open();
    deepEqual(await again.jobs(), [made]);
    await again.close();
  }],

  ["takes all rows of a job or none [T-B01] [T-B02]", async (world) => {
    const journal = await world.open();
    async function* broken(): AsyncGenerator<NewRow> {
      yield* people(700);
      await undefined;
      throw new Error("the list ends here");
    }
    await rejects(journal.create(ABOUT, broken()), { message: "the list ends here" });
    deepEqual(await journal.jobs(), []);
    equal((await journal.create(ABOUT, people(2))).rows, 2);
    await journal.close();
  }],

  ["gives nobody a row whose outcome is being written [T-B14]", async (world) => {
    const journal = await world.open();
    const { id } = await journal.create(ABOUT, people(1));
    const { journal: job } = await journal.run(id, NOW);
    equal((await job.claim(1, NOW)).length, 1);
    await job.outcome({ id: 1, state: "deferred", notBeforeMs: NOW + 1 });
    equal((await job.claim(1, NOW + 1)).length, 1);
    const written = job.outcome({ id: 1, state: "failed", code: 550 });
    deepEqual(await job.claim(1, NOW + 2), []);
    await written;
    deepEqual(await job.claim(1, NOW + 2), []);
    await journal.close();
  }],

  ["refuses two jobs of one name [T-B02]", async (world) => {
    const journal = await world.open();
    await journal.create(ABOUT, people(1));
    await rejects(journal.create(ABOUT, people(1)), { name: "BulkJournalError", problem: "state" });
    equal((await journal.jobs()).length, 1);
    await journal.close();
  }],

  ["sends to one address once, and says which rows it leaves out [T-I34]", async (world) => {
    const journal = await world.open();
    const fields = {};
    const { id } = await journal.create(ABOUT, [
      { line: 2, recipient: "a@x.example", key: "a@x.example", fields },
      { line: 3, recipient: "b@x.example", key: "b@x.example", fields, skip: "suppressed" },
      { line: 4, recipient: "a@x.example", key: "a@x.example", fields },
    ]);
    equal(await states(journal, id), "2:pending 3:skipped 4:skipped");
    deepEqual(await reasons(journal, id), ["", "suppressed", "duplicate of line 2"]);
    await journal.close();
  }],

  [
    "takes the first of many lines with one address, wherever the others are [T-I34]",
    async (world) => {
      const journal = await world.open();
      const far = [...people(1_100)];
      const twice = [0, 700, 0].flatMap((at) => far.slice(at, at + 1))
        .map((row, at) => ({ ...row, line: 2_000 + at, fields: { name: "the other" } }));
      const { id, rows } = await journal.create(ABOUT, [...far, ...twice]);
      equal(rows, 1_103);
      const { journal: job } = await journal.run(id, NOW);
      const claims = await job.claim(2_000, NOW);
      equal(claims.length, 1_100);
      deepEqual([claims[0]?.fields["name"], claims[700]?.fields["name"]], ["P 1", "P 701"]);
      deepEqual((await reasons(journal, id)).slice(-3), [
        ...["duplicate of line 2", "duplicate of line 702", "duplicate of line 2"],
      ]);
      await journal.close();
    },
  ],

  ["hands out each row once, in the order of the list", async (world) => {
    const journal = await world.open();
    const { id } = await journal.create(ABOUT, people(5));
    const { journal: job, recovery } = await journal.run(id, NOW);
    deepEqual(recovery, { returned: 0, inDoubt: 0 });
    const claims = [
      ...await job.claim(2, NOW),
      ...await job.claim(2, NOW),
      ...await job.claim(2, NOW),
    ];
    deepEqual(claims.map(({ line }) => line), [2, 3, 4, 5, 6]);
    deepEqual(claims[0], {
      id: claims[0]?.id,
      line: 2,
      recipient: "p1@mail.example",
      fields: { email: "p1@mail.example", name: "P 1" },
      attempt: 1,
      firstClaimMs: NOW,
    });
    deepEqual(await job.claim(2, NOW), []);
    await journal.close();
  }],

  ["leaves a row that was only claimed as it was [T-B03]", async (world) => {
    const journal = await world.open();
    const { id } = await journal.create(ABOUT, people(2));
    await (await journal.run(id, NOW)).journal.claim(2, NOW);
    await world.abandon(journal);
    const again = await world.open();
    const { journal: job, recovery } = await again.run(id, NOW + 1);
    equal(recovery.inDoubt, 0);
    deepEqual((await job.claim(9, NOW + 1)).map(({ attempt }) => attempt), [1, 1]);
    await again.close();
  }],

  ["puts in doubt what was about to end [T-B04] [T-B05] [T-B06]", async (world) => {
    const journal = await world.open();
    const { id } = await journal.create(ABOUT, people(3));
    const { journal: job } = await journal.run(id, NOW);
    const [first, second] = await job.claim(3, NOW);
    ok(first && second);
    await Promise.all([job.committing(first.id), job.committing(second.id)]);
    await job.outcome({
      id: first.id,
      state: "accepted",
      code: 250,
      stage: "final",
      queueId: "Q1",
    });
    await world.abandon(journal);
    const again = await world.open();
    const { journal: resumed, recovery } = await again.run(id, NOW + 1);
    equal(recovery.inDoubt, 1);
    equal(await states(again, id), "2:accepted 3:in_doubt 4:pending");
    deepEqual((await resumed.claim(9, NOW)).map(({ line }) => line), [4]);
    await again.close();
  }],

  ["keeps an outcome for good [T-B07]", async (world) => {
    const journal = await world.open();
    const { id } = await journal.create(ABOUT, people(1));
    const { journal: job } = await journal.run(id, NOW);
    const [row] = await job.claim(1, NOW);
    ok(row);
    await job.committing(row.id);
    await job.outcome({
      id: row.id,
      state: "failed",
      code: 550,
      enhanced: "5.1.1",
      stage: "rcpt",
      text: "no such user",
      ms: 12.5,
    });
    await world.abandon(journal);
    const again = await world.open();
    for await (
      const { state, code, enhanced, stage, text, attempt, ms, domain } of (await again.look(id))
        .rows()
    ) {
      deepEqual(
        { state, code, enhanced, stage, text, attempt, ms, domain },
        {
          state: "failed",
          code: 550,
          enhanced: "5.1.1",
          stage: "rcpt",
          text: "no such user",
          attempt: 1,
          ms: 12.5,
          domain: "mail.example",
        },
      );
    }
    await again.close();
  }],

  [
    "gives a deferred row when it is due, with the date of its first claim [T-B15]",
    async (world) => {
      const journal = await world.open();
      const { id } = await journal.create(ABOUT, people(1));
      const { journal: job } = await journal.run(id, NOW);
      const [row] = await job.claim(1, NOW);
      ok(row);
      await job.outcome({ id: row.id, state: "deferred", notBeforeMs: NOW + 60_000, code: 451 });
      equal(await job.nextDueMs(), NOW + 60_000);
      deepEqual(await job.claim(1, NOW + 59_999), []);
      await journal.close();
      const again = await world.open();
      const { journal: resumed } = await again.run(id, NOW + 60_000);
      const [retry] = await resumed.claim(1, NOW + 60_000);
      deepEqual([retry?.attempt, retry?.firstClaimMs], [2, NOW]);
      deepEqual(await resumed.claim(1, NOW + 60_000), [], "it is claimed");
      await again.close();
    },
  ],

  ["gives a row back that nothing was sent of [T-B20]", async (world) => {
    const journal = await world.open();
    const { id } = await journal.create(ABOUT, people(2));
    const { journal: job } = await journal.run(id, NOW);
    const [first] = await job.claim(1, NOW);
    ok(first);
    await job.committing(first.id);
    await job.outcome({ id: first.id, state: "pending" });
    equal(await states(journal, id), "2:pending 3:pending");
    const [again] = await job.claim(9, NOW + 5);
    deepEqual([again?.id, again?.attempt, again?.firstClaimMs], [first.id, 1, NOW]);
    await journal.close();
  }],

  ["refuses what does not follow", async (world) => {
    const journal = await world.open();
    const { id } = await journal.create(ABOUT, people(1));
    const { journal: job } = await journal.run(id, NOW);
    const error = { name: "BulkJournalError", problem: "state" };
    await rejects(async () => await job.outcome({ id: 1, state: "accepted" }), error);
    const [row] = await job.claim(1, NOW);
    ok(row);
    await rejects(async () => await job.outcome({ id: row.id, state: "accepted" }), error);
    await job.committing(row.id);
    await job.outcome({ id: row.id, state: "accepted" });
    await rejects(async () => await job.outcome({ id: row.id, state: "failed" }), error);
    await rejects(async () => await job.committing(row.id), error);
    equal(await states(journal, id), "2:accepted");
    await journal.close();
  }],

  ["moves rows in doubt at the operator's word only", async (world) => {
    const journal = await world.open();
    const { id } = await journal.create(ABOUT, people(4));
    const { journal: job } = await journal.run(id, NOW);
    for (const { id: row } of await job.claim(3, NOW)) {
      await job.committing(row);
      await job.outcome({ id: row, state: "in_doubt", stage: "final" });
    }
    const word = { by: "ann", atMs: NOW + 1 };
    equal(await job.release({ ...word, to: "failed", recipients: ["p2@mail.example"] }), 1);
    equal(await job.release({ ...word, to: "failed", recipients: ["p4@mail.example"] }), 0);
    equal(await job.release({ ...word, to: "resend" }), 2);
    equal(await job.release({ ...word, to: "resend" }), 0);
    equal(await states(journal, id), "2:pending 3:failed 4:pending 5:pending");
    await journal.close();
    const again = await world.open();
    const { journal: resumed } = await again.run(id, NOW + 2);
    const claims = await resumed.claim(9, NOW + 2);
    deepEqual(claims.map(({ line, attempt }) => `${line}:${attempt}`), ["2:2", "4:2", "5:1"]);
    await again.close();
  }],

  ["sends failed rows again only where the operator says so, and which [T-B16]", async (world) => {
    const journal = await world.open();
    const { id } = await journal.create(ABOUT, people(6));
    const { journal: job } = await journal.run(id, NOW);
    const relay = { code: 554, enhanced: "5.7.1", text: "<p1>: Relay access denied" };
    const outcomes = [
      { state: "failed", ...relay },
      { state: "failed", ...relay },
      { state: "failed", code: 550, enhanced: "5.1.1", text: "no such user" },
      { state: "failed", text: "given up after 5 attempts: 100% busy_" },
      { state: "in_doubt" },
      { state: "accepted" },
    ] as const;
    for (const [at, { id: row }] of (await job.claim(6, NOW)).entries()) {
      await job.committing(row);
      await job.outcome({ id: row, stage: "rcpt", ...outcomes[at] ?? { state: "accepted" } });
    }
    const word = { by: "ann", atMs: NOW + 1, to: "resend", from: "failed" } as const;
    equal(await job.release({ ...word, codes: ["5.7.2", "551", "5.7"] }), 0);
    equal(await job.release({ ...word, codes: ["554"], recipients: ["p3@mail.example"] }), 0);
    equal(await job.release({ ...word, codes: ["554"], recipients: ["p1@mail.example"] }), 1);
    equal(await job.release({ ...word, codes: ["5.7.1", "421"] }), 1);
    equal(await job.release({ ...word, reason: "%no such_" }), 0);
    equal(await job.release({ ...word, reason: "100% busy_" }), 1);
    equal(
      await states(journal, id),
      "2:pending 3:pending 4:failed 5:pending 6:in_doubt 7:accepted",
    );
    await rejects(async () => await job.release({ ...word, to: "failed" }), { problem: "state" });
    deepEqual(await reasons(journal, id), [
      ...["released to resend by ann", "released to resend by ann", "rcpt 550 5.1.1 no such user"],
      ...["released to resend by ann", "rcpt", "rcpt"],
    ]);

    // What was in doubt may have arrived, whatever the operator calls it.
    equal(await job.release({ to: "failed", by: "ann", atMs: NOW }), 1);
    equal(await job.release(word), 1);
    equal(await states(journal, id), "2:pending 3:pending 4:pending 5:pending 6:failed 7:accepted");
    equal(await job.release({ ...word, recipients: ["p5@mail.example"] }), 1);
    equal(await job.release(word), 0);
    await journal.close();

    const again = await world.open();
    const { journal: resumed } = await again.run(id, NOW + 2);
    const claims = await resumed.claim(9, NOW + 2);
    deepEqual(claims.map(({ line, attempt }) => `${line}:${attempt}`), [
      ...["2:1", "3:1", "4:1", "5:1", "6:1"],
    ]);
    await again.close();
  }],

  ["sends to nobody again who was suppressed meanwhile [T-B30]", async (world) => {
    const journal = await world.open();
    const { id } = await journal.create(ABOUT, people(3));
    const { journal: job } = await journal.run(id, NOW);
    for (const [at, { id: row }] of (await job.claim(3, NOW)).entries()) {
      await job.committing(row);
      await job.outcome({ id: row, state: at < 2 ? "in_doubt" : "failed" });
    }
    await journal.suppress(["p1@mail.example", "p3@mail.example"], NOW);
    equal(await job.release({ to: "resend", by: "ann", atMs: NOW }), 1);
    equal(await job.release({ to: "resend", from: "failed", by: "ann", atMs: NOW }), 0);
    equal(await states(journal, id), "2:skipped 3:pending 4:skipped");
    await journal.close();
  }],

  ["counts every row in one state", async (world) => {
    const journal = await world.open();
    const { id } = await journal.create(ABOUT, people(6));
    const { journal: job } = await journal.run(id, NOW);
    const outcomes = ["accepted", "failed", "in_doubt", "deferred", "skipped"] as const;
    for (const [at, { id: row }] of (await job.claim(5, NOW)).entries()) {
      const state = outcomes[at] ?? "accepted";
      if (state !== "skipped") await job.committing(row);
      await job.outcome({ id: row, state, ...(state === "deferred" && { notBeforeMs: NOW }) });
    }
    const counts = await job.counts();
    equal(Object.values(counts).reduce((sum, count) => sum + count), 6);
    for (const state of ["pending", ...outcomes] as const) equal(counts[state], 1, state);
    await journal.close();
  }],

  ["tells who was written to by another job [T-B24]", async (world) => {
    const journal = await world.open();
    const one = await journal.create(ABOUT, people(3));
    const { journal: job } = await journal.run(one.id, NOW);
    for (const { id } of await job.claim(2, NOW)) {
      await job.committing(id);
      await job.outcome({ id, state: "accepted" });
    }
    const two = await journal.create({ ...ABOUT, name: "again" }, people(3));
    deepEqual(await journal.contacted(two.id, 0), [{ job: "welcome", recipients: 2 }]);
    deepEqual(await journal.contacted(two.id, Date.now() + 60_000), []);
    deepEqual(await journal.contacted(one.id, 0), []);
    await journal.close();
  }],

  ["skips who is suppressed, now and in later jobs [T-B30]", async (world) => {
    const journal = await world.open();
    const { id } = await journal.create(ABOUT, people(3));
    equal(await journal.suppress(["p2@mail.example", "nobody@mail.example"], NOW), 1);
    equal(await states(journal, id), "2:pending 3:skipped 4:pending");
    equal(await journal.suppress(["p2@mail.example"], NOW), 0);
    const later = await journal.create({ ...ABOUT, name: "later" }, people(2));
    equal(await states(journal, later.id), "2:pending 3:skipped");
    const { journal: job } = await journal.run(id, NOW);
    deepEqual((await job.claim(9, NOW)).map(({ line }) => line), [2, 4]);
    await journal.close();
  }],

  ["skips in the next run whose row was taken when he was suppressed [T-B30]", async (world) => {
    const journal = await world.open();
    const { id } = await journal.create(ABOUT, people(4));
    const { journal: job } = await journal.run(id, NOW);
    const rows = await job.claim(3, NOW);
    await journal.suppress(rows.map(({ recipient }) => recipient), NOW);
    const [first, second, third] = rows;
    ok(first && second && third);
    await job.outcome({ id: first.id, state: "pending" });
    const later = { state: "deferred", notBeforeMs: NOW, stage: "rcpt", code: 450 } as const;
    await job.outcome({ id: second.id, ...later, text: "busy", ms: 1 });
    await job.committing(third.id);
    await job.outcome({ id: third.id, state: "accepted", stage: "final" });
    await journal.close();
    const again = await world.open();
    const { journal: resumed } = await again.run(id, NOW + 1);
    deepEqual((await resumed.claim(9, NOW + 1)).map(({ line }) => line), [5]);
    match(await states(again, id), /^2:skipped 3:skipped 4:accepted 5:(?:pending|claimed)$/);
    deepEqual(await reasons(again, id), ["suppressed", "suppressed", "final", ""]);
    await again.close();
  }],

  [
    "skips who is suppressed in upper or lower case, and takes duplicates as they are [T-B30]",
    async (
      world,
    ) => {
      const journal = await world.open();
      const rows = ["Ann", "ann", "ANN", "ben", "Ben", "Ann"].map((name, at): NewRow => {
        const recipient = `${name}@mail.example`;
        return { line: at + 2, recipient, key: recipient, fields: {} };
      });
      const { id } = await journal.create(ABOUT, rows);
      equal(
        await states(journal, id),
        "2:pending 3:pending 4:pending 5:pending 6:pending 7:skipped",
      );
      const { journal: job } = await journal.run(id, NOW);
      const [first] = await job.claim(1, NOW);
      ok(first);
      await job.committing(first.id);
      await job.outcome({ id: first.id, state: "in_doubt" });
      equal(await journal.suppress(["aNN@mail.example", "Ann@mail.example"], NOW), 2);
      equal(await job.release({ to: "resend", by: "ann", atMs: NOW }), 0);
      equal(
        await states(journal, id),
        "2:skipped 3:skipped 4:skipped 5:pending 6:pending 7:skipped",
      );
      const later = await journal.create({ ...ABOUT, name: "later" }, rows);
      equal(
        await states(journal, later.id),
        "2:skipped 3:skipped 4:skipped 5:pending 6:pending 7:skipped",
      );
      await journal.close();
    },
  ],

  ["shows many rows in their order", async (world) => {
    const journal = await world.open();
    const { id } = await journal.create(ABOUT, people(1203));
    let line = 1;
    for await (const row of (await journal.look(id)).rows()) equal(row.line, ++line);
    equal(line, 1204);
    await journal.close();
  }],
];
