/** The shipped dialogues as programs: what is written as TypeScript plays as the text does. */

import { deepEqual, equal, ok } from "node:assert/strict";
import { type Dialogue, dialogueToTypeScript, playBoth } from "../../src/dialogue/mod.ts";
import { FakeClock } from "../fake_clock.ts";
import { choicesOf, shipped } from "./library.ts";
import { turning } from "./played.ts";

/** A program: a builder, or what `parseDialogue` gave. */
type Program = Dialogue | { toDialogue(): Dialogue };

async function programOf(name: string, dialogue: Dialogue): Promise<Dialogue> {
  await using folder = await temporaryFolder();
  const path = `${folder.path}/${name}.ts`;
  const from = new URL("../../mod.ts", import.meta.url).href;
  await Deno.writeTextFile(path, dialogueToTypeScript(dialogue, { from, name: "program" }));
  // The module has one export, of this name.
  const { program } = await import(`file://${path}`) as { readonly program: Program };
  return "toDialogue" in program ? program.toDialogue() : program;
}

async function temporaryFolder(): Promise<AsyncDisposable & { readonly path: string }> {
  await Deno.mkdir("tests/.tmp", { recursive: true });
  const path = await Deno.realPath(await Deno.makeTempDir({ dir: "tests/.tmp" }));
  return { path, [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }) };
}

Deno.test.each(
  shipped().map(({ name, dialogue }): [string, Dialogue] => [name, dialogue]),
)("the program of %s plays as the dialogue, at either end", async (name, dialogue) => {
  const program = { ...await programOf(name, dialogue), secrets: dialogue.secrets };
  for (const choice of choicesOf(dialogue)) {
    for (const [ours, theirs] of [[program, dialogue], [dialogue, program]] as const) {
      const clock = new FakeClock();
      const options = { ...choice, clock, throwOnFailure: false };
      const { client, server } = await turning(clock, playBoth(ours, theirs, options));
      for (const { failures, status } of [client, server]) {
        deepEqual(failures, []);
        equal(status, "passed");
      }
    }
  }
});

Deno.test(
  "most shipped dialogues are programs of calls",
  { permissions: { read: ["tests"] } },
  () => {
    const all = shipped().map(({ dialogue }) => dialogueToTypeScript(dialogue));
    ok(all.filter((code) => !code.includes("parseDialogue(")).length > all.length / 2);
  },
);
