/**
 * A check as data: when it is raised, how much it weighs, what to do.
 *
 * @module
 */

import type { Observation } from "../observation.ts";
import type { GrantOptions } from "../grants.ts";
import type { Plan } from "../plan.ts";
import type { Recorder } from "../recorder.ts";
import type { Evidence, Severity, StageName, StageReply, TargetResult } from "../result.ts";
import { type ProtocolWords, WORDS } from "../words.ts";

/** All that checks look at. */
export interface Sight {
  /** What was to be done. */
  readonly plan: Plan;
  /** What was seen. */
  readonly seen: Observation;
  /** Odd lines of the transcript. */
  readonly odd: Pick<Recorder, "unasked" | "mixed" | "malformed">;
  /** The time, in milliseconds since 1970. */
  readonly now: number;
  /** What else stands on the way to the server. */
  readonly way: GrantOptions;
  /** The result, as far as it does not follow from findings. */
  readonly result: Omit<TargetResult, "status">;
}

/** A reason to raise a finding. */
export interface Hit {
  /** Where it can be seen. */
  readonly evidence: readonly Evidence[];
  /** Where it was, unless that is where the check says. */
  readonly stage?: StageName;
  /** How much it weighs, unless that is what the check says. */
  readonly severity?: Severity;
}

/** One check. */
export interface Check {
  /** Its stable name. */
  readonly id: string;
  /** Where it is seen. */
  readonly stage: StageName;
  /** How much it weighs. */
  readonly severity: Severity | ((sight: Sight) => Severity);
  /** Looks whether it is raised: nothing, once, or several times. */
  readonly when: (sight: Sight) => Hit | readonly Hit[] | undefined;
  /** What to do, in one sentence. */
  readonly fix: string | ((sight: Sight) => string);
}

/** The last reply of a stage. */
export function replyOf({ result }: Sight, name: StageName): StageReply | undefined {
  return result.stages.findLast((stage) => stage.name === name)?.replies.at(-1);
}

/** A line of the transcript as evidence. */
export function lineAt({ result }: Sight, line: number): Evidence {
  return { line, text: result.transcript[line - 1]?.text ?? "" };
}

/** A reply as evidence. */
export function said(sight: Sight, reply: StageReply): Hit {
  return { evidence: [lineAt(sight, reply.line)] };
}

/** A fact as evidence. */
export function fact(record: string, text: string): Hit {
  return { evidence: [{ record, text }] };
}

/** Raised where a failure is of one of the kinds, with its text. */
export function failed(
  { seen: { failure } }: Sight,
  ...kinds: readonly NonNullable<Observation["failure"]>["kind"][]
): Hit | undefined {
  return failure !== undefined && kinds.includes(failure.kind)
    ? { ...fact("connection", failure.text), stage: failure.stage }
    : undefined;
}

/** Mail of other servers comes as it can; users can be asked for more. */
export function byRole(servers: Severity, users: Severity): (sight: Sight) => Severity {
  return ({ plan: { target: { role } } }) =>
    role === "submission" || role === "maildrop" ? users : servers;
}

/** The words of what is spoken. */
export function wordsOf({ plan: { target: { protocol } } }: Sight): ProtocolWords {
  return WORDS[protocol];
}

/** Something about what is offered, as evidence. */
export function atHello(sight: Sight, text: string, phase: "clear" | "tls" = "clear"): Hit {
  const { hello, phases } = wordsOf(sight);
  return { ...fact(hello, text), stage: phases[phase] };
}

/** Where TLS may be meant from the first octet, for whom the greeting does not come. */
export function implicitHint(sight: Sight): string {
  const { implicit } = wordsOf(sight);
  if (implicit === undefined || sight.plan.tls === "implicit") return "";
  const { scheme, port } = implicit;
  return ` (does this port expect implicit TLS, as ${port} does? Use ${scheme})`;
}
