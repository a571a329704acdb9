import { equal } from "node:assert/strict";
import { cutToWidth, displayWidth, visible } from "../../src/cli/mod.ts";

Deno.test.each<[string, number]>([
  ["", 0],
  ["mail", 4],
  ["naïve", 5],
  ["nai\u0308ve", 5],
  ["日本語", 6],
  ["한국", 4],
  ["ｆｕｌｌ", 8],
  ["🙂", 2],
  ["👩‍👩‍👧", 2],
  ["🇫🇷", 2],
  ["❤️", 2],
  ["a\u200bb", 2],
])("displayWidth() of %s is %d", { permissions: "none" }, (text, width) => {
  equal(displayWidth(text), width);
});

Deno.test.each<[string, number, string]>([
  ["mailwright", 10, "mailwright"],
  ["mailwright", 9, "mailwrig…"],
  ["mailwright", 1, "…"],
  ["日本語", 6, "日本語"],
  ["日本語", 5, "日本…"],
  ["日本語", 4, "日…"],
  ["e\u0301e\u0301e\u0301", 2, "e\u0301…"],
])("cutToWidth() cuts %s to %d columns", { permissions: "none" }, (text, width, expected) => {
  equal(cutToWidth(text, width), expected);
});

Deno.test("visible() leaves nothing that acts [T-R12] [T-R13]", { permissions: "none" }, () => {
  equal(
    visible("a\r\n\t\x1b[2J\x9b\u202e\u2066\u2028\ufeffé日"),
    "a\\r\\n\\t\\x1b[2J\\x9b\\u{202e}\\u{2066}\\u{2028}\\u{feff}é日",
  );
});
