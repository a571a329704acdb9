/**
 * Jobs that die at every place there is, and processes that are killed: `deno task crash`. It prints what
 * was tried, and ends with an error at the first promise that is broken.
 *
 * @module
 */

import { bulkKills, killedBulk, manyRunners } from "./bulk_processes.ts";
import {
  cuts,
  JOURNAL_TROUBLES,
  serverEndings,
  type ServerPlace,
  serverRefusals,
  sweepJournal,
  sweepPairs,
  sweepServer as sweepBulkServer,
} from "./bulk_sweep.ts";
import { serverFaults, sweepDeaths, sweepDisk, sweepServer } from "./cleanup_sweep.ts";
import { STORE_FAULTS, sweepStore } from "./faulty_store.ts";
import { killedCleanup, kills } from "./killed_cleanup.ts";

/** A part of the check: its name, and how many places it has tried. */
const PARTS: readonly (readonly [name: string, run: () => Promise<number>])[] = [
  ["cleanup: every call of the disk, every fault", () => sweepStore(sweepDisk, STORE_FAULTS)],
  ["cleanup: death at every read and write", async () => {
    let deaths = 0;
    for (const when of ["before", "after"] as const) {
      for (let nth = 1; await sweepDeaths({ nth, when }); nth++) deaths++;
    }
    return deaths;
  }],
  ["cleanup: every command answered wrongly or not at all", async () => {
    let places = 0;
    for (const [where, fault] of serverFaults()) {
      await sweepServer(where, [fault]);
      places++;
    }
    return places;
  }],
  ["cleanup: the line cut after octets of both sides", async () => {
    let places = 0;
    for (const side of ["sent", "received"] as const) {
      for (let at = 1; at <= 6_000; at += 37) {
        const where = `cut after ${at} octets ${side}`;
        await sweepServer(where, [{ connection: 0, side, at, then: "drop" }]);
        places++;
      }
    }
    return places;
  }],
  ["cleanup: the process killed", async () => {
    let killed = 0;
    for (const kill of kills()) if (await killedCleanup(kill)) killed++;
    if (killed < 20) throw new Error(`Cannot trust this check: only ${killed} were killed in time`);
    return killed;
  }],
  ["bulk: every call of the journal, every fault", async () => {
    let calls = 0;
    for (const trouble of JOURNAL_TROUBLES) calls += await sweepJournal(trouble);
    return calls;
  }],
  ["bulk: every stage refused, with every code and ending", () => bulkServer(serverRefusals())],
  ["bulk: every stage broken off", () => bulkServer(serverEndings())],
  ["bulk: the line cut after octets of both sides", () => bulkServer(cuts(23))],
  ["bulk: two faults, the second while it is resumed", () => sweepPairs(80, 1)],
  ["bulk: several processes on one journal", async () => {
    let away = 0;
    for (const count of [2, 3, 5, 8]) away += await manyRunners(count);
    return away;
  }],
  ["bulk: the process killed", async () => {
    let killed = 0;
    for (const kill of bulkKills()) if (await killedBulk(kill)) killed++;
    if (killed < 20) throw new Error(`Cannot trust this check: only ${killed} were killed in time`);
    return killed;
  }],
];

async function bulkServer(places: Iterable<ServerPlace>): Promise<number> {
  let count = 0;
  for (const place of places) {
    await sweepBulkServer(place);
    count++;
  }
  return count;
}

for (const [name, run] of PARTS) {
  const began = performance.now();
  const places = await run();
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  const line = `${name.padEnd(58)} ${`${places}`.padStart(5)} places, 0 lost, ${seconds} s\n`;
  await Deno.stdout.write(new TextEncoder().encode(line));
}
