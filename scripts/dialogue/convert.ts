/**
 * `convert`: writes dialogues in another form.
 *
 * @module
 */

import { visible } from "../../src/cli/mod.ts";
import {
  type Dialogue,
  dialogueToJson,
  dialogueToTypeScript,
  lintDialogue,
  makeGeneral,
  makePortable,
  placeOf,
  printDialogue,
  printMarkdown,
  repairDialogue,
} from "../../src/dialogue/mod.ts";
import { writeNew } from "../shared/transcript.ts";
import type { ConvertCall, Form } from "./calls.ts";
import type { VerbContext } from "./context.ts";
import { fail } from "./failure.ts";
import { Library, type LoadedFile } from "./library.ts";
import { blocksText } from "./reports.ts";
import { blocksOfFindings } from "./text_block.ts";

const ENDINGS: Readonly<Record<Form, string>> = {
  dialogue: ".dialogue",
  typescript: ".ts",
  json: ".json",
  markdown: ".md",
};

/**
 * Writes the dialogues of a file in another form.
 *
 * @param call What was typed.
 * @param path The file.
 * @param context The rest.
 */
export async function convert(
  call: ConvertCall,
  path: string,
  { io, readers }: VerbContext,
): Promise<void> {
  const { root, from, repair, portable, output, force } = call;
  const form = formOf(call);
  const library = new Library({ root, from, repair, portable, readers });
  const [file] = await library.load([path]);
  if (file === undefined) return fail(`Cannot convert "${path}"`);
  const read = file.imported.length > 0
    ? file.dialogues
    : file.dialogues.map((dialogue) => changed(dialogue, call));
  const dialogues = call.anyServer ? read.map(makeGeneral) : read;
  await tell(file, library, io.err);
  const several = dialogues.length > 1 && (form === "dialogue" || form === "typescript");
  if (output === undefined) {
    if (several) {
      fail(
        `Cannot convert "${path}": it holds several dialogues, which -o FOLDER/ takes, and ` +
          "--into markdown or json",
      );
    }
    return await io.out.print(textOf(dialogues, form));
  }
  const options = { option: "-o", ...(force === undefined ? {} : { force }) };
  if (!output.endsWith("/")) {
    if (several) {
      fail(`Cannot write "${output}": "${path}" holds several dialogues, -o FOLDER/ takes them`);
    }
    return await writeNew(output, textOf(dialogues, form), options);
  }
  await Deno.mkdir(output, { recursive: true });
  const names = new Set<string>();
  for (const dialogue of dialogues) {
    const name = `${fileName(dialogue.name, names)}${ENDINGS[form]}`;
    await writeNew(`${output}${name}`, textOf([dialogue], form), options);
    await io.err.line(`wrote ${visible(`${output}${name}`)}`);
  }
}

function formOf({ into, output = "" }: ConvertCall): Form {
  if (into !== undefined) return into;
  const [, ending = ""] = /(\.[A-Za-z]+)$/.exec(output) ?? [];
  if (ending === ".markdown") return "markdown";
  const found = (Object.keys(ENDINGS) as Form[]).find((form) => ENDINGS[form] === ending); // its keys are forms
  return found ?? fail(
    `Cannot convert into "${output}": expected -o with .dialogue, .ts, .json or .md, or --into FORM`,
  );
}

function changed(dialogue: Dialogue, { repair, portable }: ConvertCall): Dialogue {
  const mended = repair ? repairDialogue(dialogue) : dialogue;
  return portable ? makePortable(mended) : mended;
}

function textOf(dialogues: readonly Dialogue[], form: Form): string {
  const [first] = dialogues;
  if (form === "markdown" || first === undefined) return printMarkdown(dialogues);
  if (form === "json") {
    if (dialogues.length === 1) return dialogueToJson(first);
    return `[\n${dialogues.map((one) => dialogueToJson(one).trimEnd()).join(",\n")}\n]\n`;
  }
  return form === "typescript" ? dialogueToTypeScript(first) : printDialogue(first);
}

/** What was done with a page, and what lint says; none of it keeps it from being written. */
async function tell(
  { imported, dialogues }: LoadedFile,
  library: Library,
  err: { print(text: string): Promise<void> },
): Promise<void> {
  for (const { notes, findings } of imported) {
    for (const { at, text } of notes) await err.print(`${visible(`${placeOf(at)}: ${text}`)}\n`);
    await err.print(blocksText(blocksOfFindings(findings), library.sources));
  }
  if (imported.length > 0) return;
  for (const dialogue of dialogues) {
    await err.print(blocksText(blocksOfFindings(lintDialogue(dialogue)), library.sources));
  }
}

/** A name as the name of a file: nothing of it leads anywhere. */
function fileName(name: string, taken: Set<string>): string {
  const base = name.replace(/[^\p{L}\p{N}]+/gu, "_").replace(/^_+|_+$/g, "").slice(0, 80) ||
    "dialogue";
  let free = base;
  for (let number = 2; taken.has(free); number++) free = `${base}_${number}`;
  taken.add(free);
  return free;
}
