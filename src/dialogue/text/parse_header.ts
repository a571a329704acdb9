/**
 * What a dialogue says about itself: the directives that are no steps.
 *
 * @module
 */

import { problem } from "../errors.ts";
import { parseTime } from "./parse_event.ts";
import type { Words } from "./parse_words.ts";
import type {
  CommandLevel,
  Dialogue,
  DialogueProtocol,
  Match,
  OnRule,
  Position,
  ReplyLevel,
  SecretDeclaration,
} from "../step.ts";

/** The levels of `S:` lines. */
export const REPLY_LEVELS: readonly string[] = ["class", "code", "enhanced", "text", "bytes"];
/** The levels of `C:` lines. */
export const COMMAND_LEVELS: readonly string[] = ["verb", "args", "text", "bytes"];
/** How strictly lines are compared if nothing is said. */
export const DEFAULT_MATCH: Match = { server: "code", client: "args" };

/** Takes a time. */
export function timeOf(words: Words): number {
  const at = words.at;
  const word = words.word("a time");
  return parseTime(word) ?? problem(at, word, 'a time, as "150ms", "2s" or "5m"');
}

/** The head of a dialogue, as it is being read. */
export class Header {
  /** What is spoken, once that is known. */
  protocol: DialogueProtocol | undefined;
  /** Its name. */
  name: string;
  /** How strictly lines are compared. */
  match: Match = DEFAULT_MATCH;
  /** The time limit, and where it is written. */
  timeout: Pick<Dialogue, "timeout" | "timeoutAt"> = {};
  /** Whether it begins inside a session. */
  fragment = false;
  /** Capabilities without which it is skipped. */
  readonly require: string[] = [];
  /** Overrides of a server. */
  readonly on: OnRule[] = [];
  readonly #vars = new Map<string, string>();
  readonly #secrets = new Map<string, SecretDeclaration>();
  readonly #said = new Set<string>();

  /**
   * @param name Its name if none is written.
   * @param protocol What is spoken, if that is known from elsewhere.
   */
  constructor(name: string, protocol: DialogueProtocol | undefined) {
    this.name = name;
    this.protocol = protocol;
  }

  /** Holes that are bound from the beginning. */
  get vars(): Readonly<Record<string, string>> {
    // A name like "constructor" is a name like any other.
    return Object.assign(Object.create(null), Object.fromEntries(this.#vars));
  }

  /** The secrets it needs. */
  get secrets(): readonly SecretDeclaration[] {
    return [...this.#secrets.values()];
  }

  /**
   * Takes a directive.
   *
   * @returns Whether it is one of the head.
   */
  take(directive: string, words: Words, at: Position): boolean {
    switch (directive) {
      case "smtp":
      case "lmtp":
      case "pop3":
        words.end();
        if (this.protocol !== undefined && this.protocol !== directive) {
          problem(at, `@${directive}`, `"@${this.protocol}", which is spoken already,`);
        }
        this.protocol = directive;
        return true;
      case "name":
        this.#once(directive, at);
        this.name = words.value();
        break;
      case "var":
        this.#var(words);
        break;
      case "secret":
        this.#secret(words);
        break;
      case "match":
        this.#once(directive, at);
        this.match = matchOf(words);
        break;
      case "timeout":
        this.#once(directive, at);
        this.timeout = { timeout: timeOf(words), timeoutAt: at };
        break;
      case "require":
        if (words.done) words.fail("a capability");
        this.require.push(words.take(/.+/y)?.[0] ?? "");
        break;
      case "fragment":
        this.fragment = true;
        break;
      case "on":
        this.on.push(onRule(words, at));
        break;
      default:
        return false;
    }
    words.end();
    return true;
  }

  #once(directive: string, at: Position): void {
    if (this.#said.has(directive)) problem(at, `@${directive}`, "it only once");
    this.#said.add(directive);
  }

  #newName(words: Words): string {
    const at = words.at;
    // The sign may stand at the name.
    const name = words.take(/[A-Za-z][A-Za-z0-9_]*/y)?.[0] ?? words.fail("a name");
    if (this.#vars.has(name) || this.#secrets.has(name)) {
      problem(at, name, "a name that is not taken");
    }
    return name;
  }

  #var(words: Words): void {
    const name = this.#newName(words);
    if (words.take(/=/y) === undefined) words.fail('"=" and a value');
    this.#vars.set(name, words.value());
  }

  #secret(words: Words): void {
    const name = this.#newName(words);
    const sample = words.take(/=/y) === undefined ? {} : { sample: words.value() };
    this.#secrets.set(name, { name, ...sample });
  }
}

function matchOf(words: Words): Match {
  let { server, client } = DEFAULT_MATCH;
  const first = words.take(new RegExp(`(?:${REPLY_LEVELS.join("|")})(?!\\S)`, "y"));
  const second = words.take(new RegExp(`client=(${COMMAND_LEVELS.join("|")})(?!\\S)`, "y"));
  if (first === undefined && second === undefined) {
    words.fail(
      `one of ${REPLY_LEVELS.join(", ")}, or "client=" and one of ${COMMAND_LEVELS.join(", ")}`,
    );
  }
  // The expressions hold the levels.
  if (first !== undefined) server = first[0] as ReplyLevel;
  if (second !== undefined) client = second[1] as CommandLevel;
  return { server, client };
}

const ACTIONS = 'a reply, or "drop", "close", "silence" or "delay" and a time';

function onRule(words: Words, at: Position): OnRule {
  const verb = words.take(/[A-Za-z][A-Za-z0-9]*|\.(?!\S)/y)?.[0].toUpperCase() ??
    words.fail('a verb, "CONNECT" or "."');
  let pattern: string | undefined;
  let times: number | undefined;
  if (words.take(/->(?!\S)/y) === undefined) {
    const count = /x(\d{1,6})(?= +->)/y;
    const found = words.take(count);
    if (found === undefined) {
      pattern = words.quoted() ?? words.word('a pattern or "->"');
    }
    const last = found ?? words.take(count);
    if (last !== undefined) times = Number(last[1]);
    if (words.take(/->(?!\S)/y) === undefined) words.fail('"->"');
  }
  return {
    at,
    verb,
    ...(pattern === undefined ? {} : { pattern }),
    ...(times === undefined ? {} : { times }),
    action: actionOf(words),
  };
}

function actionOf(words: Words): OnRule["action"] {
  const ending = words.take(/(drop|close|silence)(?!\S)/y);
  // The expression holds the kinds.
  if (ending !== undefined) return { kind: ending[1] as "drop" | "close" | "silence" };
  if (words.take(/delay(?!\S)/y) !== undefined) return { kind: "delay", ms: timeOf(words) };
  const text = words.take(/(?:\d{3}(?=[ -]|$)|\+OK\b|-ERR\b).*/y)?.[0] ?? words.fail(ACTIONS);
  return { kind: "reply", text };
}
