import { equal } from "node:assert/strict";
import { TopCutter } from "../../src/server/top_cutter.ts";
import { latin1 } from "./pop3_served.ts";

/** What comes through, and whether that is all that is wanted. */
function top(chunks: readonly string[], lines: number): string {
  const cutter = new TopCutter(lines);
  let seen = "";
  for (const chunk of chunks) {
    seen += String.fromCharCode(...cutter.push(latin1(chunk)));
    if (cutter.ended) return `${seen}|`;
  }
  return seen;
}

Deno.test.each<[string, string, number, string]>([
  ["the header and the empty line", "A: b\r\nC: d\r\n\r\ntext\r\n", 0, "A: b\r\nC: d\r\n\r\n|"],
  ["some lines", "A: b\r\n\r\n1\r\n2\r\n3\r\n", 2, "A: b\r\n\r\n1\r\n2\r\n|"],
  ["empty lines of the body", "A: b\r\n\r\n\r\n\r\n3\r\n", 2, "A: b\r\n\r\n\r\n\r\n|"],
  ["fewer lines than asked for", "A: b\r\n\r\n1\r\n2", 9, "A: b\r\n\r\n1\r\n2"],
  ["a message without a body", "A: b\r\n", 3, "A: b\r\n"],
  ["a message without a header", "\r\ntext\r\n", 0, "\r\n|"],
  ["nothing", "", 1, ""],
  ["lone LF", "A: b\nC: d\n\n1\n2\n", 1, "A: b\nC: d\n\n1\n|"],
  ["a line of two CR, which is not empty", "A: b\r\n\r\r\n\r\n1\r\n", 0, "A: b\r\n\r\r\n\r\n|"],
])("TopCutter gives %s however it is cut", { permissions: "none" }, (...row) => {
  const [, content, lines, expected] = row;
  equal(top([content], lines), expected);
  equal(top([...content], lines), expected);
  for (let at = 0; at <= content.length; at++) {
    equal(top([content.slice(0, at), content.slice(at)], lines), expected);
  }
});
