/**
 * Waiting for other programs: a condition is asked again a bounded number of times.
 *
 * @module
 */

const PAUSE_MS = 20;

/** How often {@linkcode poll} asks: for 100 s, far longer than it takes on any machine. */
const PATIENCE = 5000;

/** Asks until the answer is not undefined; fails after a bounded number of questions. */
export async function poll<T>(
  what: string,
  ask: () => T | undefined | Promise<T | undefined>,
  times: number = PATIENCE,
): Promise<T> {
  for (let asked = 0; asked < times; asked++) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    await new Promise((wake) => setTimeout(wake, PAUSE_MS));
  }
  throw new Error(`Cannot wait for ${what}: not seen in ${times} looks`);
}
