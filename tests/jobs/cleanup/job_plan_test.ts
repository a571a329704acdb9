import { deepEqual, equal, notEqual, ok, rejects } from "node:assert/strict";
import {
  age,
  type CleanupProgress,
  duplicateOf,
  header,
  maildir,
  remove,
  size,
} from "../../../src/jobs/mod.ts";
import { pop3CapabilityLists } from "../../../src/server/mod.ts";
import {
  DAY_MS,
  fates,
  listMail,
  listMails,
  listsPolicy,
  plainMail,
  uidsOf,
  USER,
  World,
} from "./job_world.ts";

const OTHERS = [plainMail(7), plainMail(8), plainMail(9)];

Deno.test("plan() changes nothing but its file and the cache, and says the same again [P34] [Q9]", async () => {
  await using world = await World.start([...listMails(2), { uid: "p1", content: plainMail(3) }]);
  await using job = await world.open();
  const first = await job.plan();
  await world.clock.advance(1000);
  const second = await job.plan();
  equal(second.planId, first.planId);
  deepEqual(second.items, first.items);
  notEqual(second.madeAt, first.madeAt);
  deepEqual(
    [...world.store.files().keys()].sort(),
    ["headers.jsonl", "journal.jsonl", "lock", `plan-${first.planId}.json`].map((name) =>
      `job/${name}`
    ),
  );
  equal(world.text("job/journal.jsonl"), "");
  deepEqual(await job.plans(), [second]);
  deepEqual([world.said("RETR"), world.said("DELE")], [[], []]);
  deepEqual([world.said("TOP"), world.said("RSET"), world.said("QUIT")], [[0, 0, 0], [0, 1], [
    0,
    1,
  ]]);
  deepEqual(world.uids, ["u1", "u2", "p1"]);
});

Deno.test("plan() tells how far it is", async () => {
  await using world = await World.start(listMails(2));
  const heard: string[] = [];
  const onProgress = ({ stage, done, total }: CleanupProgress) =>
    void heard.push(`${stage} ${done}/${total}`);
  await using job = await world.open({ onProgress });
  const { planId } = await job.plan();
  deepEqual(heard.splice(0), [
    "connect 0/1",
    "connect 1/1",
    "list 2/2",
    "headers 1/2",
    "headers 2/2",
  ]);
  await job.apply(planId);
  const stages = new Set(heard.map((text) => text.split(" ")[0]));
  deepEqual([...stages], ["connect", "list", "retrieve", "mark", "commit", "verify"]);
  ok(heard.includes("retrieve 2/2"));
});

