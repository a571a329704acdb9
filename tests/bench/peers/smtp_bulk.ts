/**
 * Sends a bulk job: rows from memory, a template with three fields, a durable SQLite journal:
 * `PORT COUNT CONNECTIONS`. The clock begins before the rows go into the journal.
 *
 * @module
 */

import { openSqliteJournal, sendBulk } from "../../../src/jobs/mod.ts";
import { compileMessage } from "../../../src/message/mod.ts";

const [port, count, connections] = Deno.args.map(Number) as [number, number, number]; // from our runner

const letter = compileMessage({
  from: "sender@bench.example",
  subject: "Message number {{id}}, {{name}}",
  text: `Dear {{name}},\n\n${`${"x".repeat(70)}\n`.repeat(12)}\nYour code is {{code}}.\n`,
});

function* rows() {
  for (let row = 0; row < count; row++) {
    const recipient = `person${row}@bench.example`;
    const fields = { name: `Person ${row}`, id: `${row}`, code: `C-${row}` };
    yield { line: row + 2, recipient, key: recipient, fields };
  }
}

const folder = await Deno.makeTempDir({ dir: "tests/.tmp" });
const { ms, accepted } = await send();
await Deno.remove(folder, { recursive: true });
await Deno.stdout.write(new TextEncoder().encode(JSON.stringify({ ms, accepted })));

async function send() {
  await using journal = await openSqliteJournal(`${folder}/bench.db`, { create: true });
  const begin = performance.now();
  const about = { name: "bench", fingerprint: "", contentHash: "", settings: {} };
  const { id } = await journal.create(about, rows());
  const { journal: job } = await journal.run(id, Date.now());
  const { stop, outcomes } = await sendBulk({
    journal: job,
    pool: { url: `smtp://127.0.0.1:${port}`, tls: "none", maxConnections: connections },
    render: ({ id, recipient, fields, firstClaimMs }) => {
      const messageId = `<${id}@bench.example>`;
      const content = letter.render({ to: recipient, fields, date: firstClaimMs, messageId });
      return { envelope: { ...content.envelope, policy: "any" }, content };
    },
  });
  if (stop !== undefined) throw new Error(stop.text);
  return { ms: performance.now() - begin, accepted: outcomes.accepted };
}
