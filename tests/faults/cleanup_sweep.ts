/**
 * A cleanup with a fault at every place there is. After each, the next run finishes, and nothing is lost.
 *
 * @module
 */

import { equal, ok } from "node:assert/strict";
import type { SandboxFault } from "../../src/sandbox/mod.ts";
import { CleanupWorld } from "./cleanup_world.ts";
import { type Death, DyingConnections } from "./dying_connection.ts";
import { FaultyStore, isDeath, type StoreFault } from "./faulty_store.ts";
import type { MemoryStore } from "./memory_store.ts";

/** What may be left on the disk when a process ends. */
const LEFT_BY: readonly ((store: MemoryStore) => MemoryStore)[] = [
  (store) => store.crash(),
  (store) => store.powerLoss(),
  (store) => store.powerLoss({ octets: 100 }),
  (store) => store.powerLoss({ octets: Infinity, names: true }),
];

/** The next runs: a server that was cut off may need one to see what has become of its QUIT. */
async function finish(world: CleanupWorld, where: string): Promise<void> {
  world.check(where);
  await world.run();
  world.check(`${where}, next run`);
  const { exit } = await world.run();
  equal(exit, "done", `${where}, last run`);
  world.checkDone(`${where}, last run`);
}

/**
 * Runs in a process whose disk or connection fails, or that dies. Whatever it then says, its disk and its
 * connections are out of its reach once it is dead.
 */
async function runBroken(
  where: string,
  nth: number,
  broken: { readonly disk?: StoreFault; readonly death?: Death },
): Promise<boolean> {
  await using world = await CleanupWorld.make();
  const store = new FaultyStore(world.store, broken.disk);
  const connections = new DyingConnections(store, broken.death);
  try {
    await world.run({ store, wrap: connections.wrap });
  } catch (error) {
    ok(store.fired || store.dead, `${where}: ${error}`);
    ok(isDeath(error) || !store.dead, `${where}: ${error}`);
  }
  store.bury();
  connections.bury();
  if (!store.fired && !store.dead) return false;
  world.store = (LEFT_BY[nth % LEFT_BY.length] ?? LEFT_BY[0])?.(world.store) ?? world.store;
  await finish(world, where);
  return true;
}

/**
 * Runs with a fault of the disk.
 *
 * @param fault The fault.
 * @returns Whether it has fired.
 */
export function sweepDisk(fault: StoreFault): Promise<boolean> {
  const where = `${fault.kind} ${fault.when} ${fault.call ?? "call"} ${fault.nth}`;
  return runBroken(where, fault.nth, { disk: fault });
}

/**
 * Runs in a process that dies at a call of its connection.
 *
 * @param death When.
 * @returns Whether it has died.
 */
export function sweepDeaths(death: Death): Promise<boolean> {
  return runBroken(`died ${death.when} read or write ${death.nth}`, death.nth, { death });
}

/**
 * Runs against a server with faults; the process lives on.
 *
 * @param where What the faults are.
 * @param faults The faults.
 */
export async function sweepServer(where: string, faults: readonly SandboxFault[]): Promise<void> {
  await using world = await CleanupWorld.make();
  try {
    await world.run({ server: faults });
  } catch (error) {
    ok(error instanceof Error && error.name === "CleanupError", `${where}: ${error}`);
  }
  await finish(world, where);
}

const VERBS = ["CONNECT", "CAPA", "AUTH", "STAT", "LIST", "UIDL", "TOP", "RETR", "DELE", "QUIT"];

/** Everything a server may do in place of its reply, at every command of a run. */
export function* serverFaults(): Generator<readonly [where: string, fault: SandboxFault]> {
  for (const verb of VERBS) {
    for (let after = 0; after < (verb === "RETR" || verb === "DELE" ? 6 : 2); after++) {
      for (const then of ["close", "drop"] as const) {
        for (const effect of [false, true]) {
          yield [
            `${then} ${effect ? "after" : "before"} the effect of ${verb} ${after + 1}`,
            { verb, after, times: 1, silent: true, effect, then },
          ];
        }
        yield [`${then} behind the reply to ${verb} ${after + 1}`, { verb, after, times: 1, then }];
      }
      for (const reply of ["-ERR no", "-ERR [SYS/TEMP] later", "nonsense", "+OK"]) {
        yield [`"${reply}" to ${verb} ${after + 1}`, { verb, after, times: 1, reply }];
      }
      yield [`"-ERR" after the effect of ${verb} ${after + 1}`, {
        ...{ verb, after, times: 1 },
        reply: "-ERR some deleted messages not removed",
        effect: true,
      }];
    }
  }
}
