import { deepEqual, equal, match, rejects, throws } from "node:assert/strict";
import {
  age,
  allOf,
  checkPolicy,
  duplicateOf,
  from,
  header,
  keep,
  keepNewest,
  listId,
  not,
  Planner,
  type PolicyInput,
  remove,
  size,
  subject,
  target,
} from "../../../src/jobs/mod.ts";
import { MsgNo } from "../../../src/pop3/message_number.ts";
import { dateAt, DAY_MS, daysOld, NOW_MS, OPEN_GUARDS, type Planned, planOf } from "./mailbox.ts";

const NONE = { archive: "none" } as const;
const LIST = header("List-Id").exists();
const OLD = daysOld(100);
const OLD_LIST = daysOld(100, "List-Id: <a>\r\n");

function policy(...rules: PolicyInput["rules"]): PolicyInput {
  return { rules, guards: OPEN_GUARDS };
}

/** Unique-ids and rules of what is removed; unique-ids, reasons and rules of what is kept. */
function outcome({ plan }: Planned): Record<string, string> {
  const removed = plan.items.map(({ uid, rule }) => [uid, rule] as const);
  const kept = plan.kept.map(({ uid, reason, rule }) =>
    [uid ?? "?", [reason, rule].filter(Boolean).join(" ")] as const
  );
  return Object.fromEntries([...removed, ...kept].sort(([one], [other]) => one < other ? -1 : 1));
}

Deno.test("Planner removes what a rule is true of and keeps the rest", {
  permissions: "none",
}, async () => {
  const rules = policy(remove("lists", allOf(age.over("90d"), LIST), NONE));
  const planned = await planOf(rules, [
    { head: OLD_LIST },
    { head: OLD },
    { head: daysOld(2, "List-Id: <a>\r\n") },
    { head: "List-Id: <a>\r\n" },
    { head: undefined },
  ]);
  deepEqual(outcome(planned), {
    u1: "lists",
    u2: "default",
    u3: "default",
    u4: "undecided lists",
    u5: "undecided lists",
  });
  deepEqual(planned.plan.items[0], {
    uid: "u1",
    size: 1000,
    headerHash: `hash of ${OLD_LIST}`,
    rule: "lists",
    tier: 1,
    evidence: [
      { fact: "age", value: "2025-09-23T00:00:00.000Z", basis: "received" },
      { fact: "List-Id", value: "present" },
    ],
    archive: "none",
    about: { at: "2025-09-23T00:00:00.000Z" },
  });
  deepEqual(planned.plan.cost, { headers: 5, contents: 0 });
});

Deno.test("Planner tells what people know a removed message by, with escapes", {
  permissions: "none",
}, async () => {
  const rules = policy(remove("lists", LIST, NONE));
  const head = "From: Ann <ann@mail.example>\r\nSubject: =?utf-8?q?Gr=C3=BC=C3=9Fe=1B[2J?=\r\n" +
    "List-Id: <a>\r\n";
  const { plan } = await planOf(rules, [{ head: daysOld(2, head) }, { head: "List-Id: <a>\r\n" }]);
  const [{ at, ...about } = {}] = plan.items.map((item) => item.about);
  deepEqual(about, { from: "ann@mail.example", subject: "Grüße\\x1b[2J" });
  equal(plan.items.length, 1); // of unknown age is the other one
  equal(at?.endsWith("Z"), true);
});

Deno.test("Planner asks for headers only where the size leaves it open", {
  permissions: "none",
}, async () => {
  const planned = await planOf(policy(remove("big", allOf(LIST, size.over("2kB")), NONE)), [
    { head: OLD_LIST },
    { head: OLD_LIST, size: 3000 },
    { head: OLD_LIST, size: 2000 },
  ]);
  deepEqual(planned.asked, [[1, 2]]);
  deepEqual(outcome(planned), { u1: "default", u2: "big", u3: "default" });
});

Deno.test("Planner asks nothing if no message comes into question", {
  permissions: "none",
}, async () => {
  const rules = policy(
    keep("people", from.domain("a.example")),
    keepNewest(5, { per: from.address }),
    remove("big", size.over("1MB"), NONE),
  );
  deepEqual((await planOf(rules, [{ head: OLD }, { head: OLD }])).asked, []);
});

Deno.test("Planner lets any keep rule win, wherever it stands", {
  permissions: "none",
}, async () => {
  const planned = await planOf(
    policy(remove("lists", LIST, NONE), keep("x", header("X-Keep").exists())),
    [{ head: OLD_LIST }, { head: `${OLD_LIST}X-Keep: 1\r\n` }],
  );
  deepEqual(outcome(planned), { u1: "lists", u2: "keep-rule x" });
  equal(planned.plan.kept[0]?.wantedBy, "lists");
});

