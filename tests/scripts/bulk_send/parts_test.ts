import { deepEqual, equal, throws } from "node:assert/strict";
import { exitOfError, exitOfStates } from "../../../scripts/bulk_send/failure.ts";
import { callGrants } from "../../../scripts/bulk_send/grants.ts";
import { defaultName } from "../../../scripts/bulk_send/journal_place.ts";
import { nextCommand } from "../../../scripts/bulk_send/next_command.ts";
import { withoutAddresses } from "../../../scripts/bulk_send/run_progress.ts";
import { runningOf, settingsOf } from "../../../scripts/bulk_send/settings.ts";
import { SecretError } from "../../../src/cli/mod.ts";
import { BulkJournalError, ListError } from "../../../src/jobs/mod.ts";

const pure = { permissions: "none" } as const;

const NONE = {
  ...{ pending: 0, claimed: 0, committing: 0, accepted: 1, deferred: 0 },
  ...{ failed: 0, in_doubt: 0, skipped: 1 },
};

Deno.test("exitOfStates() tells what is to be done first", pure, () => {
  equal(exitOfStates(NONE), 0);
  equal(exitOfStates({ ...NONE, failed: 1 }), 1);
  equal(exitOfStates({ ...NONE, failed: 1, in_doubt: 1 }), 4);
  equal(exitOfStates({ ...NONE, in_doubt: 1, deferred: 1 }), 3);
  equal(exitOfStates({ ...NONE, committing: 1 }), 3);
  equal(exitOfStates({ ...NONE, committing: 1 }, { shared: true }), 0);
  equal(exitOfStates(NONE, { stopped: true }), 3);
});

Deno.test("exitOfError() knows what could not be used and what could not be reached", pure, () => {
  equal(exitOfError(new ListError(2, "x")), 2);
  equal(exitOfError(new SecretError("x")), 2);
  equal(exitOfError(new BulkJournalError("busy", "x")), 3);
  equal(exitOfError(new BulkJournalError("moved", "x")), 2);
  equal(exitOfError(new Error("x", { cause: new Deno.errors.NotCapable("x") })), 2);
  equal(exitOfError(new Error("x")), undefined);
});

Deno.test("withoutAddresses() names nobody, and leaves the rest", pure, () => {
  equal(
    withoutAddresses("<ann@x.example>: unknown, try ben@y.example; see https://z.example/?a=1"),
    "<…>: unknown, try <…>; see https://z.example/?a=1",
  );
  equal(withoutAddresses('it says "550 ann@x.example"'), 'it says "550 <…>"');
  equal(withoutAddresses("4.7.1 Greylisted @ noon"), "4.7.1 Greylisted @ noon");
});

Deno.test("nextCommand() can be typed as it is, and holds no secret", pure, () => {
  const from = { kind: "file", path: "pg pw" } as const;
  equal(
    nextCommand("resume", { journal: "a b.db", job: "it's", journalPasswordFrom: from }, ["--x"]),
    `bulk_send resume --journal 'a b.db' --job 'it'\\''s' --journal-password-from 'file:pg pw' --x`,
  );
  equal(
    nextCommand("status", { journal: "a.db", journalPasswordFrom: { kind: "prompt" } }),
    "bulk_send status --journal a.db --journal-password-from prompt",
  );
});

Deno.test("runningOf() keeps what a job has, and what was typed now wins", pure, () => {
  const kept = runningOf({
    server: "smtp://a.example",
    user: "ann",
    passwordFrom: { kind: "stdin" },
    rate: { count: 1, perMs: 1000 },
    dkimKey: ["k"],
    dkimSelector: ["s"],
    dkimDomain: "d.example",
  });
  const later = runningOf({ tokenFrom: { kind: "prompt" }, connections: 3 }, kept);
  deepEqual(later.session, {
    ...{ server: "smtp://a.example", user: "ann" },
    tokenFrom: { kind: "prompt" },
  });
  deepEqual(later.pace, { rate: { count: 1, perMs: 1000 }, connections: 3 });
  deepEqual(later.dkim, kept.dkim);
  const other = runningOf({ dkimKey: ["l"], dkimSelector: ["t"] }, kept);
  deepEqual(other.dkim, { dkimKey: ["l"], dkimSelector: ["t"] });
});

Deno.test("settingsOf() refuses a job of another program", pure, () => {
  const job = { id: 1, name: "j", fingerprint: "", contentHash: "", createdMs: 0, rows: 0 };
  for (const settings of [null, {}, { schema: "other" }, 7]) {
    throws(() => settingsOf({ ...job, settings }), /another program has made it/);
  }
});

Deno.test("defaultName() is that of the file or the database", pure, () => {
  equal(defaultName("job/welcome.db"), "welcome");
  equal(defaultName(".db"), "job");
  equal(defaultName("postgres://mail@db.example/spring"), "spring");
});

Deno.test(
  "callGrants() names the companions of a journal that lies in no folder of its own",
  pure,
  async () => {
    const files = ["a.db", "a.db.lock", "a.db.mark", "a.db.emergency"].join();
    deepEqual(await callGrants({ journal: "a.db" }), [
      `--allow-read=${files}`,
      `--allow-write=${files}`,
    ]);
    deepEqual(await callGrants({ journal: "a.db", readOnly: true }), [
      "--allow-read=a.db,a.db.mark,a.db.emergency",
    ]);
    deepEqual(await callGrants({ journal: "postgres://a@db.example:5433/x" }), [
      "--allow-net=db.example:5433",
      "--ignore-env",
    ]);
  },
);
