/**
 * One end of a dialogue from its first step to its farewell.
 *
 * @module
 */

import { Capabilities } from "../smtp/mod.ts";
import type { Connection, TranscriptListener } from "../wire/mod.ts";
import { chooseArm, fittingArm, openingOf } from "./alternatives.ts";
import { hearAuth, observeAuth, sayAuth } from "./auth_step.ts";
import { DialogueEnd } from "./end.ts";
import type { EndOptions } from "./end_options.ts";
import { isOffered } from "./expect_capabilities.ts";
import { FAREWELL_MS, MAX_STEPS } from "./limits.ts";
import type { Replay } from "./replay.ts";
import { type DialogueFailure, type DialogueResult, isBreakdown } from "./result.ts";
import type { BlockStep, Step, StepBase, TimeStep } from "./step.ts";
import { Stop } from "./stop.ts";
import { cut, Talk } from "./talk.ts";

/** What a performance hears of the world outside of the dialogue. */
export interface PerformOptions {
  /** Ends it. */
  readonly signal?: AbortSignal | undefined;
  /** Hears what is said. */
  readonly onEvent?: TranscriptListener | undefined;
  /** How long it may take, in milliseconds. */
  readonly total: number;
}

/**
 * Plays one end of a dialogue over a connection, and closes it.
 *
 * @param connection The connection.
 * @param options What is played, and how.
 * @param outside Signal, listener, limit.
 * @returns What came of it, whether it passed or not.
 */
export async function perform(
  connection: Connection,
  options: EndOptions,
  outside: PerformOptions,
): Promise<DialogueResult> {
  const { signal, onEvent, total } = outside;
  const { role, clock, maxBytes } = options;
  const talk = new Talk(connection, { end: role, clock, signal, onEvent, maxBytes });
  talk.limitTotal(total);
  try {
    return await new Performance(new DialogueEnd(talk, options)).run();
  } catch (error) {
    talk.close();
    signal?.throwIfAborted();
    throw error;
  }
}

/**
 * Judges both ends of a session that is over.
 *
 * @param options What is judged, and how.
 * @param stored What was said.
 * @param total How long it may take, in milliseconds.
 * @returns What came of it.
 */
export async function observe(
  options: EndOptions,
  stored: Replay,
  total: number,
): Promise<DialogueResult> {
  const { clock, maxBytes } = options;
  // Each is heard from the other end.
  const server = new Talk(stored.connection("S"), { end: "C", clock, maxBytes });
  const client = new Talk(stored.connection("C"), { end: "S", clock, maxBytes });
  server.limitTotal(total);
  try {
    return await new Performance(new DialogueEnd(server, { ...options, stored }, client)).run();
  } finally {
    server.close();
    client.close();
  }
}

/** Ends a run that lacks a capability. */
class Skip extends Error {}

const NOWHERE: StepBase = { at: { file: "", line: 1, column: 1 } };

class Performance {
  readonly #end: DialogueEnd;
  readonly #failures: DialogueFailure[] = [];
  readonly #missing: Set<string>;
  #outcome: string | undefined;
  #steps = 0;
  #offers = 0;
  #step: StepBase = NOWHERE;

  constructor(end: DialogueEnd) {
    this.#end = end;
    const { dialogue, role } = end.options;
    this.#missing = new Set(role === "C" ? dialogue.require : []);
    this.#offers = countOffers(dialogue.steps);
  }

