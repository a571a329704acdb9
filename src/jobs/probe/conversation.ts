/**
 * Speaks with one server and notes what it sees. It judges nothing.
 *
 * Whatever the server does is noted and never thrown; what is thrown is an abort of the caller, or a
 * fault of ours.
 *
 * @module
 */

import { Course, type CourseOptions, Farewell } from "./course.ts";
import { failureOf } from "./failure.ts";
import { MailTalk } from "./mail_talk.ts";
import { MaildropTalk } from "./maildrop_talk.ts";
import type { Observation } from "./observation.ts";
import type { Plan } from "./plan.ts";
import type { Talk } from "./talk.ts";

/** One conversation. */
export class Conversation {
  readonly #course: Course;
  readonly #talk: Talk;
  #complete = false;

  /**
   * Prepares to speak.
   *
   * @param plan What to do.
   * @param options What it takes.
   */
  constructor(plan: Plan, options: CourseOptions) {
    this.#course = new Course(plan, options);
    this.#talk = plan.target.protocol === "pop3"
      ? new MaildropTalk(this.#course)
      : new MailTalk(this.#course);
  }

  /** What was seen so far. */
  get seen(): Observation {
    return this.#course.seen;
  }

  /** Whether nothing was left out: neither by a failure nor by a stage to stop at. */
  get complete(): boolean {
    return this.#complete;
  }

  /**
   * Speaks until everything is done or nothing can be done any more.
   *
   * @throws {unknown} The reason of an abort, and what is wrong with us.
   */
  async run(): Promise<void> {
    try {
      await this.#talk.speak();
      this.#complete = true;
    } catch (error) {
      if (!(error instanceof Farewell)) this.#note(error);
    }
    await this.#talk.leave();
  }

  #note(error: unknown): void {
    const { signal, options, stage, recorder, seen } = this.#course;
    const aborted = options.signal?.aborted && error === options.signal.reason;
    const failure = aborted ? undefined : failureOf(
      signal.aborted ? signal.reason : error,
      stage,
      recorder,
      options.proxy !== undefined,
    );
    if (failure === undefined) {
      this.#talk.close();
      throw error;
    }
    seen.failure = failure;
    recorder.breakOff();
  }
}
