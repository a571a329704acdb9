/**
 * A bulk job keeps to its rate on a real clock, as the server sees it.
 */
import { equal, ok } from "node:assert/strict";
import { openSqliteJournal, sendBulk } from "@mailwright/mailwright/jobs";
import { startSandbox } from "@mailwright/mailwright/sandbox";
import { serverTest } from "./programs.ts";
import { RunFolder } from "./run_folder.ts";

const RATE = 100;
const COUNT = 6 * RATE;
/** Timers are late, and what they have missed is made up for. */
const MOST_IN_A_SECOND = 1.1 * RATE;

await serverTest(
  "sendBulk() sends 100 a second over 5 connections, in each second",
  [],
  async () => {
    await using box = await startSandbox({ keepOctets: 0 });
    await using folder = await RunFolder.make("rate");
    await using journal = await openSqliteJournal(folder.file("rate.db"), { create: true });
    const about = { name: "rate", fingerprint: "", contentHash: "", settings: {} };
    const people = Array.from({ length: COUNT }, (_, at) => {
      const recipient = `p${at}@d${at % 50}.example`;
      return { line: at + 2, recipient, key: recipient, fields: {} };
    });
    const { journal: job } = await journal.run(
      (await journal.create(about, people)).id,
      Date.now(),
    );
    const came: number[] = [];
    const over = new AbortController();
    const watching = (async () => {
      for await (const { kind } of box.ledger.follow({ signal: over.signal })) {
        if (kind === "terminator") came.push(performance.now());
      }
    })().catch((error) => equal(error, over.signal.reason));
    const { stop } = await sendBulk({
      journal: job,
      pool: { url: box.smtpUrl, caCerts: box.caCerts, maxConnections: 5 },
      rates: { messagesPerSecond: RATE },
      render: ({ recipient }) => ({
        envelope: { from: "news@here.example", to: [recipient], policy: "any" },
        content: "Subject: Hello\n\nWelcome.\n",
      }),
    });
    over.abort();
    await watching;
    equal(stop, undefined);
    equal(came.length, COUNT);
    let most = 0;
    let first = 0;
    for (const [last, ms] of came.entries()) {
      while ((came[first] ?? ms) <= ms - 1000) first++;
      most = Math.max(most, last - first + 1);
    }
    ok(most <= MOST_IN_A_SECOND, `${most} in one second`);
    const seconds = ((came.at(-1) ?? 0) - (came[0] ?? 0)) / 1000;
    const rate = (COUNT - 1) / seconds;
    ok(Math.abs(rate / RATE - 1) <= 0.05, `${rate.toFixed(1)} a second`);
  },
);