Deno.test("Planner keeps what a keep rule cannot be asked of", {
  permissions: "none",
}, async () => {
  const planned = await planOf(
    policy(remove("big", size.over("1B"), NONE), keep("boss", from.domain("boss.example"))),
    [
      { head: undefined },
      { head: OLD, complete: false },
      { head: `${OLD}From: ,\r\n` },
      // A field that is not there does not keep anything.
      { head: OLD },
    ],
  );
  deepEqual(outcome(planned), {
    u1: "keep-doubt boss",
    u2: "keep-doubt boss",
    u3: "keep-doubt boss",
    u4: "big",
  });
});

Deno.test("Planner takes the first remove rule that fires, not the first that is unknown", {
  permissions: "none",
}, async () => {
  const planned = await planOf(
    policy(
      remove("spam", subject.contains("spam"), NONE),
      remove("lists", LIST, NONE),
      remove("all", size.over("1B"), NONE),
    ),
    [{ head: `${OLD_LIST}Subject: Spam\r\n` }, { head: OLD_LIST }, { head: OLD }],
  );
  deepEqual(outcome(planned), { u1: "spam", u2: "lists", u3: "all" });
});

Deno.test("Planner does not remove by the opposite of an absent field", {
  permissions: "none",
}, async () => {
  const planned = await planOf(policy(remove("others", not(from.domain("a.example")), NONE)), [
    { head: OLD },
    { head: `${OLD}From: b@b.example\r\n` },
  ]);
  deepEqual(outcome(planned), { u1: "undecided others", u2: "others" });
});

Deno.test("Planner keeps the newest of each sender, and what has no place in the order", {
  permissions: "none",
}, async () => {
  const mail = (days: number, sender: string) => ({ head: daysOld(days, `From: ${sender}\r\n`) });
  const planned = await planOf(
    policy(remove("all", size.over("1B"), NONE), keepNewest(1, { per: from.address })),
    [
      mail(5, "a@a.example"),
      mail(9, "A <A@a.example>"),
      mail(7, "b@b.example"),
      { head: "From: a@a.example\r\n" },
      mail(7, "b@b.example"),
      { head: OLD },
    ],
  );
  deepEqual(outcome(planned), {
    u1: "newest keepNewest",
    u2: "all",
    u3: "all",
    u4: "newest keepNewest",
    u5: "newest keepNewest",
    u6: "all",
  });
});

Deno.test("Planner keeps the newest of the mailbox and of lists", {
  permissions: "none",
}, async () => {
  const messages = [{ head: daysOld(5, "List-Id: <A>\r\n") }, { head: daysOld(4) }, {
    head: daysOld(6, "List-Id: <a>\r\n"),
  }];
  const all = remove("all", size.over("1B"), NONE);
  deepEqual(outcome(await planOf(policy(all, keepNewest(2)), messages)), {
    u1: "newest keepNewest",
    u2: "newest keepNewest",
    u3: "all",
  });
  deepEqual(outcome(await planOf(policy(all, keepNewest(1, { per: listId })), messages)), {
    u1: "newest keepNewest",
    u2: "all",
    u3: "all",
  });
});

Deno.test("Planner reaches the target with the oldest, or the largest, and no more", {
  permissions: "none",
}, async () => {
  const messages = [
    { head: daysOld(10, "List-Id: <a>\r\n"), size: 400 },
    { head: daysOld(30, "List-Id: <a>\r\n"), size: 300 },
    { head: daysOld(20, "List-Id: <a>\r\n"), size: 200 },
    { head: daysOld(40), size: 100 },
    { head: `List-Id: <a>\r\nDate: ${dateAt(-5)}\r\n`, size: 900 },
    { head: daysOld(50, "List-Id: <a>\r\nX-Keep: 1\r\n"), size: 100 },
  ];
  const rules = (order: "oldest-first" | "largest-first") =>
    policy(
      target({ mailbox: "1600B", order, only: LIST, archive: "none" }),
      keep("x", header("X-Keep").exists()),
    );
  deepEqual(outcome(await planOf(rules("oldest-first"), messages)), {
    u1: "default",
    u2: "target",
    u3: "target",
    u4: "default",
    u5: "age-unknown",
    u6: "keep-rule x",
  });
  deepEqual(outcome(await planOf(rules("largest-first"), messages)), {
    u1: "target",
    u2: "default",
    u3: "default",
    u4: "default",
    u5: "age-unknown",
    u6: "keep-rule x",
  });
});

Deno.test("Planner counts what other rules remove before the target", {
  permissions: "none",
}, async () => {
  const planned = await planOf(
    policy(
      target({ mailbox: "1kB", order: "oldest-first", only: LIST, archive: "none" }),
      remove("big", size.over("5kB"), NONE),
    ),
    [{ head: OLD, size: 6000 }, { head: OLD_LIST, size: 1000 }],
  );
  deepEqual(outcome(planned), { u1: "big", u2: "default" });
  deepEqual(planned.asked, [[1, 1]]);
});

