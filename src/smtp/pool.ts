/**
 * Several sessions to one server, lent out one transaction after the other.
 *
 * @module
 */

import { systemClock, WireError } from "../wire/mod.ts";
import { type Content, isReplayable } from "./content.ts";
import { type DeliveryOptions, localRefusal, type OutgoingMessage } from "./delivery.ts";
import type { Envelope } from "./envelope.ts";
import { withReceipt } from "./error_receipt.ts";
import { SmtpError, SmtpLocalError } from "./errors.ts";
import { type Limiter, UNLIMITED } from "./limiter.ts";
import { type Member, Members } from "./members.ts";
import { QueueSource } from "./queue_source.ts";
import { checkPoolOptions, type PoolOptions } from "./pool_options.ts";
import { groupRecipients, mergeReceipts, uniqueRecipients } from "./recipients.ts";
import type { Receipt, Stage } from "./receipt.ts";
import type { SendOptions } from "./session.ts";
import { pulled } from "./source.ts";

/** What became of one message of {@linkcode SmtpPool.sendAll}. */
export interface PoolResult<M extends OutgoingMessage> {
  /** The message. */
  readonly message: M;
  /** What became of it; with several transactions, of all of them together. */
  readonly receipt: Receipt;
}

/** How often a message moves to another connection before its trouble is reported (S92). */
const MAX_MOVES = 3;

/** A message in the pool: itself, or a part of its recipients. */
interface Job {
  readonly message: OutgoingMessage;
  readonly delivery: DeliveryOptions;
  readonly settle: (receipt: Receipt) => void;
  moves: number;
}

/**
 * Sends over several connections, each of which is used for many messages.
 *
 * A connection that fails is thrown away; a message that had not begun on it moves to another one, and
 * anything else is in its receipt. Nothing is sent twice. A login that was refused for good is not
 * tried again: all further messages are told so, and another password takes another pool.
 *
 * @example Usage
 * ```ts
 * import { SmtpPool } from "@mailwright/mailwright";
 * import { startSandbox } from "@mailwright/mailwright/sandbox";
 * import { equal } from "node:assert/strict";
 *
 * await using box = await startSandbox();
 * await using pool = new SmtpPool({ url: box.smtpUrl, caCerts: box.caCerts });
 * const envelope = { from: "ann@here.example", to: ["ben@there.example"], policy: "any" } as const;
 * const receipts = await Promise.all([
 *   pool.send(envelope, "Subject: One\n\nHello\n"),
 *   pool.send(envelope, "Subject: Two\n\nHello\n"),
 * ]);
 * equal(receipts.every(({ outcome }) => outcome === "accepted"), true);
 * ```
 */
export class SmtpPool implements AsyncDisposable {
  readonly #options: PoolOptions;
  readonly #limiter: Limiter;
  readonly #members: Members;
  readonly #queue: Job[] = [];
  readonly #working = new Set<Promise<void>>();
  readonly #closing = new AbortController();
  readonly #over = new AbortController();
  readonly #wholes = new WeakMap<OutgoingMessage, OutgoingMessage>();
  #workers = 0;
  #lingering = 0;

