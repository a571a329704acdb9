import { deepEqual, equal } from "node:assert/strict";
import { isUnbegun, outcomeOf } from "../../../src/jobs/bulk/send/verdict.ts";
import { parseReply, type Receipt } from "../../../src/smtp/mod.ts";
import { ClosedError } from "../../../src/wire/mod.ts";

const PURE = { permissions: "none" } as const;
const NOW = Date.UTC(2026, 10, 21);
const RETRY = { attempts: 3, baseMs: 1000, maxMs: 60_000, random: () => 0.5 };
const FIRST = { id: 7, attempt: 1, ms: 12 };

function receipt(about: Partial<Receipt>): Receipt {
  return {
    ...{ outcome: "not-sent", stage: "mail", accepted: [], inDoubt: [] },
    rejected: [{ recipient: "Postmaster", retry: "later" }],
    ...{ host: "mx.example", tls: true, octets: 0 },
    ...about,
  };
}

/** How each receipt ends, at the first attempt. */
const CASES: readonly (readonly [name: string, about: Partial<Receipt>, state: string])[] = [
  ["accepted", { outcome: "accepted", stage: "final" }, "accepted"],
  ["accepted for some", { outcome: "partial", stage: "final" }, "accepted"],
  ["in doubt [T-B19]", { outcome: "in-doubt", stage: "final" }, "in_doubt"],
  ["refused [T-B16]", { outcome: "refused", stage: "rcpt" }, "failed"],
  ["deferred [T-B14]", { outcome: "deferred", stage: "rcpt" }, "deferred"],
  ["not connected", { stage: "connect" }, "pending"],
  ["refused at the greeting [T-B12]", { stage: "greeting" }, "pending"],
  ["refused at EHLO [T-B12]", { stage: "hello" }, "pending"],
  ["without TLS", { stage: "tls" }, "pending"],
  ["not logged in [T-B12] [T-B18]", { stage: "auth" }, "pending"],
  ["not begun", { stage: "mail" }, "pending"],
  [
    "refused for want of a login [T-B18]",
    { outcome: "refused", reply: parseReply("530 5.7.0 Authentication required") },
    "pending",
  ],
  ["cut off at MAIL [T-B20]", { error: new ClosedError("reset by peer") }, "deferred"],
  ["cut off after a reply to MAIL", { reply: parseReply("250 ok") }, "deferred"],
  ["cut off in the envelope [T-B13]", { stage: "rcpt" }, "deferred"],
  ["cut off in the body [T-B20]", { stage: "content" }, "deferred"],
  [
    "refused by us",
    { rejected: [{ recipient: "Postmaster", retry: "never" }], error: new Error("8bit") },
    "failed",
  ],
  ["sent to no address", { rejected: [], error: new SyntaxError("no address") }, "failed"],
];

Deno.test.each(CASES)("outcomeOf() of a message that was %s", PURE, (_name, about, state) => {
  const made = receipt(about);
  equal(outcomeOf(made, FIRST, RETRY, NOW).state, state);
  const cut = made.error instanceof ClosedError; // the connection did not come far, whoever broke it
  equal(isUnbegun(made), state === "pending" || cut);
});

Deno.test("outcomeOf() keeps what the server said", PURE, () => {
  const reply = parseReply("250 2.0.0 Queued as 4711");
  deepEqual(
    outcomeOf(
      receipt({ outcome: "accepted", stage: "final", reply, queueId: "4711" }),
      FIRST,
      RETRY,
      NOW,
    ),
    {
      ...{ id: 7, state: "accepted", stage: "final", ms: 12 },
      ...{ code: 250, enhanced: "2.0.0", text: "Queued as 4711", queueId: "4711" },
    },
  );
});

Deno.test("outcomeOf() takes the reply to the recipient if the message has none", PURE, () => {
  const reply = parseReply("450 busy");
  const rejected = [
    { recipient: "Postmaster", retry: "later" },
    { recipient: "Postmaster", retry: "later", reply },
  ] as const;
  deepEqual(
    outcomeOf(
      receipt({ outcome: "deferred", stage: "rcpt", rejected }),
      { ...FIRST, ms: undefined },
      RETRY,
      NOW,
    ),
    { id: 7, state: "deferred", stage: "rcpt", code: 450, text: "busy", notBeforeMs: NOW + 750 },
  );
});

Deno.test("outcomeOf() says what was thrown if nothing was answered", PURE, () => {
  const says = (error: unknown): string | undefined =>
    outcomeOf(receipt({ outcome: "in-doubt", stage: "final", error }), FIRST, RETRY, NOW).text;
  equal(says(new Error("reset by peer")), "reset by peer");
  equal(says("gone"), "gone");
  equal(says(undefined), "no answer came");
});

Deno.test(
  "outcomeOf() waits longer after each attempt, and then gives up [T-B14] [T-B15]",
  PURE,
  () => {
    const later = receipt({
      outcome: "deferred",
      stage: "final",
      reply: parseReply("451 4.3.0 no"),
    });
    const dues = [1, 2].map((attempt) => outcomeOf(later, { ...FIRST, attempt }, RETRY, NOW));
    deepEqual(dues.map(({ notBeforeMs = 0 }) => notBeforeMs - NOW), [750, 1500]);
    const last = outcomeOf(later, { ...FIRST, attempt: 3 }, RETRY, NOW);
    deepEqual([last.state, last.code, last.notBeforeMs], ["failed", 451, undefined]);
    equal(last.text, "given up after 3 attempts: no");
    const silent = outcomeOf(receipt({ stage: "content" }), { ...FIRST, attempt: 3 }, RETRY, NOW);
    equal(silent.text, "given up after 3 attempts: no answer came");
  },
);

Deno.test(
  "outcomeOf() does not give the last reply for the reason of a doubt [T-B19]",
  PURE,
  () => {
    const about = {
      outcome: "in-doubt",
      stage: "final",
      reply: parseReply("354 Go ahead"),
    } as const;
    const error = new Error("the connection was reset");
    const { state, code, text } = outcomeOf(receipt({ ...about, error }), FIRST, RETRY, NOW);
    deepEqual([state, code, text], ["in_doubt", undefined, "the connection was reset"]);
    equal(outcomeOf(receipt(about), FIRST, RETRY, NOW).text, "no answer came");
  },
);

Deno.test("outcomeOf() gives times in whole milliseconds", PURE, () => {
  const { notBeforeMs } = outcomeOf(
    receipt({ outcome: "deferred" }),
    FIRST,
    { ...RETRY, baseMs: 1001 },
    NOW + 0.3,
  );
  equal(notBeforeMs, NOW + 751);
});

Deno.test(
  "outcomeOf() never gives a connection's trouble to a row, however often [T-B12] [T-B18]",
  PURE,
  () => {
    const { state, notBeforeMs } = outcomeOf(
      receipt({ stage: "auth" }),
      { ...FIRST, attempt: 99 },
      RETRY,
      NOW,
    );
    deepEqual([state, notBeforeMs], ["pending", undefined]);
  },
);
