import { deepEqual, rejects, throws } from "node:assert/strict";
import { configFormatOf, parseConfig } from "../../src/cli/mod.ts";

const octets = (text: string): Uint8Array => new TextEncoder().encode(text);
const json = (text: string): Promise<unknown> =>
  parseConfig(octets(text), { format: "json", file: "a.json" });
const toml = (text: string): Promise<unknown> =>
  parseConfig(octets(text), { format: "toml", file: "a.toml" });
/** Values of the parsers have no prototype. */
const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

const pure = { permissions: "none" } as const;

Deno.test("configFormatOf() knows two endings, in lower case", pure, () => {
  deepEqual(["a.toml", "b/c.json", "c.yaml", "toml", "a.TOML", "a.json.bak"].map(configFormatOf), [
    "toml",
    "json",
    undefined,
    undefined,
    undefined,
    undefined,
  ]);
});

Deno.test("parseConfig() gives the same value from TOML and JSON", pure, async () => {
  const value = {
    rules: [{ id: "a", when: { all: [{ age: ">90d" }, { header: "List-Id", exists: true }] } }],
    guards: { maxFraction: 0.5, maxDelete: 20 },
  };
  const text = `
    [[rules]]
    id = "a"
    when.all = [ { age = ">90d" }, { header = "List-Id", exists = true } ]
    [guards]
    maxFraction = 0.5
    maxDelete = 20
  `;
  deepEqual(plain(await toml(text)), value);
  deepEqual(plain(await json(JSON.stringify(value, null, 2))), value);
});

Deno.test("parseConfig() reads every JSON that JSON.parse() reads", pure, async () => {
  const texts = [
    ' {"a":[1,-0.5e+3,true,false,null,"","\\u00e9\\n\\"\\/",{}],"b":{"c":[]}} ',
    '"text"',
    "0",
    "[]\r\n",
    '{"":1,"__proto__":2,"constructor":3,"\\u0061":4}',
    `"${"\u{1f600}".repeat(3)}\u2028"`,
  ];
  for (const text of texts) deepEqual(plain(await json(text)), JSON.parse(text));
});

Deno.test.each([
  ["", "1:1: expected a value, got the end of the file"],
  ["{", "1:2: expected a key in quotes, got the end of the file"],
  ["{,}", "1:2: expected a key in quotes, got ,"],
  ["{a: 1}", "1:2: expected a key in quotes, got a"],
  ['{\n  "a": 1,\n  }', "3:3: expected a key in quotes, got }"],
  ['{"a" 1}', '1:6: expected ":", got 1'],
  ['{"a": 1 "b": 2}', '1:9: expected "," or "}", got "b"'],
  ["[1, 2", '1:6: expected "," or "]", got the end of the file'],
  ["[1,]", "1:4: expected a value, got ]"],
  ["[01]", '1:3: expected "," or "]", got 1'],
  ["[+1]", "1:2: expected a value, got +1"],
  ["[NaN]", "1:2: expected a value, got NaN"],
  ["1 // one", "1:3: expected the end, got /"],
  ['["a\nb"]', '1:2: expected a text that ends in its line, with known escapes, got "'],
  ['["\\x"]', '1:2: expected a text that ends in its line, with known escapes, got "\\x"'],
  ["[tru\n]", "1:2: expected a value, got tru"],
  ["[\n1\n", '3:1: expected "," or "]", got the end of the file'],
  ['{"x": {"a": 1,\n "a": 2}}', '2:2: expected another key: this one is there already, got "a"'],
  [
    '{"a": 1, "\\u0061": 2}',
    '1:10: expected another key: this one is there already, got "\\u0061"',
  ],
])("parseConfig() tells where JSON goes wrong: %j", pure, async (text, message) => {
  await rejects(json(text), { name: "ConfigError", message: `a.json:${message}` });
  if (!message.includes("another key")) throws(() => JSON.parse(text), SyntaxError);
});

Deno.test.each([
  ["a = 1\nb = = 2", "2:5: expected TOML: invalid value"],
  ["a = 1\n\na = 2", "3:1: expected TOML: trying to redefine an already defined table or value"],
  ["[x]\nk = 1\n[x]", "3:2: expected TOML: trying to redefine an already defined table or value"],
  ["a = 'x\n", "1:7: expected TOML: control characters are not allowed in strings"],
])("parseConfig() tells where TOML goes wrong: %j", pure, async (text, message) => {
  await rejects(toml(text), { name: "ConfigError", message: `a.toml:${message}` });
});

Deno.test(
  "parseConfig() takes a byte order mark, and refuses what is not UTF-8",
  pure,
  async () => {
    deepEqual(plain(await json('\ufeff{"a":1}')), { a: 1 });
    deepEqual(plain(await toml("\ufeffa = 1")), { a: 1 });
    const latin1 = Uint8Array.from([...octets("a = 1\nb = '"), 0xe9, 0x27]);
    await rejects(parseConfig(latin1, { format: "toml", file: "a.toml" }), {
      name: "ConfigError",
      message: "a.toml:2:6: expected UTF-8",
    });
  },
);

Deno.test("parseConfig() refuses what is deeper than anybody writes", pure, async () => {
  await rejects(json("[".repeat(100_000)), { name: "ConfigError", message: /at most 200 levels/ });
  await rejects(toml(`a = ${"[".repeat(100_000)}`), { name: "ConfigError" });
});

Deno.test("ConfigError tells line and column as numbers", pure, async () => {
  await rejects(json("[\n  x]"), { line: 2, column: 3 });
});
