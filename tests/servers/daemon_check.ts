/**
 * How programs are started and stopped, shown with simple ones.
 */
import { match, rejects, strictEqual } from "node:assert/strict";
import { Daemon } from "./daemon.ts";
import { PlainTalk } from "./plain_talk.ts";
import { poll } from "./poll.ts";
import { run } from "./process.ts";
import { serverTest } from "./programs.ts";
import { RunFolder } from "./run_folder.ts";
import { startSmtpSink } from "./smtp_sink.ts";

await serverTest("startSmtpSink() counts what it takes", ["smtp-sink"], async () => {
  await using sink = await startSmtpSink({ count: true });
  using talk = await PlainTalk.open({ hostname: sink.host, port: sink.port });
  await talk.reply();
  match(await talk.say("HELO alpha.example"), /^250/);
  match(await talk.say("MAIL FROM:<jones@beta.example>"), /^250/);
  match(await talk.say("RCPT TO:<brown@beta.example>"), /^250/);
  match(await talk.say("DATA"), /^354/);
  match(await talk.say("Hello", "."), /^250/);
  await poll("the count", async () => await sink.messages() === 1 || undefined);
});

await serverTest("RunFolder reports a process that was left, and ends it", [], async () => {
  const folder = await RunFolder.make("left", 3);
  await run("sh", ["-c", 'sleep 1000 >"$1" 2>&1 & exit 0', "sh", folder.file("left.log")], {
    env: { MARK: folder.path },
  });
  strictEqual((await folder.processes()).length, 1);
  await rejects(folder[Symbol.asyncDispose](), /Cannot stop left: processes \d+ were left/);
  await rejects(Deno.stat(folder.path), Deno.errors.NotFound);
});

await serverTest("Daemon.start() tells what a failing server said", [], async () => {
  await using folder = await RunFolder.make("fails");
  await rejects(
    Daemon.start(folder, "sh", { args: ["-c", "echo no such option; exit 3"], ports: [1] }),
    /Cannot start sh: it ended with code 3\nno such option/,
  );
});
