/**
 * Sends composed 1 KB messages through `SmtpPool`: `PORT COUNT CONNECTIONS`.
 *
 * @module
 */

import { compose, encodeText } from "../../../src/message/mod.ts";
import { type OutgoingMessage, SmtpPool } from "../../../src/smtp/mod.ts";

const [port, count, connections] = Deno.args.map(Number) as [number, number, number]; // from our runner

const body = encodeText(`${"x".repeat(70)}\n`.repeat(13));

function* messages(): Generator<OutgoingMessage> {
  for (let row = 0; row < count; row++) {
    const content = compose({
      from: "sender@bench.example",
      to: `person${row}@bench.example`,
      subject: `Message number ${row}`,
      date: 1_700_000_000_000 + row * 1000,
      messageId: `<${row}@bench.example>`,
      body,
    });
    yield { envelope: { ...content.envelope, policy: "any" }, content };
  }
}

await using pool = new SmtpPool({
  url: `smtp://127.0.0.1:${port}`,
  tls: "none",
  maxConnections: connections,
});
const begin = performance.now();
let accepted = 0;
for await (const { receipt } of pool.sendAll(messages())) {
  if (receipt.outcome === "accepted") accepted++;
}
const ms = performance.now() - begin;
await Deno.stdout.write(new TextEncoder().encode(JSON.stringify({ ms, accepted })));
