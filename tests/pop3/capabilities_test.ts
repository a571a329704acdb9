import { deepEqual, equal } from "node:assert/strict";
import { parsePop3Capabilities, Pop3Capabilities } from "../../src/pop3/mod.ts";

const none = { permissions: "none" } as const;

Deno.test(
  "parsePop3Capabilities() knows keywords in any case, as whole words [T-P17]",
  none,
  () => {
    const capabilities = parsePop3Capabilities([
      "stls x",
      " Pipelining ",
      "XUIDL",
      "the server says TOP",
      "USER",
      "user later",
      "",
      "SASL plain  Scram-SHA-256",
    ]);
    deepEqual(
      ["STLS", "PIPELINING", "UIDL", "TOP", "user"].map((keyword) => capabilities.has(keyword)),
      [true, true, false, false, true],
    );
    deepEqual(capabilities.sasl, ["PLAIN", "SCRAM-SHA-256"]);
    equal(capabilities.pipelining, true);
    deepEqual(capabilities.parameters("USER"), []);
  },
);

Deno.test.each([
  { line: "EXPIRE 31", expire: { days: 31, perUser: false } },
  { line: "EXPIRE 31 USER", expire: { days: 31, perUser: true } },
  { line: "expire never", expire: { days: "never", perUser: false } },
  { line: "EXPIRE 0", expire: { days: 0, perUser: false } },
  { line: "EXPIRE -1", expire: undefined },
  { line: "EXPIRE 1e9", expire: undefined },
  { line: "EXPIRE", expire: undefined },
  { line: "EXPIRED 1", expire: undefined },
])("Pop3Capabilities.expire reads $line [T-P16]", none, ({ line, expire }) => {
  deepEqual(parsePop3Capabilities([line]).expire, expire);
});

Deno.test.each([
  { line: "LOGIN-DELAY 900", delay: { seconds: 900, perUser: false } },
  { line: "LOGIN-DELAY 900 user", delay: { seconds: 900, perUser: true } },
  { line: "LOGIN-DELAY soon", delay: undefined },
  { line: "LOGIN-DELAY 99999999999999999999", delay: undefined },
])("Pop3Capabilities.loginDelay reads $line [P29] [T-P20]", none, ({ line, delay }) => {
  deepEqual(parsePop3Capabilities([line]).loginDelay, delay);
});

Deno.test("Pop3Capabilities.implementation is the rest of the line", none, () => {
  equal(parsePop3Capabilities(["IMPLEMENTATION Shlemazle 1.0"]).implementation, "Shlemazle 1.0");
  equal(parsePop3Capabilities([]).implementation, undefined);
});

Deno.test("Pop3Capabilities.known tells nothing offered from nothing said [Q1]", none, () => {
  equal(new Pop3Capabilities().known, false);
  equal(new Pop3Capabilities().without(["TOP"]).known, false);
  equal(parsePop3Capabilities([]).known, true);
  equal(new Pop3Capabilities().has("TOP"), false);
});

Deno.test(
  "Pop3Capabilities.without() takes keywords and mechanisms away, and adds none",
  none,
  () => {
    const all = parsePop3Capabilities(["SASL PLAIN LOGIN", "TOP", "PIPELINING"]);
    const less = all.without(["sasl login", "pipelining", "NOTHING", "STLS x"]);
    deepEqual(less.lines, ["SASL PLAIN", "TOP"]);
    equal(less.pipelining, false);
    deepEqual(all.without(["SASL PLAIN", "SASL LOGIN"]).lines, ["TOP", "PIPELINING"]);
    equal(JSON.stringify(less), '["SASL PLAIN","TOP"]');
  },
);
