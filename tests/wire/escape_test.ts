import { equal, ok } from "node:assert/strict";
import { escapeControls } from "../../src/wire/mod.ts";

const pure = { permissions: "none" } as const;

Deno.test.each([
  ["250 \x1b]0;x\x07\x1b[2J", "250 \\x1b]0;x\\x07\\x1b[2J"],
  ["\x9b31m", "\\x9b31m"],
  ["a\x08b\x7f\0", "a\\x08b\\x7f\\x00"],
  ["550 no\rFAKE: 250 ok", "550 no\\rFAKE: 250 ok"],
  ["a\r\nb\tc", "a\\r\\nb\\tc"],
  ["a\x85b\xa0c", "a\\x85b\xa0c"],
  ["\u202egnp.exe", "\\u{202e}gnp.exe"],
  ["a\u2028b\u2029", "a\\u{2028}b\\u{2029}"],
  ["\ufeff\u2066\u2069\u061c\u200e\u200f", "\\u{feff}\\u{2066}\\u{2069}\\u{61c}\\u{200e}\\u{200f}"],
  ["Grüße 🚀 \\x1b", "Grüße 🚀 \\x1b"],
  ["", ""],
])("escapeControls(%j) [T-R12] [T-R13]", pure, (text, expected) => {
  equal(escapeControls(text), expected);
});

Deno.test("escapeControls() leaves nothing that acts on a terminal [T-R12]", pure, () => {
  const all = Array.from({ length: 0x10000 }, (_, code) => String.fromCharCode(code)).join("");
  const escaped = escapeControls(all);
  ok(!/[\p{Cc}\p{Bidi_Control}\p{Zl}\p{Zp}]/u.test(escaped));
  equal(escapeControls(escaped), escaped);
});
