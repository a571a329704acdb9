import {
  describeEnhancedStatus,
  EnhancedStatus,
  parseEnhancedStatus,
} from "../../src/smtp/enhanced_status.ts";
import { deepEqual, doesNotMatch, equal, match } from "node:assert/strict";

Deno.test.each(
  [
    ["2.0.0 ok", 2, "2.0.0", "ok"],
    ["2.1.5", 2, "2.1.5", ""],
    ["4.7.1 ", 4, "4.7.1", ""],
    ["5.7.30   REQUIRETLS needed", 5, "5.7.30", "REQUIRETLS needed"],
    ["5.999.999 far out", 5, "5.999.999", "far out"],
    ["5.1.10 null MX", 5, "5.1.10", "null MX"],
    ["4.2.2 5.1.1 twice", 4, "4.2.2", "5.1.1 twice"],
  ] as const,
)(
  "parseEnhancedStatus() reads %s",
  { permissions: "none" },
  (text, digit, status, rest) => {
    const parsed = parseEnhancedStatus(text, digit);
    equal(`${parsed?.status}`, status);
    equal(parsed?.rest, rest);
  },
);

Deno.test("parseEnhancedStatus() gives the numbers", { permissions: "none" }, () => {
  deepEqual(parseEnhancedStatus("5.7.26 no", 5)?.status, new EnhancedStatus(5, 7, 26));
});

Deno.test.each(
  [
    ["", 2],
    ["2", 2],
    ["2.", 2],
    ["2.0", 2],
    ["2.0.", 2],
    ["2..0 ok", 2],
    ["2.0.x ok", 2],
    ["2.0.0.1 ok", 2],
    ["2.0.0: ok", 2],
    ["2.0.0\tok", 2],
    ["2.0.0ok", 2],
    [" 2.0.0 ok", 2],
    ["#2.0.0 OK Authenticated", 2],
    ["2.1234.0 ok", 2],
    ["2.0.1234 ok", 2],
    ["2.01.0 ok", 2],
    ["2.0.00 ok", 2],
    ["2.-1.0 ok", 2],
    ["2.٠.0 ok", 2],
    ["3.0.0 go on", 3],
    ["250 2.0.0 ok", 2],
  ] as const,
)(
  "parseEnhancedStatus() leaves %j in the text",
  { permissions: "none" },
  (text, digit) => equal(parseEnhancedStatus(text, digit), undefined),
);

Deno.test.each(
  [
    ["5.1.1 no such user", 2],
    ["2.0.0 ok", 5],
    ["4.2.1 later", 5],
  ] as const,
)(
  "parseEnhancedStatus() leaves %j alone behind a code of class %s: the basic code wins [T-R21]",
  { permissions: "none" },
  (text, digit) => equal(parseEnhancedStatus(text, digit), undefined),
);

Deno.test("EnhancedStatus prints itself as on the wire", { permissions: "none" }, () => {
  equal(`${new EnhancedStatus(5, 7, 30)}`, "5.7.30");
  equal(JSON.stringify(new EnhancedStatus(4, 2, 2)), '{"class":4,"subject":2,"detail":2}');
});

// The last detail of each subject in the registry; all before it are registered too.
Deno.test.each([[0, 0], [1, 10], [2, 4], [3, 6], [4, 7], [5, 6], [6, 10], [7, 30]] as const)(
  "describeEnhancedStatus() knows X.%s completely",
  { permissions: "none" },
  (subject, last) => {
    const texts = new Set<string>();
    for (let detail = 0; detail <= last; detail++) {
      const text = describeEnhancedStatus(new EnhancedStatus(5, subject, detail));
      doesNotMatch(text, /not registered/);
      match(text, /^[A-Z].*[^.]$/);
      texts.add(text);
    }
    equal(texts.size, last + 1);
    match(describeEnhancedStatus(new EnhancedStatus(5, subject, last + 1)), /not registered/);
  },
);

Deno.test.each(
  [
    [2, 1, 5, /recipient address is valid/i],
    [4, 2, 2, /mailbox full/i],
    [2, 3, 6, /priority was changed/i],
    [5, 5, 3, /too many recipients/i],
    [5, 6, 7, /non-ascii/i],
    [5, 7, 8, /credentials invalid/i],
    [5, 7, 30, /requiretls/i],
  ] as const,
)(
  "describeEnhancedStatus() says what %s.%s.%s means",
  { permissions: "none" },
  (statusClass, subject, detail, meaning) =>
    match(describeEnhancedStatus(new EnhancedStatus(statusClass, subject, detail)), meaning),
);

Deno.test("describeEnhancedStatus() falls back to the subject", { permissions: "none" }, () => {
  equal(
    describeEnhancedStatus(new EnhancedStatus(5, 7, 509)),
    "Security or policy status (X.7.509 is not registered)",
  );
  equal(
    describeEnhancedStatus(new EnhancedStatus(5, 42, 1)),
    "Status (X.42.1 is not registered)",
  );
});
