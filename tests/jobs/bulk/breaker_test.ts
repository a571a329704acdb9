import { deepEqual, equal } from "node:assert/strict";
import { Breaker } from "../../../src/jobs/bulk/send/breaker.ts";
import type { RowOutcome } from "../../../src/jobs/mod.ts";

const PURE = { permissions: "none" } as const;
const REFUSED = { state: "failed", stage: "rcpt", code: 550, enhanced: "5.7.1" } as const;
const DOUBT = { state: "in_doubt", stage: "final" } as const;
const ACCEPTED = { state: "accepted", stage: "final", code: 250 } as const;
const DEFERRED = { state: "deferred", stage: "rcpt", code: 450 } as const;
const UNSENT = { state: "pending", stage: "connect" } as const;
const BROKEN = { state: "deferred", stage: "content", text: "reset by peer" } as const;
const LOCAL = { state: "failed", stage: "render", text: "no field" } as const;

/** After which of the outcomes it breaks, the first is 1, and why. */
function breaks(outcomes: readonly Omit<RowOutcome, "id">[]): readonly unknown[] {
  const breaker = new Breaker({ refusals: 3, doubts: 2 });
  for (const [at, outcome] of outcomes.entries()) {
    const why = breaker.take({ id: at, ...outcome });
    if (why !== undefined) return [at + 1, why];
  }
  return [];
}

const CASES: readonly (readonly [string, readonly Omit<RowOutcome, "id">[], readonly unknown[]])[] =
  [
    ["breaks at the third of the same refusals", Array(9).fill(REFUSED), [3, "refusals"]],
    ["knows refusals by their codes, not their words", [
      ...[1, 2, 3].map((each) => ({ ...REFUSED, text: `<p${each}@x.example> no` })),
    ], [3, "refusals"]],
    ["knows refusals without a status by their codes", [
      ...["a", "b", "c"].map((text) =>
        ({ state: "failed", stage: "rcpt", code: 550, text }) as const
      ),
    ], [3, "refusals"]],
    ["counts anew after an acceptance", [REFUSED, REFUSED, ACCEPTED, REFUSED, REFUSED], []],
    ["counts anew after another refusal", [
      REFUSED,
      REFUSED,
      { ...REFUSED, code: 554 },
      REFUSED,
      { ...REFUSED, stage: "final" },
      REFUSED,
      { ...REFUSED, enhanced: "5.1.1" },
    ], []],
    ["goes on counting over what is deferred, unsent or local", [
      ...[REFUSED, DEFERRED, REFUSED, UNSENT, LOCAL, REFUSED],
    ], [6, "refusals"]],
    ["does not count local refusals", Array(50).fill(LOCAL), []],
    ["breaks at the second doubt in a row", [ACCEPTED, DOUBT, DOUBT], [3, "doubts"]],
    ["goes on counting doubts over what came back unsent", [DOUBT, UNSENT, BROKEN, LOCAL, DOUBT], [
      5,
      "doubts",
    ]],
    ["counts doubts anew after any answer", [DOUBT, ACCEPTED, DOUBT, DEFERRED, DOUBT, REFUSED], []],
  ];

Deno.test.each(CASES)("Breaker %s [T-B16] [T-B19]", PURE, (_name, outcomes, expected) => {
  deepEqual(breaks(outcomes), expected);
});

Deno.test("Breaker without limits never breaks", PURE, () => {
  const breaker = new Breaker({ refusals: Infinity, doubts: Infinity });
  for (let id = 0; id < 1000; id++) equal(breaker.take({ id, ...DOUBT }), undefined);
  for (let id = 0; id < 1000; id++) equal(breaker.take({ id, ...REFUSED }), undefined);
});
