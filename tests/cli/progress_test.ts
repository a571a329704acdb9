import { equal } from "node:assert/strict";
import { Printer, type ProgressOptions, startProgress } from "../../src/cli/mod.ts";
import { Screen } from "./fakes.ts";

/** A progress, its screen, and the hands of its clock. */
async function begin(options: ProgressOptions, { terminal = false, columns = 80 } = {}) {
  const screen = new Screen({ terminal });
  const clock = { ms: 5_000 };
  const printer = new Printer(screen, "standard error", { columns: () => columns });
  const progress = await startProgress(printer, { ...options, now: () => clock.ms });
  return { screen, clock, progress };
}

Deno.test("startProgress() draws nothing by itself", { permissions: "none" }, async () => {
  const { screen } = await begin({ label: "sending", total: 10 });
  equal(screen.text, "");
});

Deno.test("Progress writes plain lines every ten seconds off a terminal", {
  permissions: "none",
}, async () => {
  const { screen, clock, progress } = await begin({ label: "sending", total: 1000 });
  await progress.update(0);
  equal(screen.take(), "sending  0 of 1000  0%\n");
  clock.ms += 9_999;
  await progress.update(100);
  equal(screen.take(), "");
  clock.ms += 1;
  await progress.update(100);
  equal(screen.take(), "sending  100 of 1000  10%  10/s  1m 30s left\n");
  clock.ms += 10_000;
  await progress.update(500);
  // The rate is that of the last ten seconds.
  equal(screen.take(), "sending  500 of 1000  50%  40/s  13s left\n");
  await progress.note("450 try later");
  equal(screen.take(), "450 try later\n");
  await progress.finish(1000);
  equal(screen.take(), "sending  1000 of 1000  100%  50/s  in 20s\n");
});

Deno.test("Progress writes no plain line twice", { permissions: "none" }, async () => {
  const { screen, progress } = await begin({ label: "sending", total: 2 });
  await progress.update(0);
  await progress.finish(0);
  equal(screen.take(), "sending  0 of 2  0%\n");
});

Deno.test("Progress does not count what was done before for its rate", {
  permissions: "none",
}, async () => {
  const { screen, clock, progress } = await begin({ label: "sending", total: 100, before: 50 });
  clock.ms += 10_000;
  await progress.update(60);
  equal(screen.take(), "sending  60 of 100  60%  1/s  40s left\n");
  clock.ms += 10_000;
  await progress.finish(100);
  equal(screen.take(), "sending  100 of 100  100%  2.5/s  in 20s\n");
});

Deno.test("Progress tells details behind the rest", { permissions: "none" }, async () => {
  const { screen, clock, progress } = await begin({ label: "sending", total: 100 });
  await progress.update(0, "none accepted");
  equal(screen.take(), "sending  0 of 100  0%  none accepted\n");
  clock.ms += 10_000;
  await progress.update(50, "49 accepted, 1 failed");
  equal(screen.take(), "sending  50 of 100  50%  5/s  10s left  49 accepted, 1 failed\n");
});

Deno.test("Progress redraws one line on a terminal", { permissions: "none" }, async () => {
  const { screen, clock, progress } = await begin(
    { label: "fetching", total: 10_000_000, unit: "bytes" },
    { terminal: true },
  );
  await progress.note("connected");
  equal(screen.take(), "\r\x1b[Kconnected\n");
  clock.ms += 2_000;
  await progress.update(2_500_000);
  equal(screen.take(), "\r\x1b[Kfetching  2.5 MB of 10 MB  25%  1.25 MB/s  6s left");
  clock.ms += 99;
  await progress.update(2_600_000);
  equal(screen.take(), "");
  await progress.note("a message was skipped");
  equal(
    screen.take(),
    "\r\x1b[Ka message was skipped\n" +
      "\r\x1b[Kfetching  2.5 MB of 10 MB  25%  1.25 MB/s  6s left",
  );
  clock.ms += 1_901;
  await progress.finish(10_000_000);
  equal(screen.take(), "\r\x1b[Kfetching  10 MB of 10 MB  100%  2.5 MB/s  in 4s\n");
});

Deno.test("Progress without a total counts and tells the time", {
  permissions: "none",
}, async () => {
  const { screen, clock, progress } = await begin({ label: "reading" });
  clock.ms += 4_000;
  await progress.update(6);
  equal(screen.take(), "reading  6  1.5/s  in 4s\n");
  const nothing = await begin({ label: "sending", total: 0 });
  await nothing.progress.finish(0);
  equal(nothing.screen.take(), "sending  0 of 0  100%  in 0s\n");
});

Deno.test("Progress never fills a line of the terminal [T-R12]", {
  permissions: "none",
}, async () => {
  const { screen, progress } = await begin(
    { label: "日本\n語", total: 1000 },
    { terminal: true, columns: 12 },
  );
  await progress.update(1);
  equal(screen.take(), "\r\x1b[K日本\\n語  …");
});