  /**
   * Makes a pool. Nothing is dialled before a message comes.
   *
   * @param options Where to, how many connections, how fast.
   * @throws {unknown} As {@linkcode checkConnectOptions} does.
   * @throws {RangeError} If a number that counts is none.
   */
  constructor(options: PoolOptions) {
    checkPoolOptions(options);
    this.#options = options;
    this.#limiter = options.limiter ?? UNLIMITED;
    const ends = { closing: this.#closing.signal, over: this.#over.signal };
    this.#members = new Members(options, ends);
  }

  /** How many connections there are, and how many messages wait. */
  get state(): { readonly connections: number; readonly idle: number; readonly waiting: number } {
    const { open, idle } = this.#members;
    return { connections: open, idle, waiting: this.#queue.length };
  }

  /**
   * Sends one message over the next free connection.
   *
   * Recipients that stand in the list twice get it once. More than one transaction takes are split
   * into several; with the policy `all` that is a local error.
   *
   * @param envelope Who sends to whom.
   * @param content What is sent.
   * @param options How. A signal takes the message out of the queue; one that is under way is finished.
   * @returns What became of it, of all its transactions together.
   * @throws {unknown} The reason, if it could not be sent as a whole, as with a session.
   */
  async send(envelope: Envelope, content: Content, options: SendOptions = {}): Promise<Receipt> {
    const { signal } = options;
    signal?.throwIfAborted();
    const { promise, resolve, reject } = Promise.withResolvers<Receipt>();
    const job = this.#enqueue({ ...options, envelope, content }, options, resolve);
    const abort = (): void => {
      const waiting = this.#queue.indexOf(job);
      if (waiting >= 0) {
        this.#queue.splice(waiting, 1);
        reject(signal?.reason);
      }
    };
    signal?.addEventListener("abort", abort, { once: true });
    try {
      const receipt = await promise;
      if (receipt.error !== undefined) throw withReceipt(receipt.error, receipt);
      return receipt;
    } finally {
      signal?.removeEventListener("abort", abort);
    }
  }

  /**
   * Sends many messages. The next one is asked for only when it can be sent soon.
   *
   * @param messages The messages.
   * @param options Window, and what to do before a message ends; a signal stops asking for more.
   * @returns One result for each message, as they come in.
   */
  async *sendAll<M extends OutgoingMessage>(
    messages: Iterable<M> | AsyncIterable<M>,
    options: DeliveryOptions<M> & { readonly signal?: AbortSignal } = {},
  ): AsyncGenerator<PoolResult<M>> {
    const source = pulled(messages);
    const delivery = options as DeliveryOptions; // the pool hands back the messages it was given
    // For each connection what is under way, what follows it in the same write, and as much in reserve.
    const ahead = (this.#options.maxConnections ?? 5) * 8 * (options.window ?? 1);
    const results: PoolResult<M>[] = [];
    let under = 0;
    let failure: { readonly reason: unknown } | undefined;
    let ended = false;
    let asking = false;
    let something = Promise.withResolvers<void>();
    const begin = (message: M): void => {
      under++;
      this.#enqueue(message, delivery, (receipt) => {
        under--;
        results.push({ message, receipt });
        something.resolve();
      });
    };
    const ask = async (): Promise<void> => {
      asking = true;
      try {
        const message = await source.wait();
        if (message === undefined) ended = true;
        else if (!ended) begin(message);
      } catch (reason) {
        failure = { reason };
        ended = true;
      }
      asking = false;
      something.resolve();
    };
    try {
      while (true) {
        if (options.signal?.aborted) ended = true;
        while (!ended && !asking && under + results.length < ahead) {
          const message = source.take();
          if (message === undefined) ask();
          else begin(message);
        }
        if (results.length > 0) {
          for (const result of results.splice(0)) yield result;
        } else if (ended && under === 0) break;
        else {
          await something.promise;
          something = Promise.withResolvers();
        }
      }
      options.signal?.throwIfAborted();
      if (failure !== undefined) throw failure.reason;
    } finally {
      ended = true;
      await source.close?.();
    }
  }

  /**
   * Takes no more messages, lets what is in the pool go out, and says QUIT on every connection. What is
   * not out in time is not sent, and its receipt says so.
   */
  async close(): Promise<void> {
    this.#closing.abort(new SmtpLocalError("Cannot send: the pool is closed"));
    const timeUp = new AbortController();
    const clock = this.#options.clock ?? systemClock;
    const bound = clock.sleep(this.#options.closeMs ?? 30_000, { signal: timeUp.signal })
      .then(() => this.#giveUp(), () => {}); // all was out in time
    await Promise.all(this.#working);
    timeUp.abort();
    await bound;
    await this.#members.close();
  }

  /** Ends all that still goes on; each message has its receipt. */
  #giveUp(): void {
    this.#over.abort(this.#closing.signal.reason);
    this.#failAll(this.#closing.signal.reason);
  }

  /** Closes the pool. It never throws. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #enqueue(
    message: OutgoingMessage,
    delivery: DeliveryOptions,
    settle: (receipt: Receipt) => void,
  ): Job {
    if (this.#closing.signal.aborted) throw this.#closing.signal.reason;
    const to = uniqueRecipients(message.envelope.to);
    const job: Job = { message: this.#part(message, to), delivery, settle, moves: 0 };
    this.#queue.push(job);
    this.#hire();
    return job;
  }

  /** The same message to some of its recipients; `beforeEnd` is shown the one the caller gave. */
  #part(message: OutgoingMessage, to: Envelope["to"]): OutgoingMessage {
    if (to === message.envelope.to) return message;
    const part = { ...message, envelope: { ...message.envelope, to } };
    this.#wholes.set(part, this.#wholes.get(message) ?? message);
    return part;
  }

  /** One more worker, if there is work, nobody about to take it, and room. */
  #hire(): void {
    if (this.#queue.length <= this.#lingering) return;
    if (this.#workers >= (this.#options.maxConnections ?? 5)) return;
    this.#workers++;
    const work = this.#work().finally(() => this.#working.delete(work));
    this.#working.add(work);
  }

  async #work(): Promise<void> {
    try {
      while (this.#queue.length > 0) {
        let member: Member;
        try {
          member = await this.#members.take();
        } catch (error) {
          // Somebody else may still get through; nobody waits for ever (S91).
          if (this.#members.idle > 0) continue;
          if (this.#members.open === 0) this.#failAll(error);
          return;
        }
        await this.#serve(member);
        if (this.#members.reusable(member)) this.#members.park(member);
        else await this.#members.retire(member);
      }
    } finally {
      // At once after the last look at the queue: whoever comes next must find the room.
      this.#workers--;
    }
  }

  /** Sends what is in the queue over one session, as long as both last. */
  async #serve(member: Member): Promise<void> {
    const delivery = this.#queue[0]?.delivery;
    if (delivery === undefined) return;
    const { beforeEnd } = delivery;
    const jobs: Job[] = [];
    const parked = member.idleSince !== member.since;
    const source = new QueueSource<Job>({
      next: () => {
        const job = this.#next(member, jobs.length, delivery);
        if (job !== undefined) jobs.push(job);
        return job;
      },
      linger: () => this.#linger(),
      limiter: this.#limiter,
      signal: this.#over.signal,
    });
    try {
      await member.session.deliver(source, (receipt) => {
        const job = jobs.shift();
        if (job !== undefined) this.#settle(job, receipt, parked || member.messages > 0);
        member.messages++;
      }, {
        ...delivery,
        ...(beforeEnd === undefined ? {} : {
          beforeEnd: (part) => beforeEnd(this.#wholes.get(part) ?? part),
        }),
      });
    } catch {
      // The receipts of all messages under way were given before it was thrown.
    }
    // Taken, and never begun: the limiter held it while the session ended.
    const { failure } = source;
    if (failure === undefined) this.#queue.unshift(...jobs);
    else {
      for (const { message, settle } of jobs) {
        settle(localRefusal(message.envelope, failure.reason, where(member), "later"));
      }
    }
  }

  /**
   * Waits a moment for more: whoever was just told a receipt may send the next message at once, and it
   * should find this connection and not open another.
   */
  async #linger(): Promise<void> {
    this.#lingering++;
    for (let turn = 0; turn < 20 && this.#queue.length === 0; turn++) await undefined;
    this.#lingering--;
  }

  /** Takes the next message for a session, or a part of it that the server takes at once. */
  #next(member: Member, ahead: number, delivery: DeliveryOptions): Job | undefined {
    const [job] = this.#queue;
    // A job of another call has ways of its own, and begins a run of its own.
    if (job === undefined || !sameDelivery(job.delivery, delivery)) return undefined;
    if (!this.#members.reusable(member, ahead)) return undefined;
    this.#queue.shift();
    const { to, policy } = job.message.envelope;
    const { recipients, domains } = member.limits;
    const groups = groupRecipients(to, recipients, domains);
    if (groups.length === 1) return job;
    if (policy === "any") return this.#split(job, groups);
    const error = new SmtpLocalError(
      `Cannot send to ${to.length} recipients with the policy "all": the server takes ${recipients} in ` +
        "one transaction",
    );
    job.settle(localRefusal(job.message.envelope, error, where(member)));
    return this.#next(member, ahead, delivery);
  }

  /** Makes several jobs of one, whose receipts become one; gives the first of them. */
  #split(job: Job, groups: readonly Envelope["to"][]): Job {
    const receipts: Receipt[] = [];
    const parts = groups.map((to): Job => {
      const message = this.#part(job.message, to);
      return {
        message,
        delivery: job.delivery,
        moves: job.moves,
        settle: (receipt) => {
          receipts.push(receipt);
          if (receipts.length === groups.length) job.settle(mergeReceipts(receipts));
        },
      };
    });
    this.#queue.unshift(...parts.slice(1));
    return parts[0] ?? job;
  }

  #settle(job: Job, receipt: Receipt, reused: boolean): void {
    if (this.#movable(job, receipt, reused)) {
      this.#queue.unshift({ ...job, moves: job.moves + 1 });
      return;
    }
    if (receipt.rejected.length === 0) return job.settle(receipt);
    for (const { reply, retry } of receipt.rejected) {
      // Too many recipients is no complaint about the pace.
      if (reply?.class === "transient" && retry === "later") {
        this.#limiter.report({ code: reply.code });
      }
    }
    const left = receipt.rejected.filter(({ retry }) => retry === "next-transaction");
    if (left.length > 0 && receipt.accepted.length > 0 && isReplayable(job.message.content)) {
      this.#follow(job, receipt, left.map(({ recipient }) => recipient));
      return;
    }
    job.settle(receipt);
  }

  /**
   * Whether a message had not begun when its connection died, or said the farewell of a server that
   * had waited too long or served enough (S88, S89).
   */
  #movable(job: Job, { outcome, stage, reply, error }: Receipt, reused: boolean): boolean {
    const died = outcome === "not-sent" && reply === undefined && error instanceof WireError;
    return (died || reply?.code === 421) && stage === "mail" && reused && job.moves < MAX_MOVES &&
      isReplayable(job.message.content) && !this.#closing.signal.aborted;
  }

  /** The recipients for whom there was no room get a transaction of their own (S36). */
  #follow(job: Job, receipt: Receipt, to: Envelope["to"]): void {
    const settled: Receipt = {
      ...receipt,
      rejected: receipt.rejected.filter(({ retry }) => retry !== "next-transaction"),
    };
    const message = this.#part(job.message, to);
    this.#queue.unshift({
      message,
      delivery: job.delivery,
      moves: job.moves,
      settle: (next) => job.settle(mergeReceipts([settled, next])),
    });
  }

  #failAll(error: unknown): void {
    const where = { host: this.#options.host ?? this.#options.url, tls: false };
    for (const job of this.#queue.splice(0)) {
      job.settle({
        ...localRefusal(job.message.envelope, error, where, "later"),
        stage: stageOf(error),
      });
    }
  }
}

function where({ session }: Member): { readonly host: string; readonly tls: boolean } {
  return { host: session.host, tls: session.secure };
}

/** What a session does before it can send, as errors tell it. */
const STAGES: ReadonlyMap<string, Stage> = new Map([
  ["greeting", "greeting"],
  ...["ehlo", "helo", "lhlo"].map((verb) => [verb, "hello"] as const),
  ...["starttls", "tls"].map((verb) => [verb, "tls"] as const),
  ["auth", "auth"],
]);

/** How far a session came that did not come about. */
function stageOf(error: unknown): Stage {
  const stage = error instanceof WireError || error instanceof SmtpError ? error.stage : undefined;
  return STAGES.get(stage ?? "") ?? "connect";
}

function sameDelivery(a: DeliveryOptions, b: DeliveryOptions): boolean {
  return a.window === b.window && a.beforeEnd === b.beforeEnd;
}
