/**
 * Lines to the steps of one dialogue; files and procedures are put in where they are named.
 *
 * @module
 */

import { type DialogueProblem, DialogueSyntaxError, problem } from "../errors.ts";
import { countSteps, MAX_DEPTH, MAX_STEPS } from "./expand.ts";
import { type Attributes, attributesOf } from "./parse_attributes.ts";
import { blockEnd, type BlockHead, blockHead } from "./parse_block.ts";
import { parseTime } from "./parse_event.ts";
import { checkCircle, type Cursor, Files, type ParseOptions } from "./parse_files.ts";
import { Header, timeOf } from "./parse_header.ts";
import { further, type SourceLine } from "./parse_source.ts";
import { type SessionState, startOfSession, StepList, StepReader } from "./parse_step.ts";
import { Words } from "./parse_words.ts";
import { type MisplacedSecret, misplacedSecrets } from "./secret_places.ts";
import type { BlockStep, Dialogue, End, Position, Step, StepBase } from "../step.ts";

/** The most problems that are told at once. */
const MAX_PROBLEMS = 20;

/** All directives, as a message says them. */
const DIRECTIVES =
  "@alt, @auth, @call, @chunk, @delay, @each, @fragment, @include, @lmtp, @match, " +
  "@name, @on, @outcome, @pop3, @proc, @repeat, @require, @secret, @smtp, @step, @timeout, @var, @when";

/** Lines that are put in where they are called. */
interface Procedure {
  readonly cursor: Cursor;
  readonly end: number;
  called: boolean;
}

/** Reads one dialogue. */
export class DialogueParser {
  readonly #options: ParseOptions;
  readonly #files: Files;
  readonly #header: Header;
  readonly #steps: StepReader;
  readonly #problems: DialogueProblem[] = [];
  readonly #procedures = new Map<string, Procedure>();
  #called = 0;
  #depth = 0;

  /** @param options Where the text comes from, and what it may read. */
  constructor(options: ParseOptions) {
    const { file = "", protocol } = options;
    this.#options = options;
    this.#files = new Files(options);
    const base = file.slice(file.lastIndexOf("/") + 1).replace(/\.dialogue$/, "");
    this.#header = new Header(options.name ?? base, protocol);
    this.#steps = new StepReader(this.#header, this.#files);
  }

  /** Reads all lines. */
  whole(lines: readonly SourceLine[]): Dialogue {
    const list = new StepList();
    const { file = "" } = this.#options;
    this.#read(this.#files.first(lines, file), list);
    this.#finish(list);
    this.#tryProcedures();
    if (countSteps(list.steps) > MAX_STEPS) {
      this.#attempt(() => problem(NOWHERE, "", `at most ${MAX_STEPS} steps`));
    }
    const header = this.#header;
    const dialogue: Dialogue = {
      schema: "mailwright-dialogue/1",
      protocol: header.protocol ?? "smtp",
      name: header.name,
      vars: header.vars,
      secrets: header.secrets,
      match: header.match,
      ...header.timeout,
      require: header.require,
      fragment: header.fragment,
      steps: list.steps,
      on: header.on,
    };
    misplacedSecrets(dialogue).forEach((misplaced) => this.#note(this.#misplaced(misplaced)));
    const [first, ...others] = this.#problems;
    if (first !== undefined) throw new DialogueSyntaxError([first, ...others]);
    return dialogue;
  }

  /** A secret that would be seen, where it stands in its line. */
  #misplaced({ at, name }: MisplacedSecret): DialogueProblem {
    const line = this.#files.line(at);
    const hole = new RegExp(`\\$\\{(?:[^}]* )?${name}(?=[ =}])[^}]*\\}`).exec(line);
    const { index = at.column - 1, 0: seen = name } = hole ??
      new RegExp(`\\b${name}\\b`).exec(line) ?? {};
    const reason = "it may be in @auth, in an answer of AUTH, in PASS and in APOP only";
    return { id: "syntax", at: { ...at, column: index + 1 }, seen, expected: "no secret", reason };
  }

  #note(found: DialogueProblem): void {
    if (this.#problems.length < MAX_PROBLEMS) this.#problems.push(found);
  }

  /** Does a thing that may meet a problem; the text goes on behind it. */
  #attempt(action: () => void): void {
    try {
      action();
    } catch (error) {
      if (!(error instanceof DialogueSyntaxError)) throw error;
      error.problems.forEach((found) => this.#note(found));
    }
  }

