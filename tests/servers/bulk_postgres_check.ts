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
import { FaultyJournal } from "../faults/bulk_journal.ts";
import { startPostgres } from "./postgres.ts";
import { serverTest } from "./programs.ts";

const NEEDS = ["postgres", "root"] as const;
const LEASE_MS = 1_500;

/** Until leases have run out that nobody renews. */
const leaseOver = (): Promise<void> => new Promise((go) => setTimeout(go, LEASE_MS + 200));

await serverTest("a journal in PostgreSQL", NEEDS, async (step) => {
  await using server = await startPostgres();
  for (const [at, [name, run]] of JOURNAL_CASES.entries()) {
    await step(name, async () => {
      const url = await server.database(`case${at}`);
      const leaseMs = name.includes("[T-B0") ? LEASE_MS : 30_000;
      const clients = new Map<BulkJournal, PostgresClient>();
      await run({
        open: async () => {
          const client = connectPostgres(url);
          const journal = await openPostgresJournal(client, { leaseMs });
          clients.set(journal, client);
          return journal;
        },
        abandon: async (journal) => {
          await clients.get(journal)?.close(); // no row and no lease is given back
          await leaseOver();
        },
      });
      for (const journal of clients.keys()) await journal.close();
    });
  }
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
        work(three.journal, id).then(async () => {
          await leaseOver();
          await work(three.journal, id);
        }),
      ]).finally(() => Promise.all([one.client.close(), two.client.close()]));
      equal(first.stop?.reason, "storage");
      equal(second.stop?.reason, "storage");
      await leaseOver();
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

await serverTest("runners of a job in PostgreSQL share its rate", NEEDS, async () => {
  await using server = await startPostgres();
  const url = await server.database("rate");
  await using box = await startSandbox({ keepOctets: 0 });
  const RATE = 50;
  const SECONDS = 30;
  const arrived: number[] = [];
  const journals = await Promise.all(
    [1, 2, 3].map(() => openPostgresJournal(connectPostgres(url))),
  );
  const [first] = journals;
  ok(first);
  const { id } = await first.create(ABOUT, people(RATE * SECONDS));
  const began = performance.now();
  await Promise.all(journals.map(async (journal) => {
    const { journal: job } = await journal.run(id, Date.now(), { messagesPerSecond: RATE });
    const { stop } = await sendBulk({
      journal: job,
      pool: { url: box.smtpUrl, caCerts: box.caCerts, maxConnections: 2 },
      render: ({ recipient }) => ({
        envelope: { from: "news@here.example", to: [recipient], policy: "any" },
        content: "Subject: Hello\r\n\r\nWelcome.\r\n",
      }),
      onEvent: ({ kind }) => void (kind === "row" && arrived.push(performance.now() - began)),
    });
    equal(stop, undefined);
  }));
  for (const journal of journals) await journal.close();
  equal(arrived.length, RATE * SECONDS);
  arrived.sort((a, b) => a - b);
  for (const [at, ms] of arrived.entries()) {
    const inSecond = arrived.filter((other) => other >= ms && other < ms + 1000).length;
    ok(inSecond <= RATE * 1.1 + 1, `${inSecond} within the second from message ${at}`);
  }
  const rate = arrived.length / (((arrived.at(-1) ?? 0) - (arrived[0] ?? 0)) / 1000);
  ok(rate > RATE * 0.95 && rate < RATE * 1.05, `${rate} per second`);
});