  async run(): Promise<DialogueResult> {
    const { dialogue } = this.#end.options;
    try {
      await this.#play(dialogue.steps);
      await this.#finish();
      return this.#result(this.#failures.length > 0 ? "failed" : "passed");
    } catch (error) {
      const skipped = error instanceof Skip ||
        (this.#missing.size > 0 && this.#end.course.capabilities !== undefined);
      if (!skipped && !(error instanceof Stop)) throw error;
      if (error instanceof Stop) this.#failures.push(this.#failure(error));
      await this.#leave(error);
      if (skipped) return this.#result("skipped");
      return this.#result(this.#failures.some(({ id }) => isBreakdown(id)) ? "error" : "failed");
    }
  }

  async #play(steps: readonly Step[]): Promise<void> {
    for (const [index, step] of steps.entries()) {
      this.#steps++;
      if (this.#steps > MAX_STEPS) {
        throw new Stop({
          id: "limit",
          expected: `at most ${MAX_STEPS} steps`,
          actual: "more",
          at: step.at,
        });
      }
      if (step.kind !== "block") {
        this.#step = step;
        this.#end.said = undefined;
      }
      try {
        await this.#perform(step, steps[index + 1]);
      } catch (error) {
        const soft = error instanceof Stop && error.mayBeSoft &&
          (step.soft || this.#end.options.keepGoing);
        if (!soft) throw error;
        this.#failures.push(this.#failure(error));
      }
      this.#checkRequired();
    }
  }

  async #perform(step: Step, next: Step | undefined): Promise<void> {
    const end = this.#end;
    const { options, talk, course } = end;
    const { after } = step;
    if (options.timing && after !== undefined && "end" in step && end.acts(step)) {
      await talk.flush();
      await talk.sleep(after);
    }
    switch (step.kind) {
      case "line":
        end.octets = next?.kind === "bytes" ? (await end.bytesOf(next)).length : undefined;
        return await (end.acts(step) ? end.sayLine(step) : end.hearLine(step));
      case "reply":
        do {
          await (end.acts(step) ? end.sayReply(step) : end.hearReply(step));
          // LMTP: one written reply stands for all recipients that are left (RFC 2033 section 4.2).
        } while (next?.kind !== "reply" && next?.kind !== "block" && course.asked?.verb === ".");
        return;
      case "content":
        if (!end.acts(step)) return await end.hearContent(step);
        throw new TypeError('Cannot send the lines of "C*": any would do');
      case "bytes":
        return await end.bytes(step);
      case "auth":
        if (options.stored !== undefined) return await observeAuth(end, step);
        return await (end.commands ? sayAuth(end, step) : hearAuth(end, step));
      case "tls":
        return await end.startTls(step);
      case "turn":
        await talk.flush();
        end.commander = end.commander === "C" ? "S" : "C";
        course.turned();
        return talk.note("turn");
      case "open":
        return;
      case "close":
      case "drop":
        if (!end.acts(step)) return await end.hearClose(step);
        await talk.flush();
        return step.kind === "close" ? talk.close() : talk.drop();
      case "pause":
      case "silence":
        return await this.#silence(step);
      case "delay":
        if (end.acts(step)) talk.pace.delayMs = step.ms;
        return;
      case "chunk":
        if (end.acts(step)) talk.pace.size = step.size;
        return;
      case "outcome":
        this.#outcome = step.name;
        return;
      case "block":
        return await this.#block(step);
    }
  }

  /** The end that is silent takes a margin, for with equal times the other one may look too long. */
  async #silence(step: TimeStep): Promise<void> {
    const { talk } = this.#end;
    await talk.flush();
    if (this.#end.acts(step)) return await talk.sleep(step.ms * 1.2 + 30);
    const { stored } = this.#end.options;
    const quiet = (stored?.silence(step.end) ?? Infinity) >= step.ms;
    const said = stored === undefined
      ? await talk.listen(step.ms)
      : quiet
      ? undefined
      : stored.peek(step.end);
    if (said === undefined) return;
    throw new Stop({
      id: "spoke-in-silence",
      expected: `silence for ${step.ms} ms`,
      actual: `"${said}"`,
      unread: said,
    });
  }

