import { deepEqual, doesNotMatch, equal, rejects, throws } from "node:assert/strict";
import { mock } from "node:test";
import {
  readSecret,
  type SecretCommand,
  type SecretReaders,
  type SecretSource,
  secretSource,
  systemReaders,
} from "../../src/cli/mod.ts";

const FILE: SecretSource = { kind: "file", path: "/etc/mail.pw" };
const COMMAND: SecretSource = { kind: "command", path: "/bin/pass" };

/** Readers that give these bytes, whatever is asked for. */
function giving(bytes: string | Uint8Array<ArrayBuffer>, mode: number | null = 0o100600) {
  const stream = () => ReadableStream.from([bytes].map(octets));
  const readers: SecretReaders = {
    env: () => String(bytes),
    file: () => Promise.resolve({ mode, bytes: stream() }),
    command: () => ({ stdout: stream(), status: Promise.resolve({ code: 0 }), kill() {} }),
    stdin: stream,
    prompt: () => Promise.resolve(String(bytes)),
  };
  return readers;
}

function octets(text: string | Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  return typeof text === "string" ? new TextEncoder().encode(text) : text;
}

function given(value: string) {
  return { label: "Option", name: "--password-from", type: "secret", value };
}

Deno.test.each<[string, SecretSource]>([
  ["env:SMTP_PASSWORD", { kind: "env", name: "SMTP_PASSWORD" }],
  ["file:C:\\pw.txt", { kind: "file", path: "C:\\pw.txt" }],
  ["command:/usr/bin/pass", { kind: "command", path: "/usr/bin/pass" }],
  ["stdin", { kind: "stdin" }],
  ["prompt", { kind: "prompt" }],
])("secretSource() reads %s", { permissions: "none" }, (value, source) => {
  deepEqual(secretSource(given(value)), source);
});

Deno.test.each([["hunter2"], ["pass:hunter2"], ["env:"], ["env:hunter2!"], ["file:"], ["stdin:"]])(
  "secretSource() refuses %s and does not repeat it [T-I47]",
  { permissions: "none" },
  (value = "") => {
    throws(() => secretSource(given(value)), (error) => {
      doesNotMatch(Deno.inspect(error), /hunter2/);
      return error instanceof Error && error.name === "ValidationError";
    });
  },
);

Deno.test.each<[string, string]>([
  ["secret", "secret"],
  ["secret\n", "secret"],
  ["secret\r\n", "secret"],
  [" sécret ", " sécret "],
])("readSecret() cuts one line end off %j [T-A13] [T-I49]", {
  permissions: "none",
}, async (content, secret) => {
  const readers = giving(content);
  equal(await readSecret(FILE, { readers }), secret);
  equal(await readSecret(COMMAND, { readers }), secret);
  equal(await readSecret({ kind: "stdin" }, { readers }), secret);
});

const BAD: [string, string | Uint8Array<ArrayBuffer>, string][] = [
  ["an empty text", "", "it is empty"],
  ["a line end alone", "\n", "it is empty"],
  ["two line ends", "hunter2\n\n", "it holds a line break"],
  ["two lines [T-I51]", "hunter2\nhunter3", "it holds a line break"],
  ["a lone CR at the end", "hunter2\r", "it holds a line break"],
  ["a CR inside", "hunt\rer2", "it holds a line break"],
  ["a NUL", "hunter2\0", "it holds a NUL"],
  ["a byte order mark", "\ufeffhunter2", "it holds a byte order mark"],
  ["octets that are no UTF-8", Uint8Array.of(0x68, 0xff), "it is not UTF-8"],
  ["a megabyte", "hunter2".repeat(150_000), "it is longer than 65536 octets"],
];

Deno.test.each(BAD)("readSecret() refuses %s [T-A13] [T-I49]", {
  permissions: "none",
}, async (_, content, seen) => {
  const readers = giving(content);
  for (
    const [source, name] of [
      [FILE, "file:/etc/mail.pw"],
      [COMMAND, "command:/bin/pass"],
      [{ kind: "stdin" }, "stdin"],
    ] as const
  ) {
    await rejects(readSecret(source, { readers }), (error) => {
      doesNotMatch(Deno.inspect(error), /hunt/);
      return error instanceof Error && error.name === "SecretError" &&
        error.message === `Cannot read the secret from "${name}": ${seen}`;
    });
  }
});

