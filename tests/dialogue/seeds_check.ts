/**
 * Imports every session of the pages in a folder and plays it, in all the ways in which the session
 * parts in `tests/fixtures/seeds` are played. Exits with 1 if one of them fails, with 2 without a folder.
 *
 * ```sh
 * deno task seeds PATH
 * ```
 *
 * @module
 */

import { deepEqual, equal, ok } from "node:assert/strict";
import { formatTable, Printer } from "../../src/cli/mod.ts";
import {
  type Dialogue,
  type DialogueResult,
  type DialogueStep,
  dialogueToJson,
  importDialogues,
  type ImportedDialogue,
  printDialogue,
  printMarkdown,
  runDialogue,
  toDialogue,
} from "../../src/dialogue/mod.ts";
import { startSandbox } from "../../src/sandbox/mod.ts";
import { alone, choicesOf, overTcp } from "./library.ts";
import { roundTrip } from "./same.ts";

/** A page of a folder. */
export interface Page {
  /** The name of its file. */
  readonly file: string;
  /** What is written there. */
  readonly text: string;
}

/** What came of one check of a session. */
export interface Checked {
  /** What was checked. */
  readonly check: string;
  /** What went wrong; nothing if it is good, `skipped` if it is not about this session. */
  readonly problem?: string;
  /** Whether it is not about this session. */
  readonly skipped?: boolean;
}

interface Session {
  readonly page: Page;
  readonly imported: ImportedDialogue;
  /** All that is written while it is checked. */
  readonly written: string[];
}

type Check = (session: Session) => Promise<"skipped" | void> | "skipped" | void;

const CHECKS: readonly (readonly [name: string, check: Check])[] = [
  ["import", imports],
  ["text", ({ imported }) => void roundTrip(imported.dialogue)],
  ["alone", playsAlone],
  ["tcp", playsOverTcp],
  ["outcomes", hasBothOutcomes],
  ["sandbox", playsInSandbox],
  // The last one: it looks at what the others have written.
  ["secrets", keepsSecrets],
];

/**
 * Checks all sessions of a page.
 *
 * @param page The page.
 * @returns The sessions with what came of each check.
 */
export async function checkPage(
  page: Page,
): Promise<readonly (readonly [session: ImportedDialogue, checked: readonly Checked[]])[]> {
  const sessions: [ImportedDialogue, Checked[]][] = [];
  for (const imported of importDialogues(page.text, { file: page.file })) {
    const session: Session = { page, imported, written: [] };
    const checked: Checked[] = [];
    for (const [check, run] of CHECKS) {
      try {
        checked.push({ check, skipped: await run(session) === "skipped" });
      } catch (error) {
        checked.push({ check, problem: error instanceof Error ? error.message : String(error) });
      }
    }
    sessions.push([imported, checked]);
  }
  return sessions;
}

function imports({ imported: { dialogue, findings, notes }, written }: Session): void {
  written.push(
    printDialogue(dialogue),
    dialogueToJson(dialogue),
    printMarkdown([dialogue]),
    JSON.stringify([notes, findings]),
  );
  deepEqual(findings.filter(({ level }) => level === "error"), []);
}

function passed(results: readonly DialogueResult[], { written }: Session): void {
  for (const result of results) {
    written.push(JSON.stringify(result));
    deepEqual(result.failures, []);
    equal(result.status, "passed");
  }
}

async function playsAlone(session: Session): Promise<void> {
  for (const choice of choicesOf(session.imported.dialogue)) {
    const { client, server } = await alone(session.imported.dialogue, choice);
    passed([client, server], session);
  }
}

/** With the file once at each end, and again from the recording of each end. */
async function playsOverTcp(session: Session): Promise<void> {
  const { dialogue } = session.imported;
  for (const choice of choicesOf(dialogue)) {
    const results = await overTcp(dialogue, choice);
    equal(results.length, 2);
    passed(results, session);
    for (const { transcript } of results) {
      passed(await overTcp(toDialogue(transcript), choice), session);
    }
  }
}

/** A page that tells how a login fails has a session for it. */
async function hasBothOutcomes({ imported: { dialogue } }: Session): Promise<"skipped" | void> {
  const choices = choicesOf(dialogue);
  if (choices[0]?.outcome === undefined) return "skipped";
  for (const choice of choices) {
    equal((await alone(dialogue, choice)).client.outcome, choice.outcome);
  }
}

/** What begins within a session gets its beginning from the prelude. */
async function playsInSandbox(session: Session): Promise<"skipped" | void> {
  const { dialogue } = session.imported;
  if (!dialogue.fragment || dialogue.protocol === "pop3") return "skipped";
  const { client } = await alone(dialogue);
  const recipients = client.recipients
    .filter(({ reply: { code } }) => `${code}`.startsWith("2"))
    .map(({ address }) => address);
  await using box = await startSandbox({ recipients });
  const to = dialogue.protocol === "lmtp" ? box.lmtpUrl : box.smtpUrl;
  const result = await runDialogue(dialogue, { to, throwOnFailure: false });
  passed([result], session);
  equal(result.delivery, client.delivery);
}

