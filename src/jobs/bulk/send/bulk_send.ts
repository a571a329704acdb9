/**
 * Sends the rows of a job: each row once, and what became of it into the journal.
 *
 * @module
 */

import {
  type Limiter,
  type LimiterCost,
  type LimiterOutcome,
  type OutgoingMessage,
  type PoolOptions,
  type Receipt,
  SmtpAuthError,
  SmtpError,
  SmtpPool,
  TokenBucketLimiter,
} from "../../../smtp/mod.ts";
import { type Clock, systemClock } from "../../../wire/mod.ts";
import { Backoff } from "../../pace.ts";
import { Breaker } from "./breaker.ts";
import { DomainGate } from "./domain_gate.ts";
import { FirstRefusals } from "./first_refusals.ts";
import type { ClaimedRow, JobJournal, RowOutcome } from "../journal/journal.ts";
import { asksForLogin, isRefusal, isUnbegun, outcomeOf, type RetryOptions } from "./verdict.ts";

/** How fast a job goes. */
export interface BulkRates {
  /** Messages. @default {Infinity} */
  readonly messagesPerSecond?: number;
  /** Recipients. @default {Infinity} */
  readonly recipientsPerSecond?: number;
  /** New connections. @default {Infinity} */
  readonly connectionsPerSecond?: number;
}

/** Why a run ended before every row had its outcome. */
export interface BulkStop {
  /**
   * - `signal`: the caller wished it.
   * - `deadline`, `limit`: as the options say.
   * - `sender`: the first rows were refused alike, by the server or before, and nobody was accepted.
   *   They wait.
   * - `refusals`, `doubts`: too many of the same in a row.
   * - `login`: the login was refused for good.
   * - `network`: no connection came about.
   * - `storage`: the journal cannot be written.
   */
  readonly reason:
    | "signal"
    | "deadline"
    | "limit"
    | "sender"
    | "refusals"
    | "doubts"
    | "login"
    | "network"
    | "storage";
  /** In words. */
  readonly text: string;
  /** What was thrown. */
  readonly error?: unknown;
}

/** Something that happened on the way. */
export type BulkEvent =
  /** A row has its outcome, and it is durable. */
  | { readonly kind: "row"; readonly row: ClaimedRow; readonly outcome: RowOutcome }
  /** An outcome could not be written to the journal: this is the only place where it is told. */
  | { readonly kind: "lost"; readonly row: ClaimedRow; readonly outcome: RowOutcome }
  /** The server asked for less: all rates are multiplied by `speed`. */
  | { readonly kind: "slowed"; readonly code: number; readonly speed: number }
  /** A connection failed; the next is tried in `ms` milliseconds. */
  | { readonly kind: "paused"; readonly ms: number; readonly text: string }
  /** Only deferred rows are left; the next is due in `ms` milliseconds. */
  | { readonly kind: "waiting"; readonly ms: number };

/** How a job is sent. */
export interface BulkOptions {
  /** The job. */
  readonly journal: JobJournal;
  /** Where to, and over how many connections. */
  readonly pool: Omit<PoolOptions, "limiter">;
  /**
   * Makes the message of a row: the same octets whenever it is asked. What it throws fails the row.
   */
  readonly render: (row: ClaimedRow) => OutgoingMessage | Promise<OutgoingMessage>;
  /** How fast. */
  readonly rates?: BulkRates;
  /** The most messages under way to one domain. @default {Infinity} */
  readonly perDomain?: number;
  /** The most message ends unanswered on one connection. @default {1} */
  readonly window?: number;
  /** When deferred rows are tried again. */
  readonly retry?: {
    /** How often in all. @default {5} */
    readonly attempts?: number;
    /** The first wait, in milliseconds; each further one is twice as long. @default {60_000} */
    readonly baseMs?: number;
    /** The longest wait, in milliseconds. @default {14_400_000} */
    readonly maxMs?: number;
  };
  /** Whether the run waits until deferred rows are due. @default {true} */
  readonly wait?: boolean;
  /** How long the run may take, in milliseconds. @default {Infinity} */
  readonly deadlineMs?: number;
  /** The most rows of this run. @default {Infinity} */
  readonly limit?: number;
  /**
   * Stops after so many refusals that are all alike, nothing accepted between. Where it is left out, a
   * run whose first rows are refused alike for who sends stops at once, and no row fails for it.
   *
   * @default {20}
   */
  readonly maxRefusals?: number;
  /** Stops after so many rows in doubt, one after the other. @default {5} */
  readonly maxDoubts?: number;
  /** Stops when no connection came about for so long, in milliseconds. @default {600_000} */
  readonly giveUpMs?: number;
  /** The time. @default {systemClock} */
  readonly clock?: Clock;
  /** A number from 0 up to 1, for the jitter of waits. @default {Math.random} */
  readonly random?: () => number;
  /** Ends the run: what is under way is finished, nothing more is begun. */
  readonly signal?: AbortSignal;
  /** Hears what happens. */
  readonly onEvent?: (event: BulkEvent) => void;
}

