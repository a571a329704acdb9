import { deepEqual, equal, ok } from "node:assert/strict";
import {
  formatTranscriptLine,
  type ProbeRun,
  renderJson,
  renderText,
  type TextStyle,
} from "../../../src/jobs/mod.ts";

function fixture(name: string): Promise<string> {
  return Deno.readTextFile(new URL(`../../fixtures/probe/${name}`, import.meta.url));
}

/** The scenario of three recipients of whom one is refused, kept as it was. */
async function stored(): Promise<ProbeRun> {
  return JSON.parse(await fixture("run.json"));
}

const TAGS: TextStyle = {
  bold: (text) => `<b>${text}</b>`,
  dim: (text) => `<dim>${text}</dim>`,
  red: (text) => `<red>${text}</red>`,
  green: (text) => `<green>${text}</green>`,
  yellow: (text) => `<yellow>${text}</yellow>`,
  cyan: (text) => `<cyan>${text}</cyan>`,
};

Deno.test("renderText() writes what a person reads", async () => {
  equal(renderText(await stored()), await fixture("run.txt"));
});

Deno.test("renderText() writes what is in a maildrop, and what a server says of itself", async () => {
  const run: ProbeRun = JSON.parse(await fixture("pop3.json"));
  equal(renderText(run), await fixture("pop3.txt"));
});

Deno.test("renderText() shows when stages began and their octets, if asked", async () => {
  equal(renderText(await stored(), { times: true, width: 100 }), await fixture("run_times.txt"));
});

Deno.test("renderText() paints and says the same", async () => {
  const run = await stored();
  const painted = renderText(run, { style: TAGS });
  ok(painted.includes("<yellow>WARNING</yellow>"));
  ok(painted.includes("<red>✗</red> green@beta.example"));
  equal(painted.replace(/<\/?(?:b|dim|red|green|yellow|cyan)>/g, ""), renderText(run));
});

Deno.test("renderText() is one line if it shall be quiet", async () => {
  equal(
    renderText(await stored(), { quiet: true }),
    "WARNING mail.example:587: notAfter 2026-01-17T10:30:00Z, 12 days left (cert.expiry), and 1 more" +
      "  196 ms\n",
  );
});

Deno.test("renderText() fits its bars into any width", async () => {
  const run = await stored();
  for (const width of [1, 40, 60, 80, 200, Infinity]) {
    const bars = renderText(run, { width }).split("\n").filter((line) => /[█▏]/.test(line));
    equal(bars.length, run.targets[0]?.stages.length);
    ok(bars.every((line) => line.length <= Math.max(40, Math.min(width, 80))), `${width}`);
  }
});

Deno.test("renderText() lets nothing act that a server said [T-R12]", async () => {
  const text = renderText(await stored());
  ok(text.includes("\\x1b[31mred"));
  // deno-lint-ignore no-control-regex -- finding control characters is what it is for
  ok(!/[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]/.test(text));
});

Deno.test("renderJson() gives the same object again, on many lines or one", async () => {
  const run = await stored();
  deepEqual(JSON.parse(renderJson(run)), run);
  const compact = renderJson(run, { compact: true });
  deepEqual(JSON.parse(compact), run);
  equal(compact.indexOf("\n"), compact.length - 1);
  // deno-lint-ignore no-control-regex -- finding control characters is what it is for
  ok(!/[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]/.test(compact));
});

Deno.test("renderJson() is the golden file", async () => {
  equal(renderJson(await stored()), await fixture("run.json"));
});

Deno.test("formatTranscriptLine() marks side, TLS and what was not hoped for", async () => {
  const [target] = (await stored()).targets;
  const lines = (target?.transcript ?? []).map((line, index) =>
    formatTranscriptLine(index + 1, line)
  );
  equal(`${lines.join("\n")}\n`, await fixture("transcript.txt"));
});

Deno.test("formatTranscriptLine() shows only what was asked for", async () => {
  const [target] = (await stored()).targets;
  const transcript = target?.transcript ?? [];
  const shown = (only: "sent" | "received") =>
    transcript.flatMap((line, index) =>
      formatTranscriptLine(index + 1, line, { only: [only], times: true }) ?? []
    );
  ok(shown("sent").every((line) => /^ +\d+ +\d+(?:\.\d)? ms {2}[-~]> /.test(line)));
  ok(
    shown("received").every((line) => /^ +\d+ +\d+(?:\.\d)? ms {2}<[-~](?: {2}|\*\*) /.test(line)),
  );
  ok(shown("sent").length > 10 && shown("received").length > 10);
});
