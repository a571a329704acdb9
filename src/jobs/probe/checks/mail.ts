/**
 * Checks of logins, single commands, recipients and the message.
 *
 * @module
 */

import { isPublicAddress } from "../public_address.ts";
import type { RecipientOutcome, Severity } from "../result.ts";
import { type Check, fact, type Hit, lineAt, replyOf, said, type Sight } from "./check.ts";

/** Mechanisms that show a password to whoever listens. */
const EXPOSING = ["PLAIN", "LOGIN"];

/** Checks of logins and mail. */
export const MAIL: readonly Check[] = [
  {
    id: "auth.cleartext",
    stage: "ehlo",
    severity: ({ result: { ip } }) => ip !== null && isPublicAddress(ip) ? "critical" : "info",
    when: ({ result: { auth } }) => {
      const exposing = auth?.offeredClear.filter((name) => EXPOSING.includes(name)) ?? [];
      return exposing.length === 0
        ? undefined
        : fact("EHLO", `${exposing.join(", ")} without TLS: others can read the password`);
    },
    fix: "Offer logins inside TLS only",
  },
  {
    id: "auth.offered-on-25",
    stage: "ehlo",
    severity: "info",
    when: ({ plan: { target }, result: { auth } }) => {
      const offered = [...(auth?.offeredClear ?? []), ...(auth?.offeredTls ?? [])];
      return target.port === 25 && offered.length > 0
        ? fact("EHLO", `AUTH ${[...new Set(offered)].join(" ")}`)
        : undefined;
    },
    fix: "Take logins on 465 and 587, and offer none to other servers on 25",
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
    severity: "critical",
    when: (sight) => {
      const { login, failure } = sight.seen;
      if (failure?.kind === "auth") return fact("login", failure.text);
      const reply = replyOf(sight, "auth");
      if (login === undefined || login.ok || reply === undefined) return undefined;
      const more = login.text === undefined ? [] : [{ record: "login", text: login.text }];
      return { evidence: [lineAt(sight, reply.line), ...more] };
    },
    fix: (sight) =>
      (replyOf(sight, "auth")?.code ?? 500) < 500
        ? "Try later: the server cannot check logins now"
        : "Check user and password, and whether this user may log in this way",
  },
  leak("VRFY", "verb.vrfy-leaks"),
  leak("EXPN", "verb.expn-leaks"),
  {
    id: "mail.refused",
    stage: "mail",
    severity: "critical",
    when: (sight) => {
      const reply = replyOf(sight, "mail");
      return reply !== undefined && reply.code >= 400 && reply.code !== 421
        ? said(sight, reply)
        : undefined;
    },
    fix: "Choose another sender with --from, log in with --user, or ask the postmaster",
  },
  recipients(
    "rcpt.refused",
    "refused",
    "Check the addresses, and whether this server takes mail for them",
  ),
  recipients(
    "rcpt.deferred",
    "deferred",
    "Try again in some minutes: greylisting asks for patience once",
  ),
  {
    id: "rcpt.postmaster-refused",
    stage: "rcpt",
    severity: "warning",
    when: (sight) => {
      const refused = sight.result.rcpt.filter(({ address, outcome }) =>
        outcome === "refused" && /^postmaster(?:@|$)/i.test(address)
      );
      return refused.length === 0 ? undefined : { evidence: refused.map((one) => evidenceOf(one)) };
    },
    fix: "Take mail for postmaster: every domain must (RFC 5321 section 4.5.1)",
  },
  {
    id: "message.refused",
    stage: "dot",
    severity: "critical",
    when: (sight) => answered(sight, (code) => code >= 500),
    fix: "Look at what the server says about the content, and into its log",
  },
  {
    id: "message.deferred",
    stage: "dot",
    severity: "warning",
    when: (sight) => answered(sight, (code) => code >= 400 && code < 500 && code !== 421),
    fix: "Try again in some minutes",
  },
  {
    id: "message.in-doubt",
    stage: "dot",
    severity: "critical",
    when: ({ seen: { receipt } }) =>
      receipt?.outcome === "in-doubt"
        ? fact(
          "message",
          "it was sent to its end, and no answer came: nobody knows whether it was taken",
        )
        : undefined,
    fix: "Look into the server's log before it is sent again",
  },
  {
    id: "capability.missing",
    stage: "mail",
    severity: "unknown",
    when: ({ seen: { failure } }) =>
      failure?.kind === "local"
        ? { ...fact("EHLO", failure.text), stage: failure.stage }
        : undefined,
    fix: "Leave this out, or let the server offer it",
  },
  {
    id: "check.skipped",
    stage: "auth",
    severity: "unknown",
    when: ({ seen: { skipped } }) =>
      skipped.map(({ stage, why }) => ({ ...fact("probe", `not tried: ${why}`), stage })),
    fix: "Trust the certificate's authority with --tls-ca, or name whom it is for with --tls-name",
  },
];

/** A positive answer with a mailbox tells strangers who is there; 252 tells nothing. */
function leak(verb: string, id: string): Check {
  return {
    id,
    stage: "ask",
    severity: "warning",
    when: (sight) => {
      const replies = sight.result.stages.find(({ name }) => name === "ask")?.replies ?? [];
      const leaks = replies.filter(({ to, code, text }) =>
        to.toUpperCase().startsWith(`${verb} `) && (code === 250 || code === 251) &&
        text.includes("@")
      );
      return leaks.length === 0
        ? undefined
        : { evidence: leaks.map(({ line }) => lineAt(sight, line)) };
    },
    fix: `Let the server answer 252 or 502 to ${verb}: strangers need not know who is there`,
  };
}

/** Some refused is what the user says it is; all refused is critical. */
function recipients(id: string, outcome: RecipientOutcome["outcome"], fix: string): Check {
  return {
    id,
    stage: "rcpt",
    severity: ({ plan: { limits }, result: { delivery } }): Severity => {
      if (delivery === "none") return "critical";
      return limits.partial === "ok" ? "info" : limits.partial;
    },
    when: ({ result: { rcpt } }) => {
      const found = rcpt.filter((one) => one.outcome === outcome);
      return found.length === 0 ? undefined : { evidence: found.map(evidenceOf) };
    },
    fix,
  };
}

function evidenceOf({ address, code, enhanced, text }: RecipientOutcome) {
  const words = [code, enhanced, text.replaceAll("\n", " / ")].filter((word) => word !== undefined);
  return { record: address, text: words.join(" ") };
}

/** What was answered to DATA or the content; in LMTP the recipients tell it one by one. */
function answered(sight: Sight, bad: (code: number) => boolean): Hit | undefined {
  if (sight.plan.target.protocol === "lmtp" && replyOf(sight, "dot") !== undefined) {
    return undefined;
  }
  const reply = replyOf(sight, "dot") ?? replyOf(sight, "data");
  return reply !== undefined && bad(reply.code) ? said(sight, reply) : undefined;
}
