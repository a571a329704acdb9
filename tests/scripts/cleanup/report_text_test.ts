import { equal, match } from "node:assert/strict";
import { reportText, statusText } from "../../../scripts/cleanup/report_text.ts";
import type { Palette } from "../../../src/cli/mod.ts";
import type { CleanupReport } from "../../../src/jobs/mod.ts";

const pure = { permissions: "none" } as const;
const plain = (text: string): string => text;
const palette = { red: plain, yellow: plain, bold: plain } as Palette; // no others are used

Deno.test("reportText() counts the warnings that are too many to be read", pure, () => {
  const none = { planned: 0, archived: 0, marked: 0, committed: 0, verified: 0 };
  const report: CleanupReport = {
    schema: "mailwright-cleanup-report/1",
    runId: "20260101T000000Z-1",
    account: "ann@pop.example:995",
    startedAt: "2026-01-01T00:00:00.000Z",
    endedAt: "2026-01-01T00:00:01.000Z",
    exit: "archive",
    counts: { ...none, kept: 0, goneElsewhere: 0, unknown: 0 },
    items: [],
    warnings: Array.from({ length: 22 }, (_, at) => `copy ${at} is gone`),
    roundTrips: 7,
  };
  const text = reportText(report, palette);
  equal(text.match(/^Warning: /gm)?.length, 20);
  match(text, /\n… and 2 more warnings: --json shows them\nThe archive failed: /);
});

Deno.test("statusText() tells what is kept from what was only exported", pure, () => {
  const known = { sha256: "0".repeat(64), at: "2026-01-01T00:00:00.000Z" };
  const text = statusText({
    account: "ann@pop.example:995",
    lastAt: "2026-01-01T00:00:00.000Z",
    runs: [],
    messages: 3,
    unverified: [],
    archived: 2,
    gone: 2,
    restored: [
      { ...known, outcome: "accepted", back: true },
      { ...known, outcome: "exported", back: false },
      { ...known, outcome: "exported", back: false },
    ],
  });
  match(text, /\nRestored {4}1, kept until released\nExported {4}2\n/);
});
