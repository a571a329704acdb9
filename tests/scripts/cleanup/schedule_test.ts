import { deepEqual, equal, rejects, throws } from "node:assert/strict";
import { readSchedule, sleepUntil } from "../../../scripts/cleanup/schedule.ts";

const pure = { permissions: "none" } as const;

/** A clock that goes on only while somebody sleeps. */
function alarm(nowMs: number, jumpMs = 0) {
  const naps: number[] = [];
  return {
    naps,
    now: () => nowMs,
    sleep(ms: number, signal: AbortSignal): Promise<void> {
      naps.push(ms);
      nowMs += ms + jumpMs;
      return signal.aborted ? Promise.reject(signal.reason) : Promise.resolve();
    },
  };
}

Deno.test("readSchedule() tells when a time comes next, in local time", pure, () => {
  const next = readSchedule("0 3 * * *");
  const first = next(new Date(2026, 0, 31, 12, 0).getTime());
  deepEqual(first && new Date(first), new Date(2026, 1, 1, 3, 0));
  // The instant itself is over.
  deepEqual(first && next(first), new Date(2026, 1, 2, 3, 0).getTime());
});

Deno.test("readSchedule() reads the times of another time zone, summer time included", pure, () => {
  const next = readSchedule("0 3 * * *", "Europe/Berlin");
  deepEqual(next(Date.UTC(2026, 0, 31)), Date.UTC(2026, 0, 31, 2));
  deepEqual(next(Date.UTC(2026, 6, 31)), Date.UTC(2026, 6, 31, 1));
  throws(() => readSchedule("0 3 * * *", "Europe/Nowhere"), {
    name: "ValidationError",
    message: /--every-zone "Europe\/Nowhere": expected a time zone/,
  });
});

Deno.test.each(["", "daily", "0 3 * *", "* 0 3 * * *", "61 * * * *", "0 3 31 2 *", "a b c d e"])(
  "readSchedule() refuses %j",
  pure,
  (text) => {
    throws(() => readSchedule(text), {
      name: "ValidationError",
      message: /expected times such as/,
    });
  },
);

Deno.test("sleepUntil() looks at the clock again and again", pure, async () => {
  const { signal } = new AbortController();
  const steady = alarm(0);
  await sleepUntil(150_000, steady, signal);
  deepEqual(steady.naps, [60_000, 60_000, 30_000]);
  const suspended = alarm(0, 3_600_000);
  await sleepUntil(7_000_000, suspended, signal);
  equal(suspended.naps.length, 2);
});

Deno.test("sleepUntil() ends with the signal", pure, async () => {
  const stop = new AbortController();
  stop.abort(new Error("enough"));
  await rejects(sleepUntil(1, alarm(0), stop.signal), { message: "enough" });
});
