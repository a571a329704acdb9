import { equal, match, ok, rejects } from "node:assert/strict";
import { main } from "../../scripts/demo.ts";
import { Screen } from "../cli/fakes.ts";

Deno.test(
  "demo probes, sends, cleans a mailbox up and restores a message, and leaves nothing behind",
  { timeout: 600_000 },
  async () => {
    const stdout = new Screen();
    const stderr = new Screen();
    const folder = "tests/.tmp/demo";
    const code = await main([], { stdout, stderr, folder });
    equal(stderr.text, "");
    equal(code, 0);
    await rejects(Deno.stat(folder), Deno.errors.NotFound);
    match(stdout.text, /logged in by SCRAM-SHA-256/);
    match(stdout.text, /green@beta\.example +refused +550 5\.1\.1/);
    match(stdout.text, /C & S: <tls>/);
    match(stdout.text, /C: AUTH SCRAM-SHA-256 \$\{hidden\}/);
    match(stdout.text, /brown@beta\.example +ann@client\.example +Your dates, Brown/);
    match(stdout.text, /Orchard news, 5 months old +lists +age /);
    match(stdout.text, /3 of 7 messages/);
    match(stdout.text, /3 planned, 3 archived, 3 deleted, 3 seen to be gone/);
    match(stdout.text, /accepted; the mailbox has 5 messages/);
    ok(!stdout.text.includes("open sesame"), "the password is shown");
  },
);

Deno.test("demo refuses what it does not know in one line", async () => {
  const stdout = new Screen();
  const stderr = new Screen();
  equal(await main(["--fast"], { stdout, stderr }), 2);
  equal(stderr.text.trimEnd().split("\n").length, 1);
});
