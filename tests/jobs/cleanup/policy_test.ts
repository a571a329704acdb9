import { deepEqual, equal, throws } from "node:assert/strict";
import {
  age,
  allOf,
  anyOf,
  checkPolicy,
  definePolicy,
  duplicateOf,
  eml,
  firstSeen,
  from,
  header,
  keep,
  keepNewest,
  listId,
  maildir,
  mbox,
  not,
  PolicyError,
  remove,
  size,
  subject,
  target,
  uid,
} from "../../../src/jobs/mod.ts";

const BIG = { id: "big", do: "remove", archive: "none", when: { size: ">20MB" } };

function when(condition: unknown): unknown {
  return { rules: [{ ...BIG, when: condition }] };
}

function guards(values: unknown): unknown {
  return { rules: [BIG], guards: values };
}

function archives(values: unknown): unknown {
  return { rules: [BIG], archives: values };
}

const NUMBER = "a whole number of at least 1";
const KINDS = "a condition: all, any, not, age, size, firstSeen, uid, listId, header, subject, " +
  "from, to, cc, duplicateOf";
const RULES = "no key but rules, default, age, guards, archives";

Deno.test.each<[unknown, string]>([
  [[], "policy: expected a table of rules, default, age, guards, archives, got an empty list"],
  [undefined, "policy: expected a table of rules, default, age, guards, archives, got nothing"],
  [new Date(0), "policy: expected a table of rules, default, age, guards, archives, got a date"],
  [{}, "rules: expected a list with at least one entry, got nothing"],
  [{ rules: [] }, "rules: expected a list with at least one entry, got an empty list"],
  [{ rules: [BIG], rule: 1 }, `rule: expected ${RULES}, got "rule"`],
  [
    JSON.parse('{ "rules": [], "__proto__": {} }'),
    `"__proto__": expected ${RULES}, got "__proto__"`,
  ],
  [{ rules: [BIG], default: "remove" }, 'default: expected "keep", got "remove"'],
  [
    { rules: [{ ...BIG, do: "delete" }] },
    'rules[0].do: expected "keep" or "remove" or "keepNewest" or "target", got "delete"',
  ],
  [
    { rules: [{ ...BIG, archiv: "a" }] },
    'rules[0].archiv: expected no key but id, do, when, archive, got "archiv"',
  ],
  [
    { rules: [{ ...BIG, do: "keep" }] },
    'rules[0].archive: expected no key but id, do, when, got "archive"',
  ],
  [
    { rules: [{ ...BIG, id: "../a" }] },
    'rules[0].id: expected a name of letters, digits, _, . and -, got "../a"',
  ],
  [
    { rules: [BIG, { ...BIG, when: { size: ">1MB" } }] },
    'rules[1].id: expected another id than rules[0], got "big"',
  ],
  [
    { rules: [{ id: "a", do: "remove", when: BIG.when }] },
    "rules[0].archive: expected an archive: index-only, none, got nothing",
  ],
  [
    { rules: [{ ...BIG, archive: "lists" }], archives: { old: { eml: "a" } } },
    'rules[0].archive: expected an archive: old, index-only, none, got "lists"',
  ],
  [
    { rules: [{ ...BIG, archive: "constructor" }] },
    'rules[0].archive: expected an archive: index-only, none, got "constructor"',
  ],
  [
    { rules: [{ id: "n", do: "keepNewest", count: 0 }] },
    `rules[0].count: expected ${NUMBER}, got 0`,
  ],
  [
    { rules: [{ id: "n", do: "keepNewest", count: 5, per: "to" }] },
    'rules[0].per: expected "from" or "listId", got "to"',
  ],
  [
    { rules: [{ id: "t", do: "target", mailbox: 2e9, archive: "none" }] },
    'rules[0].mailbox: expected a size such as "20MB", got 2000000000',
  ],
  [when(undefined), `rules[0].when: expected ${KINDS}, got nothing`],
  [when({}), `rules[0].when: expected ${KINDS}, got a table`],
  [when({ ages: ">1d" }), `rules[0].when.ages: expected ${KINDS}, got "ages"`],
  [
    when({ age: ">1d", size: ">1MB" }),
    'rules[0].when.size: expected no key but age, got "size"',
  ],
  [
    when({ all: [] }),
    "rules[0].when.all: expected a list with at least one entry, got an empty list",
  ],
  [
    { rules: [BIG, { ...BIG, id: "b", when: { all: [{ age: "90" }] } }] },
    'rules[1].when.all[0].age: expected a duration such as "90d", got "90"',
  ],
  [when({ age: 90 }), 'rules[0].when.age: expected a duration such as "90d", got 90'],
  [when({ age: ">90" }), 'rules[0].when.age: expected a duration such as "90d", got "90"'],
  [when({ age: ">20MB" }), 'rules[0].when.age: expected a duration such as "90d", got "20MB"'],
  [when({ age: "90d" }), 'rules[0].when.age: expected ">90d" or "<90d", got "90d"'],
  [when({ age: ">0d" }), 'rules[0].when.age: expected a duration such as "90d", got "0d"'],
  [when({ age: ">1M" }), 'rules[0].when.age: expected a duration such as "90d", got "1M"'],
  [when({ size: ">90d" }), 'rules[0].when.size: expected a size such as "20MB", got "90d"'],
  [when({ size: ">20 MB" }), 'rules[0].when.size: expected a size such as "20MB", got "20 MB"'],
  [
    when({ firstSeen: ">1y" }),
    'rules[0].when.firstSeen: expected a duration such as "90d", got "1y"',
  ],
  [
    when({ header: "List Id", exists: true }),
    'rules[0].when.header: expected the name of a field, got "List Id"',
  ],
  [when({ header: "A", exists: 1 }), "rules[0].when.exists: expected true or false, got 1"],
  [
    when({ header: "A", exists: true, equals: "b" }),
    'rules[0].when.equals: expected no key but header, exists, got "equals"',
  ],
  [
    when({ header: "A" }),
    "rules[0].when: expected one of exists, equals, contains, matches, got a table",
  ],
  [when({ header: "A", equals: "" }), 'rules[0].when.equals: expected a text, got ""'],
  [when({ header: "A", equals: "b\n" }), 'rules[0].when.equals: expected a text, got "b\\n"'],
  [
    when({ any: [{ not: { header: "A", matches: "(a)\\1" } }] }),
    'rules[0].when.any[0].not.matches: expected a linear pattern: at character 5 no digit is expected: there are no back-references, got "(a)\\1"',
  ],
  [
    when({ subject: { equals: "a", contains: "b" } }),
    "rules[0].when.subject: expected one of equals, contains, matches, got a table",
  ],
  [
    when({ from: "a@b.example" }),
    'rules[0].when.from: expected a table of address, domain, got "a@b.example"',
  ],
  [when({ from: {} }), "rules[0].when.from: expected one of address, domain, got a table"],
  [when({ to: { address: "a" } }), 'rules[0].when.to.address: expected a mail address, got "a"'],
  [when({ cc: { domain: "a b" } }), 'rules[0].when.cc.domain: expected a mail domain, got "a b"'],
  [
    when({ duplicateOf: { by: "id" } }),
    'rules[0].when.duplicateOf.by: expected "content", got "id"',
  ],
  [
    guards({ maxDelet: 1 }),
    'guards.maxDelet: expected no key but maxDelete, maxFraction, minAge, keepAtLeast, uidChurn, shrink, planTtl, got "maxDelet"',
  ],
  [guards({ maxDelete: "500" }), `guards.maxDelete: expected ${NUMBER}, got "500"`],
  [guards({ maxFraction: 25 }), "guards.maxFraction: expected a number from 0 to 1, got 25"],
  [guards({ maxFraction: NaN }), "guards.maxFraction: expected a number from 0 to 1, got NaN"],
  [guards({ minAge: 24 }), 'guards.minAge: expected a duration such as "90d", got 24'],
  [
    { rules: [BIG], age: { basis: ["date", "date"] } },
    'age.basis: expected each basis once, got "date, date"',
  ],
  [
    { rules: [BIG], age: { basis: ["now"] } },
    'age.basis[0]: expected "received" or "date" or "firstSeen", got "now"',
  ],
  [
    archives({ a: { zip: "b" } }),
    'archives.a.zip: expected no key but maildir, eml, mbox, got "zip"',
  ],
  [archives({ a: {} }), "archives.a: expected one of maildir, eml, mbox, got a table"],
  [
    archives({ a: { eml: "{uid}" } }),
    'archives.a.eml: expected no braces but {yyyy}, {mm} and {dd}, got "{uid}"',
  ],
  ...["/var/mail", "../up", "a//b", "a/./b", "a/", "a\\b"].map((path): [unknown, string] => [
    archives({ a: { maildir: path } }),
    `archives.a.maildir: expected a path below the folder of the policy, got "${path}"`,
  ]),
  [archives({ none: { eml: "b" } }), 'archives.none: expected another name, got "none"'],
  [archives({ a: { mbox: "a\0b" } }), 'archives.a.mbox: expected a path, got "a\\x00b"'],
])("checkPolicy() of %j tells %s", { permissions: "none" }, (policy, message) => {
  throws(() => checkPolicy(policy), { name: "PolicyError", message });
});