Deno.test("apply() refuses a plan that is unknown, altered, too old, or of something else", async () => {
  await using world = await World.start(listMails(1));
  const { planId } = await (async () => {
    await using job = await world.open();
    return await job.plan();
  })();
  const path = `job/plan-${planId}.json`;
  const text = world.text(path);
  const refused = async (id: string, seen: RegExp, options = {}) => {
    await using job = await world.open(options);
    await rejects(job.apply(id), { name: "CleanupError", kind: "plan", message: seen });
  };
  await refused("../../etc/passwd", /expected the id of a plan/);
  await refused(planId.slice(0, 7), /its first 8 digits at least/);
  await refused("0".repeat(64), /"job" does not have it/);
  await refused(planId, /the policy is another one/, {
    policy: listsPolicy({ guards: { maxDelete: 7 } }),
  });
  for (
    const [from, to] of [
      ['"uid": "u1"', '"uid": "p1"'],
      ["{", ""],
      ['"size"', '"sise"'],
      ["T01:00:00", "T09:00:00"],
      ['"acceptChurn": false', '"acceptChurn": true'],
    ] as const
  ) {
    world.store.put(path, text.replace(from, to));
    await refused(
      planId,
      /its file (was altered|cannot be read), make a new one: job\/plan-[0-9a-f]{64}\.json/,
    );
  }
  world.store.put(path.replace(planId, planId.slice(0, 8) + "0".repeat(56)), text);
  await refused(planId.slice(0, 8), /several plans begin with it/);
  await refused(planId.slice(0, 8) + "00", /its file was altered/);
  world.store.put(path, text);
  await refused(planId, /it is for "ann@/, { account: "ben@pop.example:995" });
  await world.clock.advance(60 * 60 * 1000 + 1);
  await refused(planId, /it was good until 2026-01-01T01:00:00.000Z/);
  world.clock.jump(-2 * DAY_MS);
  await refused(planId, /later than now/);
  deepEqual(world.uids, ["u1"]);
});

Deno.test("apply() takes the first digits of an id", async () => {
  await using world = await World.start(listMails(1));
  await using job = await world.open();
  const { planId } = await job.plan();
  deepEqual(fates(await job.apply(planId.slice(0, 8))), ["u1 verified"]);
});

Deno.test("plan() removes plans that could not be carried out for a week", async () => {
  await using world = await World.start(listMails(1));
  await using job = await world.open();
  const first = await job.plan();
  const expired = async (ms: number) => {
    await world.clock.advance(ms);
    world.box.fill(USER, listMails(1).map(({ content }) => ({ content })));
    const { planId } = await job.plan();
    return [planId, (await job.plans()).map(({ planId }) => planId)] as const;
  };
  const [second, both] = await expired(7 * DAY_MS + 60 * 60 * 1000);
  deepEqual(both, [second, first.planId]);
  const [third, rest] = await expired(1);
  deepEqual(rest, [third, second]);
});

Deno.test("plan() counts as its cost what the server was asked", async () => {
  await using world = await World.start(listMails(3));
  await using job = await world.open();
  deepEqual((await job.plan()).cost, { headers: 3, contents: 0 });
  deepEqual((await job.plan()).cost, { headers: 0, contents: 0 });
});

Deno.test("apply() refuses a plan over which a guard has tripped", async () => {
  await using world = await World.start(listMails(3));
  await using job = await world.open({ policy: listsPolicy({ guards: { maxDelete: 2 } }) });
  const { planId, trips } = await job.plan();
  equal(trips[0]?.guard, "maxDelete");
  await rejects(job.apply(planId), { kind: "guard", trips });
  deepEqual(world.said("RETR"), []);
});

Deno.test("a plan that somebody has approved outlives one that a stricter guard has stopped", async () => {
  await using world = await World.start(listMails(3));
  await using job = await world.open();
  const { planId } = await job.plan();
  await rejects(job.run({ maxDelete: 2, maxFraction: 1 }), { kind: "guard" });
  equal((await job.apply(planId)).counts.verified, 3);
});

Deno.test("apply() keeps what is not the message of the plan any more [P35] [T-C11]", async () => {
  await using world = await World.start(listMails(4));
  await using job = await world.open();
  const { planId } = await job.plan();
  world.box.expunge("u1", "u2", "u3");
  world.box.fill("ann@mail.example", [
    // The same size, another header; the same header, another size.
    { uid: "u1", content: listMail(1).replace("Mail 1", "Mail X") },
    { uid: "u2", content: listMail(2, "Another body\r\n") },
    { uid: "u5", content: listMail(5) },
  ]);
  const report = await job.apply(planId);
  deepEqual(fates(report), [
    "u1 kept: changed",
    "u2 kept: changed",
    "u3 gone-elsewhere",
    "u4 verified",
  ]);
  equal(report.exit, "kept");
  deepEqual(report.warnings, [
    "2 of the plan's messages have changed since it was made, as they do where a server writes into " +
    "them: make a new plan",
  ]);
  deepEqual(world.uids, ["u1", "u2", "u5"]);
  deepEqual(world.archived, [listMail(4)]);
});

Deno.test("apply() asks the rules again when it has all octets", async () => {
  await using world = await World.start([
    // The server calls it large; it is small.
    { uid: "u1", content: listMail(1), size: 5000 },
    { uid: "u2", content: listMail(2, "x".repeat(5000)) },
  ]);
  const policy = listsPolicy({ rules: [remove("large", size.over("4kB"), { archive: "lists" })] });
  const report = await world.cleanUp({ policy });
  deepEqual(fates(report), ["u1 kept: recheck", "u2 verified"]);
  equal(report.items[0]?.detail, 'rule "large"');
  deepEqual(report.warnings, ["message u1 has 212 octets, the server listed 5000"]);
});

Deno.test("apply() tells of a message that is much shorter than listed, and trusts the octets [P27] [Q6]", async () => {
  await using world = await World.start([{ uid: "u1", content: listMail(1), size: 100_000 }]);
  const report = await world.cleanUp();
  deepEqual(fates(report), ["u1 verified"]);
  deepEqual(report.warnings, ["message u1 has 212 octets, the server listed 100000"]);
  deepEqual(world.archived, [listMail(1)]);
});

Deno.test("plan() forgets nobody over a listing that cannot be trusted, and apply() concludes nothing [P23]", async () => {
  const cases = [
    { verb: "STAT", reply: "+OK 0 0" },
    { verb: "UIDL", reply: "-ERR not now" },
    { verb: "LIST", reply: "+OK\r\n1 100\r\n." },
  ];
  for (const fault of cases) {
    await using world = await World.start([...listMails(6)]);
    await using job = await world.open();
    const { planId } = await job.plan();
    world.box.misbehave({ ...fault, connection: 1 });
    const report = await job.apply(planId);
    deepEqual(
      [report.exit, report.counts.kept, report.error?.kind],
      ["guard", 6, "guard"],
      fault.verb,
    );
    deepEqual(world.said("RETR"), [], fault.verb);
    deepEqual(world.events, ["run", "ended"], fault.verb);
    equal(world.uids.length, 6);
  }
});

Deno.test("verify() never takes an empty mailbox for success [P23]", async () => {
  await using world = await World.start(listMails(6), {
    faults: [{ verb: "QUIT", connection: 1, silent: true, effect: false, then: "drop" }],
  });
  const policy = listsPolicy({
    rules: [remove("first", header("Subject").equals("Mail 1"), { archive: "lists" })],
  });
  await world.cleanUp({ policy, limits: { verify: false } });
  world.box.misbehave(
    { verb: "STAT", reply: "+OK 0 0" },
    { verb: "LIST", reply: "+OK\r\n." },
    { verb: "UIDL", reply: "+OK\r\n." },
  );
  await using job = await world.open({ policy });
  const report = await job.verify();
  deepEqual([report.exit, fates(report)], ["guard", ["u1 unknown"]]);
  deepEqual(job.status().unverified, ["u1"]);
});

Deno.test("plan() without unique-ids keeps everything, and apply() is refused [T-P08]", async () => {
  await using world = await World.start(listMails(2), {
    faults: [{ verb: "UIDL", reply: "-ERR unknown command" }],
  });
  await using job = await world.open();
  const plan = await job.plan();
  deepEqual(plan.items, []);
  deepEqual(plan.kept.map(({ reason }) => reason), ["no-uid", "no-uid"]);
  equal(plan.warnings.length, 1);
  const report = await job.apply(plan.planId);
  deepEqual([report.exit, report.error?.kind], ["guard", "guard"]);
});

Deno.test("plan() stops if all unique-ids are new, unless somebody has looked [P22] [T-C10] [T-P07]", async () => {
  await using world = await World.start(listMails(6), {
    faults: [{ verb: "QUIT", connection: 1, silent: true, effect: false, then: "drop" }],
  });
  await world.cleanUp(); // All are archived, none is gone.
  equal(world.archived.length, 6);
  world.box.quirks({ uids: "session" });
  await using job = await world.open();
  const stopped = await job.plan();
  equal(stopped.trips[0]?.guard, "uidChurn");
  await rejects(job.apply(stopped.planId), { kind: "guard" });
  await rejects(job.run({ maxDelete: 100, maxFraction: 1 }), { kind: "guard" });
  equal(world.uids.length, 6);
  const report = await job.run({ maxDelete: 100, maxFraction: 1, acceptChurn: true });
  // They are archived again, which makes no second copy.
  equal(report.counts.archived, 6);
  equal(world.archived.length, 6);
  equal(world.uids.length, 0);
});

Deno.test("apply() takes nothing for deleted that a server only does not show [Q19]", async () => {
  await using world = await World.start(listMails(6), { pop3: { quirks: { newest: 5 } } });
  const policy = listsPolicy({ guards: { shrink: 1, uidChurn: 1 } });
  const report = await world.cleanUp({ policy });
  deepEqual(fates(report), ["u2", "u3", "u4", "u5", "u6"].map((uid) => `${uid} verified`));
  deepEqual(world.uids, ["u1"]);
  const next = await (await world.open({ policy })).plan();
  deepEqual(uidsOf(next), ["u1"]);
});

Deno.test("a message that another client has removed is gone elsewhere, and no error [P14] [T-P19]", async () => {
  await using world = await World.start(listMails(3));
  await using job = await world.open();
  const { planId } = await job.plan();
  world.box.expunge("u2");
  const report = await job.apply(planId);
  deepEqual(fates(report), ["u1 verified", "u2 gone-elsewhere", "u3 verified"]);
  equal(report.exit, "done");
  equal(report.counts.goneElsewhere, 1);
  ok(world.events.includes("gone-elsewhere"));
});

Deno.test("a message that is removed while it is retrieved is kept from the counts of what is ours [P14]", async () => {
  await using world = await World.start([...listMails(3), ...OTHERS], {
    pop3: { quirks: { lock: false } },
    faults: [{ verb: "RETR", pattern: "2", expunge: ["u2"], reply: "-ERR expunged" }],
  });
  const report = await world.cleanUp();
  deepEqual(fates(report), ["u1 verified", "u2 kept: refused", "u3 verified"]);
});

Deno.test("each of two messages with one unique-id shows its own octets [P21] [T-P06]", async () => {
  const same = { uid: "twin", content: listMail(1) };
  await using world = await World.start([same, same, { uid: "u3", content: listMail(3) }]);
  const report = await world.cleanUp();
  deepEqual(fates(report), ["twin verified", "twin verified", "u3 verified"]);
  deepEqual(world.archived, [listMail(1), listMail(3)]);
  await using other = await World.start([
    { uid: "twin", content: listMail(1) },
    { uid: "twin", content: listMail(1, "Other!! 1\r\n") },
  ]);
  const plan = await (await other.open()).plan();
  deepEqual(plan.kept.map(({ reason }) => reason), ["duplicate-uid", "duplicate-uid"]);
});

Deno.test("apply() keeps a message whose unique-id another one has got since the plan [P21]", async () => {
  await using world = await World.start(listMails(2));
  await using job = await world.open();
  const { planId } = await job.plan();
  world.box.fill("ann@mail.example", [{ uid: "u1", content: listMail(1, "More\r\n".repeat(9)) }]);
  deepEqual(fates(await job.apply(planId)), ["u1 kept: duplicate-uid", "u2 verified"]);
});

Deno.test("copies are removed without an archive only if their octets are in one", async () => {
  const policy = listsPolicy({
    rules: [
      remove("copies", duplicateOf({ by: "content" }), { archive: "index-only" }),
      remove("lists", header("List-Id").exists(), { archive: "lists" }),
    ],
  });
  await using world = await World.start([
    { uid: "a1", content: listMail(1) },
    { uid: "a2", content: listMail(1) },
    { uid: "p1", content: plainMail(2) },
    { uid: "p2", content: plainMail(2) },
  ]);
  const report = await world.cleanUp({ policy });
  deepEqual(fates(report), ["a1 verified", "a2 verified", "p2 kept: not-archived"]);
  deepEqual(world.uids, ["p1", "p2"]);
  equal(report.counts.archived, 1);
});

Deno.test("what is removed without a copy stands so in the plan", async () => {
  const policy = listsPolicy({
    rules: [remove("old", age.over("300d"), { archive: "none" })],
    archives: { lists: maildir("archive/lists") },
  });
  await using world = await World.start(listMails(1));
  await using job = await world.open({ policy });
  const plan = await job.plan();
  equal(plan.items[0]?.archive, "none");
  deepEqual(fates(await job.apply(plan.planId)), ["u1 verified"]);
  deepEqual(world.archived, []);
});

Deno.test("plan() does not retrieve where that begins an expiry [Q9] [T-P16]", async () => {
  const rules = [remove("copies", duplicateOf({ by: "content" }), { archive: "index-only" })];
  const capabilities = (expire: "NEVER" | number) =>
    pop3CapabilityLists({ startTls: true, mechanisms: ["PLAIN"], expire });
  for (const [expire, retrieved] of [[31, 0], [0, 0], ["NEVER", 2]] as const) {
    await using world = await World.start([listMail(1), listMail(1)], {
      pop3: { capabilities: capabilities(expire) },
    });
    await using job = await world.open({ policy: listsPolicy({ rules }) });
    const { items } = await job.plan();
    equal(world.said("RETR").length, retrieved, `${expire}`);
    equal(items.length, retrieved / 2, `${expire}`);
  }
});

Deno.test("a damaged cache begins anew", async () => {
  await using world = await World.start(listMails(2));
  const first = await (async () => {
    await using job = await world.open();
    return await job.plan();
  })();
  const path = "job/headers.jsonl";
  world.store.put(path, world.text(path).replace("u2", "u3"));
  await using job = await world.open();
  equal((await job.plan()).planId, first.planId);
  equal(world.said("TOP").length, 4);
});

Deno.test("the cache forgets what is long gone", async () => {
  await using world = await World.start(listMails(40));
  await using job = await world.open({
    policy: listsPolicy({ guards: { uidChurn: 1, shrink: 1 } }),
  });
  world.box.quirks({ uids: "session" });
  const count = () => world.text("job/headers.jsonl").split("\n").length - 1;
  await job.plan();
  equal(count(), 81);
  for (let n = 0; n < 20; n++) await job.plan();
  ok(count() < 1000, `${count()} lines`);
});

Deno.test("apply() refuses a plan of which anything at all was altered", async () => {
  await using world = await World.start([
    ...listMails(2),
    ...OTHERS.map((content) => ({ content })),
  ]);
  await using job = await world.open({ policy: listsPolicy({ guards: { maxDelete: 9 } }) });
  const { planId } = await job.plan();
  const path = `job/plan-${planId}.json`;
  const plan = JSON.parse(world.text(path));
  const altered = [...alterations(plan)];
  ok(altered.length > 60, `${altered.length}`);
  for (const [where, value] of altered) {
    world.store.put(path, JSON.stringify(value));
    await rejects(job.apply(planId), {
      kind: "plan",
      message: /: its file (was altered|cannot be read), make a new one: /,
    }, where);
  }
  // The layout of the text is nobody's business.
  world.store.put(path, JSON.stringify(plan));
  equal((await job.apply(planId)).counts.verified, 2);
});

/** A value with one thing changed, dropped or added, wherever that is possible. */
function* alterations(value: unknown, where = "plan"): Generator<readonly [string, unknown]> {
  if (typeof value === "string") {
    yield [where, /^[0-9a-f]{64}$/.test(value) ? `${"1".repeat(64)}` : `${value}0`];
  } else if (typeof value === "number") yield [where, value + 1];
  else if (typeof value === "boolean") yield [where, !value];
  else if (Array.isArray(value)) {
    yield [where, [...value, ...value.length > 0 ? value.slice(0, 1) : [{}]]];
    for (const [at, each] of value.entries()) {
      yield [`${where}[${at}]`, value.toSpliced(at, 1)];
      for (const [inner, other] of alterations(each, `${where}[${at}]`)) {
        yield [inner, value.with(at, other)];
      }
    }
  } else if (typeof value === "object" && value !== null) {
    yield [where, { ...value, more: 1 }];
    for (const [key, each] of Object.entries(value)) {
      yield [
        `${where}.${key}`,
        Object.fromEntries(Object.entries(value).filter(([other]) => other !== key)),
      ];
      for (const [inner, other] of alterations(each, `${where}.${key}`)) {
        yield [inner, { ...value, [key]: other }];
      }
    }
  }
}
