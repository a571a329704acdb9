/**
 * How long a session may go on once its run was told to stop.
 *
 * @module
 */

import type { Clock } from "../../../wire/mod.ts";

/** Enough for RSET and QUIT on a slow line, and for somebody who waits for the end. */
const LEAVE_MS = 5000;

/** What a session is watched with. */
export interface LeashOptions {
  /** What the time is measured by. */
  readonly clock: Clock;
  /** Tells the run to stop. */
  readonly signal: AbortSignal | undefined;
}

/**
 * Closes a session that is not over a few seconds after its run was told to stop: a silent server does
 * not keep us.
 *
 * @param session The session.
 * @param options The time, and who tells the run to stop.
 * @returns Lets go of the session.
 */
export function leash(
  session: { close(): void },
  { clock, signal }: LeashOptions,
): Disposable {
  const loose = new AbortController();
  const closeLater = async (): Promise<void> => {
    try {
      await clock.sleep(LEAVE_MS, { signal: loose.signal, background: true });
    } catch {
      return; // It was over in time.
    }
    session.close();
  };
  signal?.addEventListener("abort", () => void closeLater(), {
    once: true,
    signal: loose.signal,
  });
  return { [Symbol.dispose]: () => loose.abort() };
}

/**
 * Waits for a session, but not after the run was told to stop: one that comes later is closed.
 *
 * @param connecting The session to come.
 * @param signal Tells the run to stop.
 * @returns The session.
 * @throws The signal's reason.
 */
export async function unlessStopped<T extends { close(): void }>(
  connecting: Promise<T>,
  signal: AbortSignal | undefined,
): Promise<T> {
  if (signal === undefined) return await connecting;
  const over = new AbortController();
  const stopped = new Promise<never>((_, reject) => {
    const stop = () => reject(signal.reason);
    if (signal.aborted) stop();
    else signal.addEventListener("abort", stop, { once: true, signal: over.signal });
  });
  try {
    return await Promise.race([connecting, stopped]);
  } catch (error) {
    connecting.then((session) => session.close(), () => {}); // nobody waits for it any more
    throw error;
  } finally {
    over.abort();
  }
}
