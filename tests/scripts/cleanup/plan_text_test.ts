import { deepEqual, equal, match, ok } from "node:assert/strict";
import { planText } from "../../../scripts/cleanup/plan_text.ts";
import { displayWidth, type Palette } from "../../../src/cli/mod.ts";
import type { PlanItem, StoredPlan } from "../../../src/jobs/mod.ts";

const pure = { permissions: "none" } as const;
const plain = (text: string): string => text;
const palette = { red: plain, yellow: plain, bold: plain } as Palette; // no others are used
const HASH = "0".repeat(64);

function item(subject: string): PlanItem {
  const about = { from: "news@lists.example", subject, at: "2025-09-01T00:00:00.000Z" };
  const evidence = [{ fact: "age", value: "2025-09-01T00:00:00.000Z", basis: "received" }] as const;
  const where = { rule: "old-lists", tier: 1, evidence, archive: "none" } as const;
  return { uid: "u1", size: 3300, headerHash: HASH, ...where, about };
}

function plan(given: Partial<StoredPlan>): StoredPlan {
  return {
    schema: "mailwright-cleanup-plan/1",
    account: "ann@pop.example:995",
    policyDigest: HASH,
    seal: HASH,
    planId: HASH,
    snapshotDigest: HASH,
    acceptChurn: false,
    warnings: [],
    madeAt: "2026-01-01T00:00:00.000Z",
    expiresAt: "2026-01-01T01:00:00.000Z",
    messages: 9,
    octets: 30_000,
    items: [item("Weekly")],
    kept: [],
    trips: [],
    cost: { headers: 0, contents: 0 },
    ...given,
  };
}

function shown(given: Partial<StoredPlan>, width: number): string[] {
  const formatBytes = (octets: number): string => `${octets} B`;
  return planText(plan(given), { rows: 100, width, palette, formatBytes }).split("\n");
}

Deno.test("planText() leaves out columns that a narrow terminal has no room for", pure, () => {
  const headers = (width: number) => shown({}, width)[0]?.split(/ +/).join(" ");
  equal(headers(40), "from subject age size");
  equal(headers(60), "from subject age size rule");
  equal(headers(80), "from subject age size rule archive");
  equal(headers(Infinity), "from subject age size rule archive why");
  const items = [item("A long subject ".repeat(20))];
  for (const width of [40, 80, 120, Infinity]) {
    for (const line of shown({ items }, width).slice(0, 2)) {
      ok(displayWidth(line) <= Math.min(width, 160), line);
    }
  }
  match(shown({}, 40)[1] ?? "", / 122d {2}3300 B$/);
});

Deno.test("planText() says in each width that something is not archived", pure, () => {
  for (const width of [40, 80, Infinity]) {
    ok(shown({}, width).join("\n").includes("old-lists: 1 message, 3300 B, archive: NOT ARCHIVED"));
  }
});

Deno.test("planText() tells messages without a subject apart", pure, () => {
  deepEqual(shown({ items: [item("")] }, 80)[1]?.split(/ {2,}/).slice(0, 2), [
    "news@lists.example",
    "(u1)",
  ]);
});

Deno.test.each([
  ["wide letters", "週報 ".repeat(30)],
  ["emoji", "👨‍👩‍👧‍👦🇩🇪❤️1️⃣👍🏽 ".repeat(20)],
  ["marks", "e\u0301".repeat(100)],
  ["right to left", "שלום مرحبا ".repeat(20)],
  ["what turns a line round", "\u202eabc\u2066\u061c".repeat(20)],
  ["what moves a cursor", "\x1b[2J\r\n\t\x07".repeat(20)],
  ["half a character", "\ud83d".repeat(50)],
])("planText() keeps its columns whatever a subject holds: %s", pure, (_name, subject) => {
  const items = [item(subject), { ...item("Weekly"), archive: subject, rule: subject }];
  for (const width of [40, 80, 200, Infinity]) {
    const lines = shown({ items }, width);
    for (const line of lines.slice(0, 3)) {
      ok(displayWidth(line) <= Math.min(width, 160), `${width}: ${line}`);
    }
    ok(!/[\p{Cc}\u061c\u202e\u2066]/u.test(lines.join("")), `${width}`);
    if (width === 40) { for (const line of lines.slice(1, 3)) match(line, / 122d {2}3300 B$/); }
  }
});
