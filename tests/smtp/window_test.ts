/**
 * What is known of messages in a window when the server goes away.
 */
import { SmtpSession } from "@mailwright/mailwright/smtp";
import { deepEqual } from "node:assert/strict";
import { play } from "./scripted_server.ts";

const HELLO = `
  S: 220 mx.example
  C: EHLO c.example
  S: 250-mx.example
  S: 250-PIPELINING
  S: 250 CHUNKING`;
const WHOLE = `
  C: RSET
  C: MAIL FROM:<a@c.example>
  C: RCPT TO:<b@mx.example>
  C: BDAT 12 LAST
  C: Subject: x`;

/** Sends three messages in one window, and gives what became of them. */
async function outcomes(script: string): Promise<string[]> {
  const { connection, done } = play(HELLO + script);
  await using session = new SmtpSession(connection, { host: "mx.example", name: "c.example" });
  await session.readGreeting();
  await session.ehlo();
  const envelope = { from: "a@c.example", to: ["b@mx.example"], policy: "any" } as const;
  const messages = Array(3).fill({ envelope, content: "Subject: x\r\n", chunking: true });
  const seen: string[] = [];
  try {
    for await (const { outcome } of session.sendAll(messages, { window: 3 })) seen.push(outcome);
  } catch {
    // The receipts have told it.
  }
  await done;
  return seen;
}

Deno.test(
  "SmtpSession.sendAll() knows nothing of messages in a window that nobody answered [S43]",
  { permissions: "none" },
  async () => {
    deepEqual(
      await outcomes(`${WHOLE}${WHOLE}${WHOLE}
        S: 250 reset
        S: 250 sender
        S: 250 recipient
        S: 250 taken
        S: 250 reset
        S: 250 sender
        <close>`),
      ["accepted", "in-doubt", "in-doubt"],
    );
  },
);

Deno.test(
  "SmtpSession.sendAll() knows that nothing behind a farewell in a transaction was taken [S18]",
  { permissions: "none" },
  async () => {
    deepEqual(
      await outcomes(`${WHOLE}${WHOLE}${WHOLE}
        S: 250 reset
        S: 421 closing
        <close>`),
      ["deferred", "in-doubt", "in-doubt"],
    );
  },
);
