import { deepEqual, equal, ok } from "node:assert/strict";
import { fates, listMail, listMails, plainMail, World } from "./job_world.ts";

const OTHERS = [plainMail(7), plainMail(8), plainMail(9)];

Deno.test("apply() takes a lost connection before QUIT for nothing deleted, and begins again [P16] [P30] [T-D07] [T-C04]", async () => {
  await using world = await World.start(listMails(3), {
    // The second STAT of the session is the one before QUIT.
    faults: [{ verb: "STAT", connection: 1, after: 1, silent: true, then: "drop" }],
  });
  const report = await world.cleanUp();
  deepEqual(fates(report), ["u1 verified", "u2 verified", "u3 verified"]);
  deepEqual(world.said("DELE"), [1, 1, 1, 2, 2, 2]);
  deepEqual(world.updates, [["u1", "u2", "u3"]]);
  // The second session asks for headers only.
  deepEqual(world.said("RETR"), [1, 1, 1]);
  equal(report.counts.archived, 3);
});

Deno.test("apply() lets a listing tell what an unanswered QUIT has done [P17] [T-D08] [T-C05]", async () => {
  await using world = await World.start(listMails(2), {
    faults: [{ verb: "QUIT", connection: 1, silent: true, effect: true, then: "drop" }],
  });
  const report = await world.cleanUp();
  deepEqual(fates(report), ["u1 verified", "u2 verified"]);
  deepEqual([report.counts.committed, report.counts.verified], [0, 2]);
  ok(world.events.join().includes("commit-intent,unknown,snapshot,gone"));
  deepEqual(world.uids, []);
});

Deno.test("apply() reports nothing as deleted that no listing has shown gone [T-D08] [I5] [T-C05]", async () => {
  await using world = await World.start(listMails(2), {
    faults: [{ verb: "QUIT", connection: 1, silent: true, effect: false, then: "drop" }],
  });
  const first = await world.cleanUp({ limits: { verify: false } });
  deepEqual(fates(first), ["u1 unknown", "u2 unknown"]);
  equal(first.exit, "unverified");
  await using job = await world.open();
  deepEqual(job.status().unverified, ["u1", "u2"]);
  const second = await job.verify();
  deepEqual(fates(second), ["u1 kept: not-committed", "u2 kept: not-committed"]);
  deepEqual(job.status().unverified, []);
  deepEqual(world.uids, ["u1", "u2"]);
});

Deno.test("apply() only says DELE about what an earlier run has archived [T-C03] [T-C04]", async () => {
  await using world = await World.start(listMails(2), {
    faults: [{ verb: "QUIT", connection: 1, silent: true, effect: false, then: "drop" }],
  });
  const first = await world.cleanUp();
  deepEqual(fates(first), ["u1 kept: not-committed", "u2 kept: not-committed"]);
  equal(first.exit, "kept");
  const second = await world.cleanUp();
  deepEqual(fates(second), ["u1 verified", "u2 verified"]);
  equal(second.counts.archived, 0);
  equal(world.archived.length, 2);
  deepEqual(world.said("RETR"), [1, 1]);
});

Deno.test("apply() takes -ERR to QUIT for some, none or all deleted [P18] [T-C06]", async () => {
  await using world = await World.start(listMails(3), { pop3: { quirks: { stuck: ["u2"] } } });
  const report = await world.cleanUp();
  deepEqual(fates(report), ["u1 verified", "u2 kept: not-committed", "u3 verified"]);
  equal(report.counts.committed, 0);
  ok(world.events.join().includes("commit-intent,partial,snapshot,gone,still-there"));
  deepEqual(world.uids, ["u2"]);
});

Deno.test("apply() reports -ERR to QUIT as unverified where it may not look [T-C06]", async () => {
  await using world = await World.start(listMails(2), { pop3: { quirks: { stuck: ["u2"] } } });
  const report = await world.cleanUp({ limits: { verify: false } });
  equal(report.exit, "unverified");
  equal(report.counts.unknown, 2);
});

