import { deepEqual, equal, match, ok, rejects } from "node:assert/strict";
import { duplicateOf, header, mbox, remove } from "../../../src/jobs/mod.ts";
import { FaultyStore, isDeath, type StoreFaultKind } from "../../faults/faulty_store.ts";
import { fates, listMail, listMails, listsPolicy, USER, World } from "./job_world.ts";

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

Deno.test("retire() makes no message removable: what is on the server is archived again [I1] [I3]", async () => {
  const lost = { verb: "QUIT", connection: 1, silent: true, effect: false, then: "drop" } as const;
  await using world = await World.start(listMails(2), { faults: [lost] });
  await world.cleanUp({ limits: { verify: false } });
  deepEqual(world.uids, ["u1", "u2"]);
  for (const path of world.archivedPaths) world.store.take(path);
  {
    await using job = await world.open();
    deepEqual(await job.retire({ path: "archive" }, { by: "ann" }), { retired: 2, there: 0 });
  }
  const report = await world.cleanUp();
  deepEqual([report.counts.archived, report.counts.verified], [2, 2]);
  deepEqual(world.archived, [listMail(1), listMail(2)]);
});

Deno.test("retire() makes no copy of an archived message removable [I1]", async () => {
  const { world, paths: [path = ""] } = await archived(1);
  await using _world = world;
  world.store.take(path);
  {
    await using job = await world.open();
    await job.retire({ path }, { by: "ann" });
  }
  const rules = [
    remove("copies", duplicateOf({ by: "content" }), { archive: "index-only" }),
    remove("never", header("X-Never").exists(), { archive: "lists" }),
  ];
  world.box.fill(USER, [1, 2].map((at) => ({ uid: `copy${at}`, content: listMail(1) })));
  const report = await world.cleanUp({ policy: listsPolicy({ rules }) });
  deepEqual(fates(report), ["copy2 kept: not-archived"]);
  equal(world.uids.length, 2);
});

Deno.test("retire() that dies anywhere can be said again, and nothing else was said", async () => {
  const ends: readonly StoreFaultKind[] = [
    { kind: "died", call: "write", when: "midway" },
    { kind: "died", call: "write", when: "after" },
    { kind: "died", call: "sync", when: "before" },
    { kind: "died", call: "sync", when: "after" },
  ];
  for (const end of ends) {
    const { world } = await archived(3);
    await using _world = world;
    for (const path of world.archivedPaths) world.store.take(path);
    const before = world.store;
    let fired = true;
    for (let nth = 1; fired; nth++) {
      const memory = before.crash();
      const store = new FaultyStore(memory, { ...end, nth });
      try {
        await using job = await world.open({ store });
        await job.retire({ path: "archive" }, { by: "ann" });
      } catch (error) {
        ok(isDeath(error), `${error}`);
      }
      fired = store.fired;
      world.store = memory.crash();
      await using job = await world.open();
      const { retired } = job.status();
      ok(retired === 0 || retired === 3, `${end.call} ${end.when} ${nth}`);
      deepEqual(await job.retire({ path: "archive" }, { by: "ann" }), { retired: 3, there: 0 });
    }
  }
});

Deno.test.each([
  ["archive/list"],
  ["archive/lists/ne"],
  ["archive/lists2"],
  ["archive/../archive/lists"],
  ["archive//lists"],
  ["/archive/lists"],
  [".."],
  ["."],
  ["/"],
  [""],
])("retire() takes %j for no folder of the archive", async (path) => {
  const { world } = await archived(1);
  await using _world = world;
  for (const each of world.archivedPaths) world.store.take(each);
  await using job = await world.open();
  await rejects(job.retire({ path }, { by: "ann" }), { kind: "usage" });
  equal(job.status().retired, 0);
});

Deno.test("retire() excuses an mbox that was moved away, also once there is a new one [T-C15]", async () => {
  const policy = listsPolicy({ archives: { lists: mbox("lists.mbox") } });
  const [first, second] = [listMails(3), listMails(6)].map((mails, at) =>
    mails.map(({ content }, no) => ({ uid: `${at}-${no}`, content }))
  );
  await using world = await World.start(first ?? []);
  await world.cleanUp({ policy });
  const tape = world.text("lists.mbox");
  world.store.take("lists.mbox");
  // Some messages are the same as on tape, and at other places of the file.
  world.box.fill(USER, second?.toReversed() ?? []);
  equal((await world.cleanUp({ policy })).counts.archived, 6);
  await using job = await world.open({ policy });
  match((await job.verify()).error?.message ?? "", /of 9 copies 3 are missing, 0 damaged/);
  deepEqual(await job.retire({ path: "lists.mbox" }, { by: "ann" }), { retired: 3, there: 6 });
  const { exit, copies } = await job.verify();
  equal(exit, "done");
  deepEqual(copies, { whole: 6, retired: 3, missing: 0, damaged: 0 });
  deepEqual([job.status().copies, job.status().retired], [6, 3]);
  // The tape is no archive of what came later.
  world.store.put("lists.mbox", tape);
  deepEqual((await job.verify()).copies, { whole: 3, retired: 0, missing: 6, damaged: 0 });
});
