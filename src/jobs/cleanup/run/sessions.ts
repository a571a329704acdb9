/**
 * The sessions of a run, one after the other.
 *
 * @module
 */

import {
  Pop3AuthError,
  Pop3Error,
  type Pop3Reply,
  Pop3ReplyError,
  type Pop3Session,
  type Pop3Snapshot,
} from "../../../pop3/mod.ts";
import { type Clock, escapeControls, WireError } from "../../../wire/mod.ts";
import { CleanupError } from "../cleanup_error.ts";
import type { CleanupLimits, CleanupOptions, CleanupProgress } from "../cleanup_options.ts";
import { leash, unlessStopped } from "./leash.ts";

/**
 * Waits for a server that takes our last session for alive a little longer, or that is just being
 * started again, in milliseconds.
 */
const RETURN_PAUSES_MS = [250, 500, 1000, 2000, 4000];

/** Waits after one, two, three or more sessions that were lost in a row, in milliseconds. */
const LOST_PAUSES_MS = [1000, 4000, 15_000];

/** What sessions are made with. */
export interface SessionsOptions {
  /** Makes one. */
  readonly connect: CleanupOptions["connect"];
  /** What pauses are measured by. */
  readonly clock: Clock;
  /** Ends a pause. */
  readonly signal: AbortSignal | undefined;
  /** How long a pause may be. */
  readonly limits: CleanupLimits;
  /** Hears how far it is. */
  readonly progress: (progress: CleanupProgress) => void;
}

/** Makes sessions, keeps the pauses that the server wants between them, and counts what is sent. */
export class Sessions {
  readonly #options: SessionsOptions;
  #writes = 0;
  /** When the next login may be, on the monotonic clock. */
  #notBefore = -Infinity;
  #hadOne = false;
  #leash: Disposable | undefined;
  /** The session that is not over. */
  #current: Pop3Session | undefined;
  /** Whether nothing is sent before the last answer is there. */
  #careful = false;
  #faulty = false;

  /**
   * No session is made yet.
   *
   * @param options What they are made with.
   */
  constructor(options: SessionsOptions) {
    this.#options = options;
  }

  /** Who breaks the protocol is asked one thing at a time from now on. */
  distrust(): void {
    this.#careful = true;
    this.#faulty = true;
  }

  /**
   * Asks as the journal has it from now on.
   *
   * @param careful Whether nothing is sent before the last answer is there.
   */
  trust(careful: boolean): void {
    this.#careful = careful;
    this.#faulty = false;
  }

  /** Whether the protocol was broken since {@linkcode trust}. */
  get faulty(): boolean {
    return this.#faulty;
  }

  /** How often something was sent in sessions that are over. */
  get writes(): number {
    return this.#writes;
  }

  /** How long the server wants us to wait before the next login, in milliseconds. */
  get pauseMs(): number {
    return Math.max(0, this.#notBefore - this.#options.clock.monotonic());
  }

  /** Whether the server can be waited for. */
  get tooSoon(): boolean {
    return this.pauseMs > this.#options.limits.loginDelaySeconds * 1000;
  }

  /**
   * Makes a session.
   *
   * @param lost How many were lost one after the other: after each of them the wait is longer.
   * @returns The session; end it, then give it to {@linkcode over}. Once the run is told to stop, it is
   *   closed a few seconds later.
   * @throws {CleanupError} If there is none to be had, now or at all.
   */
  async open(lost = 0): Promise<Pop3Session> {
    const { connect, clock, signal, progress } = this.#options;
    signal?.throwIfAborted();
    if (connect === undefined) {
      throw new CleanupError("usage", "Cannot reach the mailbox: expected the option `connect`");
    }
    if (this.tooSoon) {
      const seconds = Math.ceil(this.pauseMs / 1000);
      throw new CleanupError("busy", `Cannot log in again: the server wants ${seconds} s between`);
    }
    await this.#sleep(Math.max(this.pauseMs, lostPauseMs(lost)));
    progress({ stage: "connect", done: 0, total: 1, octets: 0 });
    try {
      const session = await this.#connected(connect);
      progress({ stage: "connect", done: 1, total: 1, octets: 0 });
      const { seconds = 0 } = session.capabilities.loginDelay ?? {};
      this.#notBefore = clock.monotonic() + seconds * 1000;
      if (this.#careful) session.mask("PIPELINING");
      this.#leash = leash(session, { clock, signal });
      this.#current = session;
      return session;
    } catch (error) {
      signal?.throwIfAborted();
      throw connectionError(error);
    }
  }

  /**
   * Reads what the mailbox holds.
   *
   * @param session The session.
   * @returns The listing.
   */
  async list(session: Pop3Session): Promise<Pop3Snapshot> {
    const listing = await session.snapshot();
    const total = listing.messages.length;
    this.#options.progress({ stage: "list", done: total, total, octets: 0 });
    return listing;
  }

  /** What is said next removes messages: the answer is waited for even if the run is told to stop. */
  finish(): void {
    this.#leash?.[Symbol.dispose]();
  }

  /**
   * Counts a session that is over, and closes it; again is harmless.
   *
   * @param session The session.
   */
  over(session: Pop3Session): void {
    if (session !== this.#current) return;
    this.#current = undefined;
    this.#leash?.[Symbol.dispose]();
    session.close();
    this.#writes += session.turns.writes;
    this.#hadOne = true;
  }

  async #connected(connect: () => Promise<Pop3Session>): Promise<Pop3Session> {
    const { signal } = this.#options;
    for (const pauseMs of this.#hadOne ? RETURN_PAUSES_MS : []) {
      try {
        return await unlessStopped(connect(), signal);
      } catch (error) {
        if (signal?.aborted || !mayPass(error)) throw error;
      }
      await this.#sleep(pauseMs);
    }
    return await unlessStopped(connect(), signal);
  }

  async #sleep(ms: number): Promise<void> {
    const { clock, signal } = this.#options;
    if (ms > 0) await clock.sleep(ms, signal === undefined ? {} : { signal });
  }
}

function lostPauseMs(lost: number): number {
  return lost === 0 ? 0 : LOST_PAUSES_MS[Math.min(lost, LOST_PAUSES_MS.length) - 1] ?? 0;
}

/**
 * What a failure of a session means for a run.
 *
 * @param error What was thrown.
 * @returns The same, or what it means.
 */
export function connectionError(error: unknown): unknown {
  if (!(error instanceof WireError || error instanceof Pop3Error)) return error;
  const { message, temporary } = error;
  const kind = isBusy(error) ? "busy" : "connection";
  return new CleanupError(kind, escapeControls(message), { temporary, cause: error });
}

/** Whether a server that we have just spoken with may let us in a little later. */
function mayPass(error: unknown): boolean {
  if (error instanceof WireError) return error.temporary;
  return replyOf(error)?.is("IN-USE") === true;
}

/** Whether the server asks to come again later. */
function isBusy(error: unknown): boolean {
  const reply = replyOf(error);
  return reply !== undefined && (reply.is("IN-USE") || reply.is("LOGIN-DELAY"));
}

/** What the server has refused with. */
function replyOf(error: unknown): Pop3Reply | undefined {
  const answered = error instanceof Pop3AuthError || error instanceof Pop3ReplyError;
  return answered && error.reply?.ok === false ? error.reply : undefined;
}

/**
 * Ends a session so that nothing is deleted: RSET and QUIT, or no QUIT at all.
 *
 * @param session The session.
 * @param exposed Whether QUIT may remove what was only retrieved.
 */
export async function leave(session: Pop3Session, exposed: boolean): Promise<void> {
  if (exposed || !session.usable) session.close();
  else await session.rollback();
}
