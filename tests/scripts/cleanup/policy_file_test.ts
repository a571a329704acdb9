import { deepEqual, equal, match } from "node:assert/strict";
import { parseConfig } from "../../../src/cli/mod.ts";
import { checkPolicy } from "../../../src/jobs/mod.ts";
import { cleanup, inSetting } from "./script.ts";

const RULE = `[[rules]]
id = "lists"
do = "remove"
archive = "none"
when = { header = "List-Id", exists = true }
`;

/** Each mistake, and what follows the name of the file. */
const MISTAKES: readonly (readonly [what: string, text: string, message: string])[] = [
  [
    "an unknown key",
    `${RULE}[guard]\n`,
    ': guard: expected no key but rules, default, age, guards, archives, got "guard"',
  ],
  [
    "an unknown key of a rule",
    RULE.replace("when", "then"),
    ': rules[0].then: expected no key but id, do, when, archive, got "then"',
  ],
  [
    "a wrong unit",
    RULE.replace(/when.*/, 'when.all = [ { age = ">90" } ]'),
    ': rules[0].when.all[0].age: expected a duration such as "90d", got "90"',
  ],
  [
    "a bare number",
    RULE.replace(/when.*/, "when = { size = 20 }"),
    ': rules[0].when.size: expected a size such as "20MB", got 20',
  ],
  [
    "contradictory rules",
    RULE + RULE.replace('"lists"', '"again"'),
    ": rules[1].when: expected another condition than that of rules[0], got a table",
  ],
  [
    "contradictory conditions",
    RULE.replace(/when.*/, 'when.all = [ { age = ">90d" }, { age = "<30d" } ]'),
    ": rules[0].when.all[1]: expected a condition that can be true together with all[0], got a table",
  ],
  [
    "a pattern that is not linear",
    RULE.replace(/when.*/, "when = { subject = { matches = '(a+)\\1' } }"),
    ": rules[0].when.subject.matches: expected a linear pattern: at character 6 ",
  ],
  [
    "an archive that is not there",
    RULE.replace("none", "old"),
    ': rules[0].archive: expected an archive: index-only, none, got "old"',
  ],
  ["no TOML", `${RULE}x = = 1\n`, ":6:5: expected TOML: invalid value"],
  [
    "a key twice",
    RULE.replace("do =", 'id = "a"\ndo ='),
    ":3:1: expected TOML: trying to redefine an already defined table or value",
  ],
  ["an empty file", "", ": rules: expected a list with at least one entry, got nothing"],
];

for (const [what, text, message] of MISTAKES) {
  Deno.test(`cleanup tells of a policy with ${what} in one line, and touches nothing`, async () => {
    await inSetting(async ({ box, folder, all, policy }) => {
      const path = await policy(text);
      const { code, out, err } = await cleanup(all);
      deepEqual([code, out], [1, ""]);
      equal(err.startsWith(`cleanup: ${path}${message}`), true, err);
      equal(err.trimEnd().includes("\n"), false);
      equal(box.ledger.entries.length, 0);
      const left = await Array.fromAsync(Deno.readDir(folder), ({ name }) => name);
      deepEqual(left.sort(), ["ca.pem", "policy.toml"]);
    });
  });
}

Deno.test("cleanup refuses a key that stands twice in JSON, and other files", async () => {
  await inSetting(async ({ folder, server, policy }) => {
    const call = (name: string) =>
      cleanup([...server, "--job", `${folder}/job`, "--policy", `${folder}/${name}`]);
    await policy('{ "rules": [],\n  "rules": [] }', "twice.json");
    match(
      (await call("twice.json")).err,
      /twice\.json:2:3: expected another key: .*, got "rules"\n$/,
    );
    await policy("rules: []", "policy.yaml");
    match(
      (await call("policy.yaml")).err,
      /policy\.yaml: expected a policy in \.toml, \.json or \.ts\n$/,
    );
    match((await call("none.toml")).err, /none\.toml: there is no such file\n$/);
    match(
      (await call("none.ts")).err,
      /none\.ts: there is no such file, or one that it imports\n$/,
    );
    await policy("export const rules = [];", "bare.ts");
    match((await call("bare.ts")).err, /bare\.ts: expected an export named "policy", got none\n$/);
    await policy("export const policy = {};", "empty.ts");
    match((await call("empty.ts")).err, /empty\.ts: rules: expected a list .*, got nothing\n$/);
    await policy("export const = {};", "broken.ts");
    match((await call("broken.ts")).err, /broken\.ts:1:14: Unexpected token [^\n]*\n$/);
    await policy("throw new Error('oh\\nno');", "throws.ts");
    match((await call("throws.ts")).err, /throws\.ts: oh\n$/);
  });
});

Deno.test("README shows a policy that is one", async () => {
  const readme = await Deno.readTextFile("README.md");
  const blocks = [...readme.matchAll(/^```toml\n([^]*?)^```/gm)].map(([, text = ""]) => text);
  equal(blocks.length, 1);
  for (const text of blocks) {
    const octets = new TextEncoder().encode(text);
    const { rules } = checkPolicy(await parseConfig(octets, { format: "toml", file: "README.md" }));
    deepEqual(rules.map(({ id }) => id), ["people", "lists", "newest"]);
  }
});
