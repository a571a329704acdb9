/**
 * Lines to the steps of one dialogue; files and procedures are put in where they are named.
 *
 * @module
 */

import { type DialogueProblem, DialogueSyntaxError, problem } from "./errors.ts";
import { countSteps, MAX_DEPTH, MAX_STEPS, MAX_TURNS } from "./expand.ts";
import { likeEvent, parseEvent, parseTime } from "./parse_event.ts";
import { COMMAND_LEVELS, Header, REPLY_LEVELS, timeOf } from "./parse_header.ts";
import { linesToOctets, parseOctets } from "./parse_octets.ts";
import { folderOf, insideRoot, relativeTo } from "./parse_path.ts";
import { ReplyBuilder, type WrittenLine } from "./parse_reply.ts";
import { further, linesOf, octetsOf, type SourceLine } from "./parse_source.ts";
import { Words } from "./parse_words.ts";
import { misplacedSecrets } from "./secret_places.ts";
import type {
  BlockStep,
  BytesStep,
  Dialogue,
  DialogueProtocol,
  End,
  Position,
  ReplyStep,
  Step,
  StepBase,
} from "./step.ts";
import { parseTemplate } from "./template.ts";

/** Where a text comes from, and what it may read. */
export interface ParseOptions {
  /** The file, for places and relative paths. @default {""} */
  readonly file?: string;
  /** The name if the text has none. By default that of the file, without its ending. */
  readonly name?: string;
  /** What is spoken, if that is known; by default what the text says, or its first reply. */
  readonly protocol?: DialogueProtocol;
  /** The folder out of which no path leads. By default that of the file. */
  readonly root?: string;
  /**
   * Reads a file that `@include` names. The path is inside the root as it is written; that no
   * symbolic link leads out of it is for the caller to see. Without it nothing can be included.
   */
  readonly read?: (path: string) => string;
}

const MAX_PROBLEMS = 20;
const MAX_INCLUDES = 64;
const MAX_INCLUDED = 4 * 1024 * 1024;
const MAX_INCLUDE_DEPTH = 8;

const MARK = /^([CS])(<<|[:?!~*|<])|^C *& *S:/;
const EVENT_MARKS =
  '"C:", "S:", "S?", "S!", "S~", "S*", "C*", "C|", "C<", a directive or a comment';

/** What is left to read of a file. */
interface Cursor {
  readonly lines: readonly SourceLine[];
  /** The folder of the file, relative to the root. */
  readonly folder: string;
  /** The files and procedures that are being read. */
  readonly inside: readonly string[];
  next: number;
}

interface Procedure {
  readonly cursor: Cursor;
  readonly end: number;
  called: boolean;
}

/** What the lines before have brought about. */
interface State {
  /** Whether the commanding end is in the middle of a message. */
  content: boolean;
  /** The end that replies. */
  replies: End;
  /** The last command. */
  command: string;
}

type Attributes = Pick<StepBase, "label" | "within" | "match" | "soft" | "after">;

/** The steps of a block, as they come. */
class StepList {
  readonly steps: Step[] = [];
  reply: ReplyBuilder | undefined;
  replyAttributes: Attributes = {};
  attributes: Attributes = {};
  attributesAt: Position | undefined;

  /** What was written for the next step. */
  takeAttributes(): Attributes {
    const { attributes } = this;
    this.attributes = {};
    this.attributesAt = undefined;
    return attributes;
  }
}

/** Reads one dialogue. */
export class DialogueParser {
  readonly #options: ParseOptions;
  readonly #root: string;
  readonly #folder: string;
  readonly #header: Header;
  readonly #problems: DialogueProblem[] = [];
  readonly #procedures = new Map<string, Procedure>();
  #state: State = { content: false, replies: "S", command: "" };
  #includes = 0;
  #included = 0;
  #called = 0;
  #depth = 0;

  /** @param options Where the text comes from, and what it may read. */
  constructor(options: ParseOptions) {
    const { file = "", protocol } = options;
    const folder = folderOf(file);
    this.#options = options;
    this.#root = options.root?.replace(/\/$/, "") ?? folder;
    this.#folder = this.#root === folder ? "" : relativeTo(this.#root, folder);
    if (this.#folder.startsWith("..")) {
      throw new TypeError(`Cannot parse the dialogue "${file}": it is not inside "${this.#root}"`);
    }
    const base = file.slice(file.lastIndexOf("/") + 1).replace(/\.dialogue$/, "");
    this.#header = new Header(options.name ?? base, protocol);
  }

