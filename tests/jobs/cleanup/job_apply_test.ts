import { deepEqual, equal } from "node:assert/strict";
import { fates, listMail, listMails, plainMail, uidsOf, World } from "./job_world.ts";

Deno.test("apply() archives, deletes and verifies exactly the plan [I2]", async () => {
  await using world = await World.start([...listMails(3), { uid: "p1", content: plainMail(9) }]);
  await using job = await world.open();
  const plan = await job.plan();
  deepEqual(uidsOf(plan), ["u1", "u2", "u3"]);
  const report = await job.apply(plan.planId);
  deepEqual(fates(report), ["u1 verified", "u2 verified", "u3 verified"]);
  equal(report.exit, "done");
  deepEqual(world.uids, ["p1"]);
  deepEqual(world.archived, [listMail(1), listMail(2), listMail(3)]);
  deepEqual(report.counts, {
    planned: 3,
    archived: 3,
    marked: 3,
    committed: 3,
    verified: 3,
    kept: 0,
    goneElsewhere: 0,
    unknown: 0,
  });
  deepEqual(world.events, [
    "run",
    "snapshot",
    "archived",
    "archived",
    "archived",
    "commit-intent",
    "committed",
    "snapshot",
    "gone",
    "ended",
  ]);
});
