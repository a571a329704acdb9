/**
 * What is told while a job runs: one line of progress, each new kind of refusal, pauses; or events.
 *
 * @module
 */

import { type Progress, type ScriptIo, startProgress, visible } from "../../src/cli/mod.ts";
import {
  type BulkEvent,
  type JobJournal,
  type RowOutcome,
  STATE_WORDS,
  type StateCounts,
} from "../../src/jobs/mod.ts";
import { NAME, type TalkCall } from "./calls.ts";
import { type Emergency, toldOf } from "./emergency.ts";

/** What the progress is of. */
export interface ProgressOf {
  /** The script. */
  readonly io: ScriptIo;
  /** How much is said. */
  readonly call: TalkCall;
  /** Takes what the journal could not take. */
  readonly emergency: Emergency | undefined;
  /** Whether there is a rate that can be slowed down. */
  readonly rated: boolean;
}

/** After how long a wait is worth a line, in milliseconds. */
const LONG_WAIT_MS = 2_000;

/** Tells of one run. */
export class RunProgress {
  readonly #io: ScriptIo;
  readonly #call: TalkCall;
  readonly #emergency: Emergency | undefined;
  readonly #rated: boolean;
  readonly #progress: Progress | undefined;
  readonly #counts: Record<RowOutcome["state"], number>;
  readonly #kinds = new Set<string>();
  #done: number;
  #deferredBefore: number;
  #answerMs: number | undefined;
  #speed = 1;
  /** What is written is awaited here, one after the other. */
  #told: Promise<void> = Promise.resolve();
  /** What could not be written, and why. */
  #unheard: { readonly error: unknown } | undefined;
  #drawing = false;

  private constructor(
    { io, call, emergency, rated }: ProgressOf,
    progress: Progress | undefined,
    counts: StateCounts,
  ) {
    this.#io = io;
    this.#call = call;
    this.#emergency = emergency;
    this.#rated = rated;
    this.#progress = progress;
    const { pending, accepted, deferred, failed, in_doubt, skipped } = counts;
    this.#counts = { pending, accepted, deferred, failed, in_doubt, skipped };
    this.#done = doneOf(counts);
    this.#deferredBefore = deferred;
  }

