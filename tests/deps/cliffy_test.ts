import { deepEqual, doesNotMatch, equal, match, rejects, throws } from "node:assert/strict";
import process from "node:process";
import { mock } from "node:test";
import { Command, EnumType, ValidationError } from "../../src/deps/cliffy.ts";

const pure: Deno.TestDefinition["permissions"] = "none";

/** A usage error whose message is this. */
function usage(message: string): object {
  return { name: "ValidationError", exitCode: 2, message };
}

function probe() {
  return new Command().name("probe").noExit();
}

Deno.test("Command.parse() passes options and arguments to the action", {
  permissions: pure,
}, async () => {
  const seen: unknown[] = [];
  await probe()
    .arguments("<host:string> [port:integer] [...rest:string]")
    .option("-v, --verbose", "")
    .option("--read-timeout <t:number>", "")
    .option("--list <x:string[]>", "")
    .option("--json [path:file]", "")
    .action((options, ...args) => seen.push(options, args))
    .parse(["h", "25", "a", "b", "-v", "--read-timeout=1.5", "--list", "x,y", "--json"]);
  deepEqual(seen, [
    { verbose: true, readTimeout: 1.5, list: ["x", "y"], json: true },
    ["h", 25, "a", "b"],
  ]);
});

Deno.test("Command.parse() awaits the action and lets its error through", {
  permissions: pure,
}, async () => {
  const error = new RangeError("from the action");
  await rejects(
    probe().action(() => Promise.reject(error)).parse([]),
    (caught) => caught === error,
  );
});

Deno.test("Command.parse() forgets the parse before", { permissions: pure }, async () => {
  const seen: unknown[] = [];
  const command = probe().option("--port <port:integer>", "").action((options) =>
    seen.push(options)
  );
  await command.parse(["--port", "1"]);
  await command.parse([]);
  deepEqual(seen, [{ port: 1 }, {}]);
});

Deno.test("Command.parse() demands noExit()", { permissions: pure }, async () => {
  await rejects(new Command().action(() => {}).parse([]), TypeError);
});

Deno.test.each<[string[], string]>([
  [["--jsn"], 'Cannot run probe: unknown option "--jsn", did you mean --json?'],
  [["--pasword=hunter2"], 'Cannot run probe: unknown option "--pasword"'],
  [["-qhunter2"], 'Cannot run probe: unknown option "-q"'],
  [["--json=yes"], "Cannot read --json: it takes no value"],
  [["--port"], 'Cannot run probe: option "-p, --port <port>" argument missing'],
  [["--port", ""], "Cannot read --port: its value is empty"],
  [["--port", "0x10"], 'Cannot read --port "0x10": expected a whole number'],
  [["--port", "1.0"], 'Cannot read --port "1.0": expected a whole number'],
  [
    ["--port", "9007199254740993"],
    'Cannot read --port "9007199254740993": expected a whole number',
  ],
  [["--ratio", "0x10"], 'Cannot read --ratio "0x10": expected a number'],
  [["--ratio", "1e999"], 'Cannot read --ratio "1e999": expected a number'],
  [["--ratio", " "], 'Cannot read --ratio " ": expected a number'],
  [["--flag", "yes"], 'Cannot read --flag "yes": expected true or false'],
  [["--tls", "None"], 'Cannot read --tls "None": expected one of none, required'],
  [["--word", "x"], "Cannot read --word: not that word"],
  [["--port", "1", "-p", "2"], "Cannot take --port 2 times: it may come once"],
  [["--json", "--json"], "Cannot take --json 2 times: it may come once"],
  [["--dry-run", "--send-now"], "Cannot take --dry-run together with --send-now: choose one"],
  [["a", "b", "hunter2"], "Cannot run probe: too many arguments. Expected 2 arguments but got 3"],
  [["a", "x"], 'Cannot read count "x": expected a whole number'],
])("Command.parse() refuses %j [T-I46]", { permissions: pure }, async (args, message) => {
  await rejects(
    probe()
      .type("tls", new EnumType(["none", "required"]))
      .type("word", (): never => {
        throw new SyntaxError("not that word");
      })
      .arguments("[host:string] [count:integer]")
      .option("-p, --port <port:integer>", "")
      .option("--ratio <n:number>", "")
      .option("--flag <b:boolean>", "")
      .option("--tls <mode:tls>", "")
      .option("--word <w:word>", "")
      .option("--json", "")
      .option("--dry-run", "", { conflicts: ["send-now"] })
      .option("--send-now", "")
      .action(() => {})
      .parse(args),
    usage(message),
  );
});

Deno.test.each<[string[]]>([
  [["--password=hunter2"]],
  [["-phunter2"]],
  [["--json", "hunter2"]],
  [["--password", "hunter2"]],
])("Command.parse() never quotes what may be a password: %j [T-I47]", {
  permissions: pure,
}, async (args) => {
  await rejects(probe().option("--json", "").action(() => {}).parse(args), (error) => {
    doesNotMatch(Deno.inspect(error), /hunter2/);
    return error instanceof ValidationError;
  });
});

