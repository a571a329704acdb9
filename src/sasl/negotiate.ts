/**
 * Which mechanisms to try, and in what order, given what the server offers and how the line is kept.
 *
 * The order is ours: what a server lists first says nothing about its strength (T-A12).
 *
 * @module
 */

import { cramMd5 } from "./cram_md5.ts";
import type { PasswordLogin } from "./credentials.ts";
import { login } from "./login.ts";
import type { SaslMechanism } from "./mechanism.ts";
import { plain } from "./plain.ts";
import { scram } from "./scram.ts";

/** Who logs in with a password, and how they agree to. */
export interface Credentials extends PasswordLogin {
  /**
   * The only mechanisms to use, in this order.
   *
   * @default All that take a password, strongest first.
   */
  readonly mechanisms?: readonly string[];
}

/** Under which conditions a mechanism is chosen. */
export interface NegotiateOptions {
  /** Whether the line is kept from others: TLS with a verified peer, or a socket of this machine's files. */
  readonly secure: boolean;
  /**
   * Whether a password or token may go over a line that is not `secure`.
   *
   * @default {false}
   */
  readonly allowCleartextAuth?: boolean;
  /**
   * The weakest password mechanism to use, so that nobody on the way can talk us down (T-A01).
   *
   * @default {"LOGIN"}
   */
  readonly minMechanism?: string;
}

// Strongest first; the place in this list is the strength.
const BY_STRENGTH: ReadonlyMap<string, (given: PasswordLogin) => SaslMechanism> = new Map([
  ["SCRAM-SHA-512", (given) => scram("SHA-512", given)],
  ["SCRAM-SHA-256", (given) => scram("SHA-256", given)],
  ["SCRAM-SHA-1", (given) => scram("SHA-1", given)],
  ["CRAM-MD5", cramMd5],
  ["PLAIN", plain],
  ["LOGIN", login],
]);
const RANKS: readonly string[] = [...BY_STRENGTH.keys()];

// A server that lists more is playing (T-A12).
const MOST_OFFERED = 64;

/**
 * The mechanisms to try, best first. A name counts as a whole: `SCRAM-SHA-1-PLUS` does not offer
 * `SCRAM-SHA-1`.
 *
 * @param offered The names that the server offers; the first 64 are looked at.
 * @param given Credentials, or the one mechanism to use.
 * @param options Under which conditions.
 * @returns The mechanisms; empty if none remains, and {@linkcode whyNoMechanism} says why.
 * @throws {TypeError} If a credential cannot be sent.
 * @throws {RangeError} If `mechanisms` is empty, or it or `minMechanism` names one that takes no password.
 *
 * @example Usage
 * ```ts
 * import { negotiate, Secret } from "@mailwright/mailwright/sasl";
 * import { deepEqual } from "node:assert/strict";
 *
 * const given = { user: "tim", password: new Secret("tanstaaftanstaaf") };
 * const offered = ["PLAIN", "LOGIN", "SCRAM-SHA-256", "GSSAPI"];
 * const names = (secure: boolean) => negotiate(offered, given, { secure }).map(({ name }) => name);
 * deepEqual(names(true), ["SCRAM-SHA-256", "PLAIN", "LOGIN"]);
 * deepEqual(names(false), ["SCRAM-SHA-256"]);
 * ```
 */
export function negotiate(
  offered: readonly string[],
  given: Credentials | SaslMechanism,
  options: NegotiateOptions,
): readonly SaslMechanism[] {
  return weigh(offered, given, options).filter(({ against }) => against === undefined)
    .map(({ mechanism }) => mechanism);
}

/**
 * Says why {@linkcode negotiate} found no mechanism.
 *
 * @param offered The names that the server offers.
 * @param given Credentials, or the one mechanism to use.
 * @param options Under which conditions.
 * @returns The reason, as the end of a message; `undefined` if there is a mechanism.
 * @throws {TypeError} If a credential cannot be sent.
 * @throws {RangeError} If `mechanisms` is empty, or it or `minMechanism` names one that takes no password.
 *
 * @example Usage
 * ```ts
 * import { Secret, whyNoMechanism } from "@mailwright/mailwright/sasl";
 * import { equal } from "node:assert/strict";
 *
 * const given = { user: "tim", password: new Secret("tanstaaftanstaaf") };
 * equal(
 *   whyNoMechanism(["PLAIN"], given, { secure: false }),
 *   "PLAIN would show the secret on a connection in clear",
 * );
 * ```
 */
export function whyNoMechanism(
  offered: readonly string[],
  given: Credentials | SaslMechanism,
  options: NegotiateOptions,
): string | undefined {
  const weighed = weigh(offered, given, options);
  if (weighed.some(({ against }) => against === undefined)) return undefined;
  const common = weighed.filter(({ against }) => against !== "is not offered");
  if (common.length > 0) {
    return common.map(({ mechanism, against }) => `${mechanism.name} ${against}`).join(", ");
  }
  const wanted = weighed.map(({ mechanism }) => mechanism.name).join(" or ");
  const seen = [...namesOf(offered)].filter((name) => /^[A-Z0-9_-]{1,20}$/.test(name));
  return seen.length === 0
    ? "the server offers no mechanism"
    : `the server offers ${seen.slice(0, 10).join(" ")}, not ${wanted}`;
}

/** A mechanism that we could use, and what speaks against it. */
interface Weighed {
  readonly mechanism: SaslMechanism;
  readonly against: string | undefined;
}

function weigh(
  offered: readonly string[],
  given: Credentials | SaslMechanism,
  options: NegotiateOptions,
): readonly Weighed[] {
  const names = namesOf(offered);
  const inClear = !options.secure && !options.allowCleartextAuth;
  const weakest = rankOf(options.minMechanism ?? "LOGIN");
  return candidates(given).map((mechanism) => {
    const name = mechanism.name.toUpperCase();
    const against = !names.has(name)
      ? "is not offered"
      : RANKS.indexOf(name) > weakest
      ? `is weaker than ${RANKS[weakest]}`
      : mechanism.exposesSecret && inClear
      ? "would show the secret on a connection in clear"
      : undefined;
    return { mechanism, against };
  });
}

function candidates(given: Credentials | SaslMechanism): readonly SaslMechanism[] {
  if ("start" in given) return [given];
  const wanted = new Set((given.mechanisms ?? RANKS).map((name) => RANKS[rankOf(name)] ?? name));
  if (wanted.size === 0) throw new RangeError("Cannot negotiate: the list of mechanisms is empty");
  return [...wanted].flatMap((name) => BY_STRENGTH.get(name)?.(given) ?? []);
}

function namesOf(offered: readonly string[]): ReadonlySet<string> {
  return new Set(offered.slice(0, MOST_OFFERED).map((name) => name.toUpperCase()));
}

function rankOf(name: string): number {
  const rank = RANKS.indexOf(name.toUpperCase());
  if (rank < 0) {
    throw new RangeError(
      `Cannot use the mechanism "${name}" with a password: known are ${RANKS.join(" ")}`,
    );
  }
  return rank;
}