Deno.test("Planner removes copies, but never the first, and fetches only what is alike", {
  permissions: "none",
}, async () => {
  const copies = remove("copies", duplicateOf({ by: "content" }), { archive: "index-only" });
  const planned = await planOf(policy(copies), [
    { head: OLD, body: "a" },
    { head: OLD_LIST, body: "a" },
    { head: OLD, body: "a" },
    { head: OLD, body: "b" },
  ]);
  deepEqual(planned.asked, [[1, 1, 2, 3, 4], [3, 1, 3, 4]]);
  deepEqual(outcome(planned), { u1: "default", u2: "default", u3: "copies", u4: "default" });
  equal(planned.plan.items[0]?.evidence[0]?.value, `hash of ${OLD}\na`);
});

Deno.test("Planner knows no copy where one cannot be read", { permissions: "none" }, async () => {
  const copy = duplicateOf({ by: "content" });
  const messages = [{ head: OLD, body: undefined }, { head: OLD, body: "a" }, {
    head: OLD,
    body: "a",
  }];
  const copies = remove("copies", copy, { archive: "index-only" });
  deepEqual(outcome(await planOf(policy(copies), messages)), {
    u1: "default",
    u2: "undecided copies",
    u3: "copies",
  });
  const singles = policy(remove("singles", not(copy), NONE));
  deepEqual(outcome(await planOf(singles, [{ head: OLD_LIST }, { head: undefined }])), {
    u1: "undecided singles",
    u2: "undecided singles",
  });
});

Deno.test("Planner removes messages of one unique-id only if they are equal [P21] [T-P06]", {
  permissions: "none",
}, async () => {
  const rules = policy(remove("all", size.over("1B"), NONE));
  const planned = await planOf(rules, [
    { uid: "a", head: OLD, body: "1" },
    { uid: "a", head: OLD, body: "1" },
    { uid: "b", head: OLD, body: "1" },
    { uid: "b", head: OLD, body: "2" },
    { uid: "c", head: OLD, body: "1" },
    { uid: "c", head: OLD_LIST, body: "1" },
  ]);
  deepEqual(planned.plan.items.map(({ uid }) => uid), ["a", "a"]);
  deepEqual(planned.plan.kept.map(({ uid, reason }) => `${uid} ${reason}`), [
    "b duplicate-uid",
    "b duplicate-uid",
    "c duplicate-uid",
    "c duplicate-uid",
  ]);
  deepEqual(planned.asked[1], [3, 1, 2, 3, 4]);
});

Deno.test("Planner removes nothing without a unique-id [T-P05] [T-P08]", {
  permissions: "none",
}, async () => {
  const planned = await planOf(policy(remove("all", size.over("1B"), NONE)), [
    { uid: undefined, head: OLD },
  ]);
  deepEqual(outcome(planned), { "?": "no-uid" });
  equal(planned.plan.kept[0]?.wantedBy, "all");
});

Deno.test("Planner removes nothing whose header was not read as a whole [T-X10]", {
  permissions: "none",
}, async () => {
  const planned = await planOf(policy(remove("all", size.over("1B"), NONE)), [
    { head: undefined },
    { head: OLD_LIST, complete: false },
    { head: `${OLD}${"X: 1\r\n".repeat(10_001)}` },
  ]);
  deepEqual(outcome(planned), { u1: "unread", u2: "unread", u3: "unread" });
});

Deno.test("Planner keeps what may be younger than allowed [P33] [T-C12]", {
  permissions: "none",
}, async () => {
  const planned = await planOf(
    policy(remove("all", size.over("1B"), NONE)),
    [{ head: "" }, { head: `Date: ${dateAt(-9)}\r\n` }, { head: "" }],
    { firstSeen: (uid) => NOW_MS - (uid === "u3" ? 2 * DAY_MS : 0) },
  );
  deepEqual(outcome(planned), { u1: "age-unknown", u2: "age-unknown", u3: "all" });
});

Deno.test("Planner plans the same again, at another time too [P34]", {
  permissions: "none",
}, async () => {
  const rules = policy(remove("lists", allOf(age.over("90d"), LIST), NONE));
  const messages = [{ head: OLD_LIST }, { head: OLD }];
  const { plan } = await planOf(rules, messages);
  const later = await planOf(rules, messages, { nowMs: NOW_MS + 1000 });
  const other = await planOf(rules, messages.toReversed());
  match(plan.planId, /^[0-9a-f]{64}$/);
  equal(later.plan.planId, plan.planId);
  equal(other.plan.planId === plan.planId, false);
  equal(plan.expiresAt, "2026-01-01T01:00:00.000Z");
});

