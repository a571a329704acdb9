import { formatDate, parseDate, receivedDate } from "@mailwright/mailwright/message";
import { equal } from "node:assert/strict";
import { seeded } from "./random.ts";
import { field } from "./received.ts";

const pure = { permissions: "none" } as const;

Deno.test.each([
  ["Fri, 21 Nov 1997 09:55:06 -0600", "1997-11-21T15:55:06"],
  ["21 Nov 1997 09:55 +0530", "1997-11-21T04:25:00"],
  ["Fri, 21 Nov 1997 23:59:60 +0000", "1997-11-22T00:00:00"],
  ["Thu, 29 Feb 2024 00:00:00 +0000", "2024-02-29T00:00:00"],
  ["Thu,\t13 Feb 1969 23:32 -0330 (Newfoundland Time)", "1969-02-14T03:02:00"],
  // RFC 5322 section 4.3
  ["21 Nov 97 09:55:06 GMT", "1997-11-21T09:55:06"],
  ["21 Nov 49 09:55:06 UT", "2049-11-21T09:55:06"],
  ["21 Nov 50 09:55:06 UT", "1950-11-21T09:55:06"],
  ["21 Nov 120 09:55:06 Z", "2020-11-21T09:55:06"],
  ["21 Nov 97 09:55:06 EST", "1997-11-21T14:55:06"],
  ["21 Nov 97 09:55:06 pdt", "1997-11-21T16:55:06"],
  ["21 Nov 97 09:55:06 A", "1997-11-21T09:55:06"],
  ["21 Nov 97 09:55:06 CEST", "1997-11-21T09:55:06"],
  ["Fri(a), (b(c)) 21 (d) Nov 1997 09(e):   55  :  06(f)-0600", "1997-11-21T15:55:06"],
  ["21Nov1997 09:55", "1997-11-21T09:55:00"],
  // and what is sent
  ["  Friday , 21 november 1997 , 9:5:6  GMT+0100", "1997-11-21T08:05:06"],
  ["21-Nov-97 09:55:06.123 +01:00", "1997-11-21T08:55:06"],
  ["Sun 21 Nov. 1997 09:55:06 -0600", "1997-11-21T15:55:06"],
  ["Fri, 21 Nov 1997 09:55:06 -0600 CST and more", "1997-11-21T15:55:06"],
  ["Fri, 21 Nov 1997 09:55:06 +0100 (unclosed", "1997-11-21T08:55:06"],
  ["Fri Nov 21 09:55:06 1997", "1997-11-21T09:55:06"],
  ["Fri Nov  1 09:55:06 MST 1997", "1997-11-01T16:55:06"],
  ["Tue, 19 Jan 2038 03:14:08 +0000", "2038-01-19T03:14:08"],
])("parseDate() reads %j", pure, (text, expected) => {
  equal(new Date(parseDate(text) ?? NaN).toISOString().slice(0, 19), expected);
});

Deno.test.each([
  [""],
  ["yesterday"],
  ["Fri, 21 Nov 1997"],
  ["Fri, 31 Nov 1997 09:55:06 +0000"],
  ["Fri, 29 Feb 2023 09:55:06 +0000"],
  ["Fri, 0 Nov 1997 09:55:06 +0000"],
  ["Fri, 21 Xyz 1997 09:55:06 +0000"],
  ["Fri, 21 Nov 1899 09:55:06 +0000"],
  ["Fri, 21 Nov 19970 09:55:06 +0000"],
  ["Fri, 21 Nov 1997 24:00:00 +0000"],
  ["Fri, 21 Nov 1997 09:60:00 +0000"],
  ["Fri, 21 Nov 1997 09:55:61 +0000"],
  ["Fri, 21 Nov 1997 09:55:06 +0060"],
  ["Fri, 21 Nov 1997 09:55:06 +2400"],
  ["1997-11-21T09:55:06Z"],
  ["Date: Fri, 21 Nov 1997 09:55:06 +0000"],
])("parseDate() knows no date %j", pure, (text) => {
  equal(parseDate(text), undefined);
});

Deno.test("parseDate() reads what formatDate() writes", pure, () => {
  const random = seeded(1);
  for (let round = 0; round < 2_000; round++) {
    const epochMs = (random(2 ** 31) + random(2 ** 30)) * 1000;
    equal(parseDate(formatDate(epochMs, random(2_879) - 1_439)), epochMs);
  }
});

Deno.test("parseDate() takes hostile text for no date [T-X09]", pure, () => {
  for (const piece of ["(", "()", "(\\", " ", "1 ", "a", "Mon, ", "1 Jan ", ":", "+"]) {
    equal(parseDate(piece.repeat(100_000)), undefined, piece);
  }
});

Deno.test.each([
  ["from a by b; Fri, 21 Nov 1997 09:55:06 -0600", "1997-11-21T15:55:06"],
  ["from a (b; 1 Jan 1970 00:00 Z) by c; 21 Nov 1997 09:55 Z (d; e)", "1997-11-21T09:55:00"],
  ["(qmail 1 invoked by uid 0); 21 Nov 1997 09:55:06 -0000", "1997-11-21T09:55:06"],
  ["from a (b by c; id 7; 21 Nov 1997 09:55:06 -0000", "1997-11-21T09:55:06"],
])("receivedDate() reads %j [T-C12]", pure, (value, expected) => {
  equal(new Date(receivedDate(field(value)) ?? NaN).toISOString().slice(0, 19), expected);
});

Deno.test.each([[""], ["21 Nov 1997 09:55 Z"], ["by a; soon"], [
  "by a; 21 Nov 1997 09:55 Z; id 7",
]])(
  "receivedDate() knows no date in %j [T-C12]",
  pure,
  (value) => {
    equal(receivedDate(field(value)), undefined);
  },
);
