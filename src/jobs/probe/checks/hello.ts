/**
 * Checks of how a server of mail introduces itself: its greeting, and its EHLO.
 *
 * @module
 */

import { type Check, fact, lineAt, replyOf, said, type Sight } from "./check.ts";

/** Checks of the greeting and of EHLO. */
export const HELLO: readonly Check[] = [
  {
    id: "banner.unnamed",
    stage: "banner",
    severity: "info",
    when: (sight) => {
      const reply = replyOf(sight, "banner");
      return reply?.code === 220 && sight.result.identity.verdict === "unnamed"
        ? said(sight, reply)
        : undefined;
    },
    fix: "Let the greeting begin with the name of the host (RFC 5321 section 4.2)",
  },
  {
    id: "ehlo.refused",
    stage: "ehlo",
    severity: "warning",
    when: (sight) => {
      const reply = replyOf(sight, "ehlo");
      return sight.seen.heloOnly && reply?.ok ? { evidence: ehloReplies(sight) } : undefined;
    },
    fix: "Let the server speak ESMTP: without EHLO there is neither TLS nor a login",
  },
  {
    id: "ehlo.failed",
    stage: "ehlo",
    severity: "critical",
    when: (sight) =>
      (["ehlo", "ehlo2"] as const).flatMap((stage) => {
        const reply = replyOf(sight, stage);
        return reply?.ok === false && reply.code !== 421 ? [{ ...said(sight, reply), stage }] : [];
      }),
    fix: "Try another name with --helo; if every name is refused, ask the postmaster why",
  },
  {
    id: "ehlo.size-missing",
    stage: "ehlo",
    severity: "info",
    when: (sight) => {
      const { clear, tls } = sight.seen.offered;
      const last = tls ?? clear;
      const relevant = last !== undefined && !sight.seen.heloOnly && sight.plan.hello === "EHLO";
      return relevant && !last.has("SIZE")
        ? fact(
          "EHLO",
          "SIZE is not offered, so a message too large is refused only after it was sent",
        )
        : undefined;
    },
    fix: "Offer SIZE with the largest message that is taken (RFC 1870)",
  },
  {
    id: "ehlo.auth-equals-form",
    stage: "ehlo",
    severity: "info",
    when: (sight) => {
      const number = sight.result.transcript.findIndex(({ end, text }) =>
        end === "S" && /^250[ -]AUTH=/i.test(text)
      );
      return number < 0 ? undefined : { evidence: [lineAt(sight, number + 1)] };
    },
    fix: "Leave out the line AUTH=…, which only mail programs of the last century need",
  },
];

function ehloReplies(sight: Sight) {
  return sight.result.stages.filter(({ name }) => name === "ehlo")
    .flatMap(({ replies }) => replies.map(({ line }) => lineAt(sight, line)));
}
