/**
 * How far a conversation has come, and where it ends in good order.
 *
 * @module
 */

import type { Observation } from "./observation.ts";
import type { ProbeOptions } from "./options.ts";
import type { Plan } from "./plan.ts";
import type { Recorder } from "./recorder.ts";
import type { StageName } from "./result.ts";

/** What a conversation needs beside its plan. */
export interface CourseOptions {
  /** What the probe was told. */
  readonly options: ProbeOptions;
  /** Where all that is said goes. */
  readonly recorder: Recorder;
  /** Ends the conversation: the caller's signal and the limit of the run. */
  readonly signal: AbortSignal;
  /** The clock's wall time. */
  readonly now: () => number;
  /** Hears the presented chain, as PEM. */
  readonly onChain: (pem: string) => void;
}

/** The end of a conversation in good order: the stage to stop at, or nothing more to do. */
export class Farewell {}

/** The course of one conversation. */
export class Course implements CourseOptions {
  /** What to do. */
  readonly plan: Plan;
  readonly options: ProbeOptions;
  readonly recorder: Recorder;
  readonly signal: AbortSignal;
  readonly now: () => number;
  readonly onChain: (pem: string) => void;
  /** What was seen so far. */
  readonly seen: Observation = {
    ip: null,
    heloOnly: false,
    offered: {},
    skipped: [],
    pop3: { apop: false },
  };
  /** Where it is. */
  stage: StageName = "tcp";

  /**
   * Begins a course.
   *
   * @param plan What to do.
   * @param options What it takes.
   */
  constructor(plan: Plan, options: CourseOptions) {
    this.plan = plan;
    this.options = options.options;
    this.recorder = options.recorder;
    this.signal = options.signal;
    this.now = options.now;
    this.onChain = options.onChain;
  }

  /** Begins a stage. */
  begin(stage: StageName): void {
    this.stage = stage;
    this.recorder.begin(stage);
  }

  /** A stage is done: the plan may be to stop here. */
  reached(stage: StageName): void {
    if (this.plan.stop === stage) throw new Farewell();
  }

  /** TLS is on, and its other end judged: the plan may be to go no further. */
  secured(): void {
    this.stage = "tls";
    const trusted = this.seen.judgement?.facts.authorized ?? true;
    if (!trusted && this.options.tlsVerify) {
      if (this.plan.login.length > 0) this.skip("auth", "the certificate ends the run");
      if (this.plan.to.length > 0) this.skip("rcpt", "the certificate ends the run");
      throw new Farewell();
    }
    this.reached("tls");
  }

  /** What cannot go on after a refusal. */
  orFarewell(reply: { readonly ok: boolean }): void {
    if (!reply.ok) throw new Farewell();
  }

  /** In SMTP 421 may answer anything; the server closes behind it. */
  checkClosing(reply: { readonly code: number }): void {
    if (reply.code === 421) throw new Farewell();
  }

  /** Notes what was asked for and cannot be tried. */
  skip(stage: StageName, why: string): void {
    this.seen.skipped.push({ stage, why });
  }
}
