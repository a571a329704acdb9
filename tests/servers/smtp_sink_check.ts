/**
 * SmtpPool at smtp-sink, which counts: nothing is lost and nothing comes twice.
 */
import { ok, strictEqual } from "node:assert/strict";
import { SmtpPool } from "@mailwright/mailwright/smtp";
import { letter } from "./contents.ts";
import { CountingDialler } from "./our_client.ts";
import { serverTest } from "./programs.ts";
import { startSmtpSink } from "./smtp_sink.ts";

const COUNT = 10_000;

await serverTest("SmtpPool sends 10,000 messages to smtp-sink", ["smtp-sink"], async () => {
  await using sink = await startSmtpSink({ count: true });
  const dialler = new CountingDialler();
  await using pool = new SmtpPool({
    url: `smtp://${sink.host}:${sink.port}`,
    tls: "none",
    dial: dialler.dial,
  });
  const content = letter("One of many", `${"x".repeat(70)}\r\n`.repeat(14));
  const envelope = { from: "a@alpha.example", to: ["b@beta.example"], policy: "any" } as const;
  let accepted = 0;
  for await (const { receipt } of pool.sendAll(Array(COUNT).fill({ envelope, content }))) {
    strictEqual(receipt.outcome, "accepted");
    accepted++;
  }
  await pool.close();
  strictEqual(accepted, COUNT);
  strictEqual(await sink.messages(), COUNT);
  strictEqual(dialler.connections, 5);
  // One write each, and hello and farewell of each connection.
  ok(dialler.writes <= COUNT * 1.05 + dialler.connections * 5, `${dialler.writes}`);
});
