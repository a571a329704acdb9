import { deepEqual, equal, rejects } from "node:assert/strict";
import { mock } from "node:test";
import { confirm, promptSecret } from "../../src/cli/mod.ts";
import { ClosedPipe, Keys, Screen } from "./fakes.ts";

Deno.test.each<[string, string | Uint8Array, string]>([
  ["up to Enter", "open sesame\n", "open sesame"],
  ["up to Enter on Windows", "open\r\n", "open"],
  ["up to Ctrl-D", "open\x04", "open"],
  ["up to the end", "open", "open"],
  ["with corrections", "x\x7fopeb\x08n\n", "open"],
  ["with a correction outside ASCII", "sé\x7fesame🙂\x7f\n", "sesame"],
  ["after erasing all", "wrong\x15right\n", "right"],
  ["erasing more than there is", "\x7f\x7fa\n", "a"],
  ["with nothing in it", "\n", ""],
])("promptSecret() reads a secret %s", { permissions: "none" }, async (_, typed, secret) => {
  const keyboard = new Keys(typed);
  const screen = new Screen();
  equal(await promptSecret("Password", { keyboard, screen }), secret);
  equal(screen.text, "Password: \n"); // nothing of the secret, not even its length
  deepEqual(keyboard.modes, [true, false]);
});

Deno.test("promptSecret() refuses what is not UTF-8", { permissions: "none" }, async () => {
  const keyboard = new Keys(Uint8Array.of(0xff, 10));
  await rejects(promptSecret("Password", { keyboard, screen: new Screen() }), {
    message: 'Cannot ask "Password": the answer is not UTF-8',
  });
});

Deno.test("promptSecret() and confirm() ask nobody without a terminal", {
  permissions: "none",
}, async () => {
  const screen = new Screen();
  const options = { keyboard: new Keys("yes\n", { terminal: false }), screen };
  const error = {
    name: "ValidationError",
    message: 'Cannot ask "Go on?": standard input is no terminal',
  };
  await rejects(promptSecret("Go on?", options), error);
  await rejects(confirm("Go on?", options), error);
  equal(screen.text, "");
});

Deno.test("promptSecret() gives up when told to, and lets keys be seen again", {
  permissions: "none",
}, async () => {
  const reason = new Error("stop");
  const stop = new AbortController();
  // The first one is told while the question is written, the second one while keys are read.
  const late = new AbortController();
  const keyboard = new Keys("op", { then: "nothing", drained: () => late.abort(reason) });
  const screen = new Screen();
  const answer = promptSecret("Password", { keyboard, screen, signal: stop.signal });
  stop.abort(reason);
  await rejects(answer, (error) => error === reason);
  deepEqual(keyboard.modes, [true, false]);
  await rejects(
    promptSecret("Password", { keyboard, screen, signal: late.signal }),
    (error) => error === reason,
  );
  deepEqual(keyboard.modes, [true, false, true, false]);
  await rejects(
    promptSecret("Password", { keyboard, screen, signal: stop.signal }),
    (error) => error === reason,
  );
});

Deno.test("promptSecret() ends at Ctrl-C where it comes as a key", {
  permissions: "none",
}, async () => {
  const keyboard = new Keys("op\x03", { then: "nothing" });
  await rejects(promptSecret("Password", { keyboard, screen: new Screen() }), {
    name: "Interrupted",
  });
  deepEqual(keyboard.modes, [true, false]);
});

Deno.test.each<[string, boolean]>([
  ["y\n", true],
  ["YES\r\n", true],
  ["n\n", false],
  ["no\n", false],
  ["\n", false],
  ["", false],
])("confirm() takes %j as %s", { permissions: "none" }, async (typed, expected) => {
  equal(await confirm("Go on?", { keyboard: new Keys(typed), screen: new Screen() }), expected);
});

Deno.test("confirm() asks again, and leaves the next answer alone", {
  permissions: "none",
}, async () => {
  const keyboard = new Keys("maybe\ny\nn\n");
  const screen = new Screen();
  equal(await confirm("Go on?", { keyboard, screen }), true);
  equal(screen.text, "Go on? [y/N] Go on? [y/N] ");
  equal(await confirm("Really?", { keyboard, screen }), false);
});

Deno.test("promptSecret() shows no keys from before its question to the end", {
  permissions: "none",
}, async () => {
  const keyboard = new Keys("open\n");
  const seen: (boolean | undefined)[] = [];
  const screen = {
    write: (bytes: Uint8Array) => {
      seen.push(keyboard.modes.at(-1));
      return Promise.resolve(bytes.length);
    },
  };
  equal(await promptSecret("Password", { keyboard, screen }), "open");
  deepEqual(seen, [true, false]);
});

Deno.test("promptSecret() lets keys be seen again if nobody can see its question", {
  permissions: "none",
}, async () => {
  const keyboard = new Keys("open\n");
  await rejects(promptSecret("Password", { keyboard, screen: new ClosedPipe() }), {
    name: "BrokenPipe",
  });
  deepEqual(keyboard.modes, [true, false]);
});

Deno.test("promptSecret() lets keys be seen again where a signal would end the process", {
  permissions: "none",
  ignore: Deno.build.os === "windows",
}, async () => {
  const heard = new Map<Deno.Signal, () => void>();
  const add = mock.method(Deno, "addSignalListener", heard.set.bind(heard));
  const remove = mock.method(Deno, "removeSignalListener", heard.delete.bind(heard));
  using _restored = {
    [Symbol.dispose]: () => [add, remove].forEach((each) => each.mock.restore()),
  };
  for (const signal of ["SIGHUP", "SIGQUIT"] as const) {
    const drained = () => heard.get(signal)?.();
    const keyboard = new Keys("op", { then: "nothing", drained });
    await rejects(promptSecret("Password", { keyboard, screen: new Screen() }), {
      name: "Interrupted",
      message: `Cannot go on: ${signal} was received`,
    });
    deepEqual(keyboard.modes, [true, false]);
    equal(heard.size, 0);
  }
});
