/**
 * The connections of a pool: opened where there is need, kept for a while, let go of.
 *
 * @module
 */

import { type Clock, systemClock } from "../wire/mod.ts";
import { type ConnectOptions, connectSmtp } from "./connect.ts";
import { SmtpAuthError } from "./errors.ts";
import { type Limiter, UNLIMITED } from "./limiter.ts";
import type { PoolOptions } from "./pool_options.ts";
import { orAborted } from "./queue_source.ts";
import type { SmtpSession } from "./session.ts";

/** A session and what the pool must know of it. */
export interface Member {
  /** The session. */
  readonly session: SmtpSession;
  /** When it was opened. */
  readonly since: number;
  /** What the server, or else the pool, allows. */
  readonly limits: {
    readonly messages: number;
    readonly recipients: number;
    readonly domains: number;
  };
  /** How many messages it has had. */
  messages: number;
  /** Since when nobody uses it. */
  idleSince: number;
}

/** Keeps the connections of a pool. */
export class Members {
  readonly #options: PoolOptions;
  readonly #connecting: ConnectOptions;
  readonly #limiter: Limiter;
  readonly #clock: Clock;
  readonly #closing: AbortSignal;
  readonly #over: AbortSignal;
  readonly #idle: Member[] = [];
  #open = 0;
  #reaping: Promise<void> | undefined;
  #shutOut: SmtpAuthError | undefined;

  /**
   * Keeps none yet.
   *
   * @param options Those of the pool.
   * @param ends `closing` fires when nothing is kept any longer, `over` when all that goes on ends.
   */
  constructor(
    options: PoolOptions,
    { closing, over }: { readonly closing: AbortSignal; readonly over: AbortSignal },
  ) {
    this.#options = options;
    const { signal, limiter = UNLIMITED, clock = systemClock } = options;
    const ended = signal === undefined ? over : AbortSignal.any([signal, over]);
    this.#connecting = { ...options, signal: ended };
    this.#limiter = limiter;
    this.#clock = clock;
    this.#closing = closing;
    this.#over = over;
  }

  /** How many there are. */
  get open(): number {
    return this.#open;
  }

  /** How many of them nobody uses. */
  get idle(): number {
    return this.#idle.length;
  }

  /**
   * Gives one that can be used: a parked one that is still alive (S88), or a new one.
   *
   * @returns The member; it is to be parked or retired.
   * @throws {unknown} If no connection comes about.
   */
  async take(): Promise<Member> {
    for (let member = this.#idle.pop(); member !== undefined; member = this.#idle.pop()) {
      if (await this.#alive(member)) return member;
      await this.retire(member);
    }
    if (this.#shutOut !== undefined) throw this.#shutOut;
    const pass = this.#limiter.take({ connections: 1 }, { signal: this.#over });
    if (pass !== undefined) await orAborted(pass, this.#over);
    this.#open++;
    try {
      const member = await this.#connect();
      this.#limiter.report({ connected: true });
      return member;
    } catch (error) {
      this.#open--;
      this.#limiter.report({ connected: false });
      // The same password once more would lock the account (S82, T-A10).
      if (error instanceof SmtpAuthError && !error.temporary) this.#shutOut = error;
      throw error;
    }
  }

  async #connect(): Promise<Member> {
    const { listen = () => this.#options.onEvent } = this.#options;
    const session = await connectSmtp({ ...this.#connecting, onEvent: listen() });
    const { mailMax = Infinity, rcptMax, rcptDomainMax } = session.capabilities.limits;
    const { maxMessages = Infinity, maxRecipients = 100 } = this.#options;
    const limits = {
      messages: Math.min(maxMessages, mailMax),
      recipients: rcptMax ?? maxRecipients,
      domains: rcptDomainMax ?? Infinity,
    };
    const now = this.#clock.monotonic();
    return { session, since: now, limits, messages: 0, idleSince: now };
  }

  async #alive(member: Member): Promise<boolean> {
    if (!this.reusable(member)) return false;
    const idleMs = this.#clock.monotonic() - member.idleSince;
    if (idleMs < (this.#options.noopAfterMs ?? 10_000)) return true;
    try {
      await member.session.noop();
      return member.session.usable; // any reply but a farewell is a sign of life
    } catch {
      return false;
    }
  }

  /**
   * Whether one can take another message.
   *
   * @param member The member.
   * @param ahead How many messages it has been given and not yet sent.
   * @returns Whether it can.
   */
  reusable({ session, since, limits, messages }: Member, ahead: number = 0): boolean {
    return session.usable && !session.open && messages + ahead < limits.messages &&
      this.#clock.monotonic() - since < (this.#options.maxAgeMs ?? 3_600_000);
  }

  /**
   * Keeps one for later.
   *
   * @param member A member that is reusable.
   */
  park(member: Member): void {
    member.idleSince = this.#clock.monotonic();
    this.#idle.push(member);
    if (!this.#closing.aborted) this.#reaping ??= this.#reap();
  }

  /** Says QUIT on connections that nobody has used for a while. */
  async #reap(): Promise<void> {
    const idleMs = this.#options.idleMs ?? 30_000;
    for (let oldest = this.#idle[0]; oldest !== undefined; oldest = this.#idle[0]) {
      const left = oldest.idleSince + idleMs - this.#clock.monotonic();
      try {
        await this.#clock.sleep(Math.max(left, 1), { signal: this.#closing, background: true });
      } catch {
        return; // the pool closes, and with it all members
      }
      const idle = this.#clock.monotonic() - oldest.idleSince;
      if (this.#idle[0] === oldest && idle >= idleMs) {
        this.#idle.shift();
        await this.retire(oldest);
      }
    }
    this.#reaping = undefined;
  }

  /**
   * Says QUIT on one, if that is possible, and forgets it.
   *
   * @param member The member.
   */
  async retire({ session }: Member): Promise<void> {
    this.#open--;
    await session[Symbol.asyncDispose]();
  }

  /** Lets go of all that are parked, when nothing is kept any longer. */
  async close(): Promise<void> {
    await this.#reaping;
    await Promise.all(this.#idle.splice(0).map((member) => this.retire(member)));
  }
}
