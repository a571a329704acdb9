/**
 * The same command about many messages, without waiting for each answer (RFC 2449 section 6.6).
 *
 * @module
 */

import type { Pop3Item } from "./answer.ts";
import { NOOP, type Pop3Command } from "./commands.ts";
import { Pop3LocalError, Pop3ReplyError } from "./errors.ts";
import type { Exchange } from "./exchange.ts";
import type { MsgNo } from "./message_number.ts";
import type { Pop3Reply } from "./reply.ts";
import type { Run } from "./turns.ts";

/** What is asked about a message. */
export interface MessagePlan<T> {
  /** The verb, for errors and limits. */
  readonly verb: string;
  /** The command about a message. */
  command(no: MsgNo): Pop3Command;
  /** How many octets its answer will probably have. */
  cost(no: MsgNo): number;
  /** Reads what stands behind a positive status. */
  read(no: MsgNo): T | Promise<T>;
  /** Whether the answer is read to its end. @default {() => true} */
  ended?(value: T): boolean;
  /** Comes to its end, if it is not over by now. */
  settle?(value: T): Promise<void> | undefined;
}

/** How a window is run. */
export interface WindowOptions {
  /** How many commands may be unanswered. */
  readonly window: number;
  /** Waits for its turn and gives what ends it. */
  enter(run: Run): Promise<Disposable>;
}

/** More refusals in a row than this, and no further command is sent: servers hang up at 20 (Q16). */
const MOST_REFUSALS = 5;
/** How many octets of answers may be under way, as far as sizes are known. One message may be larger. */
const MOST_OCTETS = 4 * 1024 * 1024;
/** How many octets of commands may be unanswered: a server takes so much without reading. */
const MOST_COMMAND_OCTETS = 4096;

/** One run of a window. */
export class CommandWindow<T> implements Run {
  readonly #exchange: Exchange;
  readonly #numbers: readonly MsgNo[];
  readonly #plan: MessagePlan<T>;
  readonly #enter: WindowOptions["enter"];
  readonly #width: number = 1;
  #sent = 0;
  #answered = 0;
  /** The messages from here on are not asked about. */
  #end: number;
  /** What the answers under way will probably have. */
  #octets = 0;
  #refusals = 0;
  /** The answer in the caller's hands, which may not be read to its end. */
  #open: { readonly value: T } | undefined;
  /** Behind how many answers there is one to NOOP. */
  readonly #noops: number[] = [];
  /** The write of the last NOOP: no other may cross it. */
  #saying: Promise<void> | undefined;
  #suspended = false;

  /**
   * A window over messages.
   *
   * @param exchange Where to speak.
   * @param numbers The messages.
   * @param plan What to ask.
   * @param options How wide it is, and whose turn it is.
   */
  constructor(
    exchange: Exchange,
    numbers: readonly MsgNo[],
    plan: MessagePlan<T>,
    { window, enter }: WindowOptions,
  ) {
    this.#exchange = exchange;
    this.#enter = enter;
    this.#numbers = numbers;
    this.#plan = plan;
    this.#end = numbers.length;
    const [first] = numbers;
    if (first === undefined) return;
    const widest = numbers.reduce((most, no) => no.value > most.value ? no : most, first);
    const longest = plan.command(widest).line.shown.length + 2;
    this.#width = Math.min(window, Math.floor(MOST_COMMAND_OCTETS / longest));
  }

  /** Whether the caller has a result in hand and has not asked for the next. */
  get suspended(): boolean {
    return this.#suspended;
  }

  /**
   * Asks about all messages.
   *
   * @returns One result for each message, in their order.
   */
  async *results(): AsyncGenerator<Pop3Item<T>, void> {
    using _turn = await this.#enter(this);
    this.#exchange.beforeRead = this.#send;
    try {
      for (const no of this.#numbers) {
        // What is here already is not waited for: a turn of the event loop costs more than reading it.
        const next = this.#next(no);
        const item = next instanceof Promise ? await next : next;
        this.#suspended = true;
        yield item;
        this.#suspended = false;
        const settled = this.#settle();
        if (settled !== undefined) await settled;
      }
    } finally {
      this.#suspended = false;
      await this.#finish();
    }
  }

  /**
   * Asks about all messages without a pause between their answers, which must be over when read.
   *
   * @returns One result for each message, in their order.
   */
  async all(): Promise<readonly Pop3Item<T>[]> {
    using _turn = await this.#enter(this);
    this.#exchange.beforeRead = this.#send;
    const items: Pop3Item<T>[] = [];
    try {
      for (const no of this.#numbers) {
        const next = this.#next(no);
        items.push(next instanceof Promise ? await next : next);
      }
      return items;
    } finally {
      await this.#finish();
    }
  }

