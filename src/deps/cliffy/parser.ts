/**
 * One command over commander. Commander cuts the argument list and lays out the help; what a text is
 * worth, where it may come from and what goes together is decided here.
 *
 * @module
 */

import { Command as Commander, CommanderError, Help, Option } from "../commander.ts";
import {
  declareArguments,
  type DeclaredArgument,
  type DeclaredOption,
  type DeclaredVariable,
  declareOption,
  declareVariable,
  hints,
  type Part,
} from "./declarations.ts";
import type { EnvSettings, OptionSettings } from "./types.ts";
import { BUILTIN_TYPES, type Handler, parseValue, ValidationError } from "./values.ts";

/** What runs when the command was called. */
export type Action = (options: Record<string, unknown>, ...args: unknown[]) => unknown;

/** One command, without the types that its declarations teach the compiler. */
export class Parser {
  readonly #commander = new Commander();
  readonly #types = new Map<string, Handler>(Object.entries(BUILTIN_TYPES));
  readonly #options: DeclaredOption[] = [];
  readonly #variables: DeclaredVariable[] = [];
  readonly #arguments: DeclaredArgument[] = [];
  readonly #examples: { readonly name: string; readonly text: string }[] = [];
  readonly #children = new Map<string, Parser>();
  /** The texts of this parse by option key; a switch gives `undefined`. */
  readonly #given = new Map<string, (string | undefined)[]>();
  #parent: Parser | undefined;
  #group: string | undefined;
  #action: Action | undefined;
  #throws = false;

  constructor() {
    this.#commander
      .helpCommand(false)
      .helpOption("-h, --help", "Show this help")
      // Without it a parent would take its own options out of what stands behind a subcommand.
      .enablePositionalOptions()
      .configureHelp({
        styleTitle: (title) => `\x1b[1m${title}\x1b[22m`,
        formatHelp: (command, help) =>
          Help.prototype.formatHelp.call(help, command, help) + this.#sections(help),
      });
  }

  name(name: string): void {
    this.#commander.name(name);
  }

  version(version: string): void {
    this.#commander.version(version, "-V, --version", "Show the version");
  }

  description(text: string): void {
    this.#commander.description(text);
  }

  group(name: string): void {
    this.#group = `${name}:`;
  }

  example(name: string, text: string): void {
    this.#examples.push({ name, text });
  }

  type(name: string, handler: Handler): void {
    if (this.#types.has(name)) throw new TypeError(`Cannot declare the type "${name}": it exists`);
    this.#types.set(name, handler);
  }

  option(flags: string, text: string, settings: OptionSettings<unknown>): void {
    const declared = declareOption(flags, settings, this.#types);
    const { name, key } = declared;
    if (this.#options.some((other) => other.key === key)) {
      throw new TypeError(`Cannot declare the option "${flags}": "${key}" exists`);
    }
    this.#options.push(declared);
    const option = new Option(declared.flags, text + hints(declared)).hideHelp(
      settings.hidden ?? false,
    );
    if (this.#group !== undefined) option.helpGroup(this.#group);
    this.#commander.addOption(option).on(`option:${name}`, (value?: string | null) => {
      this.#given.set(key, [...this.#given.get(key) ?? [], value ?? undefined]);
    });
  }

  env(declaration: string, text: string, settings: EnvSettings): void {
    this.#variables.push(declareVariable(declaration, text, settings, this.#types));
  }

  arguments(declaration: string): void {
    this.#arguments.push(...declareArguments(declaration, this.#types));
    for (const { flags } of this.#arguments) this.#commander.argument(flags);
  }

  action(action: Action): void {
    this.#action = action;
  }

  command(name: string, child: Parser): void {
    child.#parent = this;
    child.#commander.name(name);
    this.#children.set(name, child);
    this.#commander.addCommand(child.#commander);
  }

  noExit(): void {
    this.#throws = true;
  }

  help(): string {
    this.#prepare([]);
    return this.#commander.helpInformation();
  }

  async parse(args: readonly string[]): Promise<void> {
    if (!this.#throws) throw new TypeError("Cannot parse before noExit() was called");
    const output: string[] = [];
    this.#prepare(output);
    try {
      await this.#commander.parseAsync(args, { from: "user" });
    } catch (error) {
      // Help and version end the parse this way. Usage errors have left as a ValidationError.
      if (!(error instanceof CommanderError)) throw error;
    }
    let bytes = new TextEncoder().encode(output.join(""));
    while (bytes.length > 0) bytes = bytes.subarray(await Deno.stdout.write(bytes));
  }

  /** Gets this command and all below it ready for one parse. */
  #prepare(output: string[]): void {
    this.#checkConflicts();
    this.#given.clear();
    // addCommand() hands none of this down, and the defaults of commander read the environment.
    this.#commander
      .exitOverride((error) => {
        throw error.exitCode === 0 ? error : this.#usageError(error);
      })
      .configureOutput({
        writeOut: (text) => output.push(text),
        writeErr: () => {}, // the message of the ValidationError is printed, once, by the script
        getOutHasColors: hasColors,
        getErrHasColors: () => false,
        getOutHelpWidth: helpWidth,
        getErrHelpWidth: helpWidth,
      });
    if (this.#action !== undefined || this.#children.size === 0) {
      this.#commander.action(() => this.#run());
    }
    for (const child of this.#children.values()) child.#prepare(output);
  }

  #checkConflicts(): void {
    for (const { name, settings } of this.#options) {
      for (const other of settings.conflicts ?? []) {
        if (!this.#options.some((option) => option.name === other)) {
          throw new TypeError(`Cannot let --${name} conflict with "${other}": no such option`);
        }
      }
    }
  }

  async #run(): Promise<void> {
    const stray = this.#parent && this.#parent.#firstGiven();
    if (stray !== undefined) {
      throw new ValidationError(
        `Cannot take --${stray.name} there: options of ${this.#path()} come after its name`,
      );
    }
    const options = this.#readOptions();
    await this.#action?.(options, ...this.#readArguments());
  }

  /** The first option that was given to this command or one above it. */
  #firstGiven(): DeclaredOption | undefined {
    return this.#options.find(({ key }) => this.#given.has(key)) ??
      (this.#parent && this.#parent.#firstGiven());
  }

  /** Arguments beat the environment, the environment beats the default. */
  #readOptions(): Record<string, unknown> {
    const values: Record<string, unknown> = {};
    for (const { key, negated, settings } of this.#options) {
      if (settings.default !== undefined) values[key] = settings.default;
      else if (negated) values[key] = true;
    }
    for (const { name, key, part } of this.#variables) {
      const text = this.#given.has(key) ? undefined : readVariable(name);
      if (text) values[key] = readText(part, "Environment variable", name, text);
    }
    for (const option of this.#options) {
      const texts = this.#given.get(option.key);
      if (texts !== undefined) values[option.key] = this.#readTexts(option, texts);
    }
    this.#checkRequired(values);
    return values;
  }