  /** Reads lines up to the end, or up to the `}` of a block, which is given back. */
  #read(cursor: Cursor, list: StepList, end: number = cursor.lines.length): string | undefined {
    while (cursor.next < end) {
      const line = cursor.lines[cursor.next++] as SourceLine; // within bounds
      const trimmed = line.text.trim();
      if (trimmed.startsWith("}")) {
        if (this.#depth > 0 && /^\}(?: *or *\{)?$/.test(trimmed)) return trimmed;
        this.#attempt(() =>
          problem(line.at, trimmed, this.#depth > 0 ? '"}" or "} or {"' : "a block before")
        );
      } else {
        this.#attempt(() => this.#line(line, cursor, list));
      }
    }
    return undefined;
  }

  #line({ text, at: start }: SourceLine, cursor: Cursor, list: StepList): void {
    const body = text.replace(/^[ \t]+/, "");
    const at = further(start, text.length - body.length);
    if (body === "") return;
    if (body.startsWith("#")) this.#comment(body, at, list);
    else if (body.startsWith("@")) this.#directive(body, at, cursor, list);
    else this.#steps.step(body, at, cursor, list);
  }

  #comment(text: string, at: Position, list: StepList): void {
    const [, time] = /^#\+(\w+)\s*$/.exec(text) ?? [];
    if (time === undefined) return;
    const after = parseTime(time) ?? problem(at, text, 'a time, as "#+12ms"');
    this.#attribute({ after }, at, list);
  }

  #attribute(attributes: Attributes, at: Position, list: StepList): void {
    for (const key of Object.keys(attributes)) {
      if (key in list.attributes) problem(at, key, "it only once for a step");
    }
    list.attributes = { ...list.attributes, ...attributes };
    list.attributesAt = at;
  }

  // Directives

  #directive(text: string, at: Position, cursor: Cursor, list: StepList): void {
    const [all, name = ""] = /^@([A-Za-z0-9]*)/.exec(text) ?? [""];
    const behind = further(at, all.length);
    const opens = /\{[ \t]*$/.exec(text);
    if (/^(repeat|each|when|alt|proc)$/.test(name)) {
      if (opens === null) problem(at, text, '"{" at the end of the line');
      const words = new Words(text.slice(all.length, opens.index), behind);
      if (name === "proc") this.#procedure(words, at, cursor);
      else this.#block(name, words, at, cursor, list);
      return;
    }
    const words = new Words(text.slice(all.length), behind);
    if (this.#stepDirective(name, words, at, cursor, list)) return;
    if (this.#depth > 0) {
      problem(at, `@${name}`, "no such directive inside a block, or another one,");
    }
    if (this.#header.take(name, words, at)) return;
    const from = cursor.next;
    // The end of its block is no other problem.
    if (opens !== null && blockEnd(cursor) === undefined) cursor.next = from;
    problem(at, `@${name}`, "the name of a directive", `there are ${DIRECTIVES}`);
  }

  /** Directives that are steps, or stand where steps do. */
  #stepDirective(
    name: string,
    words: Words,
    at: Position,
    cursor: Cursor,
    list: StepList,
  ): boolean {
    switch (name) {
      case "include":
        this.#include(words, at, cursor, list);
        return true;
      case "call":
        this.#call(words, at, cursor, list);
        return true;
      case "step":
        this.#attribute(attributesOf(words), at, list);
        return true;
      case "outcome":
        this.#steps.push(list, { kind: "outcome", at, name: words.name("a name") });
        break;
      case "auth": {
        const mechanism = words.take(/[A-Za-z0-9_-]{1,20}(?!\S)/y)?.[0].toUpperCase() ??
          words.fail("a mechanism");
        const user = words.name("the name of a user");
        this.#steps.push(list, {
          kind: "auth",
          at,
          mechanism,
          user,
          secret: words.name("a secret's name"),
        });
        this.#steps.state.command = "AUTH";
        break;
      }
      case "chunk":
        this.#steps.push(list, {
          kind: "chunk",
          at,
          end: endOf(words),
          size: words.number("a number of octets", 1_000_000_000),
        });
        break;
      case "delay": {
        const end = endOf(words);
        const ms = words.take(/0(?!\S)/y) === undefined ? timeOf(words) : 0;
        this.#steps.push(list, { kind: "delay", at, end, ms });
        break;
      }
      default:
        return false;
    }
    words.end();
    return true;
  }

  #block(name: string, words: Words, at: Position, cursor: Cursor, list: StepList): void {
    this.#steps.endReply(list, at);
    let head: BlockHead = { how: "alt" };
    this.#attempt(() => {
      head = blockHead(name, words);
      words.end();
    });
    if (this.#depth === MAX_DEPTH) {
      problem(at, `@${name}`, `at most ${MAX_DEPTH} blocks in each other`);
    }
    const base: StepBase = { at, ...list.takeAttributes() };
    const before = this.#steps.state;
    let after: SessionState | undefined;
    const arms: Step[][] = [];
    let closing: string | undefined = "} or {";
    this.#depth++;
    while (closing?.endsWith("{")) {
      const arm = new StepList();
      this.#steps.state = { ...before };
      closing = this.#read(cursor, arm);
      this.#finish(arm);
      arms.push(arm.steps);
      after ??= this.#steps.state;
    }
    this.#depth--;
    this.#steps.state = after ?? before;
    if (closing === undefined) problem(at, `@${name}`, '"}" at the end of its block');
    if (head.how !== "alt" && arms.length > 1) problem(at, `@${name}`, '"or" only in "@alt"');
    // Only "@alt" has more than one arm, which was just seen.
    const step = { kind: "block", ...base, ...head, arms } as BlockStep;
    if (countSteps([step]) > MAX_STEPS) problem(at, `@${name}`, `at most ${MAX_STEPS} steps`);
    if (base.match !== undefined) problem(at, base.match, '"match" at a reply or a line');
    list.steps.push(step);
    this.#checkCount(list, at);
  }

  // Procedures and files

  #procedure(words: Words, at: Position, cursor: Cursor): void {
    const from = cursor.next;
    const end = blockEnd(cursor);
    if (end === undefined) problem(at, "@proc", '"}" at the end of its block');
    if (this.#depth > 0) problem(at, "@proc", "no procedure inside a block");
    const nameAt = words.at;
    const name = words.name("a name");
    words.end();
    if (this.#procedures.has(name)) problem(nameAt, name, "a name that is not taken");
    const inside = [...cursor.inside, `@proc ${name}`];
    this.#procedures.set(name, { cursor: { ...cursor, next: from, inside }, end, called: false });
  }

  #call(words: Words, at: Position, cursor: Cursor, list: StepList): void {
    const nameAt = words.at;
    const name = words.name("the name of a procedure");
    words.end();
    const procedure = this.#procedures.get(name) ??
      problem(nameAt, name, "a procedure that is defined before");
    checkCircle(`@proc ${name}`, cursor, at);
    procedure.called = true;
    this.#run(procedure, cursor, list, at);
  }

  #run(procedure: Procedure, caller: Cursor, list: StepList, at: Position): void {
    const { cursor, end } = procedure;
    // A line costs time even if it is no step.
    this.#called += 1 + end - cursor.next;
    if (this.#called > MAX_STEPS) problem(at, "@call", `at most ${MAX_STEPS} lines of procedures`);
    const own = cursor.inside.at(-1) ?? "";
    const body = { ...cursor, inside: [...caller.inside, own] };
    if (body.inside.length > MAX_DEPTH) {
      problem(at, "@call", `at most ${MAX_DEPTH} calls in each other`);
    }
    const depth = this.#depth;
    // It may declare nothing, wherever it is called.
    this.#depth = Math.max(depth, 1);
    const closing = this.#read(body, list, end);
    this.#depth = depth;
    closedOutside(closing, body);
    this.#checkCount(list, at);
  }

  /** Finds the problems of procedures that nobody calls. */
  #tryProcedures(): void {
    for (const procedure of this.#procedures.values()) {
      if (procedure.called) continue;
      const list = new StepList();
      this.#steps.state = startOfSession();
      this.#attempt(() =>
        this.#run(
          procedure,
          { ...procedure.cursor, inside: [] },
          list,
          procedure.cursor.lines[0]?.at ?? NOWHERE,
        )
      );
      this.#finish(list);
    }
  }

  #include(words: Words, at: Position, cursor: Cursor, list: StepList): void {
    const body = this.#files.include(words, cursor, at);
    closedOutside(this.#read(body, list), body);
    this.#checkCount(list, at);
  }

  #checkCount(list: StepList, at: Position): void {
    if (list.steps.length > MAX_STEPS) problem(at, "", `at most ${MAX_STEPS} steps`);
  }

  #finish(list: StepList): void {
    const { attributesAt } = list;
    this.#attempt(() => this.#steps.endReply(list, list.reply?.at ?? NOWHERE));
    if (attributesAt !== undefined) {
      this.#attempt(() => problem(attributesAt, "", "a step behind this line"));
    }
  }
}

const NOWHERE: Position = { file: "", line: 1, column: 1 };

/** Files and procedures close their own blocks only. */
function closedOutside(closing: string | undefined, { lines, next }: Cursor): void {
  const line = closing === undefined ? undefined : lines[next - 1];
  if (line !== undefined) problem(line.at, line.text.trim(), "a block before");
}

function endOf(words: Words): End {
  const found = words.take(/[CS](?!\S)/y);
  return found === undefined ? words.fail('"C" or "S"') : found[0] as End; // the expression says so
}
