/**
 * A program that makes a bulk job and sends it: a process of its own, whose memory another one reads.
 * It says `made` and `sent` when it is so far, and ends with its standard input.
 *
 * @module
 */

import { type NewRow, openSqliteJournal, sendBulk } from "../../src/jobs/mod.ts";

const [port = "", count = "", path = ""] = Deno.args;

function* people(): Generator<NewRow> {
  for (let at = 0; at < Number(count); at++) {
    const recipient = `person${at}@d${at % 500}.example`;
    const fields = { email: recipient, name: `Person ${at}`, city: "Springfield" };
    yield { line: at + 2, recipient, key: recipient, fields };
  }
}

async function say(word: string): Promise<void> {
  await Deno.stdout.write(new TextEncoder().encode(`${word}\n`));
}

await using journal = await openSqliteJournal(path, { create: true });
const about = { name: "memory", fingerprint: "", contentHash: "", settings: {} };
const { id } = await journal.create(about, people());
await say("made");
const { journal: job } = await journal.run(id, Date.now());
const { stop, outcomes } = await sendBulk({
  journal: job,
  pool: { url: `smtp://127.0.0.1:${port}`, tls: "none" },
  render: ({ recipient, fields }) => ({
    envelope: { from: "news@here.example", to: [recipient], policy: "any" },
    content: `To: ${recipient}\r\nSubject: Hello ${fields["name"]}\r\n\r\n` +
      `Dear ${fields["name"]} of ${fields["city"]},\r\n\r\nwelcome.\r\n`,
  }),
});
if (stop !== undefined || outcomes.accepted !== Number(count)) {
  throw new Error(`Cannot measure: ${stop?.text ?? "rows are missing"}`);
}
await say("sent");
await Deno.stdin.read(new Uint8Array(1));
