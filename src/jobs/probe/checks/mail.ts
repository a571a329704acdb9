/**
 * Checks of what is particular to servers that take mail: single commands, recipients, the message.
 *
 * @module
 */

import type { RecipientOutcome, Severity } from "../result.ts";
import { type Check, fact, type Hit, lineAt, replyOf, said, type Sight } from "./check.ts";

/** Checks of mail. */
export const MAIL: readonly Check[] = [
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
  leak("VRFY", "verb.vrfy-leaks"),
  leak("EXPN", "verb.expn-leaks"),
  {
    id: "mail.refused",
    stage: "mail",
    severity: "critical",
    when: (sight) => {
      const reply = replyOf(sight, "mail");
      return reply?.ok === false && reply.code !== 421 ? said(sight, reply) : undefined;
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
  return reply?.code !== undefined && bad(reply.code) ? said(sight, reply) : undefined;
}
