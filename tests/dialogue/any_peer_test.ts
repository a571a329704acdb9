/** Whatever a peer says, a dialogue ends, with a result. */

import { equal, ok } from "node:assert/strict";
import {
  type DialogueResult,
  parseDialogue,
  runDialogue,
  selfPlay,
  serveDialogue,
} from "../../src/dialogue/mod.ts";
import { Secret } from "../../src/sasl/mod.ts";
import { type Connection, memoryPair } from "../../src/wire/mod.ts";
import { FakeClock } from "../fake_clock.ts";
import { EXAMPLES } from "./examples.ts";
import { turning } from "./played.ts";

/** Numbers that look random and are the same each time. */
function numbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor(state / 2 ** 32 * below);
  };
}

/** Some octets of a session, with some of them changed, left out or said twice. */
function spoilt(octets: Uint8Array, random: (below: number) => number): Uint8Array {
  const parts = Array.from(octets);
  for (let changes = 1 + random(4); changes > 0; changes--) {
    const at = random(parts.length);
    const kind = random(4);
    if (kind === 0) parts[at] = random(256);
    else if (kind === 1) parts.splice(at, 1 + random(5));
    else if (kind === 2) parts.splice(at, 0, ...parts.slice(at, at + 1 + random(30)));
    else parts.splice(at, 0, ...[13, 10, 45, 48, 0, 46].slice(random(6)));
  }
  return new Uint8Array(parts);
}

/** Says all of it, part by part, then ends; what it hears is gone. */
async function say(
  connection: Connection,
  octets: Uint8Array,
  random: (below: number) => number,
): Promise<void> {
  const buffer = new Uint8Array(4096);
  try {
    for (let from = 0; from < octets.length;) {
      const to = from + 1 + random(60);
      await connection.write(octets.subarray(from, to));
      from = to;
      if (random(2) === 0) await Promise.resolve();
    }
    if (random(2) === 0) return connection.close();
    while (await connection.read(buffer) !== null);
  } catch {
    // The end under test has closed it.
  }
}

/** What an end said, as octets. */
function saidBy(end: "C" | "S", { transcript }: DialogueResult): Uint8Array {
  const parts = transcript.flatMap((event) => {
    if (event.end !== end) return [];
    if (event.kind === "content") return [event.bytes ?? new Uint8Array()];
    return event.kind === "line" ? [new TextEncoder().encode(`${event.text}\r\n`)] : [];
  });
  return new Uint8Array(parts.flatMap((part) => Array.from(part)));
}

Deno.test.each([...EXAMPLES.keys()].map((name) => [name] as const))(
  "a dialogue ends with a result whatever its peer says: %s",
  { permissions: "none" },
  async (name) => {
    const dialogue = parseDialogue(EXAMPLES.get(name) ?? "");
    const first = new FakeClock();
    const { client } = await turning(first, selfPlay(dialogue, { clock: first }));
    const secrets = { pass: new Secret("open sesame") };
    const statuses = new Set<string>();
    for (let seed = 1; seed <= 150; seed++) {
      const random = numbers(seed);
      for (const role of ["C", "S"] as const) {
        const clock = new FakeClock();
        const [ours, theirs] = memoryPair({ chunk: 1 + random(100) });
        const peer = say(theirs, spoilt(saidBy(role === "C" ? "S" : "C", client), random), random);
        const options = { clock, secrets, throwOnFailure: false, cleartextAuth: true };
        const playing: Promise<readonly DialogueResult[]> = role === "C"
          ? runDialogue(dialogue, { ...options, connection: ours }).then((result) => [result])
          : serveDialogue(dialogue, ours, options);
        const [result] = await turning(clock, playing);
        theirs.close();
        await peer;
        ok(result, `seed ${seed}`);
        statuses.add(result.status);
        equal(result.status === "passed", result.failures.length === 0, `seed ${seed}`);
      }
    }
    ok(statuses.has("failed") || statuses.has("error"));
  },
);
