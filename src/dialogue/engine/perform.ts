/**
 * One end of a dialogue from its first step to its farewell.
 *
 * @module
 */

import { Capabilities } from "../../smtp/mod.ts";
import type { Connection, TranscriptListener } from "../../wire/mod.ts";
import { chooseArm, fittingArm, openingOf } from "./alternatives.ts";
import { hearAuth, observeAuth, sayAuth } from "./auth_step.ts";
import { bytes, hearClose, startTls } from "./connection_steps.ts";
import { DialogueEnd } from "./end.ts";
import type { EndOptions } from "./end_options.ts";
import { isOffered } from "./expect_capabilities.ts";
import { finish, leave } from "./farewell.ts";
import { MAX_STEPS } from "../limits.ts";
import { hearContent, hearLine, sayLine } from "./line_steps.ts";
import { octetsOf } from "../octets.ts";
import type { Replay } from "./replay.ts";
import { hearReply, sayReply } from "./reply_steps.ts";
import { Requirements, Skip } from "./requirements.ts";
import { type DialogueFailure, type DialogueResult, isBreakdown } from "../result.ts";
import type { BlockStep, Step, StepBase, TimeStep } from "../step.ts";
import { waitLimit } from "./step_settings.ts";
import { Stop, type StopFacts } from "./stop.ts";
import { Talk } from "./talk.ts";

/** What a performance hears of the world outside of the dialogue. */
export interface PerformOptions {
  /** Ends it. */
  readonly signal?: AbortSignal | undefined;
  /** Hears what is said. */
  readonly onEvent?: TranscriptListener | undefined;
  /** How long it may take, in milliseconds. */
  readonly total: number;
  /** Hears of each failure as it happens. */
  readonly onFailure?: (failure: DialogueFailure) => void;
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
  const { ms: writeMs } = waitLimit(options, NOWHERE, "", "");
  const talk = new Talk(connection, { end: role, clock, signal, onEvent, maxBytes, writeMs });
  talk.limitTotal(total);
  try {
    return await new Performance(new DialogueEnd(talk, options), outside.onFailure).run();
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
  const common = { clock, maxBytes, writeMs: total };
  const server = new Talk(stored.connection("S"), { ...common, end: "C" });
  const client = new Talk(stored.connection("C"), { ...common, end: "S" });
  server.limitTotal(total);
  try {
    return await new Performance(new DialogueEnd(server, { ...options, stored }, client)).run();
  } finally {
    server.close();
    client.close();
  }
}

const NOWHERE: StepBase = { at: { file: "", line: 1, column: 1 } };

class Performance {
  readonly #end: DialogueEnd;
  readonly #failures: DialogueFailure[] = [];
  readonly #required: Requirements;
  readonly #onFailure: (failure: DialogueFailure) => void;
  #outcome: string | undefined;
  #steps = 0;
  #step: StepBase = NOWHERE;

  constructor(end: DialogueEnd, onFailure: PerformOptions["onFailure"] = () => {}) {
    this.#end = end;
    this.#onFailure = onFailure;
    this.#required = new Requirements(end);
  }

  async run(): Promise<DialogueResult> {
    const { dialogue } = this.#end.options;
    try {
      await this.#play(dialogue.steps);
      await finish(this.#end);
      return this.#result(this.#failures.length > 0 ? "failed" : "passed");
    } catch (error) {
      const unmet = this.#required.unmet.join(", ");
      if (!(error instanceof Stop || error instanceof Skip)) throw error;
      if (error instanceof Stop && unmet === "") this.#fail(error);
      await leave(this.#end, error);
      if (unmet !== "") return this.#result("skipped", `${unmet} is not offered`);
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
        this.#fail(error);
      }
      this.#required.check();
      const { options: { onStep }, replies } = this.#end;
      await this.#play(await onStep?.(step, replies) ?? []);
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
        end.octets = next?.kind === "bytes"
          ? (await octetsOf(next, options.readFile)).length
          : undefined;
        return await (end.acts(step) ? sayLine(end, step) : hearLine(end, step));
      case "reply":
        do {
          await (end.acts(step) ? sayReply(end, step) : hearReply(end, step));
          // LMTP: one written reply stands for all recipients that are left (RFC 2033 section 4.2).
        } while (next?.kind !== "reply" && next?.kind !== "block" && course.asked?.again);
        return;
      case "content":
        if (!end.acts(step)) return await hearContent(end, step);
        throw new TypeError('Cannot send the lines of "C*": any would do');
      case "bytes":
        return await bytes(end, step);
      case "auth":
        if (options.stored !== undefined) return await observeAuth(end, step);
        return await (end.commands ? sayAuth(end, step) : hearAuth(end, step));
      case "tls":
        return await startTls(end, step);
      case "turn":
        await talk.flush();
        end.commander = end.commander === "C" ? "S" : "C";
        course.turned();
        return talk.note("turn");
      case "open":
        return;
      case "close":
      case "drop":
        if (!end.acts(step)) return await hearClose(end, step);
        await talk.flush();
        return step.kind === "close" ? talk.close() : talk.drop();
      case "pause":
      case "silence":
        return await this.#silence(step, next);
      case "delay":
      case "chunk":
        if (!end.acts(step)) return;
        await talk.flush();
        if ("size" in step) talk.pace.size = step.size;
        else talk.pace.delayMs = step.ms;
        return;
      case "outcome":
        this.#outcome = step.name;
        return;
      case "block":
        return await this.#block(step);
    }
  }

  /** The end that is silent takes a margin, for with equal times the other one may look too long. */
  async #silence(step: TimeStep, next: Step | undefined): Promise<void> {
    const { talk } = this.#end;
    const margin = step.ms * 0.2 + 30;
    await talk.flush();
    if (this.#end.acts(step)) return await talk.sleep(step.ms + margin);
    const { stored } = this.#end.options;
    const quiet = (stored?.silence(step.end) ?? Infinity) >= step.ms;
    const said = stored === undefined
      ? await talk.listen(step.ms)
      : quiet
      ? undefined
      : stored.peek(step.end);
    if (said === undefined) {
      // Both ends begin the next wait together: a margin is no time that another wait may lack.
      const waits = next?.kind === "pause" || next?.kind === "silence";
      return waits && stored === undefined ? await talk.sleep(margin) : undefined;
    }
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

  #fail(stop: Stop): void {
    const failure = this.#failure(stop);
    this.#failures.push(failure);
    this.#onFailure(failure);
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
      message: message ?? this.#sentence(rest),
      ...(after === undefined ? {} : { after }),
      ...(said === undefined ? {} : { said }),
      waitedMs,
    };
  }

  #sentence({ id, expected, actual }: StopFacts): string {
    if (isBreakdown(id)) return `expected ${expected}, but ${actual}`;
    const { role } = this.#end.options;
    return `expected ${expected}, ${role === "C" ? "server" : "client"} said ${actual}`;
  }

  #result(status: DialogueResult["status"], reason?: string): DialogueResult {
    const { course, options, replies, talk } = this.#end;
    const { dialogue, role, bindings } = options;
    return {
      name: dialogue.name,
      file: dialogue.steps[0]?.at.file ?? "",
      role,
      status,
      ...(reason === undefined ? {} : { reason }),
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
