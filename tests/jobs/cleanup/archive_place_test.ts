import { deepEqual, equal, throws } from "node:assert/strict";
import { openArchive } from "../../../src/jobs/cleanup/archive/archive.ts";
import { placeFor, placesOf } from "../../../src/jobs/cleanup/archive/archive_place.ts";
import { MemoryStore } from "../../faults/memory_store.ts";
import { all, DAY, KINDS, put } from "./archives.ts";

const PURE = { permissions: "none" } as const;

Deno.test("placeFor() fills the day in, in UTC", PURE, () => {
  const cases = [
    ["archive/lists", DAY, "archive/lists"],
    ["archive/{yyyy}/{mm}/{dd}", DAY, "archive/2026/03/04"],
    ["archive/{yyyy}-{mm}.mbox", DAY, "archive/2026-03.mbox"],
    ["a/{yyyy}", new Date("2025-12-31T23:59:59Z"), "a/2025"],
    ["a/{yyyy}{mm}{dd}", new Date("0007-01-02T00:00:00Z"), "a/00070102"],
    ["a/{yyyy}/{mm}/b", undefined, "a/undated/b"],
    ["a/{yyyy}-{mm}.mbox", undefined, "a/undated.mbox"],
    ["a/x-{dd}", new Date(NaN), "a/x-undated"],
    ["a/{yyyy}", new Date(8.64e15), "a/undated"],
    ["a/{yyyy}", new Date(-8.64e15), "a/undated"],
    ["a/lists", undefined, "a/lists"],
  ] as const;
  for (const [template, day, place] of cases) equal(placeFor(template, day), place);
});

Deno.test("placesOf() finds the places that are there, and nothing like them", PURE, async () => {
  const store = new MemoryStore();
  for (
    const day of ["2025-12", "2026-01", "2026-011", "20x6-01", "x2026-01", "2026-01x", "2026+01"]
  ) {
    store.put(`base/a.b/${day}.mbox`, "");
  }
  deepEqual(await all(placesOf(store, "base", "a.b/{yyyy}-{mm}.mbox")), [
    "a.b/2025-12.mbox",
    "a.b/2026-01.mbox",
    "a.b/undated.mbox",
  ]);
  store.put("2026/x/03/f", "");
  store.put("2026/x/4/f", "");
  deepEqual(await all(placesOf(store, ".", "{yyyy}/x/{mm}")), ["2026/x/03", "undated"]);
  deepEqual(await all(placesOf(store, ".", "plain")), ["plain"]);
});

Deno.test.each(KINDS)(
  "Archive names files by digest and day alone: $kind [T-I38]",
  PURE,
  async (spec) => {
    const store = new MemoryStore();
    using archive = openArchive(store, "../x", spec, { base: "base" });
    const copy = await put(archive, "Subject: ../../etc\r\nMessage-ID: </etc/passwd>\r\n\r\n");
    await archive.barrier();
    const dated = copy.sha256.slice(0, 2);
    const names = {
      maildir: `archive/2026/03/new/${copy.sha256}`,
      eml: `archive/2026/03/${dated}/${copy.sha256}.eml`,
      mbox: "archive/2026-03.mbox",
    };
    equal(copy.path, names[spec.kind as keyof typeof names]); // The kinds of this table.
    deepEqual([...store.files().keys()], [`base/${copy.path}`]);
  },
);

Deno.test.each([
  { path: "../lists" },
  { path: "/srv/lists" },
  { path: "a//b" },
  { path: "a/./b" },
  { path: "a/" },
  { path: "" },
  { path: "a\0b" },
  { path: "a\\b" },
  { path: "a/\u001b[2J" },
])("openArchive() refuses the path $path [T-F13]", PURE, ({ path }) => {
  for (const spec of [{ maildir: path }, { eml: path }, { mbox: path }]) {
    throws(() => openArchive(new MemoryStore(), "lists", spec), {
      name: "ArchiveError",
      archive: "lists",
      message: /^Cannot open archive "lists": "[ -~]*" is no path below its base$/,
    });
  }
});
