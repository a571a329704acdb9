/**
 * A dialogue with itself.
 *
 * @module
 */

import { memoryPair } from "../../wire/mod.ts";
import { judged } from "./judged.ts";
import type { BothResults, SelfPlayOptions } from "../options.ts";
import { perform } from "./perform.ts";
import { outsideOf, settle } from "./settle.ts";
import type { Dialogue, End } from "../step.ts";

/**
 * Plays both ends of a dialogue in memory. TLS is a marker that both must reach, and a secret without
 * a value or sample is any.
 *
 * @param dialogue The dialogue.
 * @param options Limits, and what both ends know.
 * @returns What came of it at both ends.
 * @throws {DialogueError} If an end fails, unless `throwOnFailure` is false.
 * @throws {TypeError} If it cannot be said, a hole without a sample for example.
 * @throws {RangeError} If it goes beyond a limit.
 *
 * @example Usage
 * ```ts
 * import { parseDialogue, selfPlay } from "@mailwright/mailwright/dialogue";
 * import { equal } from "node:assert/strict";
 *
 * const dialogue = parseDialogue("@smtp\nS: 220 ready\nC: EHLO me\nS: 250-mx\nS: 250 SIZE ${max=1000}\n");
 * const { client, server } = await selfPlay(dialogue);
 * equal(client.status, "passed");
 * equal(client.vars.max, "1000");
 * equal(server.status, "passed");
 * ```
 */
export async function selfPlay(
  dialogue: Dialogue,
  options: SelfPlayOptions = {},
): Promise<BothResults> {
  return await playBoth(dialogue, dialogue, options);
}

/**
 * Plays one dialogue as the client against another as the server, in memory.
 *
 * @param client What the client plays.
 * @param server What the server plays.
 * @param options Limits, and what both ends know.
 * @returns What came of it at both ends.
 * @throws {DialogueError} If an end fails, unless `throwOnFailure` is false.
 *
 * @example Usage
 * ```ts
 * import { parseDialogue, playBoth } from "@mailwright/mailwright/dialogue";
 * import { equal } from "node:assert/strict";
 *
 * const asked = parseDialogue("@smtp\nS: 220 ready\nC: NOOP\nS: 250 ok\n");
 * const mutant = parseDialogue("@smtp\nS: 220 ready\nC: NOOP\nS: 251 ok\n");
 * const { client } = await playBoth(asked, mutant, { throwOnFailure: false });
 * equal(client.failures[0]?.id, "reply-code");
 * ```
 */
export async function playBoth(
  client: Dialogue,
  server: Dialogue,
  options: SelfPlayOptions = {},
): Promise<BothResults> {
  const { chunk = Infinity, optional, timing, throwOnFailure } = options;
  const [ours, theirs] = memoryPair({ chunk });
  const common = { optional, timing, samples: true, cleartextAuth: true };
  const ends = [
    settle(withSamples(client), options, { ...common, role: "C" }),
    settle(withSamples(server), options, { ...common, role: "S" }),
  ] as const;
  const outside = outsideOf(options);
  // What one end does after its failure may be the failure of the other.
  const failed: End[] = [];
  const onFailure = (role: End) => (): void => void failed.push(role);
  const played = [
    perform(ours, ends[0], { ...outside, onFailure: onFailure("C") }),
    // Both ends hear the same; one of them tells.
    perform(theirs, ends[1], { ...outside, onEvent: undefined, onFailure: onFailure("S") }),
  ] as const;
  const over = (error: unknown): never => {
    ours.close();
    theirs.close();
    throw error;
  };
  for (const one of played) one.catch(over).catch(() => {}); // the other end must not wait for it
  const settled = await Promise.allSettled(played);
  for (const one of settled) if (one.status === "rejected") throw one.reason;
  const [first, second] = [await played[0], await played[1]];
  const both = failed[0] === "S" ? [second, first] : [first, second];
  for (const one of both) judged(one, throwOnFailure);
  return { client: first, server: second };
}

/** Any secret is good where both ends are ours. */
function withSamples(dialogue: Dialogue): Dialogue {
  return {
    ...dialogue,
    secrets: dialogue.secrets.map(({ name, sample = `sample-${name}` }) => ({ name, sample })),
  };
}
