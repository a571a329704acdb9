import { addressesOf, parseMailbox } from "@mailwright/mailwright/message";
import { deepEqual, equal, ok } from "node:assert/strict";
import { addressTokens } from "../../src/message/address_tokens.ts";
import { countedText, seeded, textOf } from "./random.ts";
import { field } from "./received.ts";

const pure = { permissions: "none" } as const;

/** The addresses in a short form. */
function found(value: string): string[] {
  return addressesOf(field(value)).map(({ name, address, domain }) => {
    ok(address.endsWith(domain));
    return name === undefined ? address : `${name} <${address}>`;
  });
}

Deno.test.each([
  ["ann@Mail.Example", ["ann@mail.example"]],
  ["<ann@mail.example>", ["ann@mail.example"]],
  ['"Doe, Ann" <ann@mail.example>', ["Doe, Ann <ann@mail.example>"]],
  ['"a \\"b\\" \\\\ c"<ann@mail.example>', ['a "b" \\ c <ann@mail.example>']],
  ["Dr. Ann B.Doe <ann@mail.example>", ["Dr. Ann B.Doe <ann@mail.example>"]],
  ["a@b.example, Ann <c@d.example>", ["a@b.example", "Ann <c@d.example>"]],
  ["Team: a@b.example, Ann <c@d.example>; e@f.example", [
    "a@b.example",
    "Ann <c@d.example>",
    "e@f.example",
  ]],
  ["undisclosed-recipients:;", []],
  ["ann@mail.example (Ann (the) Doe)", ["Ann (the) Doe <ann@mail.example>"]],
  ["(x) Ann (y) <(z) ann(a)@(b)mail.example(c)>", ["Ann <ann@mail.example>"]],
  ["<ann@mail.example> (Ann \\) Doe)", ["Ann ) Doe <ann@mail.example>"]],
  ['"a b"@mail.example', ['"a b"@mail.example']],
  ['<"a@b"@mail.example>', ['"a@b"@mail.example']],
  ["ann@[IPv6:2001:DB8::1]", ["ann@[ipv6:2001:db8::1]"]],
  ["ann@MÜNCHEN.example", ["ann@xn--mnchen-3ya.example"]],
  ["=?utf-8?Q?J=C3=B6rg?= =?utf-8?Q?_M?= <j@mail.example>", ["Jörg M <j@mail.example>"]],
])("addressesOf() reads %s", pure, (value, expected) => {
  deepEqual(found(value), expected);
});

Deno.test.each([
  ["<@a.example,@b.example:ann@mail.example>", ["ann@mail.example"]],
  ["ann . doe @ mail . example", ["ann.doe@mail.example"]],
  ["a@b.example,, ,c@d.example,", ["a@b.example", "c@d.example"]],
  ["mailto:ann@mail.example", ["ann@mail.example"]],
])("addressesOf() reads the obsolete %s", pure, (value, expected) => {
  deepEqual(found(value), expected);
});

