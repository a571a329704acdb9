/**
 * Changes the shipped dialogues, one code, verb, capability or argument at a time, and plays each mutant
 * against its original, which must notice. Exits with 1 if one survives.
 *
 * ```sh
 * deno task mutate
 * ```
 *
 * @module
 */

import { formatTable, Printer } from "../../src/cli/mod.ts";
import { type Dialogue, playBoth } from "../../src/dialogue/mod.ts";
import { FakeClock } from "../fake_clock.ts";
import { choicesOf, shipped } from "./library.ts";
import { mutantsOf } from "./mutants.ts";
import { type Mutant, MUTATIONS } from "./mutation.ts";
import { turning } from "./played.ts";

/** Whether the original notices a change, in any of its outcomes: it fails, or asks for more. */
export async function isCaught(original: Dialogue, mutant: Mutant): Promise<boolean> {
  const speaks = mutant.end === "C";
  const ends = speaks ? [mutant.dialogue, original] as const : [original, mutant.dialogue] as const;
  for (const choice of choicesOf(original)) {
    const clock = new FakeClock();
    const playing = playBoth(...ends, { ...choice, clock, throwOnFailure: false });
    const { client, server } = await turning(clock, playing);
    const judge = speaks ? server : client;
    if (judge.status !== "passed") return true;
  }
  return false;
}

async function main(): Promise<number> {
  const out = new Printer(Deno.stdout, "standard output");
  const counts = new Map(MUTATIONS.map((kind) => [kind, { total: 0, caught: 0 }]));
  for (const { name, dialogue } of shipped()) {
    for (const mutant of mutantsOf(dialogue)) {
      const count = counts.get(mutant.kind) ?? { total: 0, caught: 0 };
      count.total++;
      if (await isCaught(dialogue, mutant)) count.caught++;
      else await out.line(`${name}:${mutant.line}: ${mutant.kind} "${mutant.change}" survives`);
    }
  }
  const rows = [...counts].map(([kind, { total, caught }]) => [kind, total, caught] as const);
  const sum = (column: 1 | 2) => rows.reduce((all, row) => all + row[column], 0);
  await out.print(formatTable(
    ["changed", { header: "mutants", align: "right" }, { header: "caught", align: "right" }],
    [...rows, ["all", sum(1), sum(2)] as const].map((row) => row.map(String)),
  ));
  return sum(1) === sum(2) ? 0 : 1;
}

if (import.meta.main) Deno.exit(await main());
