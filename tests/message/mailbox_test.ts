import {
  AddressError,
  type Group,
  type Mailbox,
  parseAddressList,
  parseMailbox,
} from "@mailwright/mailwright/message";
import { deepEqual, equal, ok, throws } from "node:assert/strict";
import { seeded, textOf } from "./random.ts";

const pure = { permissions: "none" } as const;

/** A list in a short form: names and addresses as text. */
function shown(list: readonly (Mailbox | Group)[]): unknown[] {
  return list.map((item) =>
    "members" in item
      ? { group: item.name, members: shown(item.members) }
      : `${item.name ?? "-"} ${item.address}`
  );
}

Deno.test.each([
  ["ann@mail.example", "- ann@mail.example"],
  [" <ann@mail.example> ", "- ann@mail.example"],
  ["Ann <ann@mail.example>", "Ann ann@mail.example"],
  ["Ann  B.  O'Hara<ann@mail.example>", "Ann B. O'Hara ann@mail.example"],
  ['"Doe, Ann" <ann@mail.example>', "Doe, Ann ann@mail.example"],
  ['"a \\"b\\" \\\\ c" <ann@mail.example>', 'a "b" \\ c ann@mail.example'],
  ['Ann "the" Doe <ann@mail.example>', "Ann the Doe ann@mail.example"],
  ["Jörg Müller <j@mail.example>", "Jörg Müller j@mail.example"],
  ["=?utf-8?Q?J=C3=B6rg?= =?utf-8?Q?_M=C3=BCller?= <j@mail.example>", "Jörg Müller j@mail.example"],
  ['"=?utf-8?Q?J=C3=B6rg?=" <j@mail.example>', "=?utf-8?Q?J=C3=B6rg?= j@mail.example"],
  [
    "(a (nested \\) one)) Ann (b) < (c) ann (d) @ (e) mail.example (f) > (g)",
    "Ann ann@mail.example",
  ],
  ['"a@b"@mail.example', '- "a@b"@mail.example'],
  ['Ann <"a b"@mail.example>', 'Ann "a b"@mail.example'],
])("parseMailbox() reads %s", pure, (text, expected) => {
  deepEqual(shown([parseMailbox(text)]), [expected]);
});

Deno.test.each([
  [""],
  ["Ann"],
  ["Ann <>"],
  ["<>"],
  ["Ann <ann@mail.example"],
  ["Ann ann@mail.example"],
  ["Ann <ann@mail.example> x"],
  ["Doe, Ann <ann@mail.example>"],
  ["a@b.example, c@d.example"],
  ["G: a@b.example;"],
  ["Ann <@route.example:ann@mail.example>"],
  ["Ann <ann mail@mail.example>"],
  ["Ann <a@b.example> <c@d.example>"],
  ["a@b.example>c"],
  ["a@b@c.example"],
  ['"Ann <ann@mail.example>'],
  ["(Ann <ann@mail.example>"],
  ["Ann) <ann@mail.example>"],
  ["Ann <a..b@mail.example>"],
  ["a . b@mail.example"],
  ["Ann <ann@[127.0.0.1]>"],
  ["Ann\r\nBcc: x@y.example <ann@mail.example>"],
  ["Ann\u2028 <ann@mail.example>"],
  ["\ud800 <ann@mail.example>"],
])("parseMailbox() rejects %j [T-I01] [T-I05] [T-I10]", pure, (text) => {
  throws(() => parseMailbox(text), AddressError);
});

Deno.test("parseMailbox() reads a bare address as it reads one behind a blank", pure, () => {
  const random = seeded(3);
  const read = (text: string): string => {
    try {
      return JSON.stringify(parseMailbox(text));
    } catch (error) {
      return `${error instanceof AddressError ? error.reason : error}`;
    }
  };
  const ascii = Array.from({ length: 128 }, (_, code) => String.fromCharCode(code));
  const characters = [..."aZ.-@@@\u00e9", ...ascii];
  let good = 0;
  for (let round = 0; round < 20_000; round++) {
    const text = `a${textOf(random, characters, 3)}@b${textOf(random, characters, 3)}.example`;
    const seen = read(text);
    equal(seen.replace(/\d+/g, "N"), read(` ${text}`).replace(/\d+/g, "N"), JSON.stringify(text));
    if (seen.startsWith("{")) good++;
  }
  ok(good > 1_000, `${good}`);
});

Deno.test("parseMailbox() takes literals by option [T-I13]", pure, () => {
  const { address } = parseMailbox("Ann <ann@[IPv6:::1]>", { allowLiterals: true });
  equal(address.domain, "[IPv6:::1]");
});

Deno.test(
  "parseMailbox() rejects a name that hides a line end in an encoded word [T-I18]",
  pure,
  () => {
    throws(() => parseMailbox("=?utf-8?Q?a=0D=0ABcc=3A_x?= <a@b.example>"), {
      name: "AddressError",
      reason: "a name hides a control character",
    });
  },
);

Deno.test("parseAddressList() reads mailboxes and groups", pure, () => {
  const list = parseAddressList(
    'a@b.example, Team: "Doe, Ann" <ann@mail.example>, c@d.example; , Nobody:;,e@f.example',
  );
  deepEqual(shown(list), [
    "- a@b.example",
    { group: "Team", members: ["Doe, Ann ann@mail.example", "- c@d.example"] },
    { group: "Nobody", members: [] },
    "- e@f.example",
  ]);
});

Deno.test.each([
  [""],
  [","],
  ["a@b.example,"],
  [",a@b.example"],
  ["a@b.example,,c@d.example"],
  ["a@b.example c@d.example"],
  ["G: a@b.example"],
  ["G: H: a@b.example;;"],
  [": a@b.example;"],
  ["G: a@b.example,;"],
  ["a@b.example;"],
])("parseAddressList() rejects %j", pure, (text) => {
  throws(() => parseAddressList(text), { name: "AddressError", value: text });
});

Deno.test("parseAddressList() ends at the first fault of hostile text [T-I14]", pure, () => {
  const faults: [string, RegExp][] = [
    ["g:".repeat(10_000), /an @ is missing at character 4/],
    ["g:a@b.example;".repeat(3_000), /a comma is missing at character 15/],
    ["@".repeat(100_000), /an address is missing at character 1/],
    [",".repeat(100_000), /an address is missing at character 1/],
    ["a@b.example," + ",".repeat(100_000), /an address is missing at character 13/],
    ["<".repeat(100_000), /one address is missing in angle brackets at character 2/],
    ["(".repeat(100_000), /comments are nested deeper than 50/],
    ["(a".repeat(50) + ")".repeat(49), /a comment is not closed/],
    ['"'.repeat(100_000), /after a name an address/],
    ['"\\'.repeat(100_000), /a quote is not closed/],
    ["a ".repeat(100_000), /after a name an address in angle brackets is missing/],
  ];
  for (const [text, reason] of faults) {
    throws(
      () => parseAddressList(text),
      (error: unknown) => error instanceof AddressError && reason.test(error.reason),
      text.slice(0, 20),
    );
  }
});

Deno.test("parseAddressList() reads comments up to a depth of 50 [T-I14]", pure, () => {
  const [mailbox] = parseAddressList("(".repeat(50) + ")".repeat(50) + "a@b.example");
  deepEqual(shown(mailbox === undefined ? [] : [mailbox]), ["- a@b.example"]);
});

Deno.test("parseAddressList() reads a long list [T-I14]", pure, () => {
  equal(parseAddressList(Array(20_000).fill("Ann <a@b.example>").join(", ")).length, 20_000);
});
