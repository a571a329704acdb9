/**
 * What a POP3 server offers, and in which state of the session (RFC 2449).
 *
 * @module
 */

import type { CapabilityLists } from "./capabilities.ts";

/** What {@linkcode pop3CapabilityLists} puts together. */
export interface Pop3CapabilityOptions {
  /** Whether STLS is offered in the clear. @default {false} */
  readonly startTls?: boolean;
  /** Whether USER and PASS, and with a stamp APOP, may log in. @default {true} */
  readonly user?: boolean;
  /** The mechanisms of AUTH. @default {[]} */
  readonly mechanisms?: readonly string[];
  /** Whether logins are offered in the clear too, and not inside TLS only. @default {false} */
  readonly clearLogin?: boolean;
  /** Whether TOP is there. @default {true} */
  readonly top?: boolean;
  /** Whether UIDL is there. @default {true} */
  readonly uidl?: boolean;
  /**
   * For how many days messages stay, at least. With 0 those that were retrieved are removed at QUIT
   * (RFC 2449 section 6.7).
   *
   * @default {"NEVER"}
   */
  readonly expire?: number | "NEVER";
  /** Seconds from one login of a user to the next. Without it, nothing is said of it. */
  readonly loginDelay?: number;
  /** Further lines, in every state. @default {[]} */
  readonly more?: readonly string[];
}

/**
 * The capabilities of an ordinary POP3 server.
 *
 * @param options What it does, and what it does not.
 * @returns The lists of all states.
 *
 * @example Usage
 * ```ts
 * import { pop3CapabilityLists } from "@mailwright/mailwright";
 * import { equal } from "node:assert/strict";
 *
 * const { clear, tls } = pop3CapabilityLists({ startTls: true, loginDelay: 60 });
 * equal(clear.includes("STLS") && clear.includes("LOGIN-DELAY 60"), true);
 * equal(clear.includes("USER"), false);
 * equal(tls.includes("USER"), true);
 * ```
 */
export function pop3CapabilityLists(options: Pop3CapabilityOptions = {}): CapabilityLists {
  const { startTls = false, clearLogin = false, mechanisms = [], loginDelay } = options;
  const always = [
    ...(options.top ?? true ? ["TOP"] : []),
    ...(options.uidl ?? true ? ["UIDL"] : []),
    "RESP-CODES",
    "AUTH-RESP-CODE",
    "PIPELINING",
    `EXPIRE ${options.expire ?? "NEVER"}`,
    ...(loginDelay === undefined ? [] : [`LOGIN-DELAY ${loginDelay}`]),
    "UTF8 USER",
    "LANG",
    "IMPLEMENTATION mailwright",
    ...options.more ?? [],
  ];
  // RFC 2449 section 6.2 and RFC 5034 section 3: shown in both states, although of no use in the second.
  const inside = [
    ...always,
    ...(options.user ?? true ? ["USER"] : []),
    ...(mechanisms.length === 0 ? [] : [`SASL ${mechanisms.join(" ")}`]),
  ];
  const outside = clearLogin ? inside : always;
  return {
    clear: startTls ? [...outside, "STLS"] : outside,
    tls: inside,
    authenticated: inside,
  };
}