/** What a run has done. */
export interface BulkRun {
  /** Why it ended early; `undefined` if every row has its outcome. */
  readonly stop: BulkStop | undefined;
  /** How many rows came into each state in this run. */
  readonly outcomes: Readonly<Record<RowOutcome["state"], number>>;
  /** Outcomes that could not be written to the journal. */
  readonly lost: readonly { readonly row: ClaimedRow; readonly outcome: RowOutcome }[];
}

/**
 * Sends the rows of a job that are due, until each has its outcome or something stops it.
 *
 * A row is `committing` in the journal before the end of its message is written, and its outcome is
 * durable before the row is forgotten. Nothing is sent twice: a row whose end may have been sent, and
 * that was not answered, is in doubt, and waits for {@linkcode JobJournal.release}.
 *
 * @param options The job, the server, and how to go about it.
 * @returns What was done. What stops a run is in there, and not thrown.
 * @throws {unknown} What `onEvent` has thrown, when the run has ended in good order.
 *
 * @example Usage
 * ```ts
 * import { openSqliteJournal, sendBulk } from "@mailwright/mailwright/jobs";
 * import { startSandbox } from "@mailwright/mailwright/sandbox";
 * import { equal } from "node:assert/strict";
 *
 * await using box = await startSandbox();
 * const folder = await Deno.makeTempDir({ dir: "tests/.tmp" });
 * await using journal = await openSqliteJournal(`${folder}/hello.db`, { create: true });
 * const about = { name: "hello", fingerprint: "", contentHash: "", settings: {} };
 * const people = ["ann", "ben"].map((name, at) => {
 *   const address = `${name}@there.example`;
 *   return { line: at + 2, recipient: address, key: address, fields: { name } };
 * });
 * const { id } = await journal.create(about, people);
 *
 * const { journal: job } = await journal.run(id, Date.now());
 * const { stop, outcomes } = await sendBulk({
 *   journal: job,
 *   pool: { url: box.smtpUrl, caCerts: box.caCerts },
 *   render: ({ recipient, fields }) => ({
 *     envelope: { from: "news@here.example", to: [recipient], policy: "any" },
 *     content: `Subject: Hello ${fields.name}\n\nWelcome.\n`,
 *   }),
 * });
 * equal(stop, undefined);
 * equal(outcomes.accepted, 2);
 * ```
 */
export function sendBulk(options: BulkOptions): Promise<BulkRun> {
  return new Run(options).go();
}

/** How many rows are claimed at once. */
const CLAIM = 200;
/** How many connections a pool has if nobody says. */
const CONNECTIONS = 5;
/** How many rows may wait for their domain. */
const MOST_PARKED = 1_000;

/** A message and the row it was made of. */
interface RowMessage extends OutgoingMessage {
  readonly row: ClaimedRow;
}

