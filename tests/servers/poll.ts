/**
 * Waiting for other programs: a condition is asked again a bounded number of times.
 *
 * @module
 */

const PAUSE_MS = 20;

/** Asks until the answer is not undefined; fails after a bounded number of questions (20 s). */
export async function poll<T>(
  what: string,
  ask: () => T | undefined | Promise<T | undefined>,
  times = 1000,
): Promise<T> {
  for (let asked = 0; asked < times; asked++) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    await new Promise((wake) => setTimeout(wake, PAUSE_MS));
  }
  throw new Error(`Cannot wait for ${what}: not seen in ${times} looks`);
}