  /**
   * Begins to tell.
   *
   * @param of What the progress is of.
   * @param journal The job.
   * @returns What hears the events.
   */
  static async begin(of: ProgressOf, journal: JobJournal): Promise<RunProgress> {
    const { call, io } = of;
    const counts = await journal.counts();
    const progress = call.quiet || call.json ? undefined : await startProgress(io.err, {
      label: "sending",
      total: journal.job.rows,
      before: doneOf(counts),
    });
    const told = new RunProgress(of, progress, counts);
    const stopping = (): void =>
      told.#note(
        "stopping when what is under way is answered; a second signal leaves at once, and puts that in doubt",
      );
    io.signal.addEventListener("abort", stopping, { once: true });
    return told;
  }

  /**
   * Hears what happens.
   *
   * @param event What happens.
   * @throws {unknown} Why nobody can be told any more: a run that nobody follows ends in order.
   */
  hear(event: BulkEvent): void {
    if (event.kind === "lost") return this.#lose(event);
    if (this.#unheard !== undefined) throw this.#unheard.error;
    if (this.#call.json) this.#then(() => this.#io.out.json(eventJson(event)));
    if (event.kind === "row") this.#row(event.row.attempt, event.outcome);
    else if (event.kind === "slowed") {
      if (!this.#rated) return;
      this.#speed = event.speed;
      this.#note(`the server says ${event.code}: going on at ${percent(event.speed)} of the speed`);
    } else if (event.kind === "paused") {
      this.#note(`no connection, next try in ${seconds(event.ms)}: ${event.text}`);
    } else if (event.ms >= LONG_WAIT_MS) {
      this.#note(`only deferred rows are left, the next is due in ${seconds(event.ms)}`);
    }
  }

  /** Ends the line, before anything else is printed. */
  async end(): Promise<void> {
    this.#then(async () => await this.#progress?.finish(this.#done));
    await this.#told;
  }

  #row(attempt: number, outcome: RowOutcome): void {
    const { state, ms } = outcome;
    if (attempt > 1 && this.#deferredBefore > 0) {
      this.#deferredBefore--; // it was counted as deferred
      this.#counts.deferred = Math.max(0, this.#counts.deferred - 1);
    }
    if (state !== "pending") this.#counts[state]++;
    if (state === "deferred") this.#deferredBefore++;
    else if (state !== "pending") this.#done++;
    if (ms !== undefined) this.#answerMs = (ms + 19 * (this.#answerMs ?? ms)) / 20;
    if (state !== "accepted" && state !== "pending") this.#kind(outcome);
    if (this.#drawing || this.#progress === undefined) return; // what comes meanwhile is told next time
    this.#drawing = true;
    this.#then(async () => {
      this.#drawing = false;
      await this.#progress?.update(this.#done, this.#detail());
    });
  }

  #detail(): string {
    const { accepted, deferred, failed, in_doubt: doubts } = this.#counts;
    const told = { accepted, deferred, failed, "in doubt": doubts };
    const counts = Object.entries(told)
      .filter(([word, count]) => count > 0 || word === "accepted")
      .map(([word, count]) => `${count} ${word}`);
    const slow = this.#speed < 1 ? `, ${percent(this.#speed)} speed` : "";
    const ms = this.#answerMs;
    const answers = ms === undefined ? "" : `  answers in ${ms.toFixed(ms < 10 ? 1 : 0)} ms`;
    return counts.join(", ") + answers + slow;
  }

  /** The first of each kind; addresses are nobody's business on a screen. */
  #kind({ state, stage, code, enhanced, text = "" }: RowOutcome): void {
    const kind = code === undefined ? `${state} ${stage}` : `${state} ${code} ${enhanced}`;
    if (this.#kinds.has(kind)) return;
    this.#kinds.add(kind);
    const said = [code, enhanced, text].filter((each) => each !== undefined).join(" ");
    this.#note(`${STATE_WORDS[state]} at ${stage}: ${withoutAddresses(said)}`);
  }

  #lose(event: Extract<BulkEvent, { kind: "lost" }>): void {
    if (event.outcome.state === "pending") return; // nothing was sent: the journal has it so
    const told = JSON.stringify(toldOf(event));
    this.#then(() => this.#io.err.line(`${NAME}: not in the journal: ${visible(told)}`));
    this.#emergency?.take(event);
  }

  #note(text: string): void {
    const line = visible(text);
    if (this.#progress !== undefined) this.#then(async () => await this.#progress?.note(line));
  }

  #then(work: () => Promise<void>): void {
    this.#told = this.#told.then(work);
    this.#told.catch((error) => void (this.#unheard ??= { error }));
  }
}

/** Rows that are over. */
function doneOf({ accepted, failed, in_doubt: doubts, skipped }: StateCounts): number {
  return accepted + failed + doubts + skipped;
}

/** An event as data; this is where the caller asked for addresses. */
function eventJson(event: Exclude<BulkEvent, { kind: "lost" }>): Readonly<Record<string, unknown>> {
  if (event.kind !== "row") {
    const { kind, ...rest } = event;
    return { event: kind, ...rest };
  }
  const { line, recipient, attempt } = event.row;
  const { id: _, ...outcome } = event.outcome;
  return { event: "row", line, recipient, attempt, ...outcome };
}

/**
 * Says the same without naming anybody.
 *
 * @param text What a server has said.
 * @returns The text with `<…>` for each address.
 */
export function withoutAddresses(text: string): string {
  return text.replace(/<?[^\s<>@"]{1,64}@[^\s<>@:;,"]{1,255}>?/g, "<…>");
}

function percent(part: number): string {
  return `${Math.round(part * 100)} %`;
}

function seconds(ms: number): string {
  return `${Math.ceil(ms / 1000)} s`;
}