Deno.test("Command.parse() shows an error of a type handler with its cause", {
  permissions: pure,
}, async () => {
  const cause = new SyntaxError("no host");
  const command = probe().type("url", (): never => {
    throw cause;
  });
  await rejects(
    command.option("--to <url:url>", "").action(() => {}).parse(["--to", "x"]),
    { message: "Cannot read --to: no host", cause },
  );
});

Deno.test("Command.parse() demands required options and arguments", {
  permissions: pure,
}, async () => {
  const command = probe()
    .option("--to <address:string>", "", { required: true })
    .arguments("<host:string>")
    .action(() => {});
  await rejects(command.parse(["h"]), usage("Cannot run probe: --to <address> is missing"));
  await rejects(
    command.parse(["--to", "a"]),
    usage('Cannot run probe: missing required argument "host"'),
  );
});

Deno.test("Command.option() lets given values replace a collected default", {
  permissions: pure,
}, async () => {
  const seen: unknown[] = [];
  const command = probe()
    .option("--to <address:string>", "", { collect: true, default: ["me"] })
    .action(({ to }) => seen.push(to));
  await command.parse([]);
  await command.parse(["--to", "a", "--to", "b"]);
  deepEqual(seen, [["me"], ["a", "b"]]);
});

Deno.test("Command.option() gives --no-x as true until it is given", {
  permissions: pure,
}, async () => {
  const seen: unknown[] = [];
  const command = probe().option("--no-color", "").action(({ color }) => seen.push(color));
  await command.parse([]);
  await command.parse(["--no-color"]);
  deepEqual(seen, [true, false]);
});

Deno.test.each<[string, () => unknown]>([
  ["flags without a long name", () => probe().option("-p <port>", "")],
  ["a --no- option with a value", () => probe().option("--no-x <y>", "")],
  ["an unknown type", () => probe().option("--x <y:zebra>", "")],
  ["an option twice", () => probe().option("--x", "").option("--no-x", "")],
  ["a type twice", () => probe().type("integer", () => 1)],
  ["a variable without a value", () => probe().env("PORT", "")],
  ["an argument without brackets", () => probe().arguments("host")],
  [
    "a conflict with an unknown option",
    () => probe().option("--a", "", { conflicts: ["sendNow"] }).getHelp(),
  ],
])("Command refuses the declaration of %s", { permissions: pure }, (_, declare) => {
  throws(declare, TypeError);
});

Deno.test("Command.command() gives a subcommand its own options only", {
  permissions: pure,
}, async () => {
  const seen: unknown[] = [];
  const parent = probe()
    .option("--json", "")
    .option("--quiet", "")
    .arguments("[...targets:string]")
    .action((options, ...targets) => seen.push("root", options, targets))
    .command("mx", new Command().option("--json", "").action((options) => seen.push(options)));
  await parent.parse(["mx", "--json"]);
  await parent.parse(["host", "mx", "--quiet"]);
  deepEqual(seen, [{ json: true }, "root", { quiet: true }, ["host", "mx"]]);
  await rejects(
    parent.parse(["--quiet", "mx"]),
    usage("Cannot take --quiet there: options of probe mx come after its name"),
  );
});

Deno.test("Command.command() makes usage errors of subcommands throw, and nothing else", {
  permissions: pure,
}, async () => {
  const exit = mock.method(Deno, "exit", () => {
    throw new Error("the process would have ended");
  });
  const write = mock.method(process.stderr, "write", () => true);
  try {
    const list = new Command().option("--json", "").action(() => {});
    const parent = probe().command("list", list).command("sub", new Command().action(() => {}));
    await rejects(
      parent.parse(["list", "--x"]),
      usage('Cannot run probe list: unknown option "--x"'),
    );
    await rejects(parent.parse([]), usage("Cannot run probe: a subcommand is missing: list, sub"));
    await rejects(
      parent.parse(["lst"]),
      usage('Cannot run probe: unknown command "lst", did you mean list?'),
    );
    equal(exit.mock.callCount(), 0);
    equal(write.mock.callCount(), 0); // the message is in the error, and printed by the script
  } finally {
    write.mock.restore();
    exit.mock.restore();
  }
});

Deno.test("Command.parse() ends at --help and --version without the action", {
  permissions: pure,
}, async () => {
  const printed: string[] = [];
  const write = mock.method(Deno.stdout, "write", (bytes: Uint8Array) => {
    // A short write, as a pipe may do it.
    const taken = bytes.subarray(0, 7);
    printed.push(new TextDecoder().decode(taken));
    return Promise.resolve(taken.length);
  });
  try {
    const command = probe()
      .version("1.2.3")
      .option("--to <address:string>", "", { required: true })
      .action(() => {
        throw new Error("the action ran");
      });
    await command.parse(["--version"]);
    equal(printed.splice(0).join(""), "1.2.3\n");
    await command.parse(["--help"]);
    equal(printed.join(""), command.getHelp());
  } finally {
    write.mock.restore();
  }
});

