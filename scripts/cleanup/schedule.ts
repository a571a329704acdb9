/**
 * Runs that come again and again (`--every`).
 *
 * @module
 */

import { ValidationError } from "../../src/cli/mod.ts";
import { Cron } from "../../src/deps/croner.ts";

/** A clock that can be waited for. */
export interface Alarm {
  /** Milliseconds since 1970. */
  now(): number;
  /** Resolves after so many milliseconds, or rejects with the reason of the signal. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
}

/** After a suspend or a change of the clock it is late by no more than this. */
const NAP_MS = 60_000;

/** The clock of the machine. */
export const systemAlarm: Alarm = {
  now: () => Date.now(),
  sleep: (ms, signal) =>
    new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason);
      const abort = (): void => {
        clearTimeout(timer);
        reject(signal.reason);
      };
      const timer = setTimeout(() => {
        signal.removeEventListener("abort", abort);
        resolve();
      }, ms);
      signal.addEventListener("abort", abort, { once: true });
    }),
};

/**
 * Reads a cron expression.
 *
 * @param text Minute, hour, day, month and weekday.
 * @param zone The time zone that they are of, as `Europe/Berlin`; that of the machine if missing.
 * @returns When it comes due next behind an instant; `undefined` if it never does.
 * @throws {ValidationError} If it is none, or the zone is unknown.
 */
export function readSchedule(
  text: string,
  zone?: string,
): (afterMs: number) => number | undefined {
  checkZone(zone);
  const refuse = (seen: string, cause?: unknown) =>
    new ValidationError(
      `Cannot read --every "${text}": ${seen}, expected times such as "0 3 * * *"`,
      { cause },
    );
  if (text.trim().split(/\s+/).length !== 5) throw refuse("it has not five parts");
  try {
    const cron = new Cron(text, zone === undefined ? {} : { timezone: zone });
    if (cron.nextRun() === null) throw new RangeError("it never comes due");
    return (afterMs) => cron.nextRun(new Date(afterMs))?.getTime();
  } catch (cause) {
    throw refuse(cause instanceof Error ? cause.message : String(cause), cause);
  }
}

function checkZone(zone: string | undefined): void {
  try {
    new Intl.DateTimeFormat("en", { timeZone: zone });
  } catch (cause) {
    throw new ValidationError(
      `Cannot read --every-zone "${zone}": expected a time zone such as Europe/Berlin`,
      { cause },
    );
  }
}

/**
 * Waits for an instant, whatever becomes of the clock meanwhile.
 *
 * @param atMs The instant.
 * @param alarm The clock.
 * @param signal Ends the wait.
 */
export async function sleepUntil(atMs: number, alarm: Alarm, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  for (let left = atMs - alarm.now(); left > 0; left = atMs - alarm.now()) {
    await alarm.sleep(Math.min(left, NAP_MS), signal);
  }
}