class Run {
  readonly #options: BulkOptions;
  readonly #journal: JobJournal;
  readonly #clock: Clock;
  readonly #retry: RetryOptions;
  readonly #breaker: Breaker;
  readonly #first: FirstRefusals | undefined;
  readonly #backoff: Backoff;
  readonly #gate: DomainGate<ClaimedRow>;
  readonly #limiter: TokenBucketLimiter;
  readonly #deadline: number;
  readonly #outcomes = {
    pending: 0,
    accepted: 0,
    deferred: 0,
    failed: 0,
    in_doubt: 0,
    skipped: 0,
  };
  readonly #lost: { readonly row: ClaimedRow; readonly outcome: RowOutcome }[] = [];
  readonly #stopping = new AbortController();
  /** Rows that are claimed and wait here, and those that the pool or the journal has. */
  #ready: ClaimedRow[] = [];
  readonly #underWay = new Set<number>();
  readonly #settling = new Set<Promise<void>>();
  /** Rows whose end may be out and whose outcome is not in the journal's hands, and since when. */
  readonly #ending = new Map<number, number>();
  readonly #mostEnding: number;
  #taken = 0;
  /** How far the clock was set back, as far as rows have shown it. */
  #behindMs = 0;
  #connected = false;
  #stop: BulkStop | undefined;
  /** Why no more rows are taken, while those that were still go on. */
  #full: BulkStop | undefined;
  /** What the listener has thrown. */
  #thrown: { readonly error: unknown } | undefined;
  #changed = Promise.withResolvers<void>();
  #ended = Promise.withResolvers<void>();

  constructor(options: BulkOptions) {
    const { clock = systemClock, random = Math.random, retry = {}, rates = {} } = options;
    this.#options = options;
    this.#journal = options.journal;
    this.#clock = clock;
    const { attempts = 5, baseMs = 60_000, maxMs = 14_400_000 } = retry;
    this.#retry = { attempts, baseMs, maxMs, random };
    this.#breaker = new Breaker({
      refusals: options.maxRefusals ?? 20,
      doubts: options.maxDoubts ?? 5,
    });
    this.#first = options.maxRefusals === undefined
      ? new FirstRefusals(options.pool.auth !== undefined)
      : undefined;
    this.#backoff = new Backoff(clock, { baseMs: 1_000, maxMs: 60_000, random });
    this.#mostEnding = (options.pool.maxConnections ?? CONNECTIONS) * (options.window ?? 1);
    this.#gate = new DomainGate(options.perDomain ?? Infinity);
    this.#deadline = clock.monotonic() + (options.deadlineMs ?? Infinity);
    this.#limiter = new TokenBucketLimiter({
      ...rates,
      burst: burstOf(rates),
      clock,
      random,
      onEvent: (event) => {
        if (event.kind === "slowed") this.#tell(event);
      },
    });
  }

  async go(): Promise<BulkRun> {
    const { signal, window = 1, deadlineMs = Infinity } = this.#options;
    const wish = (): void => this.#end({ reason: "signal", text: "it was asked to stop" });
    if (signal?.aborted) wish();
    signal?.addEventListener("abort", wish, { once: true });
    const timeUp = new AbortController();
    const timer = deadlineMs === Infinity ? undefined : this.#clock.sleep(deadlineMs, timeUp)
      .then(() => this.#end({ reason: "deadline", text: "its time is over" }), () => {});
    const limiter = this.#journal.limiter === undefined
      ? this.#limiter
      : new Limiters([this.#journal.limiter, this.#limiter]);
    try {
      await using pool = new SmtpPool({ ...this.#options.pool, limiter });
      const results = pool.sendAll(this.#messages(), {
        window,
        beforeEnd: (message) => this.#beforeEnd(message.row),
      });
      for await (const { message, receipt } of results) this.#take(message.row, receipt);
      while (this.#settling.size > 0) await Promise.all(this.#settling);
      await this.#giveBack();
    } finally {
      signal?.removeEventListener("abort", wish);
      timeUp.abort();
      await timer;
      this.#limiter.close();
    }
    if (this.#thrown !== undefined) throw this.#thrown.error;
    return { stop: this.#stop ?? this.#full, outcomes: this.#outcomes, lost: this.#lost };
  }

  /** Begins nothing more. What is under way goes on. */
  #end(stop: BulkStop): void {
    if (this.#stop !== undefined) return;
    this.#stop = stop;
    const reason = new Error(`Cannot send: ${stop.text}`);
    this.#stopping.abort(reason);
    this.#limiter.close(reason);
    this.#changed.resolve();
  }

  async *#messages(): AsyncGenerator<RowMessage> {
    const { signal } = this.#stopping;
    while (this.#stop === undefined) {
      try {
        await this.#backoff.over(signal);
        const row = await this.#next();
        if (row === undefined) return;
        const message = await this.#message(row);
        if (message !== undefined) yield message;
      } catch (error) {
        if (!signal.aborted) this.#end({ reason: "storage", text: textOf(error), error });
      }
    }
  }

  /** The next row that may go; `undefined` if none will. */
  async #next(): Promise<ClaimedRow | undefined> {
    const { signal } = this.#stopping;
    const { limit = Infinity, wait = true } = this.#options;
    while (this.#stop === undefined) {
      const row = this.#gate.take() ?? this.#ready.shift();
      if (row !== undefined) {
        if (this.#underWay.has(row.id)) return row; // it had been kept at the gate
        if (this.#taken >= limit) {
          this.#ready.unshift(row);
          if (this.#underWay.size > 0) {
            await this.#change(); // one may come back unsent, or wait for its domain
            continue;
          }
          this.#full = { reason: "limit", text: `its limit of ${limit} is reached` };
          return undefined;
        }
        this.#taken++;
        this.#underWay.add(row.id);
        if (this.#gate.admit(row)) return row;
        continue;
      }
      const room = MOST_PARKED - this.#gate.parked;
      if (room > 0) {
        this.#ready.push(...await this.#journal.claim(Math.min(CLAIM, room), this.#nowMs()));
        if (this.#ready.length > 0) continue;
      }
      if (this.#underWay.size > 0) {
        await this.#change();
        continue;
      }
      const dueMs = await this.#journal.nextDueMs();
      if (dueMs === undefined || !wait) return undefined;
      // A clock that was set back must not make a row wait for a year (T-B22).
      const ms = Math.min(Math.max(dueMs - this.#nowMs(), 0), this.#retry.maxMs);
      if (this.#clock.monotonic() + ms >= this.#deadline) {
        this.#end({ reason: "deadline", text: "the next row is due after its time" });
        return undefined;
      }
      this.#tell({ kind: "waiting", ms });
      await this.#clock.sleep(ms, { signal });
      this.#behindMs += Math.max(dueMs - this.#nowMs(), 0);
    }
    return undefined;
  }

  /** Waits until a row has its outcome, or the run ends. */
  async #change(): Promise<void> {
    await this.#changed.promise;
    this.#changed = Promise.withResolvers();
  }

  /** Makes the message of a row. */
  async #message(row: ClaimedRow): Promise<RowMessage | undefined> {
    try {
      return { ...await this.#options.render(row), row };
    } catch (error) {
      this.#settle(row, { id: row.id, state: "failed", stage: "render", text: textOf(error) });
      return undefined;
    }
  }

  async #beforeEnd({ id }: ClaimedRow): Promise<void> {
    // A connection that has its answer goes on at once. The outcome of that answer comes first here, or
    // a crash would leave more rows in doubt than may be on their way (T-B29).
    while (this.#ending.size >= this.#mostEnding) await this.#ended.promise;
    this.#ending.set(id, this.#clock.monotonic());
    try {
      await this.#journal.committing(id);
    } catch (error) {
      this.#end({ reason: "storage", text: textOf(error), error });
      throw error;
    }
    this.#ending.set(id, this.#clock.monotonic());
  }

  #take(row: ClaimedRow, receipt: Receipt): void {
    const endedAt = this.#ending.get(row.id);
    const ms = endedAt === undefined ? undefined : this.#clock.monotonic() - endedAt;
    const tried = { id: row.id, attempt: row.attempt, ms };
    const outcome = this.#unlessFirst(
      outcomeOf(receipt, tried, this.#retry, this.#nowMs()),
      isRefusal(receipt),
    );
    if (isUnbegun(receipt)) this.#failed(receipt);
    else if (receipt.stage !== "connect") {
      this.#connected = true;
      this.#backoff.succeed();
    }
    this.#settle(row, outcome);
    this.#ending.delete(row.id);
    this.#ended.resolve();
    this.#ended = Promise.withResolvers();
    const broken = this.#breaker.take(outcome);
    if (broken === "refusals") {
      const text = `the server refuses row after row: "${saidIn(outcome)}"`;
      this.#end({ reason: broken, text });
    } else if (broken === "doubts") {
      this.#end({ reason: broken, text: "row after row is in doubt" });
    }
  }

  /** No row fails for who sends: that is the same in all of them. */
  #unlessFirst(outcome: RowOutcome, refused: boolean): RowOutcome {
    const first = this.#first?.take(outcome, refused);
    if (first === undefined) return outcome;
    if (first === "stop") {
      const text = `the first rows are refused alike: "${saidIn(outcome)}"`;
      this.#end({ reason: "sender", text });
    }
    return { ...outcome, state: "pending" };
  }

  /** No connection came about. */
  #failed(receipt: Receipt): void {
    const { error, reply } = receipt;
    if (this.#stop !== undefined) return; // the message was not let pass, as the run ends
    const text = reply === undefined
      ? textOf(error)
      : `the server says "${reply.code} ${reply.text}"`;
    if (error instanceof SmtpAuthError ? !error.temporary : asksForLogin(receipt)) {
      return this.#end({ reason: "login", text, error });
    }
    const { giveUpMs = 600_000 } = this.#options;
    // A server that was never reached is more likely named wrongly than out of order.
    const temporary = error instanceof SmtpError && error.temporary;
    if (!this.#connected && !temporary || this.#backoff.failingMs >= giveUpMs) {
      return this.#end({ reason: "network", text, error });
    }
    const ms = this.#backoff.fail();
    if (ms !== undefined) this.#tell({ kind: "paused", ms, text });
  }

  /** The row is over when its outcome is durable. */
  #settle(row: ClaimedRow, outcome: RowOutcome): void {
    const settling = this.#write(row, outcome).then(() => {
      this.#settling.delete(settling);
      this.#underWay.delete(row.id);
      this.#gate.leave(row);
      this.#changed.resolve();
    });
    this.#settling.add(settling);
  }

  async #write(row: ClaimedRow, outcome: RowOutcome): Promise<void> {
    try {
      await this.#journal.outcome(outcome);
    } catch (error) {
      this.#end({ reason: "storage", text: textOf(error), error });
      this.#lost.push({ row, outcome });
      this.#tell({ kind: "lost", row, outcome });
      return;
    }
    if (outcome.state === "pending") this.#taken--;
    this.#outcomes[outcome.state]++;
    this.#tell({ kind: "row", row, outcome });
  }

  /** Rows that were claimed and never begun go back. */
  async #giveBack(): Promise<void> {
    const rows = [...this.#gate.clear(), ...this.#ready.splice(0)];
    try {
      await Promise.all(rows.map(({ id }) => this.#journal.outcome({ id, state: "pending" })));
    } catch (error) {
      // They are only claimed: the next run finds them where they were.
      this.#end({ reason: "storage", text: textOf(error), error });
    }
  }

  /** The wall time, but never before that of a row that was waited for. */
  #nowMs(): number {
    return this.#clock.now() + this.#behindMs;
  }

  #tell(event: BulkEvent): void {
    try {
      this.#options.onEvent?.(event);
    } catch (error) {
      this.#thrown ??= { error };
      this.#end({ reason: "signal", text: `it could not be told: ${textOf(error)}`, error });
    }
  }
}

/** Several limiters, one after the other. */
class Limiters implements Limiter {
  readonly #all: readonly Limiter[];

  constructor(all: readonly Limiter[]) {
    this.#all = all;
  }

  take(cost: LimiterCost, options?: Parameters<Limiter["take"]>[1]): Promise<void> | undefined {
    return this.#from(0, cost, options);
  }

  #from(
    at: number,
    cost: LimiterCost,
    options: Parameters<Limiter["take"]>[1],
  ): Promise<void> | undefined {
    const limiter = this.#all[at];
    if (limiter === undefined) return undefined;
    const pass = limiter.take(cost, options);
    if (pass === undefined) return this.#from(at + 1, cost, options);
    return pass.then(() => this.#from(at + 1, cost, options));
  }

  report(outcome: LimiterOutcome): void {
    for (const limiter of this.#all) limiter.report(outcome);
  }
}

/**
 * How much may pass at once: a twentieth of a second. On a machine with much to do timers are late, and
 * what was missed is made up for.
 */
function burstOf(rates: BulkRates): number {
  const slowest = Math.min(...Object.values(rates));
  return slowest === Infinity ? 1 : Math.max(1, Math.floor(slowest / 20));
}

/** The answer that an outcome came from. */
function saidIn({ code, enhanced, text }: RowOutcome): string {
  return [code, enhanced, text].filter((each) => each !== undefined).join(" ");
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : `${error}`;
}
