/**
 * Bulk jobs whose journal is PostgreSQL: the same promises as in a file, and several runners.
 */
import { equal, ok } from "node:assert/strict";
import {
  type BulkJournal,
  type BulkRun,
  type JobJournal,
  openPostgresJournal,
  type RowState,
  sendBulk,
} from "@mailwright/mailwright/jobs";
import { startSandbox } from "@mailwright/mailwright/sandbox";
import { connectPostgres, type PostgresClient } from "../../src/deps/postgres.ts";
import { ABOUT, JOURNAL_CASES, people } from "../jobs/bulk/journal_suite.ts";
import { FakeClock } from "../fake_clock.ts";
import { FaultyJournal } from "../faults/bulk_journal.ts";
import { poll } from "./poll.ts";
import { startPostgres } from "./postgres.ts";
import { serverTest } from "./programs.ts";
import { crowd, early, over } from "./tempo.ts";

const NEEDS = ["postgres", "root"] as const;
/** Nobody who lives loses it, however slow the machine is. */
const LEASE_MS = 600_000;

/** Lets all leases run out: their time is over at once. */
async function leasesOver(url: string): Promise<void> {
  const client = connectPostgres(url);
  await client.query("UPDATE mailwright_worker SET lease_until = now()");
  await client.close();
}

await serverTest("a journal in PostgreSQL", NEEDS, async (step) => {
  await using server = await startPostgres();
  for (const [at, [name, run]] of JOURNAL_CASES.entries()) {
    await step(name, async () => {
      const url = await server.database(`case${at}`);
      const clients = new Map<BulkJournal, PostgresClient>();
      await run({
        open: async () => {
          const client = connectPostgres(url);
          const journal = await openPostgresJournal(client, { leaseMs: LEASE_MS });
          clients.set(journal, client);
          return journal;
        },
        abandon: async (journal) => {
          await clients.get(journal)?.close(); // no row and no lease is given back
          await leasesOver(url);
        },
      });
      for (const journal of clients.keys()) await journal.close();
    });
  }
});

await serverTest("a runner renews its lease in PostgreSQL while it lives", NEEDS, async () => {
  await using server = await startPostgres();
  const client = connectPostgres(await server.database("lease"));
  const clock = new FakeClock();
  const journal = await openPostgresJournal(client, { leaseMs: LEASE_MS, clock });
  const { id } = await journal.create(ABOUT, people(1));
  await journal.run(id, Date.now());
  const leases = async (): Promise<string> =>
    JSON.stringify(await client.query("SELECT lease_until::text FROM mailwright_worker"));
  const before = await leases();
  await clock.advance(LEASE_MS / 3);
  await poll("another lease", async () => await leases() !== before || undefined);
  await journal.close();
});

/** How many rows are in each state, of those that have any. */
async function counted(job: JobJournal): Promise<Partial<Record<RowState, number>>> {
  return Object.fromEntries(Object.entries(await job.counts()).filter(([, count]) => count > 0));
}