  async #block(step: BlockStep): Promise<void> {
    const end = this.#end;
    const { bindings } = end.options;
    switch (step.how) {
      case "repeat":
        for (let turn = 0; turn < step.count; turn++) {
          await bindings.turn(() => this.#play(step.arms[0]));
        }
        return;
      case "each":
        for (const value of step.values) {
          await bindings.turn(() => this.#play(step.arms[0]), { name: step.name, value });
        }
        return;
      case "when":
        if (isOffered(end.course.capabilities ?? new Capabilities(), step.capability)) {
          await this.#play(step.arms[0]);
        }
        return;
      case "alt": {
        const opening = openingOf(step.arms[0] ?? []);
        const speaks = opening === undefined ||
          (opening.kind === "auth" ? end.commands : opening.end === end.options.role);
        const arm = speaks ? chooseArm(step.arms, end.options) : await fittingArm(end, step);
        return await this.#play(arm);
      }
    }
  }

  /** Skips the dialogue when the last list of capabilities lacks what it needs. */
  #checkRequired(): void {
    const { capabilities } = this.#end.course;
    if (capabilities === undefined || this.#missing.size === 0) return;
    for (const wanted of this.#missing) {
      if (isOffered(capabilities, wanted)) this.#missing.delete(wanted);
    }
    if (this.#missing.size > 0 && this.#end.offersHeard >= this.#offers) throw new Skip();
  }

  /** The end of the steps: QUIT if nobody said it. Nothing of it counts. */
  async #finish(): Promise<void> {
    const { talk, options } = this.#end;
    if (options.stored !== undefined) return checkRest(options.stored);
    if (!talk.over) await talk.flush();
    talk.checkWritten();
    await this.#farewell(() => this.#end.commands ? this.#sayQuit() : this.#hearQuit());
  }

  /** After a failure: QUIT or 421, unless nobody knows what the peer would take it for. */
  async #leave(error: unknown): Promise<void> {
    const { talk, course, commands, options } = this.#end;
    talk.discard();
    if (options.stored !== undefined || (error instanceof Stop && error.final)) return talk.close();
    await this.#farewell(async () => {
      if (commands) return await this.#sayQuit();
      const pop3 = options.dialogue.protocol === "pop3";
      const skipped = error instanceof Skip;
      if (skipped) return;
      const line = pop3 ? "-ERR not as expected" : "421 4.3.0 not as expected";
      talk.put({ text: line, shown: line });
      await talk.flush();
      course.quit = true;
    });
  }

  async #farewell(say: () => Promise<void>): Promise<void> {
    const { talk } = this.#end;
    if (talk.over) return;
    try {
      await say();
    } catch {
      // A farewell cannot fail what has passed, nor what has failed already.
    }
    talk.close();
  }

  async #sayQuit(): Promise<void> {
    const { course, talk } = this.#end;
    if (course.quit || course.inContent || course.inLogin) return;
    this.#end.saySpare({ text: "QUIT", shown: "QUIT" });
    await talk.flush();
    await this.#end.hearPlainReply({ ...NOWHERE, within: FAREWELL_MS });
  }

  async #hearQuit(): Promise<void> {
    const { course, talk, options: { dialogue: { protocol } } } = this.#end;
    if (course.quit || course.inContent) return;
    const at = { ...NOWHERE, within: FAREWELL_MS };
    await this.#end.hearPlainLine(at);
    if (course.asked?.verb !== "QUIT") return;
    this.#end.saySpareReply(protocol === "pop3" ? "+OK" : 221, "Bye", at);
    await talk.flush();
  }

  #failure({ facts }: Stop): DialogueFailure {
    const { lost: _, message, at, waitedMs = this.#end.waitedMs, ...rest } = facts;
    const step = this.#step;
    const { label } = step;
    const { course: { last: after }, said } = this.#end;
    return {
      ...rest,
      at: at ?? step.at,
      ...(label === undefined ? {} : { label }),
      message: message ?? this.#sentence(rest.expected, rest.actual),
      ...(after === undefined ? {} : { after }),
      ...(said === undefined ? {} : { said }),
      waitedMs,
    };
  }

  #sentence(expected: string, actual: string): string {
    const { role } = this.#end.options;
    return `expected ${expected}, ${role === "C" ? "server" : "client"} said ${actual}`;
  }

  #result(status: DialogueResult["status"]): DialogueResult {
    const { course, options, replies, talk } = this.#end;
    const { dialogue, role, bindings } = options;
    return {
      name: dialogue.name,
      file: dialogue.steps[0]?.at.file ?? "",
      role,
      status,
      delivery: course.delivery,
      vars: bindings.vars,
      ...(this.#outcome === undefined ? {} : { outcome: this.#outcome }),
      recipients: course.recipients,
      replies,
      failures: this.#failures,
      transcript: talk.transcript,
      ms: talk.elapsed,
    };
  }
}

/** What was said after the last step: nothing, or a farewell. */
function checkRest(stored: Replay): void {
  const [line, reply] = [stored.peek("C"), stored.peek("S")];
  if (line !== undefined && /^QUIT\b/i.test(line)) return;
  const actual = line ?? reply;
  if (actual === undefined) return;
  const expected = "the end of the session";
  throw new Stop({ id: "unread-input", expected, actual: `"${cut(actual)}"`, unread: cut(actual) });
}

/** How many lists of capabilities a dialogue asks for, as it is written. */
function countOffers(steps: readonly Step[]): number {
  let count = 0;
  for (const step of steps) {
    if (step.kind === "block") {
      count += Math.max(...step.arms.map((arm) => countOffers(arm)));
    } else if (step.kind === "line" && !step.content) {
      const [first] = step.template;
      if (first?.kind === "text" && /^(?:EHLO|LHLO|CAPA)\b/i.test(first.text)) count++;
    }
  }
  return count;
}
