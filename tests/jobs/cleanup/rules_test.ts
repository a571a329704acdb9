import { deepEqual, equal } from "node:assert/strict";
import {
  age,
  allOf,
  anyOf,
  cc,
  duplicateOf,
  firstSeen,
  from,
  header,
  listId,
  not,
  type PolicyCondition,
  size,
  subject,
  to,
  uid,
} from "../../../src/jobs/mod.ts";
import { predicateOf } from "../../../src/jobs/cleanup/rules/rules.ts";
import type { MessageFacts } from "../../../src/jobs/cleanup/rules/message_facts.ts";
import { unknown } from "../../../src/jobs/cleanup/rules/verdict.ts";
import { CONTEXT, dateAt, DAY_MS, daysOld, factsOf, NOW_MS } from "./mailbox.ts";

/** In words, and that the opposite is unknown exactly where the condition is. */
function ask(condition: PolicyCondition, facts: MessageFacts): string {
  const { truth, lack } = predicateOf(condition, CONTEXT).test(facts);
  const other = predicateOf(not(condition), CONTEXT).test(facts);
  equal(other.truth, truth === undefined ? undefined : !truth);
  equal(other.lack, lack);
  return lack ?? String(truth);
}

const list = header("List-Id").exists();
const boss = from.domain("boss.example");

Deno.test.each<[string, PolicyCondition, string | undefined, string]>([
  ["exists", list, "List-Id: a\r\n", "true"],
  ["exists", list, "Subject: a\r\n", "false"],
  ["exists", list, undefined, "unobtained"],
  ["exists(false)", header("List-Id").exists(false), "Subject: a\r\n", "true"],
  ["equals", header("X-A").equals("One"), "x-a: oNE\r\n", "true"],
  ["equals", header("X-A").equals("One"), "X-A: Ones\r\n", "false"],
  ["equals", header("X-A").equals("One"), "X-B: One\r\n", "absent"],
  ["equals", header("X-A").equals("One"), undefined, "unobtained"],
  ["contains", header("X-A").contains("TWO"), "X-A: one\r\nX-A: a two b\r\n", "true"],
  ["contains", header("X-A").contains("TWO"), "X-A: one\r\n", "false"],
  ["contains", header("X-A").contains("TWO"), "", "absent"],
  ["matches", header("X-A").matches("^n\\d+$"), "X-A: N42\r\n", "true"],
  ["matches", header("X-A").matches("^n\\d+$"), "X-A: N\r\n", "false"],
  ["matches", header("X-A").matches("^n\\d+$"), "", "absent"],
  ["matches", header("X-A").matches("n"), `X-A: ${"m".repeat(65_536)}\r\n`, "unobtained"],
  ["subject", subject.contains("grüße"), "Subject: =?utf-8?Q?Gr=C3=BC=C3=9Fe?=\r\n", "true"],
  ["subject", subject.contains("grüße"), "Subject: hello\r\n", "false"],
  ["subject", subject.contains("grüße"), "", "absent"],
  ["from.domain", boss, "From: Ann <ann@BOSS.example>\r\n", "true"],
  ["from.domain", boss, "From: ann@boss.example.evil.example\r\n", "false"],
  ["from.domain", boss, "From: ,\r\n", "unobtained"],
  ["from.domain", boss, "To: ann@boss.example\r\n", "absent"],
  [
    "from.address",
    from.address("Ann@boss.example"),
    "From: b@c.example, ann@Boss.example\r\n",
    "true",
  ],
  ["from.address", from.address("Ann@boss.example"), "From: bob@boss.example\r\n", "false"],
  ["to.address", to.address("a@b.example"), "To: a@b.example\r\n", "true"],
  ["to.address", to.address("a@b.example"), "Cc: a@b.example\r\n", "absent"],
  ["cc.address", cc.address("a@b.example"), "Cc: x: a@b.example;\r\n", "true"],
  ["cc.address", cc.address("a@b.example"), "Cc: c@b.example\r\n", "false"],
  ["listId", listId("Roses.lists.example"), "List-Id: R <roses.lists.example>\r\n", "true"],
  ["listId", listId("Roses.lists.example"), "List-Id: <tulips.lists.example>\r\n", "false"],
  ["listId", listId("Roses.lists.example"), "List-Id: <>\r\n", "unobtained"],
  ["listId", listId("Roses.lists.example"), "", "absent"],
])("%s %j of %j is %s, and the opposite in the other polarity", { permissions: "none" }, (
  _name,
  condition,
  head,
  expected,
) => {
  equal(ask(condition, factsOf(head)), expected);
});

