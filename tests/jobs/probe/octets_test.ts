import { equal } from "node:assert/strict";
import { formatOctets } from "../../../src/jobs/mod.ts";

const pure = { permissions: "none" } as const;

Deno.test("formatOctets() shows every octet, and as ASCII only what is safe to show", pure, () => {
  const bytes = Uint8Array.from({ length: 256 }, (_, octet) => octet);
  const rows = formatOctets({ end: "S", count: 256, bytes })?.split("\n") ?? [];
  equal(rows.length, 16);
  const seen = rows.map((row) => row.slice(14, 61)).join(" ").split(" ");
  equal(seen.map((hex) => String.fromCharCode(parseInt(hex, 16))).join("").length, 256);
  equal(rows.every((row) => /^[ -~]*$/.test(row)), true);
  equal(rows[4], "      0040 <- 40 41 42 43 44 45 46 47 48 49 4a 4b 4c 4d 4e 4f  @ABCDEFGHIJKLMNO");
  equal(rows[15]?.endsWith(` ${".".repeat(16)}`), true);
});

Deno.test("formatOctets() shows of a login how much it was", pure, () => {
  equal(formatOctets({ end: "C", count: 29 }), "           -> (29 octets of the login)");
  equal(formatOctets({ end: "C", count: 29 }, { only: ["received"] }), undefined);
  equal(formatOctets({ end: "S", count: 29 }, { only: ["sent"] }), undefined);
});
