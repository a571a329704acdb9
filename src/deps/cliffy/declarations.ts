/**
 * The texts of a declaration, taken apart: flags, arguments, environment variables.
 *
 * @module
 */

import type { EnvSettings, OptionSettings } from "./types.ts";
import { EnumType, type Handler } from "./values.ts";

/** What stands between `<>` or `[]`: a name, and how its text becomes a value. */
export interface Part {
  /** The name shown in the help. */
  readonly name: string;
  /** The name of the type. */
  readonly type: string;
  /** Whether the text is a list, separated by commas. */
  readonly list: boolean;
  /** Turns the text into a value. */
  readonly handler: Handler;
}

/** One declared option. */
export interface DeclaredOption {
  /** The long name without dashes: `read-timeout`. */
  readonly name: string;
  /** The name in the options object: `readTimeout`. */
  readonly key: string;
  /** The flags as commander and the help want them. */
  readonly flags: string;
  /** The value; absent for a switch. */
  readonly part?: Part;
  /** Whether this is a `--no-…` switch. */
  readonly negated: boolean;
  /** What it was told beside its flags. */
  readonly settings: OptionSettings<unknown>;
}

/** One declared environment variable. */
export interface DeclaredVariable {
  /** Its name. */
  readonly name: string;
  /** The name in the options object. */
  readonly key: string;
  /** Its value. */
  readonly part: Part;
  /** What the help says. */
  readonly text: string;
  /** What it was told beside its name. */
  readonly settings: EnvSettings;
}

/** One declared argument. */
export interface DeclaredArgument {
  /** The argument as commander wants it: `<host>`, `[rest...]`. */
  readonly flags: string;
  /** Its value. */
  readonly part: Part;
}

/** The types of one command, by name. */
export type TypeTable = ReadonlyMap<string, Handler>;

const PART = "[a-z][\\w-]*(?::[a-z][\\w-]*(?:\\[\\])?)?";
const FLAGS = new RegExp(
  `^(?:-([a-zA-Z]), )?--([a-z][a-z0-9-]*)(?: (?:<(${PART})>|\\[(${PART})\\]))?$`,
);
const VARIABLE = new RegExp(`^([A-Z][A-Z0-9_]*)=<(${PART})>$`);
const ARGUMENT = new RegExp(`^(?:<(\\.{3})?(${PART})>|\\[(\\.{3})?(${PART})\\])$`);

/**
 * Takes `-p, --port <port:integer>` apart.
 *
 * @param flags The flags.
 * @param settings What the option was told beside them.
 * @param types The types it may name.
 * @returns The option.
 * @throws {TypeError} If the flags are not of that form.
 */
export function declareOption(
  flags: string,
  settings: OptionSettings<unknown>,
  types: TypeTable,
): DeclaredOption {
  const match = FLAGS.exec(flags);
  const [, short, name, required, optional] = match ?? [];
  const value = required ?? optional;
  const negated = name?.startsWith("no-") ?? false;
  if (name === undefined || (negated && value !== undefined)) {
    throw new TypeError(
      `Cannot declare the option "${flags}": expected "-x, --name <value:type>" or "--no-name"`,
    );
  }
  const part = value === undefined ? undefined : readPart(value, types);
  return {
    name,
    key: camel(negated ? name.slice(3) : name),
    flags: (short === undefined ? "" : `-${short}, `) + `--${name}` +
      (part === undefined ? "" : ` ${brackets(part, optional !== undefined)}`),
    ...part && { part },
    negated,
    settings,
  };
}

/**
 * Takes `SMTP_PORT=<port:integer>` apart.
 *
 * @param declaration The name and the value.
 * @param text What the help says.
 * @param settings What the variable was told beside its name.
 * @param types The types it may name.
 * @returns The variable.
 * @throws {TypeError} If the declaration is not of that form.
 */
export function declareVariable(
  declaration: string,
  text: string,
  settings: EnvSettings,
  types: TypeTable,
): DeclaredVariable {
  const [, name, value] = VARIABLE.exec(declaration) ?? [];
  if (name === undefined || value === undefined) {
    throw new TypeError(
      `Cannot declare the environment variable "${declaration}": expected "NAME=<value:type>"`,
    );
  }
  const { prefix = "" } = settings;
  const own = name.startsWith(prefix) ? name.slice(prefix.length) : name;
  const key = camel(own.toLowerCase().replaceAll("_", "-"));
  return { name, key, part: readPart(value, types), text, settings };
}

/**
 * Takes `<host:string> [port:integer] [...rest:string]` apart.
 *
 * @param declaration The arguments.
 * @param types The types they may name.
 * @returns The arguments, in order.
 * @throws {TypeError} If the declaration is not of that form.
 */
export function declareArguments(declaration: string, types: TypeTable): DeclaredArgument[] {
  return declaration.split(" ").map((text) => {
    const [, many, required, rest, optional] = ARGUMENT.exec(text) ?? [];
    const value = required ?? optional;
    if (value === undefined) {
      throw new TypeError(
        `Cannot declare the argument "${text}": expected "<name:type>" or "[...name:type]"`,
      );
    }
    const part = readPart(value, types);
    const dots = many ?? rest ?? "";
    const flags = required === undefined ? `[${part.name}${dots}]` : `<${part.name}${dots}>`;
    return { flags, part };
  });
}

/**
 * What the help adds to the text of an option.
 *
 * @param option The option.
 * @returns The hints, in brackets, or nothing.
 */
export function hints({ part, settings }: DeclaredOption): string {
  const { required, collect, conflicts = [], defaultText } = settings;
  const shown = defaultText ?? shownDefault(settings.default);
  const found = [
    part?.handler instanceof EnumType && part.handler.values().join(" | "),
    required && "required",
    collect && "may be repeated",
    conflicts.length > 0 && `not with ${conflicts.map((name) => `--${name}`).join(", ")}`,
    shown !== undefined && `default: ${shown}`,
  ].filter((hint) => typeof hint === "string");
  return found.length === 0 ? "" : ` (${found.join("; ")})`;
}

function shownDefault(value: unknown): string | undefined {
  if (value === undefined || Array.isArray(value) && value.length === 0) return undefined;
  return Array.isArray(value) ? value.join(", ") : String(value);
}

function readPart(text: string, types: TypeTable): Part {
  const [name = "", typed = "string"] = text.split(":");
  const list = typed.endsWith("[]");
  const type = list ? typed.slice(0, -2) : typed;
  const handler = types.get(type);
  if (handler === undefined) {
    throw new TypeError(`Cannot declare "${text}": there is no type "${type}"`);
  }
  return { name, type, list, handler };
}

function brackets({ name, list }: Part, optional: boolean): string {
  const inner = list ? `${name},...` : name;
  return optional ? `[${inner}]` : `<${inner}>`;
}

function camel(name: string): string {
  return name.replace(/-([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}
