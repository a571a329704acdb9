import { deepEqual, equal, match, ok } from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { Emergency, heldBy } from "../../../scripts/bulk_send/emergency.ts";
import { HeldClock } from "../../held_clock.ts";
import { bulkSend, inSetting, people } from "./script.ts";

const LOST = {
  kind: "lost",
  row: { id: 1, line: 2, recipient: "p@x.example", fields: {}, attempt: 1, firstClaimMs: 0 },
  outcome: { id: 1, state: "accepted", code: 250, text: "x".repeat(2_000) },
} as const;

Deno.test("Emergency is as large beforehand as it will ever be, and gone if it was not needed [T-B10]", async () => {
  await inSetting(async ({ folder }) => {
    const path = `${folder}/e`;
    {
      using emergency = await Emergency.reserve(path);
      equal((await Deno.stat(path)).size, 256 * 1024);
      equal(((await Deno.stat(path)).mode ?? 0) & 0o077, 0);
      equal(emergency.used, false);
    }
    equal(await heldBy(path), 0);
    {
      using emergency = await Emergency.reserve(path);
      for (let times = 0; times < 1_000; times++) emergency.take(LOST); // more than it has room for
      equal((await Deno.stat(path)).size, 256 * 1024);
    }
    const lines = (await Deno.readTextFile(path)).trimEnd().split("\n");
    ok(lines.length > 300);
    deepEqual(JSON.parse(lines[0] ?? ""), {
      ...{ line: 2, recipient: "p@x.example", state: "accepted", code: 250 },
      text: "x".repeat(512),
    });
    // What is there stays, and the next run has room behind it.
    const before = await heldBy(path);
    using emergency = await Emergency.reserve(path);
    equal(emergency.used, true);
    emergency.take(LOST);
    equal((await Deno.readTextFile(path)).trimEnd().split("\n").length, lines.length + 1);
    ok(await heldBy(path) > before);
  });
});

Deno.test("bulk_send tells what the journal could not take, and stops [T-B10]", async () => {
  const clock = new HeldClock();
  await inSetting(async ({ box, folder, all, journal, write }) => {
    await write("people.csv", people(10));
    box.misbehave({ verb: ".", after: 2, times: 1, delayMs: clock.pauseMs });
    const run = bulkSend(["send", ...all, "--connections", "1"]);
    await box.ledger.until(({ kind, recipients: [who] = [] }) =>
      kind === "terminator" && who === "p2@there.example"
    );
    const path = `${folder}/welcome.db`;
    const other = new DatabaseSync(path);
    other.exec("BEGIN IMMEDIATE"); // now nobody else can write
    clock.letGo();
    const { code, err } = await run;
    other.close();
    equal(code, 3);
    match(
      err,
      /bulk_send: not in the journal: \{"line":4,"recipient":"p2@there\.example",.*"accepted"/,
    );
    match(
      err,
      /\nstopped: Cannot use the journal "[^"]+": database is locked: see to the disk of the journal, then resume\n/,
    );
    match(
      await Deno.readTextFile(`${path}.emergency`),
      /^\{"line":4,"recipient":"p2@there\.example"/,
    );
    match((await bulkSend(["status", ...journal])).err, /welcome\.db\.emergency holds outcomes/);
    // The journal knows only that it may have been sent.
    const resumed = await bulkSend(["resume", ...journal]);
    equal(resumed.code, 4, resumed.err);
    match(resumed.err, /the last run left 1 row in doubt\n/);
    equal(box.mails.length, 10);
  }, { clock });
});