Deno.test.each<[string, unknown, string]>([
  ["times", { all: [{ age: ">90d" }, { age: "<30d" }] }, "when.all[1]"],
  ["times that meet", { all: [{ age: "<30d" }, { age: ">30d" }] }, "when.all[1]"],
  ["sizes", { any: [{ all: [{ size: "<1kB" }, { size: ">1MB" }] }] }, "when.any[0].all[1]"],
  [
    "existence",
    { not: { all: [{ header: "A", exists: true }, { header: "a", exists: false }] } },
    "when.not.all[1]",
  ],
  [
    "a value of nothing",
    { all: [{ header: "A", exists: false }, { header: "A", equals: "b" }] },
    "when.all[1]",
  ],
  ["opposites", { all: [{ uid: "a" }, { not: { uid: "a" } }] }, "when.all[1]"],
])("checkPolicy() refuses contradictory %s", { permissions: "none" }, (_name, condition, path) => {
  throws(() => checkPolicy(when(condition)), { name: "PolicyError", path: `rules[0].${path}` });
});

Deno.test("checkPolicy() refuses a rule that is never reached", { permissions: "none" }, () => {
  throws(() => checkPolicy({ rules: [{ id: "a", do: "keep", when: BIG.when }, BIG] }), {
    name: "PolicyError",
    message: "rules[1].when: expected another condition than that of rules[0], got a table",
  });
});