  #readTexts(option: DeclaredOption, texts: readonly (string | undefined)[]): unknown {
    const { name, part, negated, settings } = option;
    const [first, ...more] = texts.map((text) =>
      part === undefined || text === undefined
        ? !negated
        : readText(part, "Option", `--${name}`, text)
    );
    if (more.length > 0 && !settings.collect) {
      throw new ValidationError(`Cannot take --${name} ${texts.length} times: it may come once`);
    }
    const clash = settings.conflicts?.find((other) => this.#isGiven(other));
    if (clash !== undefined) {
      throw new ValidationError(`Cannot take --${name} together with --${clash}: choose one`);
    }
    return settings.collect ? [first, ...more] : first;
  }

  #isGiven(name: string): boolean {
    return this.#options.some((option) => option.name === name && this.#given.has(option.key));
  }

  #checkRequired(values: Record<string, unknown>): void {
    const missing =
      this.#options.find(({ key, settings }) => settings.required && values[key] === undefined) ??
        this.#variables.find(({ key, settings }) => settings.required && values[key] === undefined);
    if (missing === undefined) return;
    const shown = "flags" in missing ? missing.flags : `the environment variable ${missing.name}`;
    throw new ValidationError(`Cannot run ${this.#path()}: ${shown} is missing`);
  }

  #readArguments(): unknown[] {
    return this.#commander.args.flatMap((text, index) => {
      const declared = this.#arguments[Math.min(index, this.#arguments.length - 1)];
      return declared === undefined
        ? []
        : [readText(declared.part, "Argument", declared.part.name, text)];
    });
  }

  /** Says what commander saw. Its error is not kept as the cause: it may quote a password. */
  #usageError({ code, message }: CommanderError): ValidationError {
    const [, name] = /'--([^'=]+)=/.exec(message) ?? [];
    if (this.#options.some((option) => option.name === name)) {
      return new ValidationError(`Cannot read --${name}: it takes no value`);
    }
    const seen = code === "commander.help"
      ? `a subcommand is missing: ${[...this.#children.keys()].join(", ")}`
      : withoutValues(code, message)
        .replace(/^error: /, "")
        .replace(/\n\(D(.*)\)$/s, ", d$1")
        .replaceAll("'", '"');
    return new ValidationError(`Cannot run ${this.#path()}: ${seen}`);
  }

  #path(): string {
    const name = this.#commander.name();
    return this.#parent === undefined ? name : `${this.#parent.#path()} ${name}`;
  }

  /** The help below the options: variables and examples. */
  #sections(help: Help): string {
    const width = Math.max(0, ...this.#variables.map(({ name }) => name.length));
    const variables = this.#variables.map(({ name, key, text }) => {
      const option = this.#options.find((other) => other.key === key);
      const same = option === undefined ? "" : ` (same as --${option.name})`;
      return help.formatItem(name, width, text + same, help);
    });
    const examples = this.#examples.map(({ name, text }) =>
      `  ${name}\n${text.replace(/^/gm, "    ")}`
    );
    return [
      ...help.formatItemList("Environment variables:", variables, help),
      ...help.formatItemList("Examples:", examples, help),
    ].map((line) => `\n${line}`).join("");
  }
}

function readText(part: Part, label: string, name: string, text: string): unknown {
  const { type, handler, list } = part;
  const one = (value: string) => parseValue(handler, { label, name, type, value });
  return list ? text.split(",").map(one) : one(text);
}

/** A variable without a grant counts as not set: asking for it would end the program. */
function readVariable(name: string): string | undefined {
  const { state } = Deno.permissions.querySync({ name: "env", variable: name });
  return state === "granted" ? Deno.env.get(name) : undefined;
}

/** What commander quotes of an unknown option or a stray argument may be a password. */
function withoutValues(code: string, message: string): string {
  switch (code) {
    case "commander.unknownOption":
      return message.replace(/'(--[^'=]+|-[^-']).*'/s, "'$1'");
    case "commander.excessArguments":
      return message.replace(/( but got \d+).*$/s, "$1");
    default:
      return message;
  }
}

function hasColors(): boolean {
  return !Deno.noColor && Deno.stdout.isTerminal();
}

function helpWidth(): number {
  // Some terminals do not know their size and say 0.
  return Deno.stdout.isTerminal() ? Math.min(Deno.consoleSize().columns || 80, 100) : 80;
}