  /** Reads all lines. */
  whole(lines: readonly SourceLine[]): Dialogue {
    const list = new StepList();
    const { file = "" } = this.#options;
    this.#read({ lines, folder: this.#folder, inside: [file], next: 0 }, list);
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
      ...(header.timeout === undefined ? {} : { timeout: header.timeout }),
      require: header.require,
      fragment: header.fragment,
      steps: list.steps,
      on: header.on,
    };
    for (const { at, name } of misplacedSecrets(dialogue)) {
      const expected = "it only in @auth, an answer of AUTH, PASS or APOP";
      this.#note({ id: "syntax", at, seen: `\${${name}}`, expected: `a secret, so ${expected},` });
    }
    const [first, ...others] = this.#problems;
    if (first !== undefined) throw new DialogueSyntaxError([first, ...others]);
    return dialogue;
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
    else this.#step(body, at, cursor, list);
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
    if (!this.#header.take(name, words, at)) problem(at, `@${name}`, "the name of a directive");
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
        this.#push(list, { kind: "outcome", at, name: words.name("a name") });
        break;
      case "auth": {
        const mechanism = words.take(/[A-Za-z0-9_-]{1,20}(?!\S)/y)?.[0].toUpperCase() ??
          words.fail("a mechanism");
        const user = words.name("the name of a user");
        this.#push(list, {
          kind: "auth",
          at,
          mechanism,
          user,
          secret: words.name("a secret's name"),
        });
        this.#state.command = "AUTH";
        break;
      }
      case "chunk":
        this.#push(list, {
          kind: "chunk",
          at,
          end: endOf(words),
          size: words.number("a number of octets", 1_000_000_000),
        });
        break;
      case "delay": {
        const end = endOf(words);
        const ms = words.take(/0(?!\S)/y) === undefined ? timeOf(words) : 0;
        this.#push(list, { kind: "delay", at, end, ms });
        break;
      }
      default:
        return false;
    }
    words.end();
    return true;
  }

  #block(name: string, words: Words, at: Position, cursor: Cursor, list: StepList): void {
    this.#endReply(list, at);
    let head: BlockHead = { how: "alt" };
    this.#attempt(() => {
      head = blockHead(name, words);
      words.end();
    });
    if (this.#depth === MAX_DEPTH) {
      problem(at, `@${name}`, `at most ${MAX_DEPTH} blocks in each other`);
    }
    const base: StepBase = { at, ...list.takeAttributes() };
    const before = this.#state;
    let after: State | undefined;
    const arms: Step[][] = [];
    let closing: string | undefined = "} or {";
    this.#depth++;
    while (closing?.endsWith("{")) {
      const arm = new StepList();
      this.#state = { ...before };
      closing = this.#read(cursor, arm);
      this.#finish(arm);
      arms.push(arm.steps);
      after ??= this.#state;
    }
    this.#depth--;
    this.#state = after ?? before;
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
    this.#acyclic(`@proc ${name}`, cursor, at);
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
    this.#nested(() => this.#read(body, list, end));
    this.#checkCount(list, at);
  }

  /** Reads what stands elsewhere: it may neither declare anything nor close a block of ours. */
  #nested(action: () => void): void {
    const depth = this.#depth;
    this.#depth = Math.max(depth, 1);
    action();
    this.#depth = depth;
  }

  /** Finds the problems of procedures that nobody calls. */
  #tryProcedures(): void {
    for (const procedure of this.#procedures.values()) {
      if (procedure.called) continue;
      const list = new StepList();
      this.#state = { content: false, replies: "S", command: "" };
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

  #acyclic(name: string, cursor: Cursor, at: Position): void {
    if (!cursor.inside.includes(name)) return;
    const expected = "no circle of files or procedures";
    throw new DialogueSyntaxError([{ id: "include-cycle", at, seen: name, expected }]);
  }

  #include(words: Words, at: Position, cursor: Cursor, list: StepList): void {
    const pathAt = words.at;
    const path = words.take(/.+/y)?.[0] ?? words.fail("a path");
    const inside = insideRoot(path, cursor.folder) ??
      problem(pathAt, path, "a relative path that stays inside the root");
    const file = this.#root === "" ? inside : `${this.#root}/${inside}`;
    this.#acyclic(file, cursor, at);
    if (++this.#includes > MAX_INCLUDES) problem(at, path, `at most ${MAX_INCLUDES} files`);
    if (cursor.inside.length > MAX_INCLUDE_DEPTH) {
      problem(at, path, `at most ${MAX_INCLUDE_DEPTH} files in each other`);
    }
    const { read } = this.#options;
    if (read === undefined) problem(at, "@include", "a way to read files, which is not given,");
    const text = read(file);
    this.#included += octetsOf(text);
    if (this.#included > MAX_INCLUDED) problem(at, path, "at most 4 MiB of files");
    const lines = linesOf(text, file);
    const body = { lines, folder: folderOf(inside), inside: [...cursor.inside, file], next: 0 };
    // A file of its own closes its own blocks.
    if (this.#depth === 0) this.#read(body, list);
    else this.#balanced(body, list);
    this.#checkCount(list, at);
  }

  #balanced(body: Cursor, list: StepList): void {
    const closing = this.#read(body, list);
    if (closing === undefined) return;
    const { at } = body.lines[body.next - 1] as SourceLine; // the line that closes
    problem(at, closing, "a block before");
  }

  #checkCount(list: StepList, at: Position): void {
    if (list.steps.length > MAX_STEPS) problem(at, "", `at most ${MAX_STEPS} steps`);
  }

  // Steps

  #step(text: string, at: Position, cursor: Cursor, list: StepList): void {
    const [mark, end, sign] = MARK.exec(text) ?? problem(at, text, EVENT_MARKS);
    const rest = text.slice(mark.length);
    const behind = further(at, mark.length);
    if (sign === undefined) {
      this.#sharedEvent(rest.trim(), behind, at, list);
      return;
    }
    const who = end as End; // the expression knows only the two
    if (sign === "|") {
      this.#push(list, {
        kind: "bytes",
        at,
        end: who,
        from: parseOctets(rest, behind),
        stuffed: false,
      });
    } else if (sign === "<<") {
      this.#inline(rest, behind, { at, end: who }, cursor, list);
    } else if (sign === "<") {
      this.#file(rest, behind, { at, end: who }, cursor, list);
    } else if (sign === ":" && this.#event(rest, at, who, list)) {
      return;
    } else if (who === this.#state.replies) {
      // The expression knows no other signs.
      this.#reply(sign as WrittenLine["mark"] | "!", rest, at, behind, list);
    } else if (sign === ":") {
      this.#command(rest, at, behind, who, list);
    } else if (sign === "*") {
      if (rest.trim() !== "") problem(behind, rest.trim(), "the end of the line");
      this.#push(list, { kind: "content", at, end: who });
    } else {
      problem(at, mark, `"${mark}" only at the end that replies`);
    }
  }

  #sharedEvent(text: string, behind: Position, at: Position, list: StepList): void {
    const event = parseEvent(text);
    if (event?.kind !== "tls" && event?.kind !== "turn") {
      problem(behind, text, '"<tls>" or "<turn>"');
    }
    this.#push(list, { at, kind: event.kind });
    if (event.kind === "turn") this.#turn();
  }

  #turn(): void {
    const replies = this.#state.replies === "S" ? "C" : "S";
    this.#state = { content: false, replies, command: "" };
  }

  /** Takes an event of one end; tells whether the text is one. */
  #event(rest: string, at: Position, end: End, list: StepList): boolean {
    const content = this.#state.content && end !== this.#state.replies;
    const event = parseEvent(content ? rest.replace(/^ /, "") : rest.trim());
    if (event === undefined) return false;
    if (event.kind === "tls" || event.kind === "turn") this.#push(list, { at, kind: event.kind });
    // What is left has an end.
    else this.#push(list, { at, end, ...event } as Step);
    if (event.kind === "turn") this.#turn();
    return true;
  }

  #command(rest: string, at: Position, behind: Position, end: End, list: StepList): void {
    this.#endReply(list, at);
    const { content } = this.#state;
    const text = content ? rest.replace(/^ /, "") : rest.trim();
    const textAt = further(behind, content ? rest.length - text.length : rest.indexOf(text));
    if (!content && text === "") problem(behind, "", "a command");
    if (!content && likeEvent(text)) {
      problem(textAt, text, 'an event, as "<close>", "<tls>" or "<silence 2s>"');
    }
    const template = parseTemplate(text, textAt);
    this.#push(list, { kind: "line", at, end, template, content });
    if (!content) this.#state.command = text.toUpperCase();
    if (text === ".") this.#state.content = false;
  }

  #reply(
    sign: WrittenLine["mark"] | "!",
    rest: string,
    at: Position,
    behind: Position,
    list: StepList,
  ): void {
    const text = rest.trim();
    const textAt = further(behind, rest.indexOf(text));
    this.#header.protocol ??= /^(\+OK|-ERR|\+)( |$)/.test(text) ? "pop3" : "smtp";
    if (sign === "*" && text !== "") problem(textAt, text, "the end of the line");
    if (sign === "!" && text === "") problem(textAt, "", "a keyword or a text");
    const current = list.reply ?? this.#beginReply(list, at);
    try {
      if (sign === "!") current.forbid(text);
      else if (!current.add({ mark: sign, text }, textAt)) {
        this.#endReply(list, at);
        this.#beginReply(list, at).add({ mark: sign, text }, textAt);
      }
    } finally {
      // A line that is none begins no reply.
      if (sign !== "!" && list.reply?.empty) list.reply = undefined;
    }
  }

  #beginReply(list: StepList, at: Position): ReplyBuilder {
    const { command } = this.#state;
    const multiline = /^(?:(?:LIST|UIDL|CAPA)$|(?:RETR|TOP)(?: |$))/.test(command);
    list.replyAttributes = list.takeAttributes();
    list.reply = new ReplyBuilder(at, this.#header.protocol ?? "smtp", multiline);
    return list.reply;
  }

  /** Ends the reply that is being read, if one is. */
  #endReply(list: StepList, at: Position): void {
    const { reply, replyAttributes } = list;
    if (reply === undefined) return;
    list.reply = undefined;
    const step: ReplyStep = {
      at: reply.at,
      ...replyAttributes,
      ...reply.end(this.#state.replies, at),
    };
    checkLevel(step, REPLY_LEVELS);
    list.steps.push(step);
    this.#state.content = this.#header.protocol !== "pop3" &&
      startsContent(step, this.#state.command);
  }

  /** Adds a step, with what was written for it. */
  #push(list: StepList, step: Step): void {
    this.#endReply(list, step.at);
    const whole = { ...step, ...list.takeAttributes() };
    checkLevel(whole, COMMAND_LEVELS);
    list.steps.push(whole);
  }

  #finish(list: StepList): void {
    const { attributesAt } = list;
    this.#attempt(() => this.#endReply(list, list.reply?.at ?? NOWHERE));
    if (attributesAt !== undefined) {
      this.#attempt(() => problem(attributesAt, "", "a step behind this line"));
    }
  }

  #inline(
    rest: string,
    behind: Position,
    base: Pick<BytesStep, "at" | "end">,
    cursor: Cursor,
    list: StepList,
  ): void {
    const [, raw, tag] = /^ *(raw +)?([A-Za-z][A-Za-z0-9_]*) *$/.exec(rest) ??
      problem(behind, rest, 'a word that ends the text, as "C<<END" or "C<<raw END"');
    const lines: string[] = [];
    for (;;) {
      const line = cursor.lines[cursor.next++];
      if (line === undefined) problem(base.at, `<<${tag}`, `a line "${tag}" below`);
      if (line.text === tag) break;
      lines.push(line.text);
    }
    const from = linesToOctets(lines);
    this.#push(list, { kind: "bytes", ...base, from, stuffed: raw === undefined });
  }

  #file(
    rest: string,
    behind: Position,
    base: Pick<BytesStep, "at" | "end">,
    cursor: Cursor,
    list: StepList,
  ): void {
    const [, raw, path = ""] = /^(raw)? +(.*?)\s*$/.exec(rest) ?? [];
    const inside = insideRoot(path, cursor.folder) ??
      problem(behind, path, "a relative path that stays inside the root");
    const from = { path: relativeTo(this.#folder, inside) };
    this.#push(list, { kind: "bytes", ...base, from, stuffed: raw === undefined });
  }
}

const NOWHERE: Position = { file: "", line: 1, column: 1 };

type BlockHead =
  | { readonly how: "repeat"; readonly count: number }
  | { readonly how: "each"; readonly name: string; readonly values: readonly string[] }
  | { readonly how: "when"; readonly capability: string }
  | { readonly how: "alt" };

function blockHead(name: string, words: Words): BlockHead {
  switch (name) {
    case "repeat":
      return { how: name, count: words.number(`a number up to ${MAX_TURNS}`, MAX_TURNS) };
    case "when":
      return { how: name, capability: words.take(/.+/y)?.[0] ?? words.fail("a capability") };
    case "each": {
      const variable = words.name("a name");
      if (words.take(/in(?!\S)/y) === undefined) words.fail('"in" and values');
      return { how: name, name: variable, values: valuesOf(words) };
    }
    default:
      return { how: "alt" };
  }
}

function valuesOf(words: Words): readonly string[] {
  const values: string[] = [];
  do {
    if (words.done || words.left.startsWith(",")) words.fail("a value");
    values.push(words.value(","));
    if (values.length > MAX_TURNS) words.fail(`at most ${MAX_TURNS} values`);
  } while (words.take(/,/y) !== undefined);
  return values;
}

function endOf(words: Words): End {
  const found = words.take(/[CS](?!\S)/y);
  return found === undefined ? words.fail('"C" or "S"') : found[0] as End; // the expression says so
}

function attributesOf(words: Words): Attributes {
  let attributes: Attributes = {};
  const add = (more: Attributes) => {
    for (const key of Object.keys(more)) if (key in attributes) words.fail(`"${key}" only once`);
    attributes = { ...attributes, ...more };
  };
  if (words.done) words.fail("an attribute");
  while (!words.done) {
    if (words.take(/soft(?!\S)/y) !== undefined) {
      add({ soft: true });
    } else if (words.take(/label=/y) !== undefined) {
      const quoted = words.take(/"((?:[^"\\]|\\["\\])*)"/y);
      add({
        label: quoted === undefined
          ? words.word("a label")
          : quoted[1]?.replace(/\\(.)/g, "$1") ?? "",
      });
    } else if (words.take(/within=/y) !== undefined) {
      add({ within: timeOf(words) });
    } else if (words.take(/match=/y) !== undefined) {
      // Which levels there are depends on the step, where it is checked.
      add({ match: words.word("a level") as NonNullable<Attributes["match"]> });
    } else {
      words.fail('one of "match=", "within=", "soft" and "label="');
    }
  }
  return attributes;
}

/** Whether the level of a step is one that its kind has. */
function checkLevel(step: Step, levels: readonly string[]): void {
  if (step.match === undefined) return;
  const kinds = ["line", "content", "bytes", "reply"];
  if (!kinds.includes(step.kind)) problem(step.at, step.match, '"match" at a reply or a line');
  if (!levels.includes(step.match)) problem(step.at, step.match, `one of ${levels.join(", ")}`);
}

/** Whether a message may follow a reply. */
function startsContent({ lines }: ReplyStep, command: string): boolean {
  const last = lines.at(-1);
  if (last?.kind === "pattern") return last.sample?.startsWith("354") ?? false;
  if (last?.kind !== "line") return false;
  return last.code.includes("354") || (last.code.includes("3xx") && command === "DATA");
}

/** Passes over a block; gives the line that ends it. */
function blockEnd(cursor: Cursor): number | undefined {
  let depth = 1;
  while (cursor.next < cursor.lines.length) {
    const text = cursor.lines[cursor.next++]?.text.trim() ?? "";
    const [, tag] = /^[CS]<< *(?:raw +)?([A-Za-z][A-Za-z0-9_]*)$/.exec(text) ?? [];
    if (tag !== undefined) {
      while (cursor.next < cursor.lines.length && cursor.lines[cursor.next++]?.text !== tag);
    } else if (/^@.*\{$/.test(text)) depth++;
    else if (text === "}" && --depth === 0) return cursor.next - 1;
  }
  return undefined;
}
