/**
 * The exit numbers, one table per script as its document gives it.
 *
 * @module
 */

/** What every script must have a number for. */
export interface ExitNumbers {
  /** All is well. */
  readonly ok: number;
  /** The script was called wrongly, or a secret could not be read. */
  readonly usage: number;
  /** Something else stopped it, or the reader of its output has left before it was done. */
  readonly failure: number;
}

/** The numbers of each script. */
export const EXIT = {
  /** The numbers of monitoring plugins: no answer is `unknown`, never `ok`. */
  probe: { ok: 0, warning: 1, critical: 2, unknown: 3, usage: 3, failure: 3 },
  sandbox: { ok: 0, failure: 1, usage: 2 },
  demo: { ok: 0, failure: 1, usage: 2 },
  bulk_send: {
    /** Every row was accepted, or skipped by rule. */
    ok: 0,
    /** Some rows failed for good. */
    failed: 1,
    /** Called wrongly, or the input is wrong: nothing was sent. */
    usage: 2,
    /** Stopped before the end: server, login, network, storage. It can be resumed. */
    failure: 3,
    /** Nobody knows what became of some rows. */
    doubt: 4,
  },
  /** Of several files: the syntax before anything is run, else the failure, else the expectation. */
  dialogue: {
    /** Every dialogue passed, or was skipped. */
    ok: 0,
    /** Called wrongly, a missing grant, or a secret that could not be read. */
    usage: 1,
    /** A file is no dialogue, or cannot be played: nothing was run. */
    syntax: 2,
    /** A connection, TLS, a time limit, or anything else that kept it from its end. */
    failure: 3,
    /** The other end is not as written. */
    expectation: 4,
  },
  /** What unattended runs are watched by: which of them needs whom. */
  cleanup: {
    /** Done, or nothing to do. */
    ok: 0,
    /** Called wrongly, a mistake in the policy, or a missing grant: nothing was touched. */
    usage: 1,
    failure: 1,
    /** A plan awaits approval. */
    approval: 2,
    /** Done; some messages were kept because of errors. */
    kept: 3,
    /** A commit is partial or unknown, and is to be verified. */
    unverified: 4,
    /** Another run, another session, or the server asks to wait. */
    busy: 5,
    /** A guard tripped: nothing was removed. */
    guard: 6,
    /** The archive failed: what it does not hold was not removed. */
    archive: 7,
    /** Connection, TLS or login. */
    connection: 8,
  },
} as const;

/** What an interrupted script exits with: 128 and the number of the signal. */
export const INTERRUPTED = { SIGINT: 130, SIGTERM: 143 } as const;
