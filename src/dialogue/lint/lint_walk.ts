/**
 * The course of a dialogue for lint: which command each reply answers, what was offered, who speaks.
 *
 * @module
 */

import { holesOf, verbOf } from "../text/secret_places.ts";
import type { CodePattern, Dialogue, End, LineStep, ReplyStep, Step } from "../step.ts";
import { fillTemplate, type Hole } from "../template.ts";

/** The most commands without a reply that are followed. */
const MAX_ASKED = 1000;

/** A command that waits for its reply. */
export interface Waiting {
  /** Its verb; `.` for the end of a message, empty for the greeting and for answers of AUTH. */
  readonly verb: string;
  /** The whole command, holes filled with samples. */
  readonly text: string;
}

/** What is known at a step. */
export interface Known {
  /** The end that sends commands. */
  readonly commands: End;
  /** Whether TLS was begun. */
  readonly tls: boolean;
  /** The greeting command that was accepted last. */
  readonly hello: "EHLO" | "HELO" | undefined;
  /** What the server offers, as keywords with parameters; nothing if it never said. */
  readonly offered: readonly string[] | undefined;
  /** Commands without a reply so far, the oldest first. */
  readonly asked: readonly Waiting[];
  /** The last command since the last reply. */
  readonly previous: LineStep | undefined;
  /** An AUTH is going on. */
  readonly auth: boolean;
  /** The server waits for an answer of AUTH. */
  readonly challenged: boolean;
  /** The connection has ended. */
  readonly over: boolean;
  /** Octets were written as they are: what they ask for is not known. */
  readonly loose: boolean;
  /** How many recipients were accepted (LMTP). */
  readonly recipients: number;
  /** Values of holes as far as samples tell them; they are gathered, whichever arm has them. */
  readonly values: Map<string, string>;
}

/** Looks at a step and what is known before it. Blocks are not shown, what is in them is. */
export type Visitor = (step: Exclude<Step, { kind: "block" }>, known: Known) => void;

/** Walks through a dialogue; each arm begins with what is known before its block. */
export function follow(dialogue: Dialogue, visitor: Visitor): Known {
  const values = new Map(Object.entries(dialogue.vars));
  for (const { name, sample } of dialogue.secrets) {
    if (sample !== undefined) values.set(name, sample);
  }
  const start: Known = {
    commands: "C",
    tls: false,
    // A fragment has its prelude.
    hello: dialogue.fragment ? "EHLO" : undefined,
    offered: undefined,
    asked: dialogue.fragment ? [] : [{ verb: "", text: "" }],
    previous: undefined,
    auth: false,
    challenged: false,
    over: false,
    loose: false,
    recipients: 0,
    values,
  };
  return walk(dialogue, dialogue.steps, start, visitor);
}

function walk(dialogue: Dialogue, steps: readonly Step[], start: Known, visitor: Visitor): Known {
  let known = start;
  for (const step of steps) {
    if (step.kind !== "block") {
      visitor(step, known);
      known = after(step, known, dialogue);
      continue;
    }
    if (step.how === "each") known.values.set(step.name, step.values[0] ?? "");
    const before = known;
    const ends = step.arms.map((arm) => walk(dialogue, arm, before, visitor));
    const [first = known] = ends;
    // A session goes on if one arm does; it goes on as behind that one.
    known = ends.find(({ over }) => !over) ?? first;
  }
  return known;
}

/** What is known behind a step. */
function after(step: Step, known: Known, dialogue: Dialogue): Known {
  switch (step.kind) {
    case "tls":
      return { ...known, tls: true, hello: undefined, offered: undefined, ...NOTHING_ASKED };
    case "turn":
      return {
        ...known,
        commands: known.commands === "C" ? "S" : "C",
        hello: undefined,
        offered: undefined,
        asked: [{ verb: "", text: "" }],
        previous: undefined,
      };
    case "close":
    case "drop":
      return { ...known, over: true };
    case "bytes":
      // What BDAT has announced asks for nothing itself.
      return known.previous !== undefined && verbOf(known.previous) === "BDAT"
        ? known
        : { ...known, loose: true };
    case "auth":
      return { ...ask(known, { verb: "AUTH", text: "AUTH" }), previous: undefined };
    case "line":
      return step.content ? afterContent(step, known, dialogue) : afterCommand(step, known);
    case "reply":
      return afterReply(step, known, dialogue);
    default:
      return known;
  }
}

