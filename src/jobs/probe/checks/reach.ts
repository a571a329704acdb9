/**
 * Checks of the way to the server, its greeting and its EHLO.
 *
 * @module
 */

import { grantsFor } from "../grants.ts";
import { type Check, fact, failed, lineAt, replyOf, said, type Sight } from "./check.ts";

/** RFC 5321 section 4.5.3.2.1. */
const PATIENCE = "five minutes are allowed, use --patient to wait that long";

function seconds(ms: number): string {
  return ms >= 1000 ? `${Math.round(ms / 100) / 10} s` : `${Math.round(ms)} ms`;
}

/** What may be meant by a port, for whom nothing answers there. */
function portHint({ plan: { target: { port } } }: Sight): string {
  switch (port) {
    case 25:
      return "; many networks block port 25 towards the outside";
    case 465:
      return "; submission with STARTTLS is on 587";
    case 587:
      return "; submission with TLS from the first octet is on 465";
    default:
      return "";
  }
}

/** Checks from the first packet to the first EHLO. */
export const REACH: readonly Check[] = [
  {
    id: "dns.no-address",
    stage: "tcp",
    severity: "critical",
    when: (sight) => failed(sight, "no-address"),
    fix: "Check the spelling of the name, and whether it has an A or AAAA record",
  },
  {
    id: "tcp.refused",
    stage: "tcp",
    severity: "critical",
    when: (sight) => failed(sight, "refused"),
    fix: (sight) => `Start the service, or ask for the port it listens on${portHint(sight)}`,
  },
  {
    id: "tcp.timeout",
    stage: "tcp",
    severity: "critical",
    when: (sight) => failed(sight, "connect-timeout"),
    fix: (sight) => `Look for a firewall that drops packets on the way${portHint(sight)}`,
  },
  {
    id: "tcp.unreachable",
    stage: "tcp",
    severity: "critical",
    when: (sight) => failed(sight, "unreachable"),
    fix: "Check the address, the route to it and, for a Unix socket, its path and owner",
  },
  {
    id: "proxy.failed",
    stage: "tcp",
    severity: "critical",
    when: (sight) => failed(sight, "proxy"),
    fix: "Ask whoever runs the proxy whether it may connect to this host and port",
  },
  {
    id: "permission.missing",
    stage: "tcp",
    severity: "unknown",
    when: (sight) => failed(sight, "permission"),
    fix: ({ plan, way }) => `Add ${grantsFor(plan.target, way).join(" ")}`,
  },
  {
    id: "banner.timeout",
    stage: "banner",
    severity: "critical",
    when: (sight) => {
      const { failure } = sight.seen;
      if (failure?.kind !== "timeout" || failure.stage !== "banner") return undefined;
      return fact(
        "connection",
        `no greeting within ${seconds(failure.limitMs ?? 0)}; ${PATIENCE}`,
      );
    },
    fix: ({ plan }) =>
      "Find out what keeps the server from greeting" +
      (plan.tls === "implicit" ? "" : ", or use smtps:// if this port speaks TLS from the start"),
  },
  {
    id: "banner.421",
    stage: "banner",
    severity: "critical",
    when: (sight) => {
      const reply = replyOf(sight, "banner");
      return reply?.code === 421 ? said(sight, reply) : undefined;
    },
    fix: "Try later: the server is too busy, or it limits how often this address connects",
  },
  {
    id: "banner.refused",
    stage: "banner",
    severity: "critical",
    when: (sight) => {
      const reply = replyOf(sight, "banner");
      return reply !== undefined && reply.code !== 220 && reply.code !== 421
        ? said(sight, reply)
        : undefined;
    },
    fix: "Ask the postmaster by other means why this address is not welcome",
  },
  {
    id: "banner.greet-pause",
    stage: "banner",
    severity: "info",
    when: (sight) => {
      const delay = sight.result.stages.find(({ name }) => name === "banner")?.greetDelayMs;
      return delay === undefined
        ? undefined
        : fact("time", `the greeting began after ${seconds(delay)}`);
    },
    fix: "Nothing if it is meant against spammers; else look at name look-ups of the server",
  },
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
      return sight.seen.heloOnly && reply !== undefined && reply.code < 400
        ? { evidence: ehloReplies(sight) }
        : undefined;
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
        return reply !== undefined && reply.code >= 400 && reply.code !== 421
          ? [{ ...said(sight, reply), stage }]
          : [];
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
