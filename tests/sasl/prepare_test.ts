import { equal } from "node:assert/strict";
import { prepare } from "../../src/sasl/prepare.ts";

// The first six are RFC 4013 section 3, without its bidirectional example.
Deno.test.each([
  ["I\u00adX", "IX"],
  ["user", "user"],
  ["USER", "USER"],
  ["\u00aa", "a"],
  ["\u2168", "IX"],
  ["\x07", undefined],
  ["u\u0308", "\u00fc"],
  ["\u00fc", "\u00fc"],
  ["a\u00a0b\u3000c", "a b c"],
  ["a\u1680b\u200bc", "a b c"],
  ["\ud83d\udd11", "\ud83d\udd11"],
  ["\u00ad", undefined],
  ["", undefined],
  ["a\tb", undefined],
  ["a\x7f", undefined],
  ["a\u0085", undefined],
  ["a\ue000", undefined],
  ["a\ud800", undefined],
  ["a\ufdd0", undefined],
  ["a\u202eb", undefined],
  ["a\ufffd", undefined],
  ["a\u{e0041}", undefined],
])("prepare(%j) is %j", { permissions: "none" }, (given, expected) => {
  equal(prepare(given ?? ""), expected);
});
