/**
 * Commands and their replies, added to a program.
 *
 * @module
 */

import { REPLY_LEVELS } from "../text/parse_header.ts";
import type { CodePattern, Position, ReplyLevel, Step, Template } from "../step.ts";
import { answersTo, type Exchange, type Expectation } from "./answers.ts";
import { casesOf, type Expected, filled, milliseconds } from "./arguments.ts";
import { checkText, parseBuilderText } from "./builder_text.ts";
import { append } from "./chain.ts";
import type { ProgramPhase } from "./program_types.ts";
import { type ProgramData, withHoles } from "./program_data.ts";

/** What a verb has beyond its line. */
export interface Verb extends Partial<Pick<Exchange, "rows" | "several" | "then">> {
  /** What its reply is if nothing is said of it. By default any success. */
  readonly codes?: CodePattern;
  /** The text of that reply. */
  readonly text?: Template;
  /** Where it leads. By default it stays. */
  readonly to?: ProgramPhase;
}

/** A host name, which the grammar of greetings asks for (RFC 5321 section 4.2). */
export const HOST: Template = [{ kind: "any", sample: "localhost" }];

/** Where the next call stands: the places of a program count its calls. */
export function nextPlace({ calls }: ProgramData): Position {
  return { file: "", line: calls + 1, column: 1 };
}

/** A program of which nothing is said: the greeting is its first reply. */
export function begin(protocol: ProgramData["protocol"], name: string): ProgramData {
  const pop3 = protocol === "pop3";
  const empty: ProgramData = {
    protocol,
    name,
    phase: pop3 ? "authorization" : "greeting",
    captures: {},
    outcomes: [],
    users: {},
    secrets: [],
    calls: 0,
    steps: undefined,
    open: undefined,
    group: undefined,
    live: [],
    turn: undefined,
  };
  const codes = pop3 ? ["+OK"] : ["220", "2xx"];
  return exchange(empty, "the greeting", [], { codes, ...(pop3 ? {} : { text: HOST }) });
}

/**
 * Adds a line that is a command.
 *
 * @param data The program.
 * @param line The line, with holes.
 * @param verb What it has beyond that.
 */
export function say(data: ProgramData, line: string, verb: Verb = {}): ProgramData {
  const template = parseBuilderText(filled(line));
  return exchange(withHoles(data, template), line, [lineStep(data, template)], verb);
}

/** A line of the client as the next step. */
export function lineStep(data: ProgramData, template: Template): Step {
  return { kind: "line", end: "C", template, content: false, at: nextPlace(data) };
}

/**
 * Adds a command.
 *
 * @param data The program.
 * @param what What it is, for errors.
 * @param said What the client says.
 * @param verb What it has beyond that.
 */
export function exchange(
  data: ProgramData,
  what: string,
  said: readonly Step[],
  verb: Verb,
): ProgramData {
  const codes = verb.codes ?? [data.protocol === "pop3" ? "+OK" : "2xx"];
  const { text, to = data.phase, rows = "none", several = false, then } = verb;
  return {
    ...closed(data),
    phase: to,
    calls: data.calls + 1,
    open: {
      at: nextPlace(data),
      what,
      said,
      rows,
      expected: [{ cases: [{ codes }], ...(text === undefined ? {} : { text }) }],
      settled: false,
      several,
      ...(then === undefined ? {} : { then }),
    },
  };
}

/**
 * Adds octets, after which no reply comes unless one is expected.
 *
 * @param data The program.
 * @param from The octets.
 */
export function sayOctets(data: ProgramData, from: Uint8Array<ArrayBuffer>): ProgramData {
  if (from.length === 0) throw new TypeError("Cannot send no octets");
  const step: Step = { kind: "bytes", end: "C", from, stuffed: false, at: nextPlace(data) };
  const sent = exchange(data, "octets", [step], { several: true });
  return { ...sent, ...(sent.open && { open: { ...sent.open, expected: [] } }) };
}

/** Adds a step that is no command and has no reply. */
export function pass(data: ProgramData, step: Step): ProgramData {
  const before = closed(data);
  return { ...before, calls: data.calls + 1, steps: append(before.steps, [step]) };
}

