import { deepEqual } from "node:assert/strict";
import { FirstRefusals } from "../../../src/jobs/bulk/send/first_refusals.ts";
import type { RowOutcome } from "../../../src/jobs/mod.ts";

const PURE = { permissions: "none" } as const;

/** What became of a row, such as `1 rcpt 554 5.7.1`. 450 defers it; it was given up for 451. */
function outcomeOf(text: string): RowOutcome {
  const [id, stage, code, enhanced] = text.split(" ");
  const state = code === "250" ? "accepted" : code === "450" ? "deferred" : "failed";
  return {
    ...{ id: Number(id), state, stage: stage ?? "" },
    ...(code !== undefined && { code: Number(code) }),
    ...(enhanced !== undefined && { enhanced }),
  };
}

Deno.test.each<[name: string, outcomes: string[], verdicts: string[]]>([
  ["three rows, refused alike", [
    ...["1 rcpt 554 5.7.1", "2 rcpt 554 5.7.1", "3 rcpt 554 5.7.1", "4 rcpt 554 5.7.1"],
  ], ["again", "again", "stop", "stop"]],
  ["a login that is missing, at once", ["1 rcpt 530 5.7.0"], ["stop"]],
  ["all rows of a short list", ["1 rcpt 554 5.7.1", "1 rcpt 554 5.7.1"], ["again", "stop"]],
  ["who writes, by the address", ["1 rcpt 553 5.1.8", "1 rcpt 553 5.1.8"], ["again", "stop"]],
  ["no row of a short list without a word of why", ["1 rcpt 550", "1 rcpt 550"], [
    "again",
    "as is",
  ]],
  ["what we refuse for what the server takes", ["1 mail", "2 mail", "3 mail"], [
    ...["again", "again", "stop"],
  ]],
  ["nothing in what we refuse for the row", ["1 render", "2 render", "3 render"], [
    ...["as is", "as is", "as is"],
  ]],
  ["nothing in what is about a mailbox", ["1 rcpt 550 5.1.1", "2 rcpt 552 5.2.2"], [
    ...["as is", "as is"],
  ]],
  ["nothing in what is about the way there", ["1 rcpt 550 5.4.1", "2 rcpt 550 5.4.1"], [
    ...["as is", "as is"],
  ]],
  ["nothing in rows that were given up", ["1 rcpt 451 4.7.1", "2 rcpt 451 4.7.1", "1 mail 451"], [
    ...["as is", "as is", "as is"],
  ]],
  ["nothing as soon as somebody was accepted", [
    ...["1 rcpt 554 5.7.1", "2 final 250 2.0.0", "1 rcpt 554 5.7.1", "3 rcpt 530"],
  ], ["again", "as is", "as is", "as is"]],
  ["nothing as soon as a recipient was taken", ["1 final 554 5.7.1", "2 rcpt 554 5.7.1"], [
    ...["as is", "as is"],
  ]],
  ["nothing where refusals differ", ["1 rcpt 554 5.7.1", "2 rcpt 550", "1 rcpt 554 5.7.1"], [
    ...["again", "as is", "as is"],
  ]],
  ["what comes between for now", [
    ...["1 rcpt 550", "2 rcpt 450 4.2.0", "3 rcpt 550", "4 rcpt 550"],
  ], ["again", "as is", "again", "stop"]],
  ["with a login only what is about who sends", ["1 rcpt 550", "2 rcpt 550", "3 rcpt 550"], [
    ...["as is", "as is", "as is"],
  ]],
  [
    "with a login a sender that it does not own",
    [
      ...["1 mail 553", "2 mail 553", "3 mail 553"],
    ],
    ["again", "again", "stop"],
  ],
])("FirstRefusals sees %s [T-B16]", PURE, (name, outcomes, verdicts) => {
  const first = new FirstRefusals(name.startsWith("with a login"));
  const taken = outcomes.map(outcomeOf).map((outcome) =>
    first.take(outcome, outcome.state === "failed" && !(`${outcome.code}`.startsWith("4")))
  );
  deepEqual(taken.map((verdict) => verdict ?? "as is"), verdicts);
});
