import { deepEqual, equal, match, rejects } from "node:assert/strict";
import { listMails, USER, World } from "./job_world.ts";

/** A mailbox of which everything was archived and removed, and the paths of its copies. */
async function archived(count: number): Promise<{ world: World; paths: string[] }> {
  const world = await World.start(listMails(count));
  equal((await world.cleanUp()).counts.verified, count);
  return { world, paths: world.archivedPaths };
}

Deno.test("retire() excuses the absence of what it was told of, and of nothing else [T-C15]", async () => {
  const { world, paths: [first = "", second = "", third = ""] } = await archived(4);
  await using _world = world;
  world.store.take(first);
  {
    await using job = await world.open();
    deepEqual(await job.retire({ path: first }, { by: "ann", note: "tape 7" }), {
      retired: 1,
      there: 0,
    });
    const report = await job.verify();
    equal(report.exit, "done");
    deepEqual(report.copies, { whole: 3, retired: 1, missing: 0, damaged: 0 });
    deepEqual(report.warnings, []);
    equal(job.status().retired, 1);
  }
  // What is missing without a word, or has other octets, is missed as before.
  world.store.take(second);
  world.store.put(third, "other octets");
  await using job = await world.open();
  const report = await job.verify();
  equal(report.exit, "archive");
  deepEqual(report.copies, { whole: 1, retired: 1, missing: 1, damaged: 1 });
});

Deno.test("retire() says nothing of what is there, whole or not, and refuses what nobody knows", async () => {
  const { world, paths: [first = "", second = ""] } = await archived(3);
  await using _world = world;
  world.store.take(first);
  // Another one was moved by a mail reader, and has changed.
  world.store.take(second);
  world.store.put(`${second.replace("/new/", "/cur/")}:2,S`, "other octets");
  await using job = await world.open();
  const { runId = "" } = job.status().runs[0] ?? {};
  deepEqual(await job.retire({ id: runId }, { by: "ann" }), { retired: 1, there: 2 });
  deepEqual((await job.verify()).copies, { whole: 1, retired: 1, missing: 0, damaged: 1 });
  await rejects(job.retire({ id: "archive/2019" }, { by: "ann" }), { kind: "usage" });
});

Deno.test("restore() says what happened to a copy that is gone on purpose, or takes it back", async () => {
  const { world, paths: [path = ""] } = await archived(1);
  await using _world = world;
  const octets = world.text(path);
  world.store.take(path);
  await using job = await world.open();
  await job.retire({ uid: "u1" }, { by: "ann", note: "tape 7" });
  const { items: [gone] } = await job.restore({ uid: "u1" }, { folder: "out" });
  equal(gone?.outcome, "retired");
  equal(gone?.text, `gone on purpose since 2026-01-01T00:00:00.000Z, says ann: tape 7: ${path}`);
  // From tape.
  world.store.put(path, octets);
  const { items: [back] } = await job.restore({ uid: "u1" }, { folder: "out" });
  equal(back?.outcome, "exported");
});

Deno.test("a copy that is written once more is missed if it goes again without a word", async () => {
  const { world, paths: [path = ""] } = await archived(1);
  await using _world = world;
  world.store.take(path);
  {
    await using job = await world.open();
    await job.retire({ path: "archive" }, { by: "ann" });
  }
  const [mail] = listMails(1);
  world.box.fill(USER, [{ uid: "again", content: mail?.content ?? "" }]);
  equal((await world.cleanUp()).counts.archived, 1);
  deepEqual(world.archivedPaths, [path]);
  world.store.take(path);
  await using job = await world.open();
  match((await job.verify()).error?.message ?? "", /1 are missing/);
});
