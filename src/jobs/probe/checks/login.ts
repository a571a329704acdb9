/**
 * Checks of logins.
 *
 * @module
 */

import { isPublicAddress } from "../public_address.ts";
import type { Severity } from "../result.ts";
import { atHello, type Check, fact, lineAt, replyOf, type Sight } from "./check.ts";

/** Ways that show a password to whoever listens. */
const EXPOSING = ["PLAIN", "LOGIN", "USER"];

/** What a refused login means: RFC 3206 says whose fault it is, and RFC 5321 for how long it holds. */
function isTemporary(sight: Sight): boolean {
  const { code, responseCode = "" } = replyOf(sight, "auth") ?? {};
  return code === undefined ? /^SYS\/TEMP(?:\/|$)/.test(responseCode) : code < 500;
}

/** Somebody else, or an earlier login, stands in the way: nothing is wrong with the password. */
function isInTheWay({ responseCode }: { readonly responseCode?: string }): boolean {
  return responseCode === "IN-USE" || responseCode === "LOGIN-DELAY";
}

/** Checks of logins. */
export const LOGIN: readonly Check[] = [
  {
    id: "auth.cleartext",
    stage: "ehlo",
    severity: ({ result: { ip } }) => ip !== null && isPublicAddress(ip) ? "critical" : "info",
    when: (sight) => {
      const exposing = sight.result.auth?.offeredClear.filter((name) => EXPOSING.includes(name)) ??
        [];
      return exposing.length === 0
        ? undefined
        : atHello(sight, `${exposing.join(", ")} without TLS: others can read the password`);
    },
    fix: "Offer logins inside TLS only",
  },
  {
    id: "auth.none-usable",
    stage: "auth",
    severity: "critical",
    when: ({ seen: { unusable } }) => unusable === undefined ? undefined : fact("login", unusable),
    fix: "Name a mechanism that both sides know with --auth, use TLS, or allow --cleartext-auth",
  },
  {
    id: "auth.failed",
    stage: "auth",
    severity: (sight): Severity =>
      sight.plan.target.protocol === "pop3" && isTemporary(sight) ? "warning" : "critical",
    when: (sight) => {
      const { login, failure } = sight.seen;
      if (failure?.kind === "auth") return fact("login", failure.text);
      const reply = replyOf(sight, "auth");
      if (login === undefined || login.ok || reply === undefined) return undefined;
      if (isInTheWay(reply)) return undefined;
      const more = login.text === undefined ? [] : [{ record: "login", text: login.text }];
      return { evidence: [lineAt(sight, reply.line), ...more] };
    },
    fix: (sight) =>
      isTemporary(sight)
        ? "Try later: the server cannot check logins now"
        : replyOf(sight, "auth")?.responseCode?.startsWith("SYS/")
        ? "Ask whoever runs the server: it says that nothing is wrong with the password"
        : "Check user and password, and whether this user may log in this way",
  },
];