Deno.test.each([
  ["", []],
  ["Ann Doe", []],
  ['"Ann"', []],
  ["<>", []],
  ["@", []],
  ["ann@", []],
  ["<@mail.example>", []],
  ["root", ["root"]],
  ["MAILER-DAEMON (Mail Delivery System)", ["MAILER-DAEMON"]],
  ["Mail <MAILER-DAEMON>", ["Mail <MAILER-DAEMON>"]],
  ["Doe, Ann <ann@mail.example>", ["Ann <ann@mail.example>"]],
  ["Ann <ann@mail.example", ["Ann <ann@mail.example>"]],
  ["<ann@mail.example, bob@mail.example", ["ann@mail.example", "bob@mail.example"]],
  ["Ann <<ann@mail.example>>", ["Ann <ann@mail.example>"]],
  ["Ann <ann@mail.example <bob@mail.example>", ["Ann <ann@mail.example>", "bob@mail.example"]],
  ['"Ann <ann@mail.example>', ["Ann <ann@mail.example>"]],
  ["Ann (home <ann@mail.example>", ["Ann home <ann@mail.example>"]],
  ["Ann) ]<ann@mail.example>", ["Ann <ann@mail.example>"]],
  ["Ann ann@mail.example", ["Ann <ann@mail.example>"]],
  ["a@b.example c@d.example", ["a@b.example", "c@d.example"]],
  ["a@b.example; c@d.example", ["a@b.example", "c@d.example"]],
  ["<a@b.example> <c@d.example>", ["a@b.example", "c@d.example"]],
  ["fake@a.example <ann@mail.example>", ["fake@a.example <ann@mail.example>"]],
  ["a@b@mail.example", ["a@b@mail.example"]],
  ["<ann doe@mail.example>", ["ann doe@mail.example"]],
  ["ann@mail.example.", ["ann@mail.example"]],
  ["ann@mail..example", ["ann@mail..example"]],
  ["ann@mäil..example", ["ann@mäil..example"]],
  ["=?utf-8?Q?Doe,_Ann?= <ann@mail.example>", ["Doe, Ann <ann@mail.example>"]],
  ["=?utf-8?Q?Ann Doe?= <ann@mail.example>", ["Ann Doe <ann@mail.example>"]],
  ['"=?utf-8?Q?J=C3=B6rg?=" <j@mail.example>', ["Jörg <j@mail.example>"]],
  ["=?x-y?Q?Ann?= <ann@mail.example>", ["=?x-y?Q?Ann?= <ann@mail.example>"]],
  // What an encoded word hides is a name, never an address.
  ["=?utf-8?Q?boss=40corp.example=2C?= <x@y.example>", ["boss@corp.example, <x@y.example>"]],
])("addressesOf() finds what is in %j", pure, (value, expected) => {
  deepEqual(found(value), expected);
});

Deno.test("addressesOf() reads as parseMailbox() what that accepts", pure, () => {
  const random = seeded(3);
  const pieces = ["a", "B9", ".", "@", " ", '"', "\\", "<", ">", "(", ")", "ü", "x.example", ":"];
  let accepted = 0;
  for (let round = 0; round < 30_000; round++) {
    const text = `${textOf(random, pieces, 4)} <${textOf(random, pieces, 3)}@x.example>`;
    let mailbox;
    try {
      mailbox = parseMailbox(text);
    } catch {
      continue;
    }
    accepted++;
    const [first, ...others] = addressesOf(field(text));
    equal(others.length, 0, text);
    equal(first?.address, mailbox.address.key, text);
    equal(first?.domain, mailbox.address.domain, text);
  }
  ok(accepted > 500, `${accepted}`);
});

/** How often a character is looked at, a pattern is tried, or a token is made. */
function work(text: string): number {
  const { text: counted, reads } = countedText(text);
  let tokens = 0;
  for (const { text } of addressTokens(counted)) tokens += text.length > 0 ? 1 : Infinity;
  return reads() + tokens;
}

const HOSTILE = ["<", ">", ";", "(", ")", ",", ":", "@", '"', "\\", "[", "]", ".", "=?", "a ", "g:"]
  .concat(['\\"', "(\\", "()", '""', "<a@b>", "<@a,", "a@b.example,", "=?a?q?", "[a", "(a", "g:;"]);

Deno.test.each(["", '"', "(", "<", "[", "=?a?q?"])(
  "addressTokens() takes twice the work for twice the text behind %j [T-X09]",
  pure,
  (start) => {
    for (const piece of HOSTILE) {
      const once = work(start + piece.repeat(1_000));
      const twice = work(start + piece.repeat(2_000));
      ok(twice <= 2.1 * once, `${piece}: ${once}, then ${twice}`);
      ok(twice <= 10 * (piece.length * 2_000 + start.length), `${piece}: ${twice}`);
    }
  },
);

Deno.test("addressesOf() finds the address among 100000 signs [T-X09]", pure, () => {
  for (const piece of HOSTILE) {
    const signs = piece.repeat(Math.min(100_000, 1_000_000 / piece.length));
    const addresses = addressesOf(field(`${signs},;>;<ann@mail.example>`));
    equal(addresses.at(-1)?.domain, "mail.example", piece);
  }
});

Deno.test("addressesOf() reads comments up to a depth of 50 [T-X09]", pure, () => {
  const nested = (depth: number): string => "(".repeat(depth) + "b@b.example" + ")".repeat(depth);
  deepEqual(found(`${nested(50)} <a@a.example>`).length, 1);
  deepEqual(found(`${nested(51)}, a@a.example`), ["b@b.example", "a@a.example"]);
});
