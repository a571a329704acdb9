import { equal } from "node:assert/strict";
import {
  age,
  allOf,
  checkPolicy,
  duplicateOf,
  from,
  header,
  keep,
  recheckItem,
  remove,
  size,
  target,
} from "../../../src/jobs/mod.ts";
import { daysOld, headerOf, NOW_MS, OPEN_GUARDS, planOf } from "./mailbox.ts";

const POLICY = checkPolicy({
  rules: [
    remove("lists", allOf(header("List-Id").exists(), age.over("90d"), size.over("500B")), {
      archive: "none",
    }),
    remove("copies", duplicateOf({ by: "content" }), { archive: "index-only" }),
    keep("boss", from.domain("boss.example")),
    target({ mailbox: "1B", order: "oldest-first", only: age.over("90d"), archive: "none" }),
  ],
  guards: OPEN_GUARDS,
});
const LIST = "List-Id: <a>\r\n";
const OLD_LIST = daysOld(100, LIST);

Deno.test.each<[string, string, number, boolean, string | undefined]>([
  ["the same", OLD_LIST, 1000, true, undefined],
  ["another size", OLD_LIST, 500, true, "lists"],
  ["another age", daysOld(10, LIST), 1000, true, "lists"],
  ["a field less", daysOld(100), 1000, true, "lists"],
  ["a sender to be kept", `${OLD_LIST}From: a@boss.example\r\n`, 1000, true, "boss"],
  ["a sender nobody can read", `${OLD_LIST}From: ,\r\n`, 1000, true, "boss"],
  ["a header cut off", `${OLD_LIST}X: 1`, 1000, false, "lists"],
])("recheckItem() of %s [P35]", { permissions: "none" }, async (
  _name,
  head,
  octets,
  complete,
  expected,
) => {
  const { plan: { items: [item] } } = await planOf(POLICY, [{ head: OLD_LIST }]);
  if (item === undefined) throw new TypeError("Cannot recheck: nothing is planned");
  const message = { header: headerOf(head, complete), size: octets };
  equal(recheckItem(POLICY, item, { message, nowMs: NOW_MS }), expected);
});

Deno.test(
  "recheckItem() takes copies and targets from the plan",
  { permissions: "none" },
  async () => {
    const mail = { head: daysOld(100), body: "a" };
    const { plan: { items } } = await planOf(POLICY, [mail, mail]);
    equal(items.map(({ rule }) => rule).join(), "target,copies");
    const message = { header: headerOf(mail.head), size: 1000 };
    for (const item of items) {
      equal(recheckItem(POLICY, item, { message, nowMs: NOW_MS }), undefined);
      const unknownRule = { ...item, rule: "other" };
      equal(recheckItem(POLICY, unknownRule, { message, nowMs: NOW_MS }), "other");
    }
  },
);
