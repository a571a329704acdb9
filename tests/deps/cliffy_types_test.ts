/** What the compiler infers from the texts of a declaration: every line that must not compile says so. */

import { equal } from "node:assert/strict";
import { Command, EnumType } from "../../src/deps/cliffy.ts";

/** Compiles only if both types are the same. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends (<T>() => T extends B ? 1 : 2) ? true
  : false;

function holds<_Claim extends true>(): void {}

const ms = ({ value }: { value: string }): number => Number.parseInt(value);

Deno.test("Command infers options from their flags", { permissions: "none" }, async () => {
  let ran = 0;
  await new Command()
    .type("tls", new EnumType(["none", "required"]))
    .type("ms", ms)
    .option("-p, --port <port:integer>", "")
    .option("--host <host>", "", { required: true })
    .option("--tls <mode:tls>", "", { default: "none" })
    .option("--read-timeout <t:ms>", "", { default: 5 })
    .option("--list <x:string[]>", "")
    .option("--json [path:file]", "")
    .option("--verbose", "")
    .option("--no-color", "")
    .option("--header <line:string>", "", { collect: true })
    .option("--to <address:string>", "", { collect: true, default: ["a"] })
    .noExit()
    .action((options) => {
      ran++;
      holds<
        Same<typeof options, {
          port?: number;
          host: string;
          tls: "none" | "required";
          readTimeout: number;
          list?: string[];
          json?: string | true;
          verbose?: boolean;
          color: boolean;
          header?: string[];
          to: string[];
        }>
      >();
      // @ts-expect-error: it may be absent
      options.port.toFixed();
      // @ts-expect-error: it is one of two words
      holds<Same<typeof options.tls, string>>();
      // @ts-expect-error: no such option
      options.readtimeout;
    })
    .parse(["--host", "h", "--port", "1"]);
  equal(ran, 1);
});

Deno.test("Command infers arguments as a tuple", { permissions: "none" }, async () => {
  await new Command()
    .type("ms", ms)
    .arguments("<host> [wait:ms] [...rest:string]")
    .noExit()
    .action((_, ...args) => holds<Same<typeof args, [string, number?, ...string[]]>>())
    .parse(["h"]);
  await new Command()
    .arguments("<...targets:string>")
    .noExit()
    .action((_, ...args) => holds<Same<typeof args, [string, ...string[]]>>())
    .parse(["h"]);
  await new Command()
    .noExit()
    .action((_, ...args) => holds<Same<typeof args, []>>())
    .parse([]);
});

Deno.test("Command infers what a variable fills", { permissions: "none" }, async () => {
  await new Command()
    .env("SMTP_READ_PORT=<port:integer>", "", { prefix: "SMTP_" })
    .env("MODE=<mode:string>", "")
    .noExit()
    .action((options) => holds<Same<typeof options, { readPort?: number; mode?: string }>>())
    .parse([]);
  const required = new Command().env("MODE=<mode:string>", "", { required: true });
  required.action((options) => holds<Same<typeof options, { mode: string }>>());
});

Deno.test("Command refuses wrong settings at compile time", { permissions: "none" }, () => {
  const command = new Command().type("tls", new EnumType(["none", "required"]));
  // @ts-expect-error: not one of the values
  command.option("--a <mode:tls>", "", { default: "some" });
  // @ts-expect-error: a text where a number belongs
  command.option("--b <port:integer>", "", { default: "25" });
  // @ts-expect-error: one value where a list belongs
  command.option("--c <to:string>", "", { collect: true, default: "a" });
  // @ts-expect-error: cliffy has no such key, variables are declared by env()
  command.option("--d <to:string>", "", { env: "D" });
  // @ts-expect-error: a handler takes one object, not a string
  command.type("wrong", (value: string) => value);
  const parent = command.command("sub", new Command());
  // @ts-expect-error: in cliffy this call would go to the child
  parent.option;
});