Deno.test.each<[string, PolicyCondition, Partial<MessageFacts>, string]>([
  ["size.over", size.over("1kB"), { size: 1001 }, "true"],
  ["size.over", size.over("1kB"), { size: 1000 }, "false"],
  ["size.under", size.under("1kB"), { size: 999 }, "true"],
  ["size.under", size.under("1kB"), { size: 1000 }, "false"],
  ["size.over", size.over("1kB"), { size: undefined }, "unobtained"],
  ["uid", uid("A"), { uid: "A" }, "true"],
  ["uid", uid("A"), { uid: "a" }, "false"],
  ["uid", uid("A"), { uid: undefined }, "unobtained"],
  ["firstSeen.over", firstSeen.over("1d"), { firstSeenMs: NOW_MS - DAY_MS - 1 }, "true"],
  ["firstSeen.over", firstSeen.over("1d"), { firstSeenMs: NOW_MS - DAY_MS }, "false"],
  ["firstSeen.under", firstSeen.under("1d"), { firstSeenMs: NOW_MS }, "true"],
  ["firstSeen.over", firstSeen.over("1d"), {}, "unobtained"],
  ["firstSeen.over", firstSeen.over("1d"), { firstSeenMs: NOW_MS + 1 }, "unobtained"],
  ["duplicateOf", duplicateOf({ by: "content" }), {}, "false"],
  [
    "duplicateOf",
    duplicateOf({ by: "content" }),
    { copy: () => unknown("unobtained") },
    "unobtained",
  ],
])("%s %j of %j is %s without a header", { permissions: "none" }, (
  _name,
  condition,
  facts,
  expected,
) => {
  equal(ask(condition, factsOf(undefined, facts)), expected);
});

Deno.test.each<[string, string, string | undefined, Partial<MessageFacts>, string]>([
  ["received alone", ">90d", daysOld(91), {}, "true"],
  ["received alone", ">90d", daysOld(90), {}, "false"],
  ["received alone", "<90d", daysOld(90), {}, "false"],
  ["date alone", ">90d", `Date: ${dateAt(91)}\r\n`, {}, "true"],
  ["agreement", ">90d", daysOld(91, `Date: ${dateAt(95)}\r\n`), {}, "true"],
  ["disagreement", ">90d", daysOld(5, `Date: ${dateAt(95)}\r\n`), {}, "unobtained"],
  ["a forged old date", "<90d", daysOld(5, `Date: ${dateAt(95)}\r\n`), {}, "unobtained"],
  ["a future date", ">90d", daysOld(91, `Date: ${dateAt(-1)}\r\n`), {}, "unobtained"],
  ["a future date alone", "<90d", `Date: ${dateAt(-1)}\r\n`, {}, "unobtained"],
  ["no date", ">90d", "Subject: a\r\n", {}, "absent"],
  ["an unparsable date", ">90d", "Date: yesterday\r\n", {}, "unobtained"],
  ["an odd zone", ">90d", "Date: Sat, 4 Jul 2020 09:05 +9900\r\n", {}, "unobtained"],
  ["two dates", ">90d", `Date: ${dateAt(91)}\r\nDate: ${dateAt(1)}\r\n`, {}, "unobtained"],
  ["no header", ">90d", undefined, { firstSeenMs: NOW_MS - 91 * DAY_MS }, "unobtained"],
  ["first seen alone", ">90d", "Subject: a\r\n", { firstSeenMs: NOW_MS - 91 * DAY_MS }, "true"],
  ["first seen as least age", ">90d", "Subject: a\r\n", { firstSeenMs: NOW_MS }, "unobtained"],
  ["first seen as least age", "<90d", "Subject: a\r\n", { firstSeenMs: NOW_MS }, "unobtained"],
  ["first seen as least age", "<90d", "", { firstSeenMs: NOW_MS - 91 * DAY_MS }, "false"],
  ["a new journal", ">90d", daysOld(91), { firstSeenMs: NOW_MS }, "true"],
  ["seen before it was received", ">90d", daysOld(5), {
    firstSeenMs: NOW_MS - 91 * DAY_MS,
  }, "unobtained"],
])("age with %s: %s of %j and %j is %s [P33] [T-C12]", { permissions: "none" }, (
  _name,
  text,
  head,
  facts,
  expected,
) => {
  equal(ask({ age: text }, factsOf(head, facts)), expected);
});

