/**
 * What a server offers: CAPA lines to a typed set that callers may only reduce (RFC 2449).
 *
 * @module
 */

/** How long a server keeps messages (RFC 2449 section 6.7). */
export interface Expiry {
  /** Days after which it may delete; 0 means that it may delete on RETR. */
  readonly days: number | "never";
  /** Whether the number may be another one for each user, known after the login. */
  readonly perUser: boolean;
}

/** How long a server wants between two logins (RFC 2449 section 6.5). */
export interface LoginDelay {
  /** Seconds from one login to the next. */
  readonly seconds: number;
  /** Whether the number may be another one for each user, known after the login. */
  readonly perUser: boolean;
}

/**
 * The capabilities of a server, by keyword. Keywords are upper case; parameters are as received.
 *
 * @example Usage
 * ```ts
 * import { parsePop3Capabilities } from "@mailwright/mailwright/pop3";
 * import { deepEqual, equal } from "node:assert/strict";
 *
 * const capabilities = parsePop3Capabilities(["SASL PLAIN SCRAM-SHA-256", "EXPIRE 31 USER"]);
 * deepEqual(capabilities.sasl, ["PLAIN", "SCRAM-SHA-256"]);
 * deepEqual(capabilities.expire, { days: 31, perUser: true });
 * equal(capabilities.has("STLS"), false);
 * ```
 */
export class Pop3Capabilities {
  readonly #keywords: ReadonlyMap<string, readonly string[]> | undefined;
  /** Whether commands may be sent without waiting (RFC 2449 section 6.6). */
  readonly pipelining: boolean;

  /**
   * Makes a set of keywords with their parameters; {@linkcode parsePop3Capabilities} reads one.
   *
   * @param keywords The keywords; without, nothing is known about the server.
   */
  constructor(keywords?: ReadonlyMap<string, readonly string[]>) {
    this.#keywords = keywords;
    this.pipelining = this.has("PIPELINING");
  }

  /** Whether the server has said what it offers. If not, a verb may work all the same. */
  get known(): boolean {
    return this.#keywords !== undefined;
  }

  /**
   * Whether a keyword was offered.
   *
   * @param keyword The keyword, in any case.
   * @returns Whether it was.
   */
  has(keyword: string): boolean {
    return this.parameters(keyword) !== undefined;
  }

  /**
   * The parameters of a keyword, as received.
   *
   * @param keyword The keyword, in any case.
   * @returns Its parameters, or `undefined` if it was not offered.
   */
  parameters(keyword: string): readonly string[] | undefined {
    return this.#keywords?.get(keyword.toUpperCase());
  }

  /** The SASL mechanisms, upper case. */
  get sasl(): readonly string[] {
    return this.parameters("SASL")?.map((name) => name.toUpperCase()) ?? [];
  }

  /** How long messages are kept, if the server says so. */
  get expire(): Expiry | undefined {
    const [days = "", user] = this.parameters("EXPIRE") ?? [];
    const perUser = user?.toUpperCase() === "USER";
    if (days.toUpperCase() === "NEVER") return { days: "never", perUser };
    const number = decimal(days);
    return number === undefined ? undefined : { days: number, perUser };
  }

  /** How long the next login has to wait, if the server says so. */
  get loginDelay(): LoginDelay | undefined {
    const [seconds, user] = this.parameters("LOGIN-DELAY") ?? [];
    const number = decimal(seconds);
    if (number === undefined) return undefined;
    return { seconds: number, perUser: user?.toUpperCase() === "USER" };
  }

  /** What software it is, if the server says so. */
  get implementation(): string | undefined {
    return this.parameters("IMPLEMENTATION")?.join(" ");
  }

  /**
   * A smaller set: a caller can forbid capabilities and mechanisms, never add them.
   *
   * @param without Keywords (`PIPELINING`) and mechanisms (`SASL LOGIN`) to leave out, in any case.
   * @returns The rest.
   */
  without(without: readonly string[]): Pop3Capabilities {
    if (this.#keywords === undefined) return this;
    const keywords = new Map(this.#keywords);
    for (const word of without) {
      const [keyword = "", parameter] = word.trim().toUpperCase().split(/\s+/);
      const rest = keywords.get(keyword)?.filter((entry) => entry.toUpperCase() !== parameter);
      if (parameter === undefined || rest?.length === 0) keywords.delete(keyword);
      else if (rest !== undefined) keywords.set(keyword, rest);
    }
    return new Pop3Capabilities(keywords);
  }

  /** The capabilities as lines: keyword and parameters. */
  get lines(): readonly string[] {
    return [...this.#keywords ?? []].map(([keyword, words]) => [keyword, ...words].join(" "));
  }

  /** The capabilities as lines. */
  toJSON(): readonly string[] {
    return this.lines;
  }
}

/**
 * Reads the capabilities from the lines behind the status of CAPA.
 *
 * Only a whole word at the start of a line is a keyword, in any case; of a repeated one the first
 * counts.
 *
 * @param lines The lines, without the final dot.
 * @returns The capabilities.
 */
export function parsePop3Capabilities(lines: readonly string[]): Pop3Capabilities {
  const keywords = new Map<string, readonly string[]>();
  for (const line of lines) {
    const [word = "", ...parameters] = line.trim().split(/[ \t]+/);
    const keyword = word.toUpperCase();
    if (/^[!-~]+$/.test(keyword) && !keywords.has(keyword)) keywords.set(keyword, parameters);
  }
  return new Pop3Capabilities(keywords);
}

/** Digits only, and a number that a double holds exactly; anything else is unknown. */
function decimal(text: string | undefined): number | undefined {
  if (text === undefined || !/^\d{1,16}$/.test(text)) return undefined;
  const value = Number(text);
  return Number.isSafeInteger(value) ? value : undefined;
}
