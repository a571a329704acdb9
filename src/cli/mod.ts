/**
 * cli: argv, environment, terminal and paper; knows no mail.
 * May import deps.
 *
 * Only scripts use it, and only they exit: everything here returns numbers or throws. A script looks
 * like this:
 *
 * @example Usage
 * ```ts
 * import { duration, EXIT, runScript } from "./mod.ts";
 * import { Command } from "../deps/cliffy.ts";
 * import { equal } from "node:assert/strict";
 *
 * function main(args: string[]): Promise<number> {
 *   return runScript(async ({ out }) => {
 *     await new Command()
 *       .name("demo")
 *       .type("duration", duration)
 *       .option("--timeout <t:duration>", "How long to wait", { default: 30_000, defaultText: "30s" })
 *       .action(({ timeout }) => out.line(`waiting ${timeout} ms`))
 *       .noExit()
 *       .parse(args);
 *     return EXIT.demo.ok;
 *   }, { name: "demo", exits: EXIT.demo });
 * }
 *
 * equal(await main(["--timeout", "5m"]), 0);
 * equal(await main(["--timeout", "5x"]), 2);
 * ```
 *
 * @module
 */

export { type ArgumentValue, EnumType, type TypeHandler, ValidationError } from "../deps/cliffy.ts";
export * from "./args.ts";
export {
  ConfigError,
  type ConfigFormat,
  configFormatOf,
  parseConfig,
  type TextPlace,
} from "./config.ts";
export * from "./exit.ts";
export * from "./plain_text.ts";
export * from "./print.ts";
export * from "./progress.ts";
export * from "./prompt.ts";
export * from "./run_script.ts";
export * from "./secret_readers.ts";
export * from "./secret_source.ts";
export * from "./signals.ts";
export * from "./table.ts";
export * from "./test_report.ts";
