import { equal, rejects } from "node:assert/strict";
import { type EndSignal, Interruption } from "../../src/cli/mod.ts";
import { Signals } from "./fakes.ts";

Deno.test.each<[EndSignal, number]>([["SIGINT", 130], ["SIGTERM", 143]])(
  "Interruption asks to stop at the first %s and leaves at the second with %d",
  { permissions: "none", ignore: Deno.build.os === "windows" },
  async (name, number) => {
    const signals = new Signals();
    using interruption = new Interruption(signals);
    let left = false;
    const leave = interruption.leave.then((exit) => {
      left = true;
      return exit;
    });
    signals.send(name);
    await rejects(
      Promise.reject(interruption.signal.reason),
      {
        name: "InterruptedError",
        exitNumber: number,
        message: `Cannot go on: ${name} was received`,
      },
    );
    equal(left, false);
    signals.send(name);
    equal(await leave, number);
  },
);

Deno.test("Interruption stops listening when it is disposed of", { permissions: "none" }, () => {
  const signals = new Signals();
  {
    using interruption = new Interruption(signals);
    equal(interruption.signal.aborted, false);
    equal(signals.count > 0, true);
  }
  equal(signals.count, 0);
});

Deno.test("Interruption listens to the process", { permissions: "none" }, () => {
  // The sanitizers would name a listener that stays.
  using interruption = new Interruption();
  equal(interruption.signal.aborted, false);
});
