/**
 * What a server offers: EHLO lines to a typed set that callers may only reduce.
 *
 * @module
 */

import type { SmtpReply } from "./reply.ts";

/** The limits of RFC 9422. */
export interface ServerLimits {
  /** Messages in one connection. */
  readonly mailMax?: number;
  /** Recipients in one transaction. */
  readonly rcptMax?: number;
  /** Recipient domains in one transaction. */
  readonly rcptDomainMax?: number;
}

/**
 * The extensions of a server, by keyword. Keywords are upper case; parameters are as received.
 *
 * @example Usage
 * ```ts
 * import { parseCapabilities, parseReply } from "@mailwright/mailwright";
 * import { deepEqual, equal } from "node:assert/strict";
 *
 * const ehlo = parseReply("250-mx.example\r\n250-SIZE 1000\r\n250 AUTH PLAIN LOGIN");
 * const capabilities = parseCapabilities(ehlo);
 * equal(capabilities.size, 1000);
 * deepEqual(capabilities.auth, ["PLAIN", "LOGIN"]);
 * equal(capabilities.has("PIPELINING"), false);
 * ```
 */
export class Capabilities {
  readonly #keywords: ReadonlyMap<string, readonly string[]>;
  /** Whether commands may be sent without waiting (RFC 2920). Asked for with each message, so kept. */
  readonly pipelining: boolean;

  /** Makes a set of keywords with their parameters; {@linkcode parseCapabilities} reads one. */
  constructor(keywords: ReadonlyMap<string, readonly string[]> = new Map()) {
    this.#keywords = keywords;
    this.pipelining = this.has("PIPELINING");
  }

  /**
   * Whether a keyword was offered.
   *
   * @param keyword The keyword, in any case.
   * @returns Whether it was.
   */
  has(keyword: string): boolean {
    return this.#keywords.has(keyword.toUpperCase());
  }

  /**
   * The parameters of a keyword, as received.
   *
   * @param keyword The keyword, in any case.
   * @returns Its parameters, or `undefined` if it was not offered.
   */
  parameters(keyword: string): readonly string[] | undefined {
    return this.#keywords.get(keyword.toUpperCase());
  }

  /** The largest message in octets; `undefined` if unknown or without a fixed limit (RFC 1870). */
  get size(): number | undefined {
    const size = decimal(this.parameters("SIZE")?.[0]);
    return size === 0 ? undefined : size;
  }

  /** The SASL mechanisms, upper case, those of the old `AUTH=` form included. */
  get auth(): readonly string[] {
    return this.parameters("AUTH")?.map((name) => name.toUpperCase()) ?? [];
  }

  /** The limits (RFC 9422); unknown and malformed ones are left out. */
  get limits(): ServerLimits {
    const limits: { mailMax?: number; rcptMax?: number; rcptDomainMax?: number } = {};
    for (const entry of this.parameters("LIMITS") ?? []) {
      const [, name, digits] = /^([A-Za-z0-9]+)=(\d{1,6})$/.exec(entry) ?? [];
      const value = Number(digits);
      if (!(value > 0)) continue;
      if (name?.toUpperCase() === "MAILMAX") limits.mailMax = value;
      if (name?.toUpperCase() === "RCPTMAX") limits.rcptMax = value;
      if (name?.toUpperCase() === "RCPTDOMAINMAX") limits.rcptDomainMax = value;
    }
    return limits;
  }

  /** The shortest DELIVERBY time in seconds; 0 if the server names none (RFC 2852). */
  get deliverByMinimum(): number {
    return decimal(this.parameters("DELIVERBY")?.[0]) ?? 0;
  }

  /** The longest hold in seconds and the latest date (RFC 4865); absent parts are unknown. */
  get futureRelease(): { readonly maxSeconds?: number; readonly maxDate?: Date } {
    const [interval, date] = this.parameters("FUTURERELEASE") ?? [];
    const maxSeconds = decimal(interval);
    const time = Date.parse(date ?? "");
    return {
      ...(maxSeconds === undefined ? {} : { maxSeconds }),
      ...(Number.isNaN(time) ? {} : { maxDate: new Date(time) }),
    };
  }

  /** The priority profile of MT-PRIORITY (RFC 6710), if the server names one. */
  get priorityProfile(): string | undefined {
    return this.parameters("MT-PRIORITY")?.[0];
  }

