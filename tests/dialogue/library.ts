/**
 * The shipped dialogues, and ways to play any dialogue without and with a network.
 *
 * @module
 */

import {
  type BothResults,
  type Dialogue,
  type DialogueResult,
  type DialogueStep,
  parseDialogue,
  type PlayOptions,
  runDialogue,
  selfPlay,
  type SelfPlayOptions,
  serveDialogue,
} from "../../src/dialogue/mod.ts";
import { listen, SANDBOX_CA } from "../../src/sandbox/mod.ts";
import { Secret } from "../../src/sasl/mod.ts";
import { FakeClock } from "../fake_clock.ts";
import { turning } from "./played.ts";

const FOLDER = "tests/dialogues";

/** A shipped dialogue. */
export interface Shipped {
  /** The name of its file without the ending. */
  readonly name: string;
  /** What is written there. */
  readonly text: string;
  /** Its form. */
  readonly dialogue: Dialogue;
}

/** All shipped dialogues, by name. */
export function shipped(): readonly Shipped[] {
  return [...Deno.readDirSync(FOLDER)]
    .map((entry) => entry.name.replace(/\.dialogue$/, ""))
    .sort()
    .map(shippedAs);
}

/** The shipped dialogue of a name. */
export function shippedAs(name: string): Shipped {
  const file = `${FOLDER}/${name}.dialogue`;
  const text = Deno.readTextFileSync(file);
  return { name, text, dialogue: parseDialogue(text, { file }) };
}

/** All steps, those of blocks too. */
export function allSteps(steps: readonly DialogueStep[]): readonly DialogueStep[] {
  return steps.flatMap((step) =>
    step.kind === "block" ? [step, ...step.arms.flatMap(allSteps)] : [step]
  );
}

/** What can be asked of a dialogue: each of its outcomes, or just to play if it has none. */
export function choicesOf({ steps }: Dialogue): readonly { readonly outcome?: string }[] {
  const found = allSteps(steps).flatMap((step) =>
    step.kind === "outcome" ? [{ outcome: step.name }] : []
  );
  return found.length === 0 ? [{}] : found;
}

/** The secrets of a dialogue, with their samples or one of ours. */
export function secretsOf({ secrets }: Dialogue): Readonly<Record<string, Secret>> {
  return Object.fromEntries(
    secrets.map(({ name, sample = "open sesame" }) => [name, new Secret(sample)]),
  );
}

/** The same dialogue, with an end that writes only so many octets at once. */
export function cut(dialogue: Dialogue, size: number, ...ends: readonly ("C" | "S")[]): Dialogue {
  const at = { file: "", line: 1, column: 1 };
  const chunks = ends.map((end) => ({ kind: "chunk", end, size, at }) as const);
  return { ...dialogue, steps: [...chunks, ...dialogue.steps] };
}

/** Plays a dialogue with itself, without waiting. */
export async function alone(
  dialogue: Dialogue,
  options: SelfPlayOptions = {},
): Promise<BothResults> {
  const clock = new FakeClock();
  return await turning(clock, selfPlay(dialogue, { throwOnFailure: false, clock, ...options }));
}

/** Client and server over TCP, inside whatever TLS the dialogue has. */
export async function overTcp(
  dialogue: Dialogue,
  options: PlayOptions = {},
): Promise<readonly DialogueResult[]> {
  await using listener = await listen();
  const common = { secrets: secretsOf(dialogue), throwOnFailure: false, ...options };
  const serving = serveDialogue(dialogue, listener, common);
  serving.catch(() => {}); // looked at when the client is done
  const client = await runDialogue(dialogue, {
    ...common,
    to: `127.0.0.1:${listener.endpoint.port}`,
    tls: { caCerts: [SANDBOX_CA] },
    cleartextAuth: true,
  });
  return [client, ...await serving];
}
