/**
 * Credentials of a page to holes: none of them survives an import (T-I45).
 *
 * @module
 */

import { printValue } from "../text/parse_words.ts";

const USER = "user@example.test";
const PASSWORD = "open sesame";

/** The mechanisms whose lines are written out; of others the whole exchange is one step. */
const WRITTEN = new Set(["LOGIN", "PLAIN", "XOAUTH2", "CRAM-MD5"]);

/** An AUTH that is going on. */
export interface Exchange {
  /** The mechanism. */
  readonly mechanism: string;
  /** Whether the exchange is one step, and its lines are left away. */
  readonly whole: boolean;
  /** How many answers were given. */
  answers: number;
  /** The name of the user, once it came. */
  user: string | undefined;
}

/** Gives names to the credentials of one page. */
export class Logins {
  readonly #users = new Map<string, string>();
  readonly #passwords = new Map<string, string>();
  #begun = false;

  /** Whether there was any. */
  get some(): boolean {
    return this.#begun;
  }

  /**
   * Begins an AUTH.
   *
   * @param initial The response in the command.
   * @returns The line behind the verb; the whole line if the exchange is one step.
   */
  begin(mechanism: string, initial: string | undefined): [exchange: Exchange, line: string] {
    this.#begun = true;
    const name = mechanism.toUpperCase();
    const exchange: Exchange = {
      mechanism: name,
      whole: !WRITTEN.has(name),
      answers: 0,
      user: undefined,
    };
    if (exchange.whole) {
      return [exchange, `@auth ${name} ${this.user("")} ${this.password("")}`];
    }
    const response = initial === undefined ? "" : ` ${this.answer(exchange, initial)}`;
    return [exchange, `${mechanism}${response}`];
  }

  /** An answer of the client as a hole. */
  answer(exchange: Exchange, text: string): string {
    // They hold nothing: an answer that cancels, and one that is empty.
    if (text === "*" || text === "=") return text;
    const first = exchange.answers++ === 0;
    switch (exchange.mechanism) {
      case "LOGIN":
        if (!first) return `\${b64 ${this.password(`${exchange.user} ${text}`)}}`;
        exchange.user = this.user(text);
        return `\${b64 ${exchange.user}}`;
      case "CRAM-MD5":
        return `\${cram challenge ${this.user(text)} ${this.password(text)}}`;
      default:
        return `\${${exchange.mechanism.toLowerCase()} ${this.user(text)} ${this.password(text)}}`;
    }
  }

  /** The name of the hole for a user. */
  user(literal: string): string {
    return nameOf(this.#users, "user", literal);
  }

  /** The name of the hole for a password. */
  password(literal: string): string {
    return nameOf(this.#passwords, "pass", literal);
  }

  /** The directives that declare all names, with samples of our own. */
  declarations(): readonly string[] {
    const numbered = (text: string, index: number) => index === 0 ? text : `${index + 1}${text}`;
    return [
      ...[...this.#users.values()].map((name, at) => `@var ${name} = ${numbered(USER, at)}`),
      ...[...this.#passwords.values()].map((name, at) =>
        `@secret ${name} = ${printValue(numbered(PASSWORD, at))}`
      ),
    ];
  }
}

function nameOf(names: Map<string, string>, base: string, literal: string): string {
  const name = names.get(literal) ?? (names.size === 0 ? base : `${base}${names.size + 1}`);
  names.set(literal, name);
  return name;
}