Deno.test("readSecret() takes exactly 65536 octets", { permissions: "none" }, async () => {
  const secret = "x".repeat(65_536);
  equal(await readSecret(FILE, { readers: giving(secret) }), secret);
});

Deno.test.each<[string, string | undefined, string]>([
  ["not set", undefined, "the variable is not set"],
  ["empty", "", "it is empty"],
  ["ended by a line break", "hunter2\n", "it holds a line break"],
])("readSecret() refuses a variable that is %s [T-I52]", {
  permissions: "none",
}, async (_, value, seen) => {
  await rejects(
    readSecret({ kind: "env", name: "PW" }, { readers: { ...systemReaders, env: () => value } }),
    { name: "SecretError", message: `Cannot read the secret from "env:PW": ${seen}` },
  );
});

Deno.test("readSecret() reads a variable once and deletes it [T-F17]", {
  permissions: "none",
}, async () => {
  const variables = new Map([["PW", "open sesame"]]);
  const get = mock.method(Deno.env, "get", (name: string) => variables.get(name));
  const remove = mock.method(Deno.env, "delete", (name: string) => void variables.delete(name));
  try {
    equal(await readSecret({ kind: "env", name: "PW" }), "open sesame");
    equal(variables.size, 0);
    equal(get.mock.callCount(), 1);
  } finally {
    get.mock.restore();
    remove.mock.restore();
  }
});

Deno.test("readSecret() lets a missing grant through", { permissions: "none" }, async () => {
  await rejects(readSecret({ kind: "env", name: "PW" }), Deno.errors.NotCapable);
  await rejects(readSecret({ kind: "file", path: "/etc/mail.pw" }), Deno.errors.NotCapable);
  await rejects(readSecret({ kind: "command", path: "/bin/pass" }), Deno.errors.NotCapable);
});

Deno.test.each<[number]>([[0o100604], [0o100640], [0o100620], [0o100644]])(
  "readSecret() refuses a file of mode %o, with the way out [T-I47]",
  { permissions: "none" },
  async (mode) => {
    const octal = (mode & 0o777).toString(8);
    await rejects(readSecret(FILE, { readers: giving("hunter2", mode) }), {
      name: "SecretError",
      message: 'Cannot read the secret from "file:/etc/mail.pw": ' +
        `others can read it (mode ${octal}), run: chmod 600 /etc/mail.pw`,
    });
  },
);

Deno.test.each<[string, number | null, boolean]>([
  ["/etc/mail.pw", 0o100400, true],
  ["C:\\mail.pw", null, true],
  ["/run/secrets/mail", 0o100444, true],
  ["/run/credentials/mail.service/pw", 0o100440, true],
  ["/run/secrets/../../home/me/pw", 0o100444, false],
  ["/home/run/secrets/pw", 0o100444, false],
])("readSecret() knows where a mode is not the user's: %s %s %s", {
  permissions: "none",
}, async (path, mode, allowed) => {
  const secret = readSecret({ kind: "file", path }, { readers: giving("open", mode) });
  if (allowed) equal(await secret, "open");
  else await rejects(secret, { name: "SecretError" });
});

