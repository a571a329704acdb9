import { listIdOf, messageIdOf } from "@mailwright/mailwright/message";
import { equal } from "node:assert/strict";
import { field } from "./received.ts";

const pure = { permissions: "none" } as const;

Deno.test.each([
  ["<1@mail.example>", "<1@mail.example>"],
  ["<1@Mail.example> (comment)", "<1@Mail.example>"],
  ["\t<1@\r\n mail.example>", "<1@mail.example>"],
  ["<a(1)@mail.example>", "<a(1)@mail.example>"],
  ["1@mail.example (comment)", "<1@mail.example>"],
  ["<<1@mail.example>>", "<1@mail.example>"],
  ["<1@mail.example> <2@mail.example>", "<1@mail.example>"],
  ["<../../etc/passwd>", "<../../etc/passwd>"],
  ["<1@mail.example", "<1@mail.example>"],
  ["1@mail.example>", undefined],
  ["", undefined],
  ["<>", undefined],
  ["< >", undefined],
  ["two words", undefined],
])("messageIdOf() reads %j as %j", pure, (value, id) => {
  equal(messageIdOf(field(value)), id);
});

Deno.test.each([
  ["<Roses.lists.example>", "roses.lists.example"],
  ["Roses <roses.lists.example>", "roses.lists.example"],
  ['"Roses <all kinds>" <roses.lists.example>', "roses.lists.example"],
  ["=?utf-8?Q?R=C3=B6schen?= <roses.lists.example> (x)", "roses.lists.example"],
  ["roses.lists.example", "roses.lists.example"],
  ["Roses of all kinds", undefined],
  ["Roses <>", undefined],
  ["", undefined],
])("listIdOf() reads %j as %j", pure, (value, id) => {
  equal(listIdOf(field(value)), id);
});

Deno.test("messageIdOf() and listIdOf() read hostile text [T-X09]", pure, () => {
  for (const piece of ["<", ">", "<a", "<a>", "(", "<(", " <"]) {
    const hostile = field(`${piece.repeat(100_000)} <Last.example>`);
    equal(listIdOf(hostile), "last.example", piece);
    equal(messageIdOf(hostile)?.includes(">", 1), true, piece);
  }
});
