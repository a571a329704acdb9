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
  /** Something else stopped it. */
  readonly failure: number;
}

/** The numbers of each script. */
export const EXIT = {
  /** The numbers of monitoring plugins: no answer is `unknown`, never `ok`. */
  probe: { ok: 0, warning: 1, critical: 2, unknown: 3, usage: 3, failure: 3 },
  sandbox: { ok: 0, failure: 1, usage: 2 },
  demo: { ok: 0, failure: 1, usage: 2 },
} as const;

/** What an interrupted script exits with: 128 and the number of the signal. */
export const INTERRUPTED = { SIGINT: 130, SIGTERM: 143 } as const;
