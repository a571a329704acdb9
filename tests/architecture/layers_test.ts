import { deepEqual, match } from "node:assert/strict";
import plugin from "./layers.ts";

/** What the plugin says about one file. */
function complaints(path: string, source: string): string[] {
  return Deno.lint.runPlugin(plugin, path, source).map(({ id, message }) => `${id}: ${message}`);
}

Deno.test.each([
  [
    "a wrong folder",
    "src/wire/dial.ts",
    `import { a } from "../smtp/mod.ts";`,
    /wire may import no/,
  ],
  ["a wrong type", "src/server/a.ts", `import type { A } from "../smtp/mod.ts";`, /not smtp$/],
  ["export * of a wrong folder", "src/jobs/mod.ts", `export * from "../sasl/mod.ts";`, /not sasl$/],
  ["export of a wrong folder", "mod.ts", `export { a } from "./src/jobs/mod.ts";`, /not jobs$/],
  ["import() of a wrong folder", "src/pop3/a.ts", `await import("../cli/mod.ts");`, /not cli$/],
  ["a type of a wrong folder", "src/cli/a.ts", `type A = import("../wire/mod.ts").A;`, /not wire$/],
  [
    "the sandbox in a script",
    "scripts/probe.ts",
    `import "../src/sandbox/mod.ts";`,
    /not sandbox$/,
  ],
  ["a test in the product", "src/wire/a.ts", `import "../../tests/harness.ts";`, /not tests$/],
  [
    "reaching past mod.ts",
    "src/smtp/a.ts",
    `import "../wire/channel.ts";`,
    /door of wire is its mod/,
  ],
  ["a part of a folder", "scripts/probe.ts", `import "../src/jobs/probe/mod.ts";`, /door of jobs/],
  ["a bare name", "src/message/a.ts", `import "commander";`, /specifier is relative/],
  ["a URL", "scripts/demo.ts", `import "https://example.com/mod.ts";`, /specifier is relative/],
  ["our own name", "src/smtp/a.ts", `import "@mailwright/mailwright";`, /specifier is relative/],
  [
    "a like name in a test",
    "tests/a_test.ts",
    `import "@mailwright/other";`,
    /specifier is relative/,
  ],
  ["a computed import()", "src/smtp/a.ts", `await import(name);`, /a computed name/],
  ["node: outside the list", "src/smtp/a.ts", `import "node:net";`, /node: belongs/],
  [
    "a type of node:",
    "src/sandbox/faults.ts",
    `import type { A } from "node:net";`,
    /node: belongs/,
  ],
  ["plain node: in the core", "src/sasl/md5.ts", `import("node:crypto");`, /node: belongs/],
  [
    "static node: in a job",
    "src/jobs/bulk/journal/sqlite_journal.ts",
    `import "node:sqlite";`,
    /by import\(\)$/,
  ],
  ["npm: outside deps", "src/cli/args.ts", `import "npm:commander@15.1.0";`, /through the seams/],
  [
    "npm: in a test",
    "tests/smtp/a_test.ts",
    `import "npm:nodemailer@10.6.0";`,
    /through the seams/,
  ],
  [
    "npm: without a version",
    "src/deps/a.ts",
    `export { A } from "npm:commander";`,
    /must be exact/,
  ],
  ["npm: with a range", "src/deps/a.ts", `export { A } from "npm:@a/b@^1.0.0";`, /must be exact/],
  [
    "a peer with a range",
    "tests/bench/a.ts",
    `await import("npm:nodemailer@10");`,
    /must be exact/,
  ],
  ["a seam in a job", "src/jobs/a.ts", `import { Cron } from "../deps/croner.ts";`, /not deps$/],
  ["an opened secret", "src/smtp/session.ts", `write(secret.expose());`, /expose\(\) here/],
  ["an opened secret in quotes", "scripts/probe.ts", `secret?.["expose"]();`, /expose\(\) here/],
])("layers reports %s", { permissions: "none" }, (_, path, source, message) => {
  const [first = "nothing", ...others] = complaints(path, source);
  match(first, message);
  deepEqual(others, []);
});

Deno.test.each([
  [
    "src/smtp/session.ts",
    `import { Channel } from "../wire/mod.ts";
     import type { SmtpReply } from "./reply.ts";
     export * from "./errors.ts";
     export const read = (secret: { exposed: boolean }): boolean => secret.exposed;`,
  ],
  ["src/sasl/md5.ts", `const { createHash } = await import(name); secret.expose();`],
  ["src/sandbox/node_sockets.ts", `const { createServer } = await import(name);`],
  ["src/deps/cliffy.ts", `export { Command } from "./commander.ts";`],
  ["src/deps/std/csv.ts", `export { A } from "npm:deno-std@1.4.0/csv/parse_stream.js";`],
  ["src/jobs/probe/render/text.ts", `import { Stage } from "../result.ts";`],
  [
    "scripts/demo.ts",
    `import { a } from "../src/sandbox/mod.ts"; import b from "../src/deps/cliffy.ts";`,
  ],
  ["tests/bench/peers.ts", `export * as peer from "npm:@upyo/smtp@0.4.0";`],
  ["tests/smtp/session_test.ts", `import "@mailwright/mailwright/smtp"; await import(name);`],
])("layers accepts %s", { permissions: "none" }, (path, source) => {
  deepEqual(complaints(path, source), []);
});