  /**
   * A smaller set: a caller can forbid extensions and mechanisms, never add them.
   *
   * @param without Keywords (`PIPELINING`) and mechanisms (`AUTH LOGIN`) to leave out, in any case.
   * @returns The rest.
   *
   * @example Usage
   * ```ts
   * import { parseCapabilities, parseReply } from "@mailwright/mailwright";
   * import { deepEqual } from "node:assert/strict";
   *
   * const all = parseCapabilities(parseReply("250-mx.example\r\n250-DSN\r\n250 AUTH PLAIN LOGIN"));
   * deepEqual(all.without(["DSN", "AUTH LOGIN"]).lines, ["AUTH PLAIN"]);
   * ```
   */
  without(without: readonly string[]): Capabilities {
    const keywords = new Map(this.#keywords);
    for (const word of without) {
      const [keyword = "", ...some] = word.trim().toUpperCase().split(/\s+/);
      const rest = some.length === 0
        ? []
        : keywords.get(keyword)?.filter((entry) => !some.includes(entry.toUpperCase()));
      if (rest?.length === 0) keywords.delete(keyword);
      else if (rest !== undefined) keywords.set(keyword, rest);
    }
    return new Capabilities(keywords);
  }

  /** The capabilities as lines: keyword and parameters. */
  get lines(): readonly string[] {
    return [...this.#keywords].map(([keyword, parameters]) => [keyword, ...parameters].join(" "));
  }

  /** The capabilities as lines. */
  toJSON(): readonly string[] {
    return this.lines;
  }
}

/**
 * Reads the capabilities from a reply to EHLO or LHLO.
 *
 * The first line is the server's name and never a capability (RFC 5321 section 4.1.1.1), and only a
 * whole word at the start of a line is a keyword: `250-host says STARTTLS` offers nothing.
 *
 * @param reply A positive reply.
 * @returns The capabilities.
 *
 * @example Usage
 * ```ts
 * import { parseCapabilities, parseReply } from "@mailwright/mailwright";
 * import { deepEqual } from "node:assert/strict";
 *
 * const reply = parseReply("250-mx.example DSN\r\n250-size 1000\r\n250 AUTH=LOGIN");
 * deepEqual(parseCapabilities(reply).lines, ["SIZE 1000", "AUTH LOGIN"]);
 * ```
 */
export function parseCapabilities(reply: SmtpReply): Capabilities {
  const keywords = new Map<string, readonly string[]>();
  for (const line of reply.lines.slice(1)) {
    const [word = "", ...parameters] = line.split(/[ \t]+/);
    // "AUTH=LOGIN PLAIN" is what servers said before RFC 2554; it is merged with AUTH (S68).
    const legacy = /^AUTH=(.*)$/i.exec(word)?.[1];
    const keyword = legacy === undefined ? word : "AUTH";
    // Looked at before it is in upper case, in which other letters become those of ASCII.
    if (!/^[A-Za-z0-9][A-Za-z0-9-]*$/.test(keyword)) continue;
    const name = keyword.toUpperCase();
    const words = [legacy ?? "", ...parameters].filter((entry) => entry !== "");
    keywords.set(name, union(keywords.get(name) ?? [], words, name === "AUTH"));
  }
  return new Capabilities(keywords);
}

/** RFC 4422 section 3.1. */
const MECHANISM = /^[A-Za-z0-9_-]{1,20}$/;
/** How many mechanisms are looked at; some servers were seen to offer dozens (T-A12). */
const MAX_MECHANISMS = 64;

function union(
  before: readonly string[],
  more: readonly string[],
  merge: boolean,
): readonly string[] {
  if (!merge) return before.length > 0 ? before : more; // a repeated keyword: the first one counts
  const names = [...before, ...more.filter((name) => MECHANISM.test(name))];
  return [...new Set(names.map((name) => name.toUpperCase()))].slice(0, MAX_MECHANISMS);
}

/** Digits only, and a number that a double holds exactly; anything else is unknown (T-R15). */
function decimal(text: string | undefined): number | undefined {
  if (text === undefined || !/^\d{1,16}$/.test(text)) return undefined;
  const value = Number(text);
  return Number.isSafeInteger(value) ? value : undefined;
}
