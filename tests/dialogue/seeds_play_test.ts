/** The founding pages over TCP, in both roles, from their own recordings, and against the sandbox. */

import { deepEqual, doesNotMatch, equal, ok } from "node:assert/strict";
import {
  type Dialogue,
  type DialogueResult,
  importDialogues,
  runDialogue,
  serveDialogue,
  toDialogue,
} from "../../src/dialogue/mod.ts";
import { listen, startSandbox } from "../../src/sandbox/mod.ts";
import { Secret } from "../../src/sasl/mod.ts";

const SESSIONS: [name: string, index: number, outcome: string][] = [
  ["sina", 0, "ok"],
  ["sina_indented", 0, "ok"],
  ["rfc821", 0, "ok"],
  ["postfix_winmail", 0, "ok"],
  ["postfix_winmail", 0, "badPassword"],
  ["postfix_winmail", 1, "ok"],
  ["postfix_winmail", 1, "badPassword"],
];

function session(name: string, index: number): Dialogue {
  const text = Deno.readTextFileSync(`tests/fixtures/seeds/${name}.txt`);
  const found = importDialogues(text, { file: `${name}.txt` })[index];
  ok(found);
  return found.dialogue;
}

/** Client and server over TCP, with the file once at each end. */
async function overTcp(dialogue: Dialogue, outcome: string): Promise<readonly DialogueResult[]> {
  await using listener = await listen();
  const secrets = Object.fromEntries(
    dialogue.secrets.map(({ name, sample = "pencil" }) => [name, new Secret(sample)]),
  );
  const options = { secrets, outcome, throwOnFailure: false };
  const serving = serveDialogue(dialogue, listener, options);
  const to = `127.0.0.1:${listener.endpoint.port}`;
  const client = await runDialogue(dialogue, { ...options, to, cleartextAuth: true });
  return [client, ...await serving];
}

Deno.test.each(SESSIONS)(
  "%s.txt, session %d, plays over TCP to the outcome %s, and again from both recordings",
  async (name, index, outcome) => {
    const results = await overTcp(session(name, index), outcome);
    for (const { failures, transcript } of results) {
      deepEqual(failures, []);
      const recorded = toDialogue(transcript);
      for (const again of await overTcp(recorded, outcome)) deepEqual(again.failures, []);
    }
    doesNotMatch(JSON.stringify(results), /pencil/);
  },
);

Deno.test("rfc821.txt plays in a session of the sandbox: Green is refused", async () => {
  const recipients = ["Jones@Beta.ARPA", "Brown@Beta.ARPA"];
  await using box = await startSandbox({ recipients });
  const dialogue = session("rfc821", 0);
  equal(dialogue.fragment, true);
  const result = await runDialogue(dialogue, { to: box.smtpUrl });
  equal(result.delivery, "partial");
  deepEqual(result.recipients.map(({ reply }) => reply.code), [250, 550, 250]);
});
