/** A sample of the mutants; `deno task mutate` tries all of them. */

import { deepEqual, equal, notEqual, ok } from "node:assert/strict";
import { parseDialogue } from "../../src/dialogue/mod.ts";
import { shipped } from "./library.ts";
import { mutantsOf } from "./mutants.ts";
import { isCaught } from "./mutate.ts";
import { MUTATIONS } from "./mutation.ts";

const reading = { permissions: { read: ["tests/dialogues"] } };

/** How many mutants of each kind are tried. */
const SAMPLE = 60;
const SEED = 20_241_121;

/** Numbers below 1 that a seed makes (mulberry32). */
function* numbers(seed: number): Generator<number, never> {
  for (let state = seed;;) {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    yield ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }
}

const ALL = shipped().flatMap(({ name, dialogue }) =>
  mutantsOf(dialogue).map((mutant) => ({ name, dialogue, mutant }))
);

Deno.test.each(MUTATIONS.map((kind): [string] => [kind]))(
  "a shipped dialogue notices a change of one %s [E2] [E4] [E6]",
  reading,
  async (kind) => {
    const random = numbers(SEED);
    const sample = ALL.filter(({ mutant }) => mutant.kind === kind)
      .map((each) => ({ ...each, order: random.next().value }))
      .sort((a, b) => a.order - b.order)
      .slice(0, SAMPLE);
    notEqual(sample.length, 0);
    for (const { name, dialogue, mutant } of sample) {
      ok(await isCaught(dialogue, mutant), `${name}:${mutant.line} ${mutant.change}`);
    }
  },
);

Deno.test("isCaught() lets pass what is no change", reading, async () => {
  for (const { dialogue } of shipped()) {
    for (const end of ["C", "S"] as const) {
      const same = { kind: "code", change: "none", line: 1, end, dialogue } as const;
      equal(await isCaught(dialogue, same), false);
    }
  }
});

Deno.test("mutantsOf() leaves alone what nobody can notice", { permissions: "none" }, () => {
  const dialogue = parseDialogue(
    "@smtp\nS: 220 mx\nC: EHLO ${_=me}\nS: 250-mx\nS? 250-SIZE\nS: 250 DSN\nC: NOOP\nS: {250|550} ok\n" +
      "@when CHUNKING {\nC: NOOP\nS: 250 ok\n}\n",
  );
  deepEqual(mutantsOf(dialogue).map(({ line, kind, change }) => `${line} ${kind} ${change}`), [
    "2 code 520",
    "2 code 229",
    "3 verb XXXX",
    "4 code 550",
    "4 code 259",
    "4 code 550 in one line",
    "6 code 550 in one line",
    "6 capability no DSN",
    "6 capability XDSN",
    "7 verb XXXX",
    "8 code 259",
  ]);
});