  /** Says NOOP between two answers, while the caller is at work (Q20). */
  async keepAlive(): Promise<void> {
    const inside = this.#open !== undefined && !this.#ended(this.#open.value);
    if (!this.#suspended || inside) return;
    this.#noops.push(this.#sent);
    this.#exchange.channel.put(NOOP.line);
    this.#saying = this.#exchange.flush();
    await this.#saying;
  }

  #next(no: MsgNo): Pop3Item<T> | Promise<Pop3Item<T>> {
    if (this.#answered === this.#end) return untried(this.#plan.verb, no);
    const reply = this.#replyAtOnce();
    return reply === undefined
      ? this.#reply().then((reply) => this.#item(no, reply))
      : this.#item(no, reply);
  }

  #item(no: MsgNo, reply: Pop3Reply): Pop3Item<T> | Promise<Pop3Item<T>> {
    if (!reply.ok) {
      this.#over();
      if (++this.#refusals > MOST_REFUSALS) this.#end = this.#sent;
      const { host, context } = this.#exchange;
      const error = new Pop3ReplyError(`${this.#plan.verb} ${no}`, reply, { host }).at(context);
      return { ok: false, no, reply, error };
    }
    this.#refusals = 0;
    const value = this.#plan.read(no);
    return value instanceof Promise
      ? value.then((value) => this.#taken(no, reply, value))
      : this.#taken(no, reply, value);
  }

  #taken(no: MsgNo, reply: Pop3Reply, value: T): Pop3Item<T> {
    if (this.#ended(value)) this.#over();
    else this.#open = { value };
    return { ok: true, no, reply, value };
  }

  #replyAtOnce(): Pop3Reply | undefined {
    const due = this.#sent > this.#answered && this.#noops[0] !== this.#answered;
    return due ? this.#exchange.replyAtOnce() : undefined;
  }

  async #reply(): Promise<Pop3Reply> {
    const exchange = this.#exchange;
    const { verb } = this.#plan;
    await this.#takeNoops();
    // Nothing is under way: what is here now was not asked for.
    if (this.#sent === this.#answered) exchange.quiet();
    exchange.stage = verb.toLowerCase();
    return await exchange.reply(`${verb} ${this.#numbers[this.#answered]}`, exchange.timers.reply);
  }

  async #takeNoops(): Promise<void> {
    while (this.#noops[0] === this.#answered) {
      await this.#exchange.reply("NOOP", this.#exchange.timers.reply);
      this.#noops.shift();
    }
  }

  /**
   * Sends what there is room for, in one write; called before each read. While more than a quarter of
   * the window is unanswered nothing is sent: the server has enough to do, and few large writes cost
   * less, in round trips too.
   */
  readonly #send = async (): Promise<void> => {
    if (this.#saying !== undefined) await this.#saying;
    if (this.#sent - this.#answered > this.#width / 4) return;
    while (this.#sent < this.#end && this.#sent - this.#answered < this.#width) {
      const no = this.#numbers[this.#sent] as MsgNo; // in range
      const cost = this.#plan.cost(no);
      if (this.#sent > this.#answered && this.#octets + cost > MOST_OCTETS) break;
      this.#exchange.channel.put(this.#plan.command(no).line);
      this.#octets += cost;
      this.#sent++;
    }
    await this.#exchange.flush();
  };

  /** One answer is read to its end. */
  #over(): void {
    this.#open = undefined;
    this.#octets -= this.#plan.cost(this.#numbers[this.#answered] as MsgNo); // in range
    this.#answered++;
  }

  #ended(value: T): boolean {
    return this.#plan.ended?.(value) ?? true;
  }

  /** Comes to the end of the answer in the caller's hands; at once if that is over. */
  #settle(): Promise<void> | undefined {
    if (this.#open === undefined) return undefined;
    const settled = this.#plan.settle?.(this.#open.value);
    if (settled === undefined) this.#over();
    return settled?.then(() => this.#over());
  }

  /** Asks no more, and leaves nothing unread. */
  async #finish(): Promise<void> {
    this.#end = this.#sent;
    try {
      if (!this.#exchange.dead) await this.#drain();
    } finally {
      this.#exchange.beforeRead = undefined;
    }
  }

  /** Reads what is still under way, for nobody. */
  async #drain(): Promise<void> {
    await this.#settle();
    await this.#takeNoops();
    while (this.#answered < this.#sent) {
      const no = this.#numbers[this.#answered] as MsgNo; // in range
      const reply = await this.#reply();
      if (reply.ok) {
        const value = await this.#plan.read(no);
        if (!this.#ended(value)) await this.#plan.settle?.(value);
      }
      this.#over();
      await this.#takeNoops();
    }
  }
}

function untried<T>(verb: string, no: MsgNo): Pop3Item<T> {
  const error = new Pop3LocalError(
    `Cannot say ${verb} ${no}: not tried after ${MOST_REFUSALS + 1} refusals in a row`,
  );
  return { ok: false, no, reply: undefined, error };
}
