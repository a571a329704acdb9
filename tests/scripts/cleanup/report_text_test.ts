import { deepEqual, equal, match, ok } from "node:assert/strict";
import {
  reportLine,
  reportText,
  statusText,
  wrongLines,
} from "../../../scripts/cleanup/report_text.ts";
import type { Palette } from "../../../src/cli/mod.ts";
import type { CleanupReport, CleanupStatus } from "../../../src/jobs/mod.ts";

const pure = { permissions: "none" } as const;
const plain = (text: string): string => text;
const palette = { red: plain, yellow: plain, bold: plain } as Palette; // no others are used
const none = { planned: 0, archived: 0, marked: 0, committed: 0, verified: 0 };

/** A report of `verify`. */
function report(given: Partial<CleanupReport>): CleanupReport {
  return {
    schema: "mailwright-cleanup-report/1",
    runId: "20260101T000000Z-1",
    account: "ann@pop.example:995",
    startedAt: "2026-01-01T00:00:00.000Z",
    endedAt: "2026-01-01T00:00:01.000Z",
    exit: "done",
    counts: { ...none, kept: 0, goneElsewhere: 0, unknown: 0 },
    items: [],
    warnings: [],
    writes: 7,
    ...given,
  };
}

Deno.test("reportText() counts the warnings that are too many to be read", pure, () => {
  const warnings = Array.from({ length: 22 }, (_, at) => `copy ${at} is gone`);
  const text = reportText(report({ exit: "archive", warnings }), palette);
  equal(text.match(/^Warning: /gm)?.length, 20);
  match(
    text,
    /\n… and 2 more warnings: report-20260101T000000Z-1\.json has them\nThe archive failed/,
  );
});

Deno.test("reportLine() tells of a verification what there was to verify", pure, () => {
  const line = (given: Partial<CleanupReport>) =>
    reportLine(report(given)).replace(/ \(run .*/, "");
  const copies = { whole: 1, retired: 0, missing: 0, damaged: 0 };
  equal(line({ copies }), "Done: 1 copy is whole");
  equal(
    line({ copies: { whole: 0, retired: 3, missing: 2, damaged: 1 }, exit: "archive" }),
    "The archive failed: 0 copies are whole, 3 gone on purpose, 2 missing, 1 damaged",
  );
  const counts = { ...none, planned: 2, verified: 1, kept: 1, goneElsewhere: 0, unknown: 0 };
  equal(
    line({ counts, copies }),
    "Done: 2 to be verified, 1 gone, 1 kept, 1 copy is whole",
  );
  equal(line({ exit: "connection" }), "No connection");
});

Deno.test("reportText() tells what to do next", pure, () => {
  const lost = { whole: 5, retired: 0, missing: 1, damaged: 0 };
  match(
    reportText(report({ exit: "archive", copies: lost }), palette),
    /\n?.* cleanup retire PATH /,
  );
  const full = report({ exit: "archive", planId: "0".repeat(64) });
  match(reportText(full, palette), /^What is not in the archive stays on the server; /);
  match(reportText(report({ exit: "unverified" }), palette), /^cleanup verify and the same /);
  match(reportText(report({}), palette), /^Done \(run /);
});

Deno.test(
  "wrongLines() is silent about what went well, and has what somebody should know",
  pure,
  () => {
    deepEqual(wrongLines(report({})), []);
    const line = "Done (run 20260101T000000Z-1)";
    deepEqual(wrongLines(report({ warnings: ["a\x1b[31m"] })), ["a\\x1b[31m", line]);
    const error = { kind: "busy", message: "the mailbox is in use", temporary: true } as const;
    deepEqual(wrongLines(report({ exit: "busy", error })), [
      "the mailbox is in use",
      "Busy (run 20260101T000000Z-1)",
    ]);
  },
);

const STATUS: CleanupStatus = {
  account: "ann@pop.example:995",
  lastAt: "2026-01-01T00:00:00.000Z",
  runs: [{ runId: "r1", startedAt: "2026-01-01T00:00:00.000Z", archived: 2, intended: 2 }],
  messages: 3,
  unverified: [],
  archived: 2,
  copies: 3,
  retired: 0,
  gone: 2,
  restored: [],
  carefulRuns: 0,
};

Deno.test("statusText() tells what is kept from what was only exported", pure, () => {
  const known = { sha256: "0".repeat(64), at: "2026-01-01T00:00:00.000Z" };
  const text = statusText({
    ...STATUS,
    restored: [
      { ...known, outcome: "accepted", back: true },
      { ...known, outcome: "exported", back: false },
      { ...known, outcome: "exported", back: false },
    ],
  });
  match(text, /\nRestored {4}1, kept until released\nExported {4}2\n/);
  match(text, /\nRun {9}r1 {2}2026-01-01 00:00:00 UTC {2}Cut off: 2 archived, 2 marked\n$/);
  ok(!text.includes("Retired") && !text.includes("Careful"));
});

Deno.test("statusText() tells what is gone on purpose, and how the server is asked", pure, () => {
  const text = statusText({ ...STATUS, account: undefined, retired: 2, carefulRuns: 3 });
  match(text, /^Mailbox {5}not seen yet\n/);
  match(text, /\nCopies {6}3\nRetired {5}2 copies are gone on purpose\n/);
  match(text, /\nCareful {5}one command at a time, for 3 more runs without a fault\n/);
  equal(statusText({ ...STATUS, runs: [] }), "Nothing has been done here yet.\n");
});