Deno.test("Command.getHelp() teaches: groups, hints, variables, examples", {
  permissions: pure,
}, () => {
  const help = probe()
    .description("Asks a mail server how it behaves.")
    .type("tls", new EnumType(["none", "required"]))
    .arguments("<target:string>")
    .group("TLS")
    .option("--tls <mode:tls>", "How to use TLS", { default: "required" })
    .group("Output")
    .option("--json", "One JSON object", { conflicts: ["quiet"] })
    .option("--quiet", "Less")
    .option("--secret-knob", "Not for show", { hidden: true })
    .option("--wait <ms:integer>", "Wait", { default: 5000, defaultText: "5s" })
    .env("SMTP_TLS=<mode:tls>", "Use of TLS", { prefix: "SMTP_" })
    .example("Ask one server", "probe smtp://mx.example.net --json")
    .getHelp();
  match(help, /^Usage: probe \[options\] <target>\n\nAsks a mail server how it behaves\.\n/);
  match(help, /\nTLS:\n {2}--tls <mode> +How to use TLS \(none \| required; default: required\)\n/);
  match(help, /\nOutput:\n {2}--json +One JSON object \(not with --quiet\)\n/);
  match(help, /--wait <ms> +Wait \(default: 5s\)\n/);
  match(help, /\nEnvironment variables:\n {2}SMTP_TLS {2}Use of TLS \(same as --tls\)\n/);
  match(help, /\nExamples:\n {2}Ask one server\n {4}probe smtp:\/\/mx\.example\.net --json\n/);
  doesNotMatch(help, /secret-knob/);
  equal(help.includes("\x1b"), Deno.stdout.isTerminal() && !Deno.noColor);
});

Deno.test("Command.getHelp() reads no environment for colours", { permissions: pure }, () => {
  // With permissions "none" a look at FORCE_COLOR or CLICOLOR_FORCE would throw NotCapable.
  match(probe().option("--json", "").getHelp(), /--json/);
});

Deno.test("Command.env() counts a variable without a grant as not set", {
  permissions: pure,
}, async () => {
  const seen: unknown[] = [];
  await probe()
    .env("SMTP_PORT=<port:integer>", "", { prefix: "SMTP_" })
    .action((options) => seen.push(options))
    .parse([]);
  deepEqual(seen, [{}]);
});

Deno.test.each<[string, Record<string, string>, string[], number | undefined]>([
  ["argument over environment", { SMTP_PORT: "26" }, ["--port", "27"], 27],
  ["environment over default", { SMTP_PORT: "26" }, [], 26],
  ["default", {}, [], 25],
  ["default where the variable is empty", { SMTP_PORT: "" }, [], 25],
  ["argument over an environment that is wrong", { SMTP_PORT: "x" }, ["--port", "27"], 27],
])("Command.env() takes %s", { permissions: pure }, async (_, variables, args, expected) => {
  const seen: unknown[] = [];
  using _grant = environment(variables);
  await probe()
    .option("--port <port:integer>", "", { default: 25 })
    .env("SMTP_PORT=<port:integer>", "", { prefix: "SMTP_" })
    .action(({ port }) => seen.push(port))
    .parse(args);
  deepEqual(seen, [expected]);
});

Deno.test("Command.env() refuses bad and missing values", { permissions: pure }, async () => {
  const command = probe()
    .env("SMTP_PORT=<port:integer>", "", { prefix: "SMTP_", required: true })
    .action(() => {});
  {
    using _grant = environment({ SMTP_PORT: "smtp" });
    await rejects(
      command.parse([]),
      usage('Cannot read SMTP_PORT "smtp": expected a whole number'),
    );
  }
  using _grant = environment({});
  await rejects(
    command.parse([]),
    usage("Cannot run probe: the environment variable SMTP_PORT is missing"),
  );
});

Deno.test("ValidationError exits with 2 unless told otherwise", { permissions: pure }, () => {
  equal(new ValidationError("x").exitCode, 2);
  equal(new ValidationError("x", { exitCode: 3 }).exitCode, 3);
});

/** An environment with these variables, all granted. */
function environment(variables: Record<string, string>): Disposable {
  const get = mock.method(Deno.env, "get", (name: string) => variables[name]);
  const query = mock.method(Deno.permissions, "querySync", () => ({ state: "granted" }));
  return {
    [Symbol.dispose]() {
      get.mock.restore();
      query.mock.restore();
    },
  };
}