Deno.test("age with require: first-known takes the first that is known [T-C12]", {
  permissions: "none",
}, () => {
  const context = { ...CONTEXT, age: { ...CONTEXT.age, require: "first-known" } } as const;
  const facts = factsOf(daysOld(5, `Date: ${dateAt(95)}\r\n`));
  equal(predicateOf(age.over("90d"), context).test(facts).truth, false);
  const undated = factsOf(`Received: by a\r\nDate: ${dateAt(95)}\r\n`);
  equal(predicateOf(age.over("90d"), context).test(undated).truth, true);
});

Deno.test.each<[PolicyCondition, string, string]>([
  [list, "List-Id: <a", "true"],
  [list, "Subject: a\r\n", "unobtained"],
  [header("X-A").equals("one"), "X-A: one\r\nX-B: t", "true"],
  [header("X-A").equals("one"), "X-A: two\r\nX-B: t", "unobtained"],
  [header("X-A").equals("one"), "X-A: one", "unobtained"],
  [header("X-A").equals("one"), "X-B: t", "unobtained"],
  [age.over("1d"), "Subject: a\r\nTo", "unobtained"],
  [boss, "From: ann@boss.example", "unobtained"],
  [() => true, "Subject: a\r\n", "unobtained"],
])("%j of %j, cut off, is %s [T-X10]", { permissions: "none" }, (condition, head, expected) => {
  equal(ask(condition, factsOf(head, { complete: false })), expected);
});

Deno.test("a header with too many fields is unknown [T-X10]", { permissions: "none" }, () => {
  const facts = factsOf("X: 1\r\n".repeat(10_001));
  equal(ask(header("Y").equals("1"), facts), "unobtained");
  equal(ask(header("Y").exists(), facts), "unobtained");
});

Deno.test("a function may say yes, no and nothing", { permissions: "none" }, () => {
  const facts = factsOf("Subject: a\r\n");
  equal(ask(({ header }) => header.get("Subject")?.text === "a", facts), "true");
  equal(ask(({ size }) => size === 1, facts), "false");
  equal(ask(() => undefined, facts), "absent");
});

Deno.test.each<[PolicyCondition, number]>([
  [size.over("1MB"), 0],
  [age.over("1d"), 1],
  [anyOf(size.over("1MB"), list), 1],
  [allOf(duplicateOf({ by: "content" }), size.over("1MB")), 3],
  [not(uid("a")), 0],
])("predicateOf(%j) declares tier %d", { permissions: "none" }, (condition, tier) => {
  equal(predicateOf(condition, CONTEXT).tier, tier);
});

Deno.test("predicateOf() asks the cheapest first", { permissions: "none" }, () => {
  let asked = 0;
  const facts = factsOf("", {
    header() {
      asked++;
      return "unobtained";
    },
  });
  equal(predicateOf(allOf(list, size.over("1MB")), CONTEXT).test(facts).truth, false);
  equal(predicateOf(anyOf(list, size.under("1MB")), CONTEXT).test(facts).truth, true);
  equal(asked, 0);
});

Deno.test("predicateOf() collects evidence, made visible", { permissions: "none" }, () => {
  const facts = factsOf(daysOld(100, "Subject: a\x1b[2Jb\r\n"));
  const condition = allOf(subject.contains("a"), age.over("90d"), size.over("1B"));
  deepEqual(predicateOf(condition, CONTEXT).test(facts).evidence, [
    { fact: "size", value: 1000 },
    { fact: "Subject", value: "a\\x1b[2Jb" },
    { fact: "age", value: "2025-09-23T00:00:00.000Z", basis: "received" },
  ]);
});