Deno.test("checkPolicy() takes index-only for copies alone", { permissions: "none" }, () => {
  const copies = duplicateOf({ by: "content" });
  const policy = (condition: typeof copies) => ({
    rules: [remove("copies", condition, { archive: "index-only" })],
  });
  equal(checkPolicy(policy(allOf(age.over("1d"), copies))).rules.length, 1);
  for (const other of [anyOf(age.over("1d"), copies), not(copies), size.over("1MB")]) {
    throws(() => checkPolicy(policy(other)), { name: "PolicyError", path: "rules[0].archive" });
  }
});

Deno.test("checkPolicy() refuses conditions that are too deep", { permissions: "none" }, () => {
  let condition = size.over("1MB");
  for (let level = 0; level < 100_000; level++) condition = not(condition);
  throws(() => checkPolicy(when(condition)), PolicyError);
});

Deno.test("checkPolicy() keeps the cause of a pattern", { permissions: "none" }, () => {
  throws(
    () => checkPolicy(when({ subject: { matches: "a**" } })),
    (error) =>
      error instanceof PolicyError && error.value === "a**" && error.cause instanceof SyntaxError,
  );
});

Deno.test("checkPolicy() fills in the defaults and does so once", { permissions: "none" }, () => {
  const policy = checkPolicy({ rules: [BIG], guards: { maxDelete: 7 } });
  deepEqual(policy, {
    rules: [BIG],
    default: "keep",
    age: { basis: ["received", "date", "firstSeen"], require: "all-known", future: "unknown" },
    guards: {
      maxDelete: 7,
      maxFraction: 0.25,
      minAge: "24h",
      keepAtLeast: 20,
      uidChurn: 0.2,
      shrink: 0.5,
      planTtl: "1h",
    },
    archives: {},
  });
  deepEqual(checkPolicy(policy), policy);
});

Deno.test("definePolicy() gives the plain value that TOML holds", { permissions: "none" }, () => {
  const plain = {
    rules: [
      {
        id: "people",
        do: "keep",
        when: { any: [{ from: { domain: "boss.example" } }, { header: "X-Keep", exists: true }] },
      },
      {
        id: "lists",
        do: "remove",
        archive: "lists",
        when: { all: [{ age: ">90d" }, { header: "List-Id", exists: true }] },
      },
      { id: "junk", do: "remove", archive: "none", when: { subject: { matches: "^\\[spam\\]" } } },
      { id: "old", do: "remove", archive: "old", when: { not: { firstSeen: "<90d" } } },
      { id: "two", do: "remove", archive: "box", when: { any: [{ uid: "a" }, { listId: "b" }] } },
      { id: "newest", do: "keepNewest", count: 500, per: "from" },
      { id: "lists5", do: "keepNewest", count: 5, per: "listId" },
      {
        id: "target",
        do: "target",
        mailbox: "2GB",
        order: "oldest-first",
        only: { header: "List-Id", exists: true },
        archive: "lists",
      },
    ],
    archives: {
      lists: { maildir: "archive/lists/{yyyy}/{mm}" },
      old: { eml: "old" },
      box: { mbox: "box" },
    },
  };
  const policy = definePolicy({
    rules: [
      keep("people", anyOf(from.domain("Boss.example"), header("X-Keep").exists())),
      remove("lists", allOf(age.over("90d"), header("List-Id").exists()), { archive: "lists" }),
      remove("junk", subject.matches("^\\[spam\\]"), { archive: "none" }),
      remove("old", not(firstSeen.under("90d")), { archive: "old" }),
      remove("two", anyOf(uid("a"), listId("b")), { archive: "box" }),
      keepNewest(500, { id: "newest", per: from.address }),
      keepNewest(5, { id: "lists5", per: listId }),
      target({
        mailbox: "2GB",
        order: "oldest-first",
        only: header("List-Id").exists(),
        archive: "lists",
      }),
    ],
    archives: { lists: maildir("archive/lists/{yyyy}/{mm}"), old: eml("old"), box: mbox("box") },
  });
  deepEqual(policy, checkPolicy(JSON.parse(JSON.stringify(plain))));
});
