/**
 * What a server offers, and in which state of the session.
 *
 * The lists are the one truth: what is offered works, what is not offered is refused. A test that
 * takes a line away takes the ability away.
 *
 * @module
 */

/** The states in which a server may offer different things. */
export type OfferState = "clear" | "tls" | "authenticated";

/** What EHLO, LHLO or CAPA lists in each state: one line per entry, without code, for example `SIZE 1000`. */
export type CapabilityLists = Readonly<Record<OfferState, readonly string[]>>;

/** What {@linkcode capabilityLists} puts together. */
export interface CapabilityOptions {
  /** The number behind SIZE; 0 is no fixed limit. @default {0} */
  readonly size?: number;
  /** Whether STARTTLS is offered in the clear. @default {false} */
  readonly startTls?: boolean;
  /** The AUTH mechanisms; they are offered inside TLS only. @default {[]} */
  readonly mechanisms?: readonly string[];
  /** Further lines, in every state. @default {[]} */
  readonly more?: readonly string[];
}

/**
 * The capabilities of an ordinary server.
 *
 * @param options What is added to what the engine does by itself.
 * @returns The lists of all states.
 *
 * @example Usage
 * ```ts
 * import { capabilityLists } from "@mailwright/mailwright";
 * import { deepEqual } from "node:assert/strict";
 *
 * const { clear, tls } = capabilityLists({ startTls: true, mechanisms: ["PLAIN"] });
 * deepEqual([clear.at(-1), tls.at(-1)], ["STARTTLS", "AUTH PLAIN"]);
 * ```
 */
export function capabilityLists(options: CapabilityOptions = {}): CapabilityLists {
  const { size = 0, startTls = false, mechanisms = [], more = [] } = options;
  const always = [
    "PIPELINING",
    `SIZE ${size}`,
    "8BITMIME",
    "BINARYMIME",
    "CHUNKING",
    "SMTPUTF8",
    "ENHANCEDSTATUSCODES",
    "VRFY",
    "HELP",
    ...more,
  ];
  const inside = [...always, "REQUIRETLS"];
  return {
    clear: startTls ? [...always, "STARTTLS"] : always,
    tls: mechanisms.length === 0 ? inside : [...inside, `AUTH ${mechanisms.join(" ")}`],
    authenticated: inside,
  };
}

/** One list, ready to be asked. */
export class Offer {
  /** The lines as they are shown. */
  readonly lines: readonly string[];
  readonly #parameters = new Map<string, readonly string[]>();

  /**
   * Makes one.
   *
   * @param lines The lines as they are shown.
   */
  constructor(lines: readonly string[]) {
    this.lines = lines;
    for (const line of lines) {
      // The old form AUTH=LOGIN counts as AUTH LOGIN; two lines of one keyword add up.
      const [keyword = "", ...more] = line.replace(/^AUTH=/i, "AUTH ").split(" ");
      const name = keyword.toUpperCase();
      this.#parameters.set(name, [...this.parameters(name), ...more]);
    }
  }

  /** Whether a keyword is offered. */
  has(keyword: string): boolean {
    return this.#parameters.has(keyword);
  }

  /** What stands behind a keyword; nothing if it is not offered. */
  parameters(keyword: string): readonly string[] {
    return this.#parameters.get(keyword) ?? [];
  }

  /** Whether a mechanism is among those of AUTH, or of SASL as POP3 calls it. */
  hasMechanism(keyword: "AUTH" | "SASL", name: string): boolean {
    return this.parameters(keyword).some((offered) => offered.toUpperCase() === name);
  }

  /** The octets a message may have: the number behind SIZE, where it is one and not zero. */
  get size(): number {
    return Number(this.parameters("SIZE")[0]) || Infinity;
  }

  /** A number of LIMITS (RFC 9422). */
  limit(name: "MAILMAX" | "RCPTMAX" | "RCPTDOMAINMAX"): number {
    const entry = this.parameters("LIMITS").find((limit) => limit.startsWith(`${name}=`));
    return Number(entry?.slice(name.length + 1)) || Infinity;
  }
}
