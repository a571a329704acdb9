/**
 * The job: asks servers how they behave, and says what is wrong, where, and what to do.
 *
 * @module
 */

import { type Clock, systemClock, TimeoutError } from "../../wire/mod.ts";
import { lookForFindings } from "./checks.ts";
import { Conversation } from "./conversation.ts";
import type { ProbeEvent, ProbeOptions } from "./options.ts";
import { makePlan, type Plan } from "./plan.ts";
import { Pop3Replies } from "./pop3_replies.ts";
import { OctetVeil } from "./octet_veil.ts";
import { Recorder } from "./recorder.ts";
import {
  exitCodeOf,
  type Finding,
  type ProbeRun,
  statusOf,
  type TargetResult,
  worstFirst,
  worstStatus,
} from "./result.ts";
import { SmtpReplies } from "./smtp_replies.ts";
import { describeTarget } from "./target_result.ts";
import { parseTarget } from "./target.ts";
import { VERSION } from "./version.ts";

/**
 * Probes servers, one after the other.
 *
 * @param targets One or more of `smtp://`, `submission://`, `smtps://`, `lmtp://`, `unix:PATH`,
 *   `pop3://`, `pop3s://` and `host[:port]`.
 * @param options What to do; whatever is absent is not done.
 * @returns What was found. Whatever a server does is a finding and never an error.
 * @throws {TypeError | SyntaxError | RangeError} If targets and options do not fit together; then
 *   nothing was sent.
 * @throws {unknown} The reason of the signal.
 *
 * @example Usage
 * ```ts
 * import { probe } from "@mailwright/mailwright/jobs";
 * import { startSandbox } from "@mailwright/mailwright/sandbox";
 * import { deepEqual, equal } from "node:assert/strict";
 *
 * await using box = await startSandbox({ recipients: ["ben@b.example"] });
 * const run = await probe(box.smtpUrl, {
 *   caCerts: box.caCerts,
 *   from: "ann@a.example",
 *   to: ["ben@b.example", "nobody@b.example"],
 * });
 * equal(run.targets[0]?.delivery, "partial");
 * deepEqual([run.status, run.exitCode], ["warning", 1]);
 * ```
 */
export async function probe(
  targets: string | readonly string[],
  options: ProbeOptions = {},
): Promise<ProbeRun> {
  const { clock = systemClock } = options;
  const texts = typeof targets === "string" ? [targets] : targets;
  if (texts.length === 0) throw new TypeError("Cannot probe: there is no target");
  const started = clock.now();
  const began = clock.monotonic();
  const plans = texts.map((text) => makePlan(parseTarget(text), options, started));
  const results: TargetResult[] = [];
  const findings: Finding[] = [];
  for (const plan of plans) {
    const probed = await probeTarget(plan, options, { clock, began });
    results.push(probed.result);
    findings.push(...probed.findings);
  }
  const status = worstStatus(results.map((result) => result.status));
  return {
    schema: "mailwright-probe/1",
    started: new Date(started).toISOString(),
    ms: clock.monotonic() - began,
    version: VERSION,
    request: { target: texts.join(" "), class: plans[0]?.class ?? "safe", batteries: [] },
    status,
    exitCode: exitCodeOf(status),
    targets: results,
    findings: worstFirst(findings),
  };
}

interface Time {
  readonly clock: Clock;
  readonly began: number;
}

async function probeTarget(
  plan: Plan,
  options: ProbeOptions,
  { clock, began }: Time,
): Promise<{ readonly result: TargetResult; readonly findings: Finding[] }> {
  const { host, port, protocol } = plan.target;
  let ip: string | null = null;
  // The rest of an event says which kind it is.
  const tell = (event: Record<string, unknown>): void =>
    options.onEvent?.({ host, ip, port, ...event } as ProbeEvent);
  const { login, reveal = false } = options;
  const secrets = reveal ? [] : [login?.password, login?.token].filter((one) => one !== undefined);
  const octets = new OctetVeil((octets) => tell({ type: "octets", octets }), secrets);
  const recorder = new Recorder({
    clock,
    began,
    replies: protocol === "pop3" ? new Pop3Replies() : new SmtpReplies(),
    lmtp: protocol === "lmtp",
    reveal,
    onLine: (number, line) => tell({ type: "line", number, line }),
    onSaid: (said) => tell({ type: "said", said }),
    octets,
    onStage: (stage) => tell({ type: "begin", stage }),
  });
  const end = new AbortController();
  const late = new AbortController();
  const timer = clock.sleep(plan.totalMs, { signal: end.signal, background: true }).then(
    () => late.abort(new TimeoutError("the whole run", plan.totalMs)),
    () => {}, // done in time
  );
  const signal = options.signal === undefined
    ? late.signal
    : AbortSignal.any([options.signal, late.signal]);
  const conversation = new Conversation(plan, {
    options,
    recorder,
    signal,
    now: () => clock.now(),
    onChain: (pem) => tell({ type: "chain", pem }),
  });
  tell({ type: "target" });
  try {
    await conversation.run();
  } finally {
    octets.release();
    end.abort();
    await timer;
  }
  ip = conversation.seen.ip;
  const described = describeTarget(plan, conversation, recorder);
  const findings = worstFirst(lookForFindings({
    plan,
    seen: conversation.seen,
    odd: recorder,
    now: clock.now(),
    way: options,
    result: described,
  }));
  const status = worstStatus(findings.map(({ severity }) => statusOf(severity)));
  const result = { ...described, status };
  for (const stage of result.stages) tell({ type: "stage", stage });
  for (const finding of findings) tell({ type: "finding", finding });
  tell({ type: "end", result });
  return { result, findings };
}