Deno.test("apply() tells of messages that are still there after +OK to QUIT [Q18] [T-P14]", async () => {
  await using world = await World.start(listMails(2), {
    faults: [{ verb: "QUIT", connection: 1, reply: "+OK bye", effect: false }],
  });
  const waited: number[] = [];
  const report = await world.cleanUp({ clock: world.eagerClock(waited) });
  deepEqual(fates(report), ["u1 kept: still-there", "u2 kept: still-there"]);
  deepEqual([report.counts.committed, report.counts.verified], [2, 0]);
  equal(report.exit, "kept");
  // Nothing is said of them before the last look.
  deepEqual(waited, [250, 500, 1000, 2000]);
  deepEqual(world.events.filter((event) => event === "still-there"), ["still-there"]);
});

Deno.test("apply() looks again where a server deletes behind its +OK to QUIT [T-P14]", async () => {
  // Courier does so. What is removed while a session lists is gone for the next one.
  await using world = await World.start(listMails(3), {
    faults: [
      { verb: "QUIT", connection: 1, reply: "+OK bye", effect: false },
      { verb: "LIST", connection: 2, expunge: ["u1"] },
      { verb: "LIST", connection: 3, expunge: ["u2", "u3"] },
    ],
  });
  const waited: number[] = [];
  const report = await world.cleanUp({ clock: world.eagerClock(waited) });
  deepEqual(fates(report), ["u1 verified", "u2 verified", "u3 verified"]);
  deepEqual(waited, [250, 500]);
  ok(!world.events.includes("still-there"));
});

Deno.test("apply() tries on while what an earlier QUIT removes is still listed [T-P14]", async () => {
  await using world = await World.start(listMails(4), {
    faults: [
      { verb: "QUIT", connection: 1, reply: "+OK bye", effect: false },
      { verb: "LIST", connection: 3, expunge: ["u1", "u2"] },
    ],
  });
  const clock = world.eagerClock();
  const report = await world.cleanUp({ clock, limits: { marksPerQuit: 2 } });
  deepEqual(fates(report), ["u1 verified", "u2 verified", "u3 verified", "u4 verified"]);
  deepEqual(world.updates, [["u3", "u4"]]);
});

Deno.test("apply() leaves to the next run what is still there and may not be looked at now [P29]", async () => {
  const reply = "+OK\r\nUIDL\r\nTOP\r\nLOGIN-DELAY 40\r\n.";
  await using world = await World.start(listMails(2), {
    faults: [
      { verb: "QUIT", connection: 1, reply: "+OK bye", effect: false },
      { verb: "CAPA", connection: 2, after: 2, reply },
    ],
  });
  const limits = { loginDelaySeconds: 10 };
  const report = await world.cleanUp({ clock: world.eagerClock(), limits });
  deepEqual(fates(report), ["u1 committed", "u2 committed"]);
  equal(report.warnings.length, 1);
  await using job = await world.open();
  deepEqual(job.status().unverified, ["u1", "u2"]);
});

Deno.test("apply() keeps what the server does not mark [T-P14]", async () => {
  await using world = await World.start(listMails(3), {
    faults: [{ verb: "DELE", pattern: "2", reply: "-ERR Message 2 expunged" }],
  });
  const report = await world.cleanUp();
  deepEqual(fates(report), ["u1 verified", "u2 kept: refused", "u3 verified"]);
  equal(report.items[1]?.detail, "-ERR Message 2 expunged");
  deepEqual(world.uids, ["u2"]);
});

Deno.test("apply() hangs up without QUIT after 5 refusals of DELE in a row [P26]", async () => {
  await using world = await World.start(listMails(8), {
    faults: [{ verb: "DELE", after: 2, times: 5, reply: "-ERR no" }],
  });
  const report = await world.cleanUp();
  equal(report.counts.kept, 8);
  deepEqual(world.updates, []);
  deepEqual([world.said("QUIT"), world.uids.length], [[0], 8]);
  ok(!world.events.includes("commit-intent"));
});

