import {
  createMessageId,
  formatDate,
  formatMessageId,
  isMessageId,
} from "@mailwright/mailwright/message";
import { equal, throws } from "node:assert/strict";

const pure = { permissions: "none" } as const;
const random = Uint8Array.from({ length: 8 }, (_, index) => index);

Deno.test.each([
  [0, 0, "Thu, 01 Jan 1970 00:00:00 +0000"],
  [Date.UTC(2025, 10, 21, 8, 5, 9), 60, "Fri, 21 Nov 2025 09:05:09 +0100"],
  [Date.UTC(2024, 1, 29, 1), -210, "Wed, 28 Feb 2024 21:30:00 -0330"],
  [Date.UTC(1999, 11, 31, 23, 59, 59, 999), 1, "Sat, 01 Jan 2000 00:00:59 +0001"],
  [Date.UTC(1900, 0, 1), 0, "Mon, 01 Jan 1900 00:00:00 +0000"],
  [Date.UTC(9999, 11, 31), 845, "Fri, 31 Dec 9999 14:05:00 +1405"],
])("formatDate() writes %d at %d", pure, (epochMs, offset, text) => {
  equal(formatDate(epochMs, offset), text);
  // The language reads what a header holds, to the second.
  equal(Date.parse(text), Math.floor(epochMs / 1000) * 1000);
});

Deno.test.each([
  [NaN, 0],
  [Infinity, 0],
  [Date.UTC(1899, 11, 31, 23, 59), 0],
  [Date.UTC(9999, 11, 31, 23, 59), 1],
  [0, 1440],
  [0, -1440],
  [0, 0.5],
  [0, NaN],
])("formatDate() rejects %d at %d", pure, (epochMs, offset) => {
  throws(() => formatDate(epochMs, offset), RangeError);
});

Deno.test("createMessageId() is made of what it is given", pure, () => {
  const id = createMessageId("München.example", { nowMs: 1_763_712_000_000, random });
  equal(
    id,
    "<mi8enwn4.0001020304050607@xn--mnchen-3ya.example>".replace(
      "mi8enwn4",
      (1_763_712_000_000).toString(36),
    ),
  );
  equal(isMessageId(id), true);
});

Deno.test("createMessageId() rejects what makes no id [T-I20]", pure, () => {
  throws(() => createMessageId("a b", { nowMs: 0, random }), { name: "AddressError" });
  throws(() => createMessageId("a.example", { nowMs: -1, random }), RangeError);
  throws(() => createMessageId("a.example", { nowMs: NaN, random }), RangeError);
  throws(() => createMessageId("a.example", { nowMs: 0, random: random.slice(1) }), RangeError);
});

Deno.test.each([[""], ["a b"], ["a>"], ["a@b"], ["a\r\n"], ["é"], [".a"], ["a..b"], [
  "x".repeat(1_000),
]])(
  "formatMessageId() rejects %j [T-I20]",
  pure,
  (left) => throws(() => formatMessageId(left, "mail.example"), { name: "HeaderError" }),
);