/** Adds time that passes: before the greeting, if nothing is said of it yet. */
export function passTime(data: ProgramData, step: Step): ProgramData {
  const { open } = data;
  if (open === undefined || open.settled || open.said.length > 0) return pass(data, step);
  return { ...data, calls: data.calls + 1, steps: append(data.steps, [step]) };
}

/** Nothing more is said of the last reply. */
export function closed(data: ProgramData): ProgramData {
  const { open } = data;
  if (open === undefined) return data;
  if (data.phase.startsWith("batch")) {
    return { ...data, open: undefined, group: append(data.group, [open]) };
  }
  const steps = append(data.steps, [...open.said, ...answersTo([open])]);
  return { ...data, open: undefined, steps };
}

/**
 * Says what the last reply must be, or, where several come, one more.
 *
 * @param data The program.
 * @param expected The codes.
 * @param text The text behind the code, with holes.
 * @param soft Whether the run goes on after another reply.
 * @throws {TypeError} If there is no such reply.
 */
export function expectReply(
  data: ProgramData,
  expected: Expected,
  text: string | undefined,
  soft: boolean,
): ProgramData {
  const { open } = data;
  if (open === undefined) throw new TypeError("Cannot expect a reply: nothing before has one");
  if (open.settled && !open.several) {
    throw new TypeError(`Cannot expect a second reply to "${open.what}"`);
  }
  const { text: usual, ...said }: Partial<Expectation> = open.settled ? {} : open.expected[0] ?? {};
  const template = text === undefined ? undefined : parseBuilderText(text);
  const shown = template ?? (said.rows === undefined ? undefined : usual);
  const next: Expectation = {
    ...said,
    cases: casesOf(expected, data.protocol),
    ...(shown === undefined ? {} : { text: shown }),
    ...(soft ? { soft } : {}),
  };
  const outcomes = next.cases.flatMap(({ outcome }) => outcome === undefined ? [] : [outcome]);
  return {
    ...withHoles(data, template ?? []),
    outcomes: [...new Set([...data.outcomes, ...outcomes])],
    open: {
      ...open,
      expected: [...open.settled ? open.expected : [], next],
      settled: true,
    },
  };
}

/** Says how long the last reply may take. */
export function limitReply(data: ProgramData, time: string): ProgramData {
  return describe(data, "within", () => ({ within: milliseconds(time) }));
}

/** Says how strictly the last reply is compared. */
export function matchReply(data: ProgramData, match: ReplyLevel): ProgramData {
  if (!REPLY_LEVELS.includes(match)) throw new TypeError(`Cannot compare replies by "${match}"`);
  return describe(data, "match", () => ({ match }));
}

/** Names the last reply. */
export function labelReply(data: ProgramData, label: string): ProgramData {
  checkText(filled(label));
  return describe(data, "label", () => ({ label }));
}

/** Says what the last reply offers, and what not. */
export function expectOffers(
  data: ProgramData,
  has: readonly string[],
  not: readonly string[],
): ProgramData {
  const { open, protocol } = data;
  if (open?.rows !== "offers") return notHere("caps", data);
  for (const text of not) checkText(filled(text));
  const rows = has.map(parseBuilderText);
  const described = describe(data, "caps", (before) => ({
    ...(protocol === "pop3" ? {} : { text: before.text ?? HOST }),
    rows: [...before.rows ?? [], ...rows],
    forbid: [...before.forbid ?? [], ...not],
  }));
  return withHoles(described, ...rows);
}

/** Says which lines the last reply has. */
export function expectLines(data: ProgramData, lines: readonly string[]): ProgramData {
  if (data.protocol !== "pop3" || (data.open?.rows ?? "none") === "none") {
    return notHere("lines", data);
  }
  const rows = lines.map(parseBuilderText);
  return withHoles(describe(data, "lines", () => ({ rows })), ...rows);
}

function describe(
  data: ProgramData,
  what: string,
  change: (before: Expectation) => Partial<Expectation>,
): ProgramData {
  const { open } = data;
  const last = open?.expected.at(-1);
  if (open === undefined || last === undefined) return notHere(what, data);
  const expected = [...open.expected.slice(0, -1), { ...last, ...change(last) }];
  return { ...data, open: { ...open, expected } };
}

function notHere(what: string, { open }: ProgramData): never {
  const before = open === undefined ? "no reply" : `the reply to "${open.what}"`;
  throw new TypeError(`Cannot use ${what} for ${before}`);
}
