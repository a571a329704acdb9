import {
  addressHeader,
  createHeader,
  HeaderError,
  idHeader,
  isReservedHeader,
  linkHeader,
  type Mailbox,
  parseAddress,
  parseAddressList,
} from "@mailwright/mailwright/message";
import { deepEqual, equal, ok, throws } from "node:assert/strict";
import { seeded, textOf } from "./random.ts";

const pure = { permissions: "none" } as const;
const address = parseAddress("ann@mail.example");

/** What a reader of the field sees. */
function readBack(line: string): ReturnType<typeof parseAddressList> {
  return parseAddressList(line.slice(line.indexOf(":") + 1, -2).replace(/\r\n(?=[ \t])/g, ""));
}

Deno.test.each([
  [undefined, "To: ann@mail.example\r\n"],
  ["", "To: ann@mail.example\r\n"],
  ["Ann Doe", "To: Ann Doe <ann@mail.example>\r\n"],
  ["Doe, Ann", 'To: "Doe, Ann" <ann@mail.example>\r\n'],
  ["Ann B. Doe", 'To: "Ann B. Doe" <ann@mail.example>\r\n'],
  ['a"b\\', 'To: "a\\"b\\\\" <ann@mail.example>\r\n'],
  ["<evil@x.test>", 'To: "<evil@x.test>" <ann@mail.example>\r\n'],
  ["Ann  Doe ", 'To: "Ann  Doe " <ann@mail.example>\r\n'],
  ["André", "To: =?UTF-8?B?QW5kcsOp?= <ann@mail.example>\r\n"],
])("addressHeader() writes the name %j", pure, (name, line) => {
  equal(addressHeader("To", [name === undefined ? { address } : { name, address }]).line, line);
});

Deno.test.each([
  ['"'],
  ["\\"],
  ["a\\"],
  ['a" <evil@x.test>, "'],
  ["=?utf-8?Q?=0D=0ABcc:_x?="],
  ["a =?utf-8?Q?b?= c"],
  ["Doe, Ann"],
  ["<evil@x.test>"],
  ["x@y.test"],
  ["Team: x@y.test;"],
  ["(comment)"],
  [" a "],
  ["a\tb"],
  [";"],
  ["é, <evil@x.test>"],
  [`${"x".repeat(2000)}, é`],
  [`${'"'.repeat(600)}`],
  [" ".repeat(500)],
])("addressHeader() gives back one mailbox with the name %j [T-I18]", pure, (name) => {
  const list = readBack(addressHeader("To", [{ name, address }]).line);
  deepEqual(list, [{ name, address }]);
});

Deno.test.each(
  ["\r\nBcc: v@x.test", "\r", "\n", "\0", "\x7f", "\u0085", "\u2028", "\ud800"].map((bad) => [bad]),
)("addressHeader() rejects a name with %j [T-I10] [T-I15]", pure, (bad) => {
  for (const name of [`Ann${bad}`, `Anné${bad}`, `"Doe", Ann${bad}`]) {
    throws(() => addressHeader("To", [{ name, address }]), HeaderError);
    throws(() => addressHeader("To", [{ name, members: [] }]), HeaderError);
  }
});

Deno.test("addressHeader() writes 200 recipients with names beyond ASCII [T-I19]", pure, () => {
  const list: Mailbox[] = Array.from({ length: 200 }, (_, index) => ({
    name: `Jürgen Müller-Lüdenscheidt, Größter ${index}`,
    address: parseAddress(`juergen.${index}@münchen.example`),
  }));
  const { line } = addressHeader("To", list);
  for (const part of line.split("\r\n")) ok(part.length <= 76, part);
  for (const word of line.match(/=\?\S+\?=/g) ?? []) {
    ok(word.length <= 75);
    // Separators stay outside (CVE-2025-1795).
    equal(/[,<>@]/.test(word), false);
  }
  equal(line.split(",").length, 200);
  deepEqual(readBack(line), list);
});

Deno.test("addressHeader() writes groups", pure, () => {
  const list = [
    { name: "Undisclosed recipients", members: [] },
    { name: "Team, A", members: [{ address }, { name: "Bob", address }] },
    { address },
  ];
  const { line } = addressHeader("To", list);
  deepEqual(readBack(line), list);
});

Deno.test("addressHeader() needs an address", pure, () => {
  throws(() => addressHeader("To", []), HeaderError);
});

Deno.test("addressHeader() says when the header needs SMTPUTF8 [T-I11]", pure, () => {
  equal(addressHeader("To", [parseAddress("jörg@mail.example")]).utf8, true);
  equal(addressHeader("To", [parseAddress("joerg@münchen.example")]).utf8, false);
});

