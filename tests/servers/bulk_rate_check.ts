/**
 * A bulk job keeps to its rate on a real clock, as the server sees it.
 */
import { equal, ok } from "node:assert/strict";
import { openSqliteJournal, sendBulk } from "@mailwright/mailwright/jobs";
import { startSandbox } from "@mailwright/mailwright/sandbox";
import { serverTest } from "./programs.ts";
import { RunFolder } from "./run_folder.ts";
import { best, early } from "./tempo.ts";

const RATE = 50;
const COUNT = 8 * RATE;
/** A twentieth of a second: timers are late, and what they have missed is made up for. */
const BURST = 2;

await serverTest(
  "sendBulk() sends 50 a second over 5 connections, and never one before its time",
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
    const began = performance.now();
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
    equal(early(came, { began, rate: RATE, burst: BURST }), 0);
    const rate = best(came);
    ok(rate >= RATE * 0.8, `${rate.toFixed(1)} a second`);
  },
);
