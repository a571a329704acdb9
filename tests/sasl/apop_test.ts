import { equal, rejects } from "node:assert/strict";
import { apopDigest, apopStamp, Secret } from "../../src/sasl/mod.ts";

const none = { permissions: "none" } as const;

Deno.test.each([
  { name: "octets outside ASCII", greeting: "ready <\xff\xfe@mail.example>" },
  { name: "no @", greeting: "ready <1896.697170952>" },
  { name: "nothing before the @", greeting: "ready <@mail.example>" },
  { name: "two of them", greeting: "ready <1@mail.example> <2@mail.example>" },
  { name: "a bracket more", greeting: "ready <<1@mail.example>" },
  { name: "an end without a beginning", greeting: "ready 1@mail.example>" },
  { name: "a blank inside", greeting: "ready <1 2@mail.example>" },
  { name: "64 KiB of brackets", greeting: "<".repeat(65_536) },
  { name: "nothing at all", greeting: "" },
])("apopStamp() takes no stamp with $name [P12] [T-A07]", none, ({ greeting }) => {
  equal(apopStamp(greeting), undefined);
});

Deno.test("apopStamp() finds the stamp wherever it stands", none, () => {
  equal(apopStamp("<1.2@mail.example> ready"), "<1.2@mail.example>");
  equal(apopStamp("a <1.2@mail.example> b"), "<1.2@mail.example>");
});

Deno.test("apopDigest() refuses what is no stamp, and passwords that cannot be sent [P12]", async () => {
  await rejects(apopDigest("<rubbish>", new Secret("tanstaaf")), TypeError);
  await rejects(apopDigest("x <1@mail.example>", new Secret("tanstaaf")), TypeError);
  await rejects(apopDigest("<1@mail.example>", new Secret("tan\r\nstaaf")), TypeError);
});
