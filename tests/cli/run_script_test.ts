import { equal, match } from "node:assert/strict";
import {
  EXIT,
  explain,
  runScript,
  type ScriptIo,
  SecretError,
  ValidationError,
} from "../../src/cli/mod.ts";
import { ClosedPipe, Screen, Signals } from "./fakes.ts";

/** Runs a script as the probe and gives its exit number and what it said. */
async function run(main: (io: ScriptIo) => Promise<number>, signals: Signals = new Signals()) {
  const stdout = new Screen();
  const stderr = new Screen();
  const number = await runScript(main, {
    name: "probe",
    exits: EXIT.probe,
    stdout,
    stderr,
    signals,
  });
  equal(signals.count, 0);
  return { number, out: stdout.text, err: stderr.text };
}

function failing(error: unknown) {
  return run(() => Promise.reject(error));
}

Deno.test("EXIT keeps the numbers of monitoring plugins for the probe", {
  permissions: "none",
}, () => {
  const { ok, warning, critical, unknown, usage, failure } = EXIT.probe;
  equal([ok, warning, critical, unknown, usage, failure].join(), "0,1,2,3,3,3");
  equal([EXIT.sandbox.usage, EXIT.demo.usage].join(), "2,2");
});

Deno.test("runScript() returns the number of the script", { permissions: "none" }, async () => {
  const done = await run(async ({ out, err }) => {
    await out.line("data");
    await err.line("talk");
    return 1;
  });
  equal(done.number, 1);
  equal(done.out, "data\n");
  equal(done.err, "talk\n");
});

Deno.test("runScript() turns wrong use into one line and the script's own number", {
  permissions: "none",
}, async () => {
  const wrong = await failing(new ValidationError('Cannot read --port "x"', { exitCode: 99 }));
  equal(wrong.number, 3);
  equal(wrong.err, 'probe: Cannot read --port "x" (see probe --help)\n');
  const secret = await failing(new SecretError("Cannot read the secret"));
  equal(secret.number, 3);
  equal(secret.err, "probe: Cannot read the secret\n");
});

Deno.test.each<[string, unknown, string]>([
  ["an error", new RangeError("Cannot do it"), "Cannot do it"],
  [
    "an error with a hint",
    Object.assign(new Error("Cannot do it"), { hint: "try later" }),
    "Cannot do it (try later)",
  ],
  ["an error without a message", new RangeError(), "Cannot go on: RangeError"],
  ["something else", "odd", "Cannot go on: odd"],
  ["several lines", new Error("one\ntwo\x1b[2J"), "one\\ntwo\\x1b[2J"],
])("runScript() turns %s into one line", { permissions: "none" }, async (_, error, line) => {
  const { number, err } = await failing(error);
  equal(number, EXIT.probe.failure);
  equal(err, `probe: ${line}\n`);
});

Deno.test("runScript() names the flag of a missing grant, however deep it lies", {
  permissions: "none",
}, async () => {
  const attempts: [() => unknown, RegExp][] = [
    [
      () => Deno.connect({ hostname: "127.0.0.1", port: 9 }),
      /^probe: Cannot go on: net access to "127\.0\.0\.1:9" is not granted, add --allow-net=127\.0\.0\.1:9\n$/,
    ],
    [
      () => Deno.readTextFile("/etc/mail.pw"),
      /: read access to "\/etc\/mail\.pw" is not granted, add --allow-read=\/etc\/mail\.pw\n$/,
    ],
    [() => Deno.env.get("PW"), /: env access to "PW" is not granted, add --allow-env=PW\n$/],
    [
      () => Deno.hostname(),
      /: sys access to "hostname" is not granted, add --allow-sys=hostname\n$/,
    ],
    [
      () => new Deno.Command("/bin/pass").spawn(),
      /: run access to "\/bin\/pass" is not granted, add --allow-run=\/bin\/pass\n$/,
    ],
    [() => Deno.env.toObject(), /: env access is not granted, add --allow-env\n$/],
  ];
  for (const [attempt, line] of attempts) {
    const { err, number } = await run(async () => {
      try {
        await attempt();
      } catch (cause) {
        throw new Error("Cannot connect", { cause });
      }
      return 0;
    });
    match(err, line);
    equal(number, EXIT.probe.failure);
  }
});

Deno.test("explain() shows words of the platform that it does not know", {
  permissions: "none",
}, () => {
  equal(explain(new Deno.errors.NotCapable("No way"), "probe"), "Cannot go on: No way");
  const loop = new Error("Cannot end");
  loop.cause = loop;
  equal(explain(loop, "probe"), "Cannot end");
});

Deno.test("runScript() counts a reader that has left as failure, without a word [T-F16]", {
  permissions: "none",
}, async () => {
  const stderr = new Screen();
  const number = await runScript(async ({ out }) => {
    await out.line("data");
    return 0;
  }, {
    name: "probe",
    exits: EXIT.probe,
    stdout: new ClosedPipe(),
    stderr,
    signals: new Signals(),
  });
  equal(number, EXIT.probe.failure);
  equal(stderr.text, "");
});

Deno.test("runScript() still gives the number when nobody hears why", {
  permissions: "none",
}, async () => {
  const number = await runScript(() => Promise.reject(new Error("Cannot do it")), {
    name: "demo",
    exits: EXIT.demo,
    stderr: new ClosedPipe(),
    signals: new Signals(),
  });
  equal(number, EXIT.demo.failure);
});

Deno.test("runScript() ends as interrupted after the first signal", {
  permissions: "none",
}, async () => {
  const signals = new Signals();
  const quiet = await run(({ signal }) => {
    signals.send("SIGINT");
    return Promise.reject(signal.reason);
  }, signals);
  equal(quiet.number, 130);
  equal(quiet.err, "");
  const loud = await run(() => {
    signals.send("SIGINT");
    return Promise.reject(new Error("Cannot save"));
  }, signals);
  equal(loud.number, 130);
  equal(loud.err, "probe: Cannot save\n");
});

Deno.test("runScript() keeps the number of a script that ends well after the first signal", {
  permissions: "none",
}, async () => {
  const signals = new Signals();
  const { number } = await run(() => {
    signals.send("SIGINT");
    return Promise.resolve(1);
  }, signals);
  equal(number, 1);
});

Deno.test("runScript() waits no longer after the second signal", {
  permissions: "none",
}, async () => {
  const signals = new Signals();
  const { number } = await run(() => {
    signals.send("SIGINT");
    signals.send("SIGINT");
    return new Promise(() => {});
  }, signals);
  equal(number, 130);
});

Deno.test("runScript() tells of output that went wrong in another way [T-F16]", {
  permissions: "none",
}, async () => {
  const stderr = new Screen();
  const full = new ClosedPipe(new Error("No space left on device (os error 28)"));
  const number = await runScript(async ({ out }) => {
    await out.line("data");
    return 0;
  }, { name: "probe", exits: EXIT.probe, stdout: full, stderr, signals: new Signals() });
  equal(number, EXIT.probe.failure);
  equal(
    stderr.text,
    "probe: Cannot write to standard output: No space left on device (os error 28)\n",
  );
});
