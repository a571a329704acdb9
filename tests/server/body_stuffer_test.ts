import { equal } from "node:assert/strict";
import { BodyStuffer } from "../../src/server/body_stuffer.ts";
import { latin1 } from "./pop3_served.ts";

const text = (bytes: Uint8Array): string =>
  bytes.reduce((all, octet) => all + String.fromCharCode(octet), "");

/** What goes out for chunks. */
function stuffed(chunks: readonly Uint8Array[]): string {
  const stuffer = new BodyStuffer();
  return chunks.map((chunk) => text(stuffer.push(chunk))).join("") + text(stuffer.end());
}

Deno.test.each<[string, string, string]>([
  ["an empty content", "", ""],
  ["a line", "a\r\n", "a\r\n"],
  ["a last line without an end", "a", "a\r\n"],
  ["a dot at the beginning", ".", "..\r\n"],
  ["dots at the start of lines", "..\r\n.x\r\n\r\n...\r\n", "...\r\n..x\r\n\r\n....\r\n"],
  ["dots elsewhere", "a.b.\r\nc.\r\n", "a.b.\r\nc.\r\n"],
  ["what looks like the end", "\r\n.\r\n", "\r\n..\r\n"],
  ["lone LF, which begins no line", "a\n.\nb\n.\r\n", "a\n.\nb\n.\r\n"],
  ["lone CR, which begins no line", "a\r.\r\r\n.\r", "a\r.\r\r\n..\r\r\n"],
  ["NUL and 8-bit octets", "\0\xff\r\n.\xfe\0\r\n", "\0\xff\r\n..\xfe\0\r\n"],
])("BodyStuffer takes %s however it is cut", { permissions: "none" }, (...row) => {
  const [, content, expected] = row;
  const whole = latin1(content);
  equal(stuffed([whole]), expected);
  equal(stuffed([...whole].map((octet) => Uint8Array.of(octet))), expected);
  for (let first = 0; first <= whole.length; first++) {
    for (let second = first; second <= whole.length; second++) {
      const cut = [whole.slice(0, first), whole.slice(first, second), whole.slice(second)];
      equal(stuffed(cut), expected);
    }
  }
});

Deno.test("BodyStuffer copies nothing where no dot begins a line", { permissions: "none" }, () => {
  const chunk = latin1("no dot. begins\r\na line.\r\n");
  equal(new BodyStuffer().push(chunk), chunk);
});

Deno.test("BodyStuffer has room for a dot on every line", { permissions: "none" }, () => {
  equal(stuffed([latin1(".\r\n".repeat(1000))]), "..\r\n".repeat(1000));
  equal(stuffed([latin1(".\r\n.")]), "..\r\n..\r\n");
});