const NOTHING_ASKED = { asked: [], previous: undefined } as const;
/** The end of a message. */
const DOT: Waiting = { verb: ".", text: "." };

function afterContent(step: LineStep, known: Known, { protocol }: Dialogue): Known {
  if (textOf(step, known) !== ".") return known;
  // RFC 2033 section 4.2: one reply for each recipient.
  const count = protocol === "lmtp" ? known.recipients : 1;
  const dots = Array.from({ length: count }, () => DOT);
  return { ...ask(known, ...dots), previous: step, recipients: 0 };
}

function afterCommand(step: LineStep, known: Known): Known {
  const answer = known.auth && known.challenged;
  const verb = answer ? "" : verbOf(step);
  const text = textOf(step, known);
  gather(step, known);
  return {
    ...ask(known, { verb, text }),
    previous: step,
    auth: answer || verb === "AUTH",
    challenged: false,
  };
}

function afterReply(step: ReplyStep, known: Known, { protocol }: Dialogue): Known {
  gather(step, known);
  const [answered, ...waiting] = known.asked;
  // RFC 2033 section 4.2: one reply for each recipient, where a chunk is the last too.
  const last = protocol === "lmtp" && /^BDAT .*\bLAST$/i.test(answered?.text ?? "");
  const others = last ? Math.max(0, known.recipients - 1) : 0;
  const asked = [...Array.from({ length: others }, () => DOT), ...waiting];
  const verb = answered?.verb ?? "";
  const codes = codesOf(step);
  const accepted = codes.some((code) => code.startsWith("2") || code === "+OK");
  const challenged = known.auth && (codes.includes("334") || codes.includes("+"));
  let { hello, offered } = known;
  if (accepted && /^(EHLO|LHLO)$/.test(verb)) {
    hello = "EHLO";
    offered = keywordsOf(step, known);
  } else if (accepted && verb === "HELO") {
    hello = "HELO";
    offered = [];
  } else if (accepted && verb === "CAPA") {
    offered = keywordsOf(step, known);
  }
  return {
    ...known,
    asked,
    previous: undefined,
    challenged,
    auth: challenged,
    hello,
    offered,
    over: known.over || (verb === "QUIT" && accepted),
    recipients: last ? 0 : known.recipients + (verb === "RCPT" && accepted ? 1 : 0),
  };
}

/** Adds commands that wait. Whoever asks too much at once is no longer followed. */
function ask(known: Known, ...asked: readonly Waiting[]): Known {
  if (known.asked.length + asked.length > MAX_ASKED) return { ...known, asked: [], loose: true };
  return { ...known, asked: [...known.asked, ...asked] };
}

/** Keeps the samples of a step; the first one of a name counts. */
function gather(step: LineStep | ReplyStep, { values }: Known): void {
  for (const hole of holesOf(step)) {
    if (hole.kind !== "hole" || hole.sample === undefined || values.has(hole.name)) continue;
    values.set(hole.name, hole.sample);
  }
}

/** The codes of a reply, those of its first line. */
export function codesOf({ lines }: ReplyStep): CodePattern {
  const line = lines.find((each) => each.kind === "line");
  return line?.kind === "line" ? line.code : [];
}

/** The lines behind the first one: what is offered. */
function keywordsOf({ lines }: ReplyStep, known: Known): readonly string[] {
  return lines.slice(1).flatMap((line) =>
    line.kind === "line" ? [fill(line.text ?? [], known).toUpperCase()] : []
  );
}

/** The line of a step, with samples in its holes. */
export function textOf(step: LineStep, known: Known): string {
  return fill(step.template, known);
}

/** A line with samples in its holes; what has none is a question mark. */
export function fill(template: LineStep["template"], { values }: Known): string {
  return fillTemplate(template, (hole) => sampleOf(hole, values) ?? "?") ?? "";
}

function sampleOf(hole: Hole, values: ReadonlyMap<string, string>): string | undefined {
  const value = hole.kind === "hole" ? values.get(hole.name) : undefined;
  return value ?? hole.sample;
}

/** Whether something is offered, by its first word. */
export function offers({ offered }: Known, keyword: string): boolean {
  return offered?.some((line) => line.split(/[ =]/)[0] === keyword) ?? false;
}
