/**
 * A part of the sweep that every test run has time for; `deno task crash` does all of it.
 */

import { equal, ok } from "node:assert/strict";
import { serverFaults, sweepDeaths, sweepDisk, sweepServer } from "./cleanup_sweep.ts";
import { CleanupWorld } from "./cleanup_world.ts";
import { STORE_FAULTS, sweepStore } from "./faulty_store.ts";

Deno.test("a cleanup with no fault does all that the policy wants", async () => {
  await using world = await CleanupWorld.make();
  equal((await world.run()).exit, "done");
  world.checkDone("one run");
  equal((await world.run()).exit, "done");
  world.checkDone("two runs");
});

Deno.test("a cleanup that dies at every call of the disk loses nothing [T-C01] [T-C02] [T-C03] [T-C18]", async () => {
  const deaths = STORE_FAULTS.filter(({ kind, when }) => kind === "died" && when !== "midway");
  ok(await sweepStore(sweepDisk, deaths) > 100);
});

Deno.test("a cleanup that dies at every read and write of its connection loses nothing [T-C04] [T-C05]", async () => {
  for (const when of ["before", "after"] as const) {
    let deaths = 0;
    while (await sweepDeaths({ nth: deaths + 1, when })) deaths++;
    ok(deaths > 20, `${deaths}`);
  }
});

Deno.test("a cleanup whose disk is full from some call on loses nothing [T-C07] [T-C18]", async () => {
  let nth = 1;
  let fired = 0;
  // Each third call: the whole row belongs to the task.
  for (
    ;
    await sweepDisk({ kind: "ENOSPC", when: "midway", call: "write", sticky: true, nth });
    nth += 3
  ) {
    fired++;
  }
  ok(fired > 3, `${fired}`);
});

Deno.test("a cleanup whose server breaks off or refuses at every command loses nothing [T-C04] [T-C05] [T-C06]", async () => {
  let at = 0;
  for (const [where, fault] of serverFaults()) {
    if (at++ % 4 === 0) await sweepServer(where, [fault]);
  }
  ok(at > 200, `${at}`);
});
