/**
 * Sessions in other notations, to dialogues: recognised, read, and mended if that is wanted.
 *
 * @module
 */

import { importRfc3461, importRfc5321, importRfc821 } from "./marks.ts";
import type { FoundSession, Importer, ImportNote } from "./session.ts";
import { importTelnet } from "./telnet.ts";
import { importCurl, importSwaks } from "./tools.ts";
import { importTranscript } from "./transcript.ts";
import type { Finding } from "../lint/finding.ts";
import { lintDialogue } from "../lint/lint.ts";
import { octetsOf, type SourceLine } from "../text/parse_source.ts";
import { problem } from "../errors.ts";
import { placedInPage } from "./page_places.ts";
import { makePortable } from "./portable.ts";
import { repairDialogue } from "../lint/repair.ts";
import type { Dialogue } from "../step.ts";

export type { ImportNote } from "./session.ts";

/** A notation of sessions. */
export type Dialect =
  | "rfc5321"
  | "rfc821"
  | "rfc3461"
  | "telnet"
  | "swaks"
  | "curl"
  | "transcript";

/** How a page is read. */
export interface ImportOptions {
  /** The file, for places and names. @default {""} */
  readonly file?: string;
  /** The notation. By default it is recognised. */
  readonly dialect?: Dialect;
  /** Whether what lint finds is mended where that is safe. @default {false} */
  readonly repair?: boolean;
  /** Whether names, dates and ids of the one session become holes. @default {false} */
  readonly portable?: boolean;
}

/** A session that was found in a page. */
export interface ImportedDialogue {
  /** The notation it was in. */
  readonly dialect: Dialect;
  /** Its form. */
  readonly dialogue: Dialogue;
  /** What was done with the page. */
  readonly notes: readonly ImportNote[];
  /** What lint says of it, before it was mended. */
  readonly findings: readonly Finding[];
}

const IMPORTERS: ReadonlyMap<Dialect, Importer> = new Map<Dialect, Importer>([
  ["transcript", importTranscript],
  ["swaks", importSwaks],
  ["rfc5321", importRfc5321],
  ["rfc821", importRfc821],
  ["rfc3461", importRfc3461],
  ["curl", importCurl],
  ["telnet", importTelnet],
]);

/** The most octets of a page. */
const MAX_PAGE = 4 * 1024 * 1024;

/**
 * Finds the notations of a page.
 *
 * @param text The page.
 * @returns The notations that it may hold.
 *
 * @example Usage
 * ```ts
 * import { dialectsOf } from "@mailwright/mailwright";
 * import { deepEqual } from "node:assert/strict";
 *
 * deepEqual(dialectsOf("S: NOOP\nR: 250 ok\n"), ["rfc821"]);
 * ```
 */
export function dialectsOf(text: string): readonly Dialect[] {
  const has = (line: RegExp) => line.test(text);
  const found: Dialect[] = [];
  if (has(/^\{"at":/m)) found.push("transcript");
  if (has(/^<(?:-|~|\*\*|~\*) /m) && has(/^ [-~]> /m)) found.push("swaks");
  if (has(/^[ \t\u00a0\u3000]*C(?: ?\(\d+\))?:/m)) found.push("rfc5321");
  else if (has(/^[ \t\u00a0\u3000]*R(?: ?\(\d+\))?:/m)) found.push("rfc821");
  if (has(/^[ \t]*<<< ?\S/m) && has(/^[ \t]*>>> ?\S/m)) found.push("rfc3461");
  if (has(/^< (?:\d{3}|\+OK|-ERR)/m) && has(/^> [A-Z]/m)) found.push("curl");
  if (has(/^[ \t\u00a0\u3000>]*(?:telnet +\S|\d{3}[ -]|\+OK\b)/im) || has(/^[-=]{3,}\d{3} /m)) {
    found.push("telnet");
  }
  return found;
}

/**
 * Finds the sessions of a page and makes a dialogue of each. Credentials become holes.
 *
 * @param text The page: a part of an RFC, a web page, what a program has shown.
 * @param options Its notation, and what is changed.
 * @returns The sessions, in the order of the page; none if it holds none.
 * @throws {DialogueSyntaxError} If the page is too large, or a session is larger than a dialogue.
 *
 * @example Usage
 * ```ts
 * import { importDialogues, printDialogue } from "@mailwright/mailwright";
 * import { equal } from "node:assert/strict";
 *
 * const [session] = importDialogues("S: NOOP\nR: 250 ok\n");
 * equal(session && printDialogue(session.dialogue), "@smtp\n@fragment\nC: NOOP\nS: 250 ok\n");
 * ```
 */
export function importDialogues(
  text: string,
  options: ImportOptions = {},
): readonly ImportedDialogue[] {
  const { file = "", dialect } = options;
  const lines = pageLines(text, file);
  const taken: (FoundSession & { readonly dialect: Dialect })[] = [];
  for (const each of dialect === undefined ? dialectsOf(text) : [dialect]) {
    for (const session of IMPORTERS.get(each)?.(lines) ?? []) {
      taken.push({ ...session, dialect: each });
    }
  }
  // What two notations claim belongs to the one that is looked for first.
  const ordered = taken.map((session, rank) => ({ session, rank }))
    .sort((a, b) => a.session.range[0] - b.session.range[0] || a.rank - b.rank);
  let last = 0;
  const sessions = ordered.flatMap(({ session }) => {
    if (session.range[0] <= last) return [];
    last = session.range[1];
    return [session];
  });
  return sessions.map((session, index) => {
    const { steps, ...dialogue } = session.dialogue(nameOf(file, index, sessions.length));
    return imported(session, { ...dialogue, steps: placedInPage(steps, lines) }, options);
  });
}

/** A page may have what a dialogue may not: control characters, long lines. */
function pageLines(text: string, file: string): readonly SourceLine[] {
  if (octetsOf(text) > MAX_PAGE) {
    problem({ file, line: 1, column: 1 }, "", "a page of at most 4 MiB");
  }
  return text.replace(/^\ufeff/, "").split(/\r?\n/)
    .map((line, index) => ({ text: line, at: { file, line: index + 1, column: 1 } }));
}

function imported(
  { notes, dialect }: FoundSession & { readonly dialect: Dialect },
  verbatim: Dialogue,
  { repair = false, portable = false }: ImportOptions,
): ImportedDialogue {
  const findings = lintDialogue(verbatim);
  const mended = repair ? repairDialogue(verbatim) : verbatim;
  return { dialect, dialogue: portable ? makePortable(mended) : mended, notes, findings };
}

/** The name of the file; with a number where it holds several sessions. */
function nameOf(file: string, index: number, count: number): string {
  const base = file.slice(file.lastIndexOf("/") + 1).replace(/\.[A-Za-z0-9]+$/, "");
  return base !== "" && count > 1 ? `${base} ${index + 1}` : base;
}