const CHARACTERS = [...'abc ,;:<>()@[]"\\=?_-.éß日本語😀', "=?utf-8?Q?", "?=", "word".repeat(20)];

Deno.test("addressHeader() gives back any list [T-I18] [T-I19]", pure, () => {
  const random = seeded(3);
  for (let round = 0; round < 300; round++) {
    const list = Array.from({ length: 1 + random(4) }, (): Mailbox => {
      const name = textOf(random, CHARACTERS, random(2) === 0 ? 8 : 60);
      return name === "" ? { address } : { name, address };
    });
    const { line } = addressHeader("Reply-To", list);
    deepEqual(readBack(line), list);
    for (const part of line.split("\r\n")) {
      ok(part.length <= (part.includes("=?") ? 76 : 998), part);
    }
  }
});

Deno.test("idHeader() folds ids and leaves each whole", pure, () => {
  const ids = Array.from({ length: 40 }, (_, index) => `<${index}.${"x".repeat(30)}@mail.example>`);
  const { line } = idHeader("References", ids);
  equal(line.replace(/\r\n(?=[ \t])/g, ""), `References: ${ids.join(" ")}\r\n`);
  for (const part of line.split("\r\n")) ok(part.length <= 78);
});

Deno.test.each([
  [""],
  ["1@mail.example"],
  ["<1>"],
  ["<@mail.example>"],
  ["<1@>"],
  ["<1@mail.example>>"],
  ["<1> <2@mail.example>"],
  ["<1 2@mail.example>"],
  ["<1@mail.example> "],
  ["<1\r\nBcc: x@mail.example>"],
  ["<1\t@mail.example>"],
  ["<é@mail.example>"],
  [`<1@${"x".repeat(1000)}>`],
])("idHeader() rejects %j [T-I20]", pure, (id) => {
  throws(() => idHeader("In-Reply-To", [id]), HeaderError);
  throws(() => createHeader("Message-ID", id), HeaderError);
});

Deno.test.each([
  ["https://mail.example/u> <https://evil.test"],
  ["https://mail.example/u 1"],
  ["https://mail.example/\r\nBcc: x"],
  ["https://mail.example/\0"],
  ["https://mail.example/é"],
  ["<https://mail.example/>"],
  ["mail.example"],
  [""],
])("linkHeader() rejects %j [T-I20]", pure, (link) => {
  throws(() => linkHeader("List-Unsubscribe", [link]), HeaderError);
  throws(() => createHeader("List-Unsubscribe", `<${link}>, <mailto:u@mail.example>`), HeaderError);
});

Deno.test("createHeader() follows the name of the field", pure, () => {
  const line = (name: string, value: string) => createHeader(name, value).line;
  equal(
    line("X-Campaign", "Grüße an alle!"),
    "X-Campaign: =?UTF-8?Q?Gr=C3=BC=C3=9Fe_an_alle!?=\r\n",
  );
  equal(
    line("sender", "Müller, J <j@mail.example>".replace(",", "")),
    "sender: =?UTF-8?B?TcO8bGxlciBK?= <j@mail.example>\r\n",
  );
  equal(
    line("References", "<1@a.example>  <2@b.example>"),
    "References: <1@a.example> <2@b.example>\r\n",
  );
  equal(
    line("List-Unsubscribe", "<https://mail.example/u?a=1,2>,<mailto:u@mail.example>"),
    "List-Unsubscribe: <https://mail.example/u?a=1,2>, <mailto:u@mail.example>\r\n",
  );
  throws(() => line("Sender", "nobody"), { name: "HeaderError", field: "Sender" });
  throws(() => line("Reply-To", "a@b.example\r\nBcc: c@d.example"), HeaderError);
  throws(() => line("List-Unsubscribe", "https://mail.example/u"), HeaderError);
});

Deno.test.each([
  ["Bcc"],
  ["sender"],
  ["Return-Path"],
  ["RECEIVED"],
  ["Content-Type"],
  ["Content-Disposition"],
  ["DKIM-Signature"],
  ["ARC-Seal"],
  ["Resent-To"],
  ["Authentication-Results"],
  ["From"],
  ["Subject"],
])("isReservedHeader() keeps %s from data [T-I17]", pure, (name) => {
  equal(isReservedHeader(name), true);
});

Deno.test("isReservedHeader() leaves other names to data [T-I17]", pure, () => {
  for (const name of ["X-Campaign", "List-Id", "Precedence", "__proto__", "toString"]) {
    equal(isReservedHeader(name), false);
  }
});