function keepsSecrets({ page, written }: Session): void {
  const all = written.join("\n").toLowerCase();
  for (const word of credentialsOf(page.text)) {
    ok(!all.includes(word.toLowerCase()), "a credential of the page is still there");
  }
}

/** How a line of a page may be marked. */
const MARKS = /^[>\s\u3000\u00a0]*([CSR](?: ?\(\d+\))?:\s*)?/;

/** What a page shows of logins: the lines behind 334 and the arguments of AUTH and PASS. */
export function credentialsOf(text: string): readonly string[] {
  const found: string[] = [];
  let challenged: "marked" | "bare" | undefined;
  for (const whole of text.split(/\r?\n/)) {
    const [before = "", mark] = MARKS.exec(whole) ?? [];
    const line = whole.slice(before.length);
    const [word = ""] = line.split(/[\s-]/, 1);
    // Without a mark, behind lines with marks, a challenge goes on.
    const answers = challenged === "bare" || (challenged === "marked" && mark !== undefined);
    if (answers && word !== "") found.push(word);
    const [, initial] = /^AUTH\s+[A-Z0-9-]+\s+([A-Za-z0-9+/]{8,}={0,2})/i.exec(line) ?? [];
    const [command, password] = /^PASS\s+(\S+)/i.exec(line) ?? [];
    if (initial !== undefined) found.push(initial);
    // A password may be any word: it is looked for behind its command.
    if (password !== undefined && command !== undefined) found.push(command.replace(/\s+/, " "));
    if (/^334(?:[ -]|$)/.test(line)) challenged = mark === undefined ? "bare" : "marked";
    else if (answers && word !== "") challenged = undefined;
  }
  // What a login stands for may well be an address that the page shows elsewhere.
  return [...found, ...found.map(decoded).filter((word) => word !== "" && !text.includes(word))];
}

/** What a base64 text stands for, if that is text. */
function decoded(word: string): string {
  try {
    const text = atob(word);
    return /^[\0 -~]*$/.test(text) ? text : "";
  } catch {
    return ""; // no base64
  }
}

/** How many lines each end says where the first arm is taken. */
export function linesOf({ steps }: Dialogue): readonly [client: number, server: number] {
  const flat = firstArms(steps);
  const client = flat.filter(({ kind }) => kind === "line").length;
  const server = flat.reduce((sum, step) => {
    if (step.kind !== "reply") return sum;
    const [first] = step.lines;
    // The dot of a body is a line too.
    const dot = first?.kind === "line" && first.more && first.code[0] === "+OK" ? 1 : 0;
    return sum + step.lines.length + dot;
  }, 0);
  return [client, server];
}

function firstArms(steps: readonly DialogueStep[]): readonly DialogueStep[] {
  return steps.flatMap((step) => step.kind === "block" ? firstArms(step.arms[0] ?? []) : [step]);
}

function shown({ problem, skipped = false }: Checked): string {
  return problem !== undefined ? "FAIL" : skipped ? "-" : "ok";
}

async function main([path, ...more]: readonly string[]): Promise<number> {
  const out = new Printer(Deno.stdout, "standard output");
  if (path === undefined || more.length > 0) {
    await out.line("Usage: deno task seeds PATH");
    return 2;
  }
  const rows: string[][] = [];
  const problems: string[] = [];
  const files = await Array.fromAsync(Deno.readDir(path));
  for (const file of files.filter(({ isFile }) => isFile).map(({ name }) => name).sort()) {
    const page = { file, text: await Deno.readTextFile(`${path}/${file}`) };
    const sessions = await checkPage(page);
    if (sessions.length === 0) rows.push([file, "no dialogue found"]);
    for (const [{ dialect, dialogue }, checked] of sessions) {
      const [first] = dialogue.steps;
      const session = `${dialogue.protocol} ${dialect} line ${first?.at.line ?? 0}`;
      rows.push([file, session, linesOf(dialogue).join("/"), ...checked.map(shown)]);
      for (const { check, problem } of checked) {
        if (problem !== undefined) problems.push(`${file}, ${session}, ${check}: ${problem}`);
      }
    }
  }
  await out.print(formatTable(["page", "session", "C/S", ...CHECKS.map(([name]) => name)], rows));
  for (const problem of problems) await out.line(`\n${problem}`);
  return problems.length === 0 ? 0 : 1;
}

if (import.meta.main) Deno.exit(await main(Deno.args));
