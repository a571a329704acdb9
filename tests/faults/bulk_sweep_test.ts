/**
 * A part of the sweep that every test run has time for; `deno task crash` does all of it.
 */

import { ok } from "node:assert/strict";
import {
  cuts,
  JOURNAL_TROUBLES,
  serverEndings,
  type ServerPlace,
  serverRefusals,
  sweepJournal,
  sweepPairs,
  sweepServer,
  wordsOf,
} from "./bulk_sweep.ts";

for (const trouble of JOURNAL_TROUBLES) {
  Deno.test(`a bulk job whose journal fails (${wordsOf(trouble)}) [T-B04] [T-B05] [T-B06] [T-B07] [T-B09] [T-B10] [T-B29]`, async () => {
    // Five calls are no round of them: claims, ends and outcomes all come.
    ok(await sweepJournal(trouble, 5) >= 3);
  });
}

/** Each so-manieth of the places. */
async function some(places: Iterable<ServerPlace>, every: number): Promise<void> {
  let at = 0;
  for (const place of places) if (at++ % every === 0) await sweepServer(place);
  ok(at >= 3 * every, `${at}`);
}

Deno.test("a bulk job whose server refuses at every stage [T-B12] [T-B13] [T-B14] [T-B15] [T-B16]", async () => {
  await some(serverRefusals(), 8);
});

Deno.test("a bulk job whose server breaks off at every stage [T-B13] [T-B19] [T-B20]", async () => {
  await some(serverEndings(), 5);
});

Deno.test("a bulk job whose connection is cut after octets of both sides [T-B19] [T-B20]", async () => {
  await some(cuts(17), 13);
});

Deno.test("a bulk job with a second fault while it is resumed [T-B09] [T-B19] [T-B29]", async () => {
  ok(await sweepPairs(8, 7) >= 3);
});
