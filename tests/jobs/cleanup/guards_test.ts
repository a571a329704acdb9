import { deepEqual, equal } from "node:assert/strict";
import {
  checkPolicy,
  type GuardTrip,
  type PolicyGuards,
  remove,
  size,
} from "../../../src/jobs/mod.ts";
import { type GuardedRun, guardTrips } from "../../../src/jobs/cleanup/plan/guards.ts";
import { daysOld, planOf } from "./mailbox.ts";

const ALL = remove("all", size.over("2kB"), { archive: "none" });

function trips(
  run: Partial<GuardedRun>,
  guards: Partial<PolicyGuards> = {},
): readonly string[] {
  return found(run, guards).map(({ guard }) => guard);
}

function found(
  run: Partial<GuardedRun>,
  guards: Partial<PolicyGuards> = {},
): readonly GuardTrip[] {
  return guardTrips({
    guards: checkPolicy({ rules: [ALL], guards }).guards,
    messages: 1000,
    uids: new Set(),
    previousUids: undefined,
    contradictions: [],
    removals: 0,
    young: 0,
    ...run,
  });
}

function uids(from: number, to: number): ReadonlySet<string> {
  return new Set(Array.from({ length: to - from }, (_each, at) => `u${from + at}`));
}

Deno.test.each<[string, Partial<GuardedRun>, Partial<PolicyGuards>, readonly string[]]>([
  ["nothing to remove", { messages: 0 }, {}, []],
  ["as many as allowed", { removals: 250 }, {}, []],
  ["too great a part", { removals: 251 }, {}, ["maxFraction"]],
  ["as many as allowed", { removals: 500, messages: 9000 }, {}, []],
  ["too many", { removals: 501, messages: 9000 }, {}, ["maxDelete"]],
  ["as few left as allowed", { removals: 5, messages: 25 }, {}, []],
  ["too few left", { removals: 6, messages: 25 }, {}, ["keepAtLeast"]],
  ["young ones", { removals: 2, young: 1 }, {}, ["minAge"]],
  ["everything", { removals: 1000, young: 1 }, {}, [
    "maxDelete",
    "maxFraction",
    "minAge",
    "keepAtLeast",
  ]],
  ["limits of its own", { removals: 10 }, { maxDelete: 9, maxFraction: 0.01 }, ["maxDelete"]],
])("guardTrips() for %s: %j with %j is %j [T-C12]", { permissions: "none" }, (
  _name,
  run,
  guards,
  expected,
) => {
  deepEqual(trips(run, guards), expected);
});

Deno.test.each<[string, ReadonlySet<string>, readonly string[]]>([
  ["the same", uids(0, 100), []],
  ["only new ones", uids(0, 300), []],
  ["half of them gone", uids(50, 100), []],
  ["more than half gone", uids(51, 100), ["shrink"]],
  ["all gone", uids(0, 0), ["shrink"]],
  ["a fifth replaced", uids(20, 120), []],
  ["more replaced", uids(21, 121), ["uidChurn"]],
  ["all replaced", uids(500, 600), ["uidChurn"]],
  ["all replaced by few", uids(500, 530), ["uidChurn", "shrink"]],
])("guardTrips() compares with the last run: %s [P22] [P23] [T-C10]", { permissions: "none" }, (
  _name,
  now,
  expected,
) => {
  deepEqual(trips({ previousUids: uids(0, 100), uids: now, messages: now.size }), expected);
  deepEqual(trips({ previousUids: new Set(), uids: now, messages: now.size }), []);
});

Deno.test(
  "guardTrips() stops where the listings count differently",
  { permissions: "none" },
  () => {
    const text = "STAT has 3 messages, LIST 2";
    deepEqual(trips({ contradictions: [{ kind: "count", text }] }), ["listing"]);
    deepEqual(trips({ contradictions: [{ kind: "octets", text }] }), []);
  },
);

Deno.test(
  "Planner never makes a plan smaller to fit a guard",
  { permissions: "none" },
  async () => {
    const messages = Array.from({ length: 10 }, (_each, at) => ({
      head: daysOld(at < 2 ? 0.5 : 50),
      size: at < 8 ? 3000 : 1000,
    }));
    const { plan } = await planOf({ rules: [ALL], guards: { maxDelete: 7 } }, messages);
    equal(plan.items.length, 8);
    const text = "8 of 10 messages would be removed; if that is meant, it takes";
    deepEqual(plan.trips, [
      { guard: "maxDelete", limit: 7, found: 8, text: `${text} maxDelete = 8` },
      { guard: "maxFraction", limit: 0.25, found: 0.8, text: `${text} maxFraction = 0.8` },
      {
        guard: "minAge",
        limit: "24h",
        found: 2,
        text: "2 messages that would be removed are younger than 24h; " +
          "if that is meant, it takes a shorter minAge",
      },
      {
        guard: "keepAtLeast",
        limit: 20,
        found: 2,
        text: "2 would be left; if that is meant, it takes keepAtLeast = 2",
      },
    ]);
  },
);

Deno.test("Planner compares with the unique-ids of the last run [T-C10]", {
  permissions: "none",
}, async () => {
  const messages = [{ head: "" }, { head: "" }];
  const { plan } = await planOf({ rules: [ALL] }, messages, { previousUids: ["v1", "v2"] });
  deepEqual(plan.trips.map(({ guard }) => guard), ["uidChurn"]);
});

Deno.test("guardTrips() tells limits that a small mailbox then keeps", {
  permissions: "none",
}, () => {
  for (let messages = 1; messages <= 40; messages++) {
    for (let removals = 1; removals <= messages; removals++) {
      const told = found({ messages, removals }).map(({ text }) => {
        const [, name, limit] = / takes (\w+) = ([\d.]+)$/.exec(text) ?? [];
        return [name, Number(limit)] as const;
      });
      deepEqual(trips({ messages, removals }, Object.fromEntries(told)), []);
    }
  }
});

Deno.test("guardTrips() lets gaps in the numbers pass [Q4]", { permissions: "none" }, () => {
  const text = "LIST has the number 3, STAT 2 messages";
  deepEqual(trips({ contradictions: [{ kind: "beyond-count", text }] }), []);
});

Deno.test.each<[{ maxDelete: number; maxFraction: number }, string[]]>([
  [{ maxDelete: 500, maxFraction: 0.25 }, []],
  [{ maxDelete: 100, maxFraction: 0.1 }, [
    "max-delete 200 of the run",
    "max-fraction 0.2 of the run",
  ]],
  [{ maxDelete: 900, maxFraction: 0.1 }, ["max-fraction 0.2 of the run"]],
])("guardTrips() names the limit of the run where that is what holds: %j", {
  permissions: "none",
}, (caps, ways) => {
  const text = "200 of 1000 messages would be removed; if that is meant, it takes";
  deepEqual(
    found({ removals: 200, caps }).map((trip) => trip.text),
    ways.map((way) => `${text} ${way}`),
  );
});

Deno.test("guardTrips() names both limits where both hold", { permissions: "none" }, () => {
  const [trip] = found({ removals: 300, caps: { maxDelete: 999, maxFraction: 0.1 } });
  deepEqual([trip?.guard, trip?.limit, trip?.found], ["maxFraction", 0.1, 0.3]);
  equal(
    trip?.text,
    "300 of 1000 messages would be removed; if that is meant, it takes max-fraction 0.3 of the run " +
      "and maxFraction = 0.3",
  );
});
