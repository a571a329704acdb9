import { equal, notEqual, rejects } from "node:assert/strict";
import { loadPalette, Printer } from "../../src/cli/mod.ts";
import { ClosedPipe, Screen } from "./fakes.ts";

Deno.test("Printer writes all of a text, however little one write takes", {
  permissions: "none",
}, async () => {
  const screen = new Screen({ most: 3 });
  const out = new Printer(screen, "standard output");
  await out.line("220 mx.example.net");
  await out.json({ a: [1] });
  await out.print("€");
  equal(screen.text, '220 mx.example.net\n{"a":[1]}\n€');
});

Deno.test("Printer keeps the order of calls that nobody waited for", {
  permissions: "none",
}, async () => {
  const screen = new Screen({ most: 1 });
  const out = new Printer(screen, "standard output");
  await Promise.all([out.line("first"), out.line("second")]);
  equal(screen.text, "first\nsecond\n");
});

Deno.test("Printer fails when the pipe is closed, and goes on failing [T-F16]", {
  permissions: "none",
}, async () => {
  const out = new Printer(new ClosedPipe(), "standard output");
  const closed = {
    name: "OutputError",
    message: "Cannot write to standard output: Broken pipe (os error 32)",
  };
  await rejects(out.line("x"), closed);
  await rejects(out.line("y"), closed);
});

Deno.test("Printer allows colours on a terminal only", { permissions: "none" }, () => {
  equal(new Printer(new Screen(), "x").colors, false);
  equal(new Printer(new Screen({ terminal: true }), "x").colors, !Deno.noColor);
});

Deno.test("Printer has no limit of columns where there is no terminal", {
  permissions: "none",
}, () => {
  equal(new Printer(new Screen(), "x").columns, Infinity);
  const screen = new Screen({ terminal: true });
  equal(new Printer(screen, "x", { columns: () => 72 }).columns, 72);
  equal(new Printer(screen, "x", { columns: () => 0 }).columns, 80);
});

Deno.test("loadPalette() paints if it may", { permissions: "none" }, async () => {
  const plain = await loadPalette(false);
  const paints = await loadPalette(true);
  for (const name of ["bold", "dim", "red", "green", "yellow", "cyan"] as const) {
    equal(plain[name]("x"), "x");
    if (!Deno.noColor) notEqual(paints[name]("x"), "x");
  }
});