Deno.test("Planner gives plain data without message numbers [P25] [T-P07]", {
  permissions: "none",
}, async () => {
  const { plan } = await planOf(policy(remove("all", size.over("1B"), NONE)), [
    { head: OLD },
    { head: undefined },
  ]);
  deepEqual(JSON.parse(JSON.stringify(plan)), plan);
  const keys = new Set([...plan.items, ...plan.kept].flatMap((each) => Object.keys(each)));
  equal(keys.has("no") || keys.has("row"), false);
});

Deno.test("Planner makes no plan before it knows enough, and takes no strange number", {
  permissions: "none",
}, async () => {
  const no = new MsgNo(1);
  const listing = { messages: [{ no, uid: "a", size: 1 }], digest: "d", contradictions: [] };
  const rules = checkPolicy(policy(remove("lists", LIST, NONE)));
  const planner = new Planner(rules, listing, { nowMs: NOW_MS });
  await rejects(planner.plan(), TypeError);
  throws(() => planner.learn(new MsgNo(1), { tier: 1, failed: "-ERR" }), RangeError);
  planner.learn(no, { tier: 1, failed: "-ERR" });
  equal((await planner.plan()).kept.length, 1);
});

/** Numbers that look random, the same in each run. */
function dice(seed: number): (sides: number) => number {
  let state = seed;
  return (sides) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor(state / 2 ** 32 * sides);
  };
}

Deno.test("Planner never removes what a needed fact is unknown of [I2]", {
  permissions: "none",
}, async () => {
  const roll = dice(20_260_101);
  const lines = [
    "From: a@b.example",
    "List-Id: <a>",
    "Subject: sale",
    "X: 1",
    "Date: soon",
    "From: ,",
  ];
  const atoms = () =>
    [
      age.over("90d"),
      age.under("90d"),
      size.over("1kB"),
      LIST,
      header("X").equals("1"),
      from.domain("b.example"),
      subject.contains("sale"),
      listId("a"),
      duplicateOf({ by: "content" }),
    ][roll(9)] ?? LIST;
  const condition = (depth: number): ReturnType<typeof not> => {
    if (depth === 0 || roll(3) === 0) return atoms();
    if (roll(3) === 0) return not(condition(depth - 1));
    const parts = [condition(depth - 1), condition(depth - 1)];
    return roll(2) === 0 ? { any: parts } : { all: parts };
  };
  let removed = 0;
  for (let round = 0; round < 400; round++) {
    const rules = policy(remove("a", condition(3), NONE), keep("b", condition(2)));
    const messages = Array.from({ length: 5 }, (_each, at) => {
      const head = lines.filter(() => roll(2) === 0).map((line) => `${line}\r\n`).join("");
      return {
        uid: `u${at}`,
        size: 500 + roll(2) * 1000,
        head: roll(4) === 0 ? undefined : roll(3) === 0 ? head : daysOld(roll(2) * 200, head),
        complete: roll(4) > 0,
        body: roll(3) === 0 ? undefined : "x",
      };
    });
    let planned: Planned;
    try {
      planned = await planOf(rules, messages);
    } catch (error) {
      // Rules made by chance may contradict each other.
      if (error instanceof Error && error.name === "PolicyError") continue;
      throw error;
    }
    const { plan } = planned;
    equal(plan.items.length + plan.kept.length, messages.length);
    // Whatever the unknown facts are, the message would be removed: each of them is tried.
    for (const { uid, rule } of plan.items) {
      removed++;
      equal(rule, "a");
      const at = messages.findIndex((message) => message.uid === uid);
      const message = messages[at];
      equal(message?.head !== undefined && message.complete, true);
      for (const body of ["x", "y"]) {
        const known = messages.map((each) => ({
          ...each,
          head: each.head ?? (body === "x" ? message?.head : "X-Was: unknown\r\n"),
          complete: true,
          body: each.body ?? body,
        }));
        const again = await planOf(rules, known);
        equal(again.plan.items.some((item) => item.uid === uid), true);
      }
    }
  }
  equal(removed > 50, true);
});

Deno.test("Planner asks each of many equal messages once [T-P06]", {
  permissions: "none",
}, async () => {
  const count = 3000;
  const messages = Array.from({ length: count }, () => ({ uid: "a", head: OLD, body: "a" }));
  const rules = policy(remove("copies", duplicateOf({ by: "content" }), NONE));
  const { plan, asked } = await planOf(rules, messages);
  equal(plan.items.length, count - 1);
  deepEqual(asked.map(([tier, ...numbers]) => [tier, numbers.length]), [[1, count], [3, count]]);
  deepEqual(plan.cost, { headers: count, contents: count });
});
