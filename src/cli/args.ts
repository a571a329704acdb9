/**
 * Option types that scripts share: what the user types becomes a number or a word here, or an error
 * that names the option and the value. Nothing is guessed: a unit is part of the value, case counts.
 *
 * @module
 */

import { type ArgumentValue, EnumType, type TypeHandler, ValidationError } from "../deps/cliffy.ts";

/** So many things in so much time. */
export interface Rate {
  /** How many. */
  readonly count: number;
  /** In how many milliseconds. */
  readonly perMs: number;
}

/** A format and where its text goes. */
export interface FormatTarget<Format extends string = string> {
  /** The format. */
  readonly format: Format;
  /** The file; absent for standard output. */
  readonly path?: string;
}

const TIME: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  min: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

const OCTETS: Readonly<Record<string, number>> = {
  B: 1,
  kB: 1000,
  KB: 1000,
  MB: 1000 ** 2,
  GB: 1000 ** 3,
  KiB: 1024,
  MiB: 1024 ** 2,
  GiB: 1024 ** 3,
};

/** How TLS is used, from never to always. */
export const tlsLevel: EnumType<"none" | "opportunistic" | "required" | "implicit"> = new EnumType([
  "none",
  "opportunistic",
  "required",
  "implicit",
]);

/** How much a script tells on standard error. Addresses of recipients appear at `debug` only. */
export const logLevel: EnumType<"error" | "warning" | "info" | "debug"> = new EnumType([
  "error",
  "warning",
  "info",
  "debug",
]);

/**
 * The type of a time span: `500ms`, `30s`, `5m`, `2h`, `21d`.
 *
 * @param argument The text and where it was given.
 * @returns Milliseconds, at least 1.
 * @throws {ValidationError} If it is anything else.
 *
 * @example Usage
 * ```ts
 * import { duration } from "./args.ts";
 * import { equal } from "node:assert/strict";
 *
 * equal(duration({ label: "Option", name: "--timeout", type: "duration", value: "5m" }), 300_000);
 * ```
 */
export function duration(argument: ArgumentValue): number {
  const [, count, unit] = /^(\d+)(ms|s|m|h|d)$/.exec(argument.value) ?? [];
  return product(count, unit && TIME[unit]) ??
    refuse(argument, "a duration such as 500ms, 30s or 5m");
}

/**
 * The type of a size: `512B`, `10MB`, `64KiB`.
 *
 * @param argument The text and where it was given.
 * @returns Octets, at least 1.
 * @throws {ValidationError} If it is anything else.
 *
 * @example Usage
 * ```ts
 * import { size } from "./args.ts";
 * import { equal } from "node:assert/strict";
 *
 * equal(size({ label: "Option", name: "--limit", type: "size", value: "64KiB" }), 65_536);
 * ```
 */
export function size(argument: ArgumentValue): number {
  const [, count, unit] = /^(\d+)([kKMG]?i?B)$/.exec(argument.value) ?? [];
  return product(count, unit && OCTETS[unit]) ?? refuse(argument, "a size such as 10MB or 64KiB");
}

/**
 * The type of a port number.
 *
 * @param argument The text and where it was given.
 * @returns The port, 1 to 65535.
 * @throws {ValidationError} If it is anything else.
 *
 * @example Usage
 * ```ts
 * import { port } from "./args.ts";
 * import { equal } from "node:assert/strict";
 *
 * equal(port({ label: "Option", name: "--port", type: "port", value: "587" }), 587);
 * ```
 */
export function port(argument: ArgumentValue): number {
  const value = Number(argument.value);
  return /^[1-9]\d{0,4}$/.test(argument.value) && value <= 65_535
    ? value
    : refuse(argument, "a port from 1 to 65535");
}

/**
 * The type of a rate: `10/s`, `600/min`, `20000/h`.
 *
 * @param argument The text and where it was given.
 * @returns The rate, at least one.
 * @throws {ValidationError} If it is anything else.
 *
 * @example Usage
 * ```ts
 * import { rate } from "./args.ts";
 * import { deepEqual } from "node:assert/strict";
 *
 * deepEqual(
 *   rate({ label: "Option", name: "--rate", type: "rate", value: "600/min" }),
 *   { count: 600, perMs: 60_000 },
 * );
 * ```
 */
export function rate(argument: ArgumentValue): Rate {
  const [, text, unit] = /^(\d+)\/(s|min|h)$/.exec(argument.value) ?? [];
  const count = product(text, 1);
  const perMs = unit && TIME[unit];
  return count && perMs
    ? { count, perMs }
    : refuse(argument, "a rate such as 10/s, 600/min or 20000/h");
}

/**
 * Makes the type of `--format NAME[:PATH]`.
 *
 * @param formats The formats of the script.
 * @returns The type.
 *
 * @example Usage
 * ```ts
 * import { formatTarget } from "./args.ts";
 * import { deepEqual } from "node:assert/strict";
 *
 * const format = formatTarget(["text", "json"]);
 * deepEqual(
 *   format({ label: "Option", name: "--format", type: "format", value: "json:out.json" }),
 *   { format: "json", path: "out.json" },
 * );
 * ```
 */
export function formatTarget<const Format extends string>(
  formats: readonly Format[],
): TypeHandler<FormatTarget<Format>> {
  return (argument) => {
    const [, name, path] = /^([^:]*)(?::(.+))?$/s.exec(argument.value) ?? [];
    const format = formats.find((known) => known === name) ??
      refuse(argument, `one of ${formats.join(", ")}, or one of them with :PATH`);
    return path === undefined ? { format } : { format, path };
  };
}

/**
 * The type of an option that only exists to be refused: `--password` and its like. Arguments can be
 * read by every user of the machine.
 *
 * @param argument The text and where it was given.
 * @throws {ValidationError} Always, without the value.
 *
 * @example Usage
 * ```ts
 * import { neverInArguments } from "./args.ts";
 * import { throws } from "node:assert/strict";
 *
 * throws(
 *   () => neverInArguments({ label: "Option", name: "--password", type: "never", value: "x" }),
 *   /^ValidationError: Cannot take --password:/,
 * );
 * ```
 */
export function neverInArguments({ name }: ArgumentValue): never {
  throw new ValidationError(
    `Cannot take ${name}: others can read arguments, ` +
      `use ${name}-from env:NAME, file:PATH, command:PATH, stdin or prompt`,
  );
}

function product(
  text: string | undefined,
  factor: number | string | undefined,
): number | undefined {
  const value = Number(text) * Number(factor);
  return Number.isSafeInteger(value) && value > 0 ? value : undefined;
}

function refuse({ name, value }: ArgumentValue, expected: string): never {
  throw new ValidationError(`Cannot read ${name} "${value}": expected ${expected}`);
}