await serverTest(
  "three runners share a job in PostgreSQL, and two of them die",
  NEEDS,
  async (step) => {
    await using server = await startPostgres();
    const url = await server.database("workers");
    await using box = await startSandbox();
    const ROWS = 600;

    async function work(
      journal: BulkJournal,
      id: number,
      wrap: (job: JobJournal) => JobJournal = (job) => job,
    ): Promise<BulkRun> {
      const { journal: job } = await journal.run(id, Date.now());
      return await sendBulk({
        journal: wrap(job),
        pool: { url: box.smtpUrl, caCerts: box.caCerts, maxConnections: 3 },
        render: ({ recipient, fields }) => ({
          envelope: { from: "news@here.example", to: [recipient], policy: "any" },
          content: `To: ${recipient}\r\nSubject: Hello ${fields["name"]}\r\n\r\nWelcome.\r\n`,
        }),
      });
    }
    const open = async (): Promise<{ journal: BulkJournal; client: PostgresClient }> => {
      const client = connectPostgres(url);
      return { journal: await openPostgresJournal(client, { leaseMs: LEASE_MS }), client };
    };

    const one = await open();
    const two = await open();
    const three = await open();
    const { id } = await one.journal.create(ABOUT, people(ROWS));

    await step("two of them die: with rows claimed, and while committing", async () => {
      const claiming = new FaultyJournal(1, "die after");
      const committing = new FaultyJournal(60, "die after");
      const [first, second] = await Promise.all([
        work(one.journal, id, (job) => claiming.wrap(job)),
        work(two.journal, id, (job) => committing.wrap(job)),
        work(three.journal, id),
      ]).finally(() => Promise.all([one.client.close(), two.client.close()]));
      equal(first.stop?.reason, "storage");
      equal(second.stop?.reason, "storage");
      await leasesOver(url);
      equal((await work(three.journal, id)).stop, undefined);
    });

    await step("everybody was written to once, or is in doubt", async () => {
      const job = await three.journal.look(id);
      const counts = await counted(job);
      const doubts = counts.in_doubt ?? 0;
      equal((counts.accepted ?? 0) + doubts, ROWS);
      ok(doubts <= 3, `${doubts} in doubt`); // T-B29: the connections of one runner
      const sent = box.ledger.entries.flatMap(({ kind, recipients = [] }) =>
        kind === "stored" ? recipients : []
      );
      equal(new Set(sent).size, sent.length, "nobody twice");
      for await (const { recipient, state } of job.rows()) {
        if (state === "accepted") ok(sent.includes(recipient), recipient);
      }
    });

    await step("the operator's word sends the rest", async () => {
      const job = await three.journal.look(id);
      await job.release({ to: "failed", by: "test", atMs: Date.now() });
      equal((await job.counts()).in_doubt, 0);
    });
    for (const { journal } of [one, two, three]) await journal.close();
  },
);

await serverTest("runners of a job in PostgreSQL share its rate", NEEDS, async (step) => {
  await using server = await startPostgres();
  const RUNNERS = 3;
  const RATE = 20;
  const SECONDS = 30;
  // Too many are a fault each time; too few are the machine's, unless they always are.
  const rates: number[] = [];
  for (const attempt of ["first", "second", "third"]) {
    await step(`${attempt} half minute`, async () => {
      const url = await server.database(`rate_${attempt}`);
      await using box = await startSandbox({ keepOctets: 0 });
      const granted: number[] = [];
      const arrived: number[] = [];
      const journals = await Promise.all(
        Array.from({ length: RUNNERS }, () => openPostgresJournal(connectPostgres(url))),
      );
      const [first] = journals;
      ok(first);
      const { id } = await first.create(ABOUT, people(RATE * SECONDS));
      const began = performance.now();
      await Promise.all(journals.map(async (journal) => {
        const { journal: job } = await journal.run(id, Date.now(), { messagesPerSecond: RATE });
        const { limiter } = job;
        ok(limiter);
        const take = limiter.take.bind(limiter);
        limiter.take = async (...asked) => {
          await take(...asked);
          if ((asked[0].messages ?? 0) > 0) granted.push(performance.now());
        };
        const { stop } = await sendBulk({
          journal: job,
          pool: { url: box.smtpUrl, caCerts: box.caCerts, maxConnections: 2 },
          render: ({ recipient }) => ({
            envelope: { from: "news@here.example", to: [recipient], policy: "any" },
            content: "Subject: Hello\r\n\r\nWelcome.\r\n",
          }),
          onEvent: ({ kind }) => void (kind === "row" && arrived.push(performance.now())),
        });
        equal(stop, undefined);
      }));
      for (const journal of journals) await journal.close();
      equal(arrived.length, RATE * SECONDS);
      equal(early(arrived, { began, rate: RATE, burst: 1 }), 0);
      // A tenth more; each runner may have one that waits for a machine that stands still.
      const most = crowd(granted);
      ok(most <= RATE * 1.1 + RUNNERS, `${most} within a second`);
      rates.push(over(arrived));
    });
    if ((rates.at(-1) ?? 0) >= RATE * 0.95) break;
  }
  ok(rates.some((rate) => rate >= RATE * 0.95 && rate <= RATE * 1.05), `${rates} a second`);
});
