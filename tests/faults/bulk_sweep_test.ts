/**
 * A bulk job with a fault at every place there is: after the next run nobody is lost, and nobody was
 * written to twice unknowingly.
 */

import { equal, ok } from "node:assert/strict";
import type { SandboxFault } from "../../src/sandbox/mod.ts";
import { FaultyJournal, JOURNAL_FAULTS } from "./bulk_journal.ts";
import { BulkWorld, CONNECTIONS, ROWS } from "./bulk_world.ts";

/** After whatever has happened: the next run finishes, and the operator's word the rest. */
async function finish(world: BulkWorld, where: string): Promise<void> {
  await world.check(where);
  const { stop } = await world.run();
  equal(stop, undefined, `${where}: ${stop?.text}`);
  await world.check(`${where}, resumed`);
  await world.release();
  await world.run();
  await world.check(`${where}, released`);
  const states = (await world.rows()).map(({ state }) => state);
  ok(states.every((state) => state === "accepted" || state === "failed"), `${where}: ${states}`);
}

for (const fault of JOURNAL_FAULTS) {
  for (const sticky of [false, true]) {
    if (sticky && fault.startsWith("die")) continue;
    const name = `${fault}${sticky ? ", and again and again" : ""}`;
    Deno.test(`a bulk job whose journal fails at every call (${name}) [T-B09] [T-B10] [T-B04] [T-B05] [T-B06] [T-B07]`, async () => {
      let fired = 0;
      for (let at = 1;; at++) {
        await using world = await BulkWorld.make();
        const faulty = new FaultyJournal(at, fault, sticky);
        const run = await world.run({ journal: (job) => faulty.wrap(job) });
        if (!faulty.fired) {
          equal(run.stop, undefined);
          break;
        }
        fired++;
        equal(run.stop?.reason, "storage", `call ${at}`);
        if (fault.startsWith("die")) await world.die();
        else await world.reopen();
        await finish(world, `journal call ${at} fails ${name}`);
        const doubts = (await world.rows()).filter(({ recipient }) =>
          world.released.has(recipient)
        );
        ok(doubts.length <= CONNECTIONS, `call ${at}: ${doubts.length} in doubt`); // T-B29
      }
      ok(fired > 2 * ROWS, `${fired} calls`);
    });
  }
}

/** Faults of the server at one place, for as long as such a place comes. */
async function sweep(
  places: Iterable<{ readonly where: string; readonly faults: readonly SandboxFault[] }>,
): Promise<number> {
  let worlds = 0;
  for (const { where, faults } of places) {
    await using world = await BulkWorld.make(4);
    await world.run({ server: faults });
    const doubts = (await world.rows()).filter(({ state }) => state === "in_doubt").length;
    ok(doubts <= CONNECTIONS * faults.length, `${where}: ${doubts} in doubt`);
    await finish(world, where);
    worlds++;
  }
  return worlds;
}

const VERBS = ["CONNECT", "EHLO", "MAIL", "RCPT", "DATA", "."];
const CODES = [
  "421 4.3.2 later",
  "451 4.3.0 later",
  "452 4.2.2 full",
  "552 5.2.2 full",
  "554 5.0.0 no",
];

Deno.test("a bulk job whose server refuses at every stage [T-B12] [T-B13] [T-B14] [T-B15] [T-B16]", async () => {
  const places = VERBS.flatMap((verb) =>
    CODES.map((reply) => ({
      where: `${reply} at ${verb}`,
      faults: [{ verb, reply, after: verb === "CONNECT" || verb === "EHLO" ? 0 : 1, times: 1 }],
    }))
  );
  equal(await sweep(places), 30);
});

Deno.test("a bulk job whose server breaks off at every stage [T-B13] [T-B19] [T-B20]", async () => {
  const places = VERBS.flatMap((verb) =>
    (["close", "drop"] as const).flatMap((then) => [
      {
        where: `${then} instead of a reply to ${verb}`,
        faults: [{ verb, silent: true, effect: false, then, after: 1, times: 1 }],
      },
      {
        where: `${then} after the effect of ${verb}`,
        faults: [{ verb, silent: true, effect: true, then, after: 1, times: 1 }],
      },
      {
        where: `${then} behind the reply to ${verb}`,
        faults: [{ verb, then, after: 1, times: 1 }],
      },
      {
        where: `${then} in the reply to ${verb}`,
        faults: [{
          verb,
          reply: new TextEncoder().encode("25"),
          effect: true,
          then,
          after: 1,
          times: 1,
        }],
      },
    ])
  );
  equal(await sweep(places), 48);
});

Deno.test("a bulk job whose connection is cut after every octet [T-B19] [T-B20]", async () => {
  function* places(): Generator<{ where: string; faults: SandboxFault[] }> {
    for (const side of ["sent", "received"] as const) {
      // One session of the job has about 700 octets each way; what is in TLS is counted inside it.
      for (let at = 1; at <= 700; at += 13) {
        yield {
          where: `cut after ${at} octets ${side}`,
          faults: [{ connection: 0, side, at, then: "drop" }],
        };
      }
    }
  }
  ok(await sweep(places()) > 100);
});
