import { deepEqual, equal } from "node:assert/strict";
import { displayWidth, formatTable } from "../../src/cli/mod.ts";

Deno.test("formatTable() aligns columns by display width", { permissions: "none" }, () => {
  equal(
    formatTable(
      ["recipient", { header: "code", align: "right" }, "text"],
      [["日本@example.jp", "250", "ok"], ["a@example.org", "5", "no such user"], ["x"]],
    ),
    [
      "recipient        code  text",
      "日本@example.jp   250  ok",
      "a@example.org       5  no such user",
      "x",
      "",
    ].join("\n"),
  );
});

Deno.test("formatTable() shows control characters in cells [T-R12]", {
  permissions: "none",
}, () => {
  equal(formatTable(["text"], [["250\r\n\x1b[2J"]]), "text\n250\\r\\n\\x1b[2J\n");
});

Deno.test("formatTable() cuts the widest columns first", { permissions: "none" }, () => {
  const rows = [["mx1.example.net", "a very long text of a server", "12"]];
  const [header, line] = formatTable(["host", "text", "ms"], rows, { width: 40 }).split("\n");
  equal(line, "mx1.example.net  a very long text o…  12");
  equal(header, "host             text                 ms");
});

Deno.test("formatTable() cuts equal columns alike, but no column to nothing", {
  permissions: "none",
}, () => {
  const cut = (width: number) =>
    formatTable(["a", "b", "c"], [["x".repeat(20), "y".repeat(20), "z"]], { width })
      .split("\n").slice(0, -1).map(displayWidth);
  deepEqual(cut(25), [25, 25]);
  deepEqual(cut(24), [24, 24]);
  deepEqual(cut(1), [13, 13]);
});

Deno.test("formatTable() lays out a table without rows", { permissions: "none" }, () => {
  equal(formatTable(["a", "b"], []), "a  b\n");
});