Deno.test("readSecret() reads files of the system [T-I47]", {
  ignore: Deno.build.os === "windows",
}, async () => {
  await Deno.mkdir("tests/.tmp", { recursive: true });
  const dir = await Deno.makeTempDir({ dir: "tests/.tmp" });
  try {
    const path = `${dir}/pw`;
    await Deno.writeTextFile(path, "open sesame\n", { mode: 0o600 });
    equal(await readSecret({ kind: "file", path }), "open sesame");
    await Deno.chmod(path, 0o644);
    await rejects(readSecret({ kind: "file", path }), /chmod 600/);
    await Deno.chmod(path, 0o600);
    await Deno.writeTextFile(path, "x".repeat(1_000_000));
    await rejects(readSecret({ kind: "file", path }), /longer than/);
    await rejects(readSecret({ kind: "file", path: `${dir}/none` }), {
      name: "SecretError",
      message: /^Cannot read the secret from ".*none": No such file/,
    });
    await rejects(readSecret({ kind: "file", path: dir }), { name: "SecretError" });
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});

/** A command that prints this and then ends with a code, or never. */
function command(output: string, code: number | "never") {
  const kills: string[] = [];
  const { promise: status, resolve } = Promise.withResolvers<{ code: number }>();
  const child: SecretCommand = {
    stdout: new ReadableStream<Uint8Array>({
      start(controller) {
        controller.enqueue(octets(output));
        if (code !== "never") controller.close();
      },
    }),
    status,
    kill(signal) {
      kills.push(signal);
      resolve({ code: 137 });
    },
  };
  if (code !== "never") resolve({ code });
  return { kills, readers: { ...systemReaders, command: () => child } };
}

Deno.test("readSecret() refuses a command that fails, without its output [T-I51]", {
  permissions: "none",
}, async () => {
  const { readers, kills } = command("hunter2", 1);
  await rejects(readSecret(COMMAND, { readers }), (error) => {
    doesNotMatch(Deno.inspect(error), /hunter2/);
    return error instanceof Error &&
      error.message === 'Cannot read the secret from "command:/bin/pass": the command ended with 1';
  });
  deepEqual(kills, []);
});

Deno.test("readSecret() ends a command that hangs [T-I51]", { permissions: "none" }, async () => {
  const { readers, kills } = command("hunter2", "never");
  await rejects(readSecret(COMMAND, { readers, commandTimeoutMs: 1 }), {
    name: "SecretError",
    message: 'Cannot read the secret from "command:/bin/pass": no answer within 0.001 s',
  });
  deepEqual(kills, ["SIGKILL"]);
});

Deno.test("readSecret() ends a command that closed its output and hangs [T-I51]", {
  permissions: "none",
}, async () => {
  const { readers, kills } = command("hunter2", "never");
  const child = { ...readers.command(), stdout: ReadableStream.from([octets("hunter2")]) };
  await rejects(
    readSecret(COMMAND, { readers: { ...readers, command: () => child }, commandTimeoutMs: 1 }),
    { message: /no answer within/ },
  );
  deepEqual(kills, ["SIGKILL"]);
});

Deno.test("readSecret() ends a command that prints without end [T-I51]", {
  permissions: "none",
}, async () => {
  let printed = 0;
  const { readers, kills } = command("", "never");
  const stdout = new ReadableStream<Uint8Array>({
    pull(controller) {
      printed += 4096;
      controller.enqueue(new Uint8Array(4096).fill(0x61));
    },
  });
  const child = { ...readers.command(), stdout };
  await rejects(readSecret(COMMAND, { readers: { ...readers, command: () => child } }), {
    message: /longer than 65536 octets$/,
  });
  deepEqual(kills, ["SIGKILL"]);
  equal(printed < 100_000, true);
});

Deno.test("readSecret() survives a command that ended before it could be ended", {
  permissions: "none",
}, async () => {
  const { readers } = command("x".repeat(70_000), 0);
  const child = {
    ...readers.command(),
    kill() {
      throw new TypeError("Child process has already terminated");
    },
  };
  await rejects(readSecret(COMMAND, { readers: { ...readers, command: () => child } }), {
    name: "SecretError",
    message: /longer than/,
  });
});

Deno.test("readSecret() ends a command when told to", { permissions: "none" }, async () => {
  const stop = new AbortController();
  const reason = new Error("stop");
  const { readers, kills } = command("", "never");
  const secret = readSecret(COMMAND, { readers, signal: stop.signal });
  stop.abort(reason);
  await rejects(secret, (error) => error === reason);
  deepEqual(kills, ["SIGKILL"]);
});

Deno.test("readSecret() asks a person with the given question", {
  permissions: "none",
}, async () => {
  const asked: string[] = [];
  const readers: SecretReaders = {
    ...systemReaders,
    prompt(question) {
      asked.push(question);
      return Promise.resolve("open");
    },
  };
  equal(await readSecret({ kind: "prompt" }, { readers, question: "Token" }), "open");
  equal(await readSecret({ kind: "prompt" }, { readers }), "open");
  deepEqual(asked, ["Token", "Password"]);
  await rejects(readSecret({ kind: "prompt" }, { readers: giving("") }), { name: "SecretError" });
});
