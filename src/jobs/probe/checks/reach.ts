/**
 * Checks of the way to the server, and of its greeting.
 *
 * @module
 */

import { grantsFor } from "../grants.ts";
import {
  type Check,
  fact,
  failed,
  implicitHint,
  lineAt,
  replyOf,
  said,
  type Sight,
  wordsOf,
} from "./check.ts";
import { otherProtocol } from "./other_protocol.ts";

/** RFC 5321 section 4.5.3.2.1; POP3 has no such rule. */
function patience({ plan: { target: { protocol } } }: Sight): string {
  return protocol === "pop3" ? "" : "; five minutes are allowed, use --patient to wait that long";
}

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
    case 110:
      return "; POP3 with TLS from the first octet is on 995";
    case 995:
      return "; POP3 with STLS is on 110";
    default:
      return "";
  }
}

/** Checks from the first packet to the greeting. */
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
        `no greeting within ${seconds(failure.limitMs ?? 0)}${implicitHint(sight)}` +
          patience(sight),
      );
    },
    fix: (sight) => {
      const { implicit } = wordsOf(sight);
      return "Find out what keeps the server from greeting" +
        (implicit === undefined || sight.plan.tls === "implicit"
          ? ""
          : `, or use ${implicit.scheme} if this port speaks TLS from the start`);
    },
  },
  {
    id: "banner.other-protocol",
    stage: "banner",
    severity: "critical",
    when: (sight) => {
      const other = otherProtocol(sight);
      return other === undefined
        ? undefined
        : { evidence: [lineAt(sight, other.line), { record: "greeting", text: other.text }] };
    },
    fix: (sight) => otherProtocol(sight)?.fix ?? "",
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
      if (reply === undefined || reply.code === 421) return undefined;
      const welcome = reply.code === undefined ? reply.ok : reply.code === 220;
      return welcome ? undefined : said(sight, reply);
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
];
