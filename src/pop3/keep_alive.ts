/**
 * NOOP when our end has been silent for too long: servers hang up on who is (Q20).
 *
 * @module
 */

import type { Exchange } from "./exchange.ts";
import type { Turns } from "./turns.ts";

/**
 * Watches until the session is over. It never throws.
 *
 * @param exchange Knows when something was last said.
 * @param turns Knows who speaks.
 * @param ms How long a silence may be, in milliseconds; `Infinity` is for ever.
 * @param noop Says NOOP where nobody else speaks.
 */
export async function keepAlive(
  exchange: Exchange,
  turns: Turns,
  ms: number,
  noop: () => Promise<unknown>,
): Promise<void> {
  const { channel, clock } = exchange;
  while (ms !== Infinity && !channel.dead) {
    const left = exchange.lastSaid + ms - clock.monotonic();
    const wait = left > 0 ? left : ms; // what could not be said has to wait
    try {
      await clock.sleep(wait, { signal: channel.gone, background: true });
      if (clock.monotonic() - exchange.lastSaid < ms) continue;
      if (turns.run !== undefined) await turns.run.keepAlive();
      else if (!turns.busy) await noop();
    } catch {
      return; // the session is over, and says why to whoever comes next
    }
  }
}