Deno.test("apply() takes its marks back if STAT does not have them", async () => {
  await using world = await World.start(listMails(3), {
    faults: [{ verb: "STAT", connection: 1, after: 1, reply: "+OK 3 100" }],
  });
  const report = await world.cleanUp();
  equal(report.counts.kept, 3);
  equal(report.exit, "connection");
  equal(world.uids.length, 3);
  ok(!world.events.includes("commit-intent"));
});

Deno.test("apply() leaves to the next run what it may not verify now [P29] [T-P20]", async () => {
  await using world = await World.start(listMails(2), {
    faults: [{ verb: "AUTH", connection: 2, reply: "-ERR [LOGIN-DELAY] too soon" }],
  });
  const report = await world.cleanUp();
  deepEqual(fates(report), ["u1 committed", "u2 committed"]);
  equal(report.exit, "busy");
  equal(report.error?.temporary, true);
  await using job = await world.open();
  deepEqual(fates(await job.verify()), ["u1 verified", "u2 verified"]);
});

Deno.test("apply() cuts a large plan into several QUITs [P32]", async () => {
  await using world = await World.start(listMails(5));
  const report = await world.cleanUp({ limits: { marksPerQuit: 2 } });
  equal(report.counts.verified, 5);
  deepEqual(world.updates, [["u1", "u2"], ["u3", "u4"], ["u5"]]);
  deepEqual(world.archived, [1, 2, 3, 4, 5].map((n) => listMail(n)));
});

Deno.test("verify() takes absence behind an intent for committed, whatever was cut off [T-C05]", async () => {
  await using world = await World.start(listMails(2));
  await world.cleanUp();
  // The machine has stopped when the server had answered.
  const lines = world.text("job/journal.jsonl").split("\n");
  const cut = lines.findIndex((line) => line.includes('"event":"committed"'));
  world.store.put("job/journal.jsonl", `${lines.slice(0, cut).join("\n")}\n`);
  await using job = await world.open();
  deepEqual(job.status().unverified, ["u1", "u2"]);
  deepEqual(fates(await job.verify()), ["u1 verified", "u2 verified"]);
  equal(job.status().gone, 2);
});

Deno.test("apply() goes on with the rest when QUIT is not answered", async () => {
  await using world = await World.start([...listMails(5), ...OTHERS], {
    faults: [{ verb: "QUIT", connection: 1, silent: true, effect: true, then: "drop" }],
  });
  const report = await world.cleanUp({ limits: { marksPerQuit: 2 } });
  deepEqual([report.exit, report.counts.verified, report.counts.committed], ["done", 5, 3]);
  deepEqual(world.updates, [["u1", "u2"], ["u3", "u4"], ["u5"]]);
});

Deno.test("apply() does not go on for ever when QUIT is never answered [T-D08]", async () => {
  await using world = await World.start([...listMails(9), ...OTHERS], {
    faults: [{ verb: "QUIT", after: 1, silent: true, effect: false, then: "drop" }],
  });
  const report = await world.cleanUp({ limits: { marksPerQuit: 1 } });
  deepEqual([report.exit, report.counts.kept, report.counts.unknown], ["kept", 9, 0]);
  equal(report.counts.marked, 3);
  equal(world.uids.length, 12);
});

Deno.test("unique-ids that are message numbers delete nothing but what was shown [T-P07]", async () => {
  await using world = await World.start([...listMails(2), ...OTHERS], {
    pop3: { quirks: { uids: "number" } },
  });
  const report = await world.cleanUp();
  // Others have the same names now, and that is noticed.
  deepEqual([report.exit, fates(report)], ["guard", ["1 committed", "2 committed"]]);
  deepEqual(world.updates, [["u1", "u2"]]);
  deepEqual(world.archived, [listMail(1), listMail(2)]);
  deepEqual((await (await world.open()).plan({ acceptChurn: true })).items, []);
});
