/**
 * Checks of how the server speaks: order, form, speed, and how it ends.
 *
 * @module
 */

import type { OddLine } from "../recorder.ts";
import type { Severity, StageName } from "../result.ts";
import {
  type Check,
  fact,
  failed,
  type Hit,
  implicitHint,
  lineAt,
  said,
  type Sight,
  wordsOf,
} from "./check.ts";
import { otherProtocol } from "./other_protocol.ts";

/** Lines of the transcript, or the words of the failure where it had no line. */
function odd(
  sight: Sight,
  lines: readonly OddLine[],
  kind: "early-talk" | "mixed-codes" | "malformed",
): Hit | undefined {
  const [first] = lines;
  return first === undefined
    ? failed(sight, kind)
    : { evidence: lines.map(({ line }) => lineAt(sight, line)), stage: first.stage };
}

/** Checks of the replies. */
export const REPLIES: readonly Check[] = [
  {
    id: "server.early-talk",
    stage: "banner",
    severity: "warning",
    when: (sight) => odd(sight, sight.odd.unasked, "early-talk"),
    fix: "Let the server say nothing that was not asked for: clients take it for the next answer",
  },
  {
    id: "reply.mixed-codes",
    stage: "banner",
    severity: "warning",
    when: (sight) => odd(sight, sight.odd.mixed, "mixed-codes"),
    fix: "Let all lines of a reply have the same code (RFC 5321 section 4.2.1)",
  },
  {
    id: "reply.malformed",
    stage: "banner",
    severity: "warning",
    when: (sight) =>
      otherProtocol(sight) === undefined ? odd(sight, sight.odd.malformed, "malformed") : undefined,
    fix: ({ plan }) =>
      plan.target.protocol === "pop3"
        ? "Let every reply begin with +OK or -ERR (RFC 1939 section 3)"
        : "Let every line of a reply begin with its code, and each command have its own kind of reply",
  },
  {
    id: "reply.too-long",
    stage: "banner",
    severity: "warning",
    when: (sight) => failed(sight, "too-long"),
    fix: ({ plan }) =>
      "Keep lines of replies below 512 octets " +
      (plan.target.protocol === "pop3" ? "(RFC 2449 section 4)" : "(RFC 5321 section 4.5.3.1.5)"),
  },
  {
    id: "reply.small-writes",
    stage: "banner",
    severity: "info",
    when: ({ result }) =>
      result.stages.filter(({ smallWrites }) => smallWrites).map(({ name }) => ({
        ...fact("time", "a reply came in pieces about 40 ms apart"),
        stage: name,
      })),
    fix: "Let the server write each reply at once, or switch off Nagle's algorithm",
  },
  {
    id: "reply.slow",
    stage: "banner",
    severity: "warning",
    when: (sight) => slow(sight),
    fix: "Look for what the server waits for at this stage: name look-ups, filters, load",
  },
  {
    id: "session.timeout",
    stage: "tcp",
    severity: "critical",
    // A greeting that does not come has a finding of its own.
    when: (sight) => sight.seen.failure?.stage === "banner" ? undefined : failed(sight, "timeout"),
    fix: "Find out what keeps the server busy, or wait longer with --timeout, --total or --patient",
  },
  {
    id: "session.closed",
    stage: "tcp",
    severity: "critical",
    when: (sight) => announced(sight) === undefined ? closed(sight) : undefined,
    fix: (sight) => {
      const { implicit } = wordsOf(sight);
      const greeted = sight.seen.failure?.stage !== "banner";
      return greeted || implicit === undefined || sight.plan.tls === "implicit"
        ? "Look into the server's log: it has gone without a word"
        : `Use ${implicit.scheme} if this port speaks TLS from the start, ` +
          "or look into the server's log";
    },
  },
  {
    id: "session.421",
    stage: "tcp",
    severity: "critical",
    when: (sight) => announced(sight),
    fix: "Try later: the server ends the session, because it is busy, stops or has had enough",
  },
];

/** A server that waits for a ClientHello may hang up instead of greeting. */
function closed(sight: Sight): Hit | undefined {
  const hit = failed(sight, "closed");
  const { failure } = sight.seen;
  if (hit === undefined || failure?.stage !== "banner") return hit;
  return { ...hit, ...fact("connection", failure.text + implicitHint(sight)) };
}

/** A 421 behind the greeting. */
function announced(sight: Sight): Hit | undefined {
  for (const { name, replies } of sight.result.stages) {
    const reply = replies.find(({ code }) => code === 421);
    if (reply !== undefined && name !== "banner") return { ...said(sight, reply), stage: name };
  }
  return undefined;
}

/** The stages that took longer than they may, and the whole. */
function slow({ plan: { limits }, result: { stages } }: Sight): Hit[] {
  const hits: Hit[] = [];
  const weigh = (name: string, ms: number, stage: StageName): void => {
    const over = (limit: number | undefined): limit is number => limit !== undefined && ms >= limit;
    const [crit, warn] = [limits.crit[name], limits.warn[name]];
    const limit = over(crit) ? crit : over(warn) ? warn : undefined;
    if (limit === undefined) return;
    const severity: Severity = over(crit) ? "critical" : "warning";
    hits.push({
      ...fact("time", `${name} took ${Math.round(ms)} ms, the limit is ${limit} ms`),
      stage,
      severity,
    });
  };
  for (const { name, ms } of stages) weigh(name, ms, name);
  const last = stages.at(-1);
  if (last !== undefined) weigh("total", last.at + last.ms - (stages[0]?.at ?? 0), last.name);
  return hits;
}
