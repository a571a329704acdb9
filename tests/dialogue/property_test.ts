import {
  type Dialogue,
  dialogueFromJson,
  DialogueSyntaxError,
  dialogueToJson,
  dialogueToTypeScript,
  formatDialogue,
  importDialogues,
  lintDialogue,
  makePortable,
  parseDialogue,
  repairDialogue,
} from "@mailwright/mailwright";
import { deepEqual, equal } from "node:assert/strict";
import { seeded } from "../message/random.ts";
import { EXAMPLES } from "./examples.ts";
import { roundTrip, withoutPlaces } from "./same.ts";

/** Lines and pieces from which texts are put together. */
const LINES = [
  ...[...EXAMPLES.values()].flatMap((text) => text.split("\n")),
  "@pop3",
  "@lmtp",
  "@name x",
  "@repeat 2 {",
  "@each x in a, b {",
  "@when SIZE {",
  "@alt {",
  "} or {",
  "}",
  "@proc p {",
  "@call p",
  "@step soft within=2s label=a",
  "@step match=text",
  "#+12ms",
  "@outcome x",
  "@chunk S 1",
  "@delay C 2s",
  "@auth PLAIN user pass",
  "@on RCPT x2 -> 550 no",
  "@require SIZE",
  "C: DATA",
  "S: 354 go",
  "C:  a ",
  "C:",
  "C: .",
  "C*",
  "S*",
  "S? 250-a ${b}",
  "S~ /25[0-9] a*/ = 250-x",
  "S~ /a/",
  "S! x",
  "C|a\\r\\n\\xff",
  "C<<END",
  "END",
  "S<<raw END",
  "C< a/b",
  "C & S: <tls>",
  "C & S: <turn>",
  "C: 250-x",
  "S: NOOP",
  "C: <drop>",
  "C: ${b64 user} $$ $${x} $",
  "S: +OK a",
  "S: -ERR",
  "S: .",
  "S: 1 ${n:int=2}",
  "C: LIST",
];
const PIECES = [
  "$",
  "{",
  "}",
  "${x}",
  " ",
  "\t",
  "<",
  ">",
  "-",
  ".",
  "\\",
  '"',
  "#",
  "@",
  ":",
  "é",
];

/** A text of some lines, one or two of them changed. */
function textOf(random: (limit: number) => number): string {
  const pick = <T>(list: readonly T[]) => list[random(list.length)] as T; // within bounds
  const lines = Array.from({ length: 1 + random(12) }, () => pick(LINES));
  for (let changes = random(3); changes > 0; changes--) {
    const at = random(lines.length);
    const line = lines[at] ?? "";
    const cut = random(line.length + 1);
    lines[at] = line.slice(0, cut) + pick(PIECES) + line.slice(cut + random(2));
  }
  return `${lines.join("\n")}\n`;
}

function read(text: string): Dialogue | undefined {
  try {
    return parseDialogue(text);
  } catch (error) {
    if (error instanceof DialogueSyntaxError) return undefined;
    throw error;
  }
}

Deno.test(
  "whatever parseDialogue() takes can be printed, laid out, judged, mended, converted [T-I41]",
  {
    permissions: "none",
  },
  () => {
    const random = seeded(1);
    let taken = 0;
    for (let turn = 0; turn < 6000; turn++) {
      const text = textOf(random);
      const dialogue = read(text);
      if (dialogue === undefined) continue;
      taken++;
      try {
        roundTrip(dialogue);
        deepEqual(dialogueFromJson(dialogueToJson(dialogue)), dialogue);
        const formatted = formatDialogue(text);
        deepEqual(withoutPlaces(parseDialogue(formatted)), withoutPlaces(dialogue));
        equal(formatDialogue(formatted), formatted);
        lintDialogue(dialogue);
        roundTrip(repairDialogue(dialogue));
        roundTrip(makePortable(dialogue));
        dialogueToTypeScript(dialogue);
      } catch (cause) {
        throw new Error(`Cannot handle the text:\n${text}`, { cause });
      }
    }
    equal(taken > 500, true, `${taken} texts were taken`);
  },
);

Deno.test("importDialogues() gives what can be printed, whatever the page [T-I41]", {
  permissions: "none",
}, () => {
  const random = seeded(2);
  for (let turn = 0; turn < 2000; turn++) {
    const text = textOf(random).replaceAll(/^@.*\n/gm, "");
    for (const mark of ["", ">", " -> "]) {
      const page = text.replaceAll(/^/gm, mark);
      try {
        for (const options of [{}, { repair: true, portable: true }]) {
          importDialogues(page, options).forEach(({ dialogue }) => roundTrip(dialogue));
        }
      } catch (cause) {
        throw new Error(`Cannot handle the page:\n${page}`, { cause });
      }
    }
  }
});
