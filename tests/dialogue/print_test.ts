import {
  type Dialogue,
  dialogueFromJson,
  type DialogueStep,
  dialogueToJson,
  formatDialogue,
  parseDialogue,
  parseMarkdown,
  printDialogue,
  printMarkdown,
} from "@mailwright/mailwright";
import { deepEqual, equal, ok, throws } from "node:assert/strict";
import { roundTrip, withoutPlaces } from "./same.ts";

const pure = { permissions: "none" } as const;
const reading = { permissions: { read: ["."] } };
const at = { file: "", line: 1, column: 1 };

/** A dialogue of some steps. */
function dialogueOf(...steps: DialogueStep[]): Dialogue {
  return { ...parseDialogue("@fragment\n"), steps };
}

/** Those that are written as they are printed, comments apart. */
const EXAMPLES = [
  "auth_login",
  "batch_smuggling",
  "greet_pause",
  "maildrop",
  "partial_refusal",
  "starttls",
];
const FOLDER = "tests/dialogues";

/** All shipped dialogues, those in folders too. */
function shipped(folder: string): string[] {
  return [...Deno.readDirSync(folder)].flatMap(({ name, isDirectory }) =>
    isDirectory
      ? shipped(`${folder}/${name}`)
      : name.endsWith(".dialogue")
      ? [`${folder}/${name}`]
      : []
  ).sort();
}

Deno.test("printDialogue() gives the text of every shipped dialogue again", reading, () => {
  const files = shipped(FOLDER);
  ok(files.length >= EXAMPLES.length);
  for (const file of files) {
    const text = Deno.readTextFileSync(file);
    const options = { file, root: FOLDER, read: (path: string) => Deno.readTextFileSync(path) };
    const dialogue = parseDialogue(text, options);
    const printed = roundTrip(dialogue);
    if (EXAMPLES.includes(dialogue.name)) {
      equal(printed.replace(/^@name.*\n/m, ""), text.replace(/^#.*\n/gm, ""));
    }
    equal(formatDialogue(text, options), text, file);
    deepEqual(dialogueFromJson(dialogueToJson(dialogue)), dialogue);
    const [fenced] = parseMarkdown(printMarkdown([dialogue]));
    deepEqual(withoutPlaces(fenced), withoutPlaces(dialogue));
  }
});

Deno.test("printDialogue() has one layout", pure, () => {
  equal(
    printDialogue(parseDialogue(
      "# a comment\n\tS:220 mx\r\n\n@step  label=x   within=2000ms\n C & S:  <tls>\n@repeat 2{\n  C:   NOOP\nS:   250 ok\n  }\n",
    )),
    "@smtp\nS: 220 mx\n@step within=2s label=x\nC & S: <tls>\n@repeat 2 {\nC: NOOP\nS: 250 ok\n}\n",
  );
});

Deno.test("printDialogue() writes stuffed octets that are no lines as they go out", pure, () => {
  const bytes = (from: Uint8Array<ArrayBuffer>): DialogueStep => ({
    kind: "bytes",
    at,
    end: "C",
    from,
    stuffed: true,
  });
  const text = printDialogue(
    dialogueOf(
      bytes(new TextEncoder().encode(".a\nb")),
      bytes(Uint8Array.of(46, 255)),
      bytes(new TextEncoder().encode("END\r\n.a\r\n")),
    ),
  );
  equal(
    text,
    "@smtp\n@fragment\nC|..a\\r\\nb\\r\\n\nC|..\\xff\\r\\n\nC<<END_\nEND\n.a\nEND_\n",
  );
});

const line = (text: string, content = false): DialogueStep => ({
  kind: "line",
  at,
  end: "C",
  template: [{ kind: "text", text }],
  content,
});

Deno.test.each<[string, DialogueStep[]]>([
  ["a line end in a command", [line("NOOP\r\nQUIT")]],
  ["a blank at the end of a command", [line("NOOP ")]],
  ["a command that looks like an event", [line("<close>")]],
  ["an empty command", [line("")]],
  ["content where none may be", [line("a", true)]],
  ["a reply that has no end before another one", [
    { kind: "reply", at, end: "S", lines: [{ kind: "pattern", at, pattern: "a" }], forbid: [] },
    { kind: "reply", at, end: "S", lines: [{ kind: "rest", at }], forbid: [] },
  ]],
  ["a path out of the folder", [
    { kind: "bytes", at, end: "C", from: { path: "../a" }, stuffed: true },
  ]],
])("printDialogue() refuses %s [T-I42]", pure, (_, steps) => {
  throws(() => printDialogue(dialogueOf(...steps)), TypeError);
});

Deno.test("printDialogue() refuses a value with a line end [T-I42]", pure, () => {
  throws(() => printDialogue({ ...dialogueOf(), vars: { a: "b\nC: QUIT" } }), TypeError);
  throws(() => printDialogue({ ...dialogueOf(), name: "b\nC: QUIT" }), TypeError);
  throws(() => printDialogue({ ...dialogueOf(), require: ["SIZE\nC: QUIT"] }), TypeError);
});

Deno.test("printMarkdown() gives a fence longer than any in the text", pure, () => {
  const dialogue = parseDialogue("S: 220 ```\nC<<END\n````\nEND\n", { name: "a" });
  const text = printMarkdown([dialogue, dialogue]);
  equal(text.startsWith("# a\n\n`````smtp\n"), true);
  deepEqual(parseMarkdown(text).map(withoutPlaces), [dialogue, dialogue].map(withoutPlaces));
});

Deno.test.each([
  ["no JSON", () => "{"],
  ["no dialogue", () => "{}"],
  ["a dialogue without fields", () => '{"schema":"mailwright-dialogue/1"}'],
  ["an unknown field", (json: string) => json.replace('"name"', '"extra": 1, "name"')],
  ["an unknown step", (json: string) => json.replace('"close"', '"clsoe"')],
  ["a step without its place", (json: string) => json.replace(/"at": \{[^}]*\}/, '"x": 1')],
  [
    "a limit without its place",
    (json: string) => json.replace(/"timeoutAt": \{[^}]*\}/, '"timeoutAt": {}'),
  ],
  ["a place that is none", (json: string) => json.replace('"line": 1', '"line": "1"')],
  ["octets that are no base64", (json: string) => json.replace("YQ==", "Y=Q")],
  ["a secret where none may be", (json: string) =>
    json.replace('"220"', '"250"').replace(
      '"secrets": []',
      '"secrets": [{"name": "mx"}]',
    )],
])("dialogueFromJson() refuses %s [T-I41]", pure, (_, spoil) => {
  const json = dialogueToJson(parseDialogue("@timeout 5s\nS: 220 ${mx=a}\nC|a\nS: <close>\n"));
  deepEqual(dialogueToJson(dialogueFromJson(json)), json);
  throws(() => dialogueFromJson(spoil(json)), SyntaxError);
});
