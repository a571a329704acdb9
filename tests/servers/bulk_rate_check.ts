/**
 * A bulk job keeps to its rate on a real clock, as the server sees it.
 */
import { equal, ok } from "node:assert/strict";
import { openSqliteJournal, sendBulk } from "@mailwright/mailwright/jobs";
import { startSandbox } from "@mailwright/mailwright/sandbox";
import { serverTest } from "./programs.ts";
import { RunFolder } from "./run_folder.ts";
import { crowd, early } from "./tempo.ts";

const RATE = 100;
const COUNT = 5 * RATE;
const MOST_IN_A_SECOND = 110;
const LEAST_IN_THE_FULLEST = 80;
/** A twentieth of a second: timers are late, and what they have missed is made up for. */
const BURST = 5;

await serverTest(
  "sendBulk() at 100 a second over 5 connections has at most 110 in any second",
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
    const enough = new AbortController();
    const watching = (async () => {
      for await (const { kind } of box.ledger.follow({ signal: enough.signal })) {
        if (kind === "terminator") came.push(performance.now());
      }
    })().catch((error) => equal(error, enough.signal.reason));
    const { stop } = await sendBulk({
      journal: job,
      pool: { url: box.smtpUrl, caCerts: box.caCerts, maxConnections: 5 },
      rates: { messagesPerSecond: RATE },
      render: ({ recipient }) => ({
        envelope: { from: "news@here.example", to: [recipient], policy: "any" },
        content: "Subject: Hello\n\nWelcome.\n",
      }),
    });
    enough.abort();
    await watching;
    equal(stop, undefined);
    equal(came.length, COUNT);
    equal(early(came, { began, rate: RATE, burst: BURST }), 0);
    const most = crowd(came);
    // A slow machine has some second in which nothing else held it up.
    ok(most >= LEAST_IN_THE_FULLEST && most <= MOST_IN_A_SECOND, `${most} in the fullest second`);
  },
);
