/**
 * The command line in cliffy's `Command` API, over commander.
 *
 * cliffy is on JSR only and this project installs from npm. Scripts are written against this subset;
 * when cliffy is on npm, this file becomes a re-export of it and the folder beside it goes.
 *
 * @module
 */

import { type Action, Parser } from "./cliffy/parser.ts";
import type {
  ArgumentTuple,
  EnvSettings,
  FlagValue,
  Flat,
  OptionSettings,
  Parsed,
  WithEnv,
  WithOption,
} from "./cliffy/types.ts";
import type { BuiltinTypes, EnumType, TypeHandler } from "./cliffy/values.ts";

export {
  type ArgumentValue,
  type BuiltinTypes,
  EnumType,
  type TypeHandler,
  ValidationError,
} from "./cliffy/values.ts";
export type { EnvSettings, OptionSettings } from "./cliffy/types.ts";

/** A command that has subcommands: all else was declared before them. */
export interface ParentCommand {
  /** Adds one more subcommand. */
  command<Options, Args extends unknown[], Types>(
    name: string,
    sub: Command<Options, Args, Types>,
  ): ParentCommand;
  /** Parses the arguments and runs the command they call. */
  parse(args?: string[]): Promise<unknown>;
}

/**
 * One command: declared by chained calls, then parsed.
 *
 * The types of options and arguments are read off their texts. An empty value is refused, a repeated
 * option without `collect` is refused, and a usage error is a {@linkcode ValidationError}.
 */
export class Command<
  Options = Record<never, never>,
  Args extends unknown[] = [],
  Types = BuiltinTypes,
> {
  readonly #parser = new Parser();

  /** Sets the name shown in help and errors. */
  name(name: string): this {
    this.#parser.name(name);
    return this;
  }

  /** Sets the version; `--version` prints it and ends the parse without the action. */
  version(version: string): this {
    this.#parser.version(version);
    return this;
  }

  /** Sets what the help says first. */
  description(text: string): this {
    this.#parser.description(text);
    return this;
  }

  /** Puts the options that follow under a heading of their own in the help. */
  group(name: string): this {
    this.#parser.group(name);
    return this;
  }

  /** Adds an example to the help: what it does, and how to call it. */
  example(name: string, text: string): this {
    this.#parser.example(name, text);
    return this;
  }

  /** Declares a type for the options, arguments and variables that follow. */
  type<Name extends string, Handler extends TypeHandler<unknown> | EnumType<string>>(
    name: Name,
    handler: Handler,
  ): Command<Options, Args, Types & { [Key in Name]: Parsed<Handler> }> {
    this.#parser.type(name, handler);
    return this.#as();
  }

  /** Declares an option: `-p, --port <port:integer>`, `--json [path:file]`, `--no-color`. */
  option<
    Flags extends string,
    const Settings extends OptionSettings<FlagValue<Flags, Types>> = Record<never, never>,
  >(
    flags: Flags,
    text: string,
    settings?: Settings,
  ): Command<WithOption<Options, Flags, Settings, Types>, Args, Types> {
    this.#parser.option(flags, text, settings ?? {});
    return this.#as();
  }

  /** Declares an environment variable that fills an option: `SMTP_PORT=<port:integer>`. */
  env<Name extends string, const Settings extends EnvSettings = Record<never, never>>(
    name: Name,
    text: string,
    settings?: Settings,
  ): Command<WithEnv<Options, Name, Settings, Types>, Args, Types> {
    this.#parser.env(name, text, settings ?? {});
    return this.#as();
  }

  /** Declares the arguments: `<host:string> [port:integer] [...rest:string]`. */
  arguments<Text extends string>(
    text: Text,
  ): Command<Options, ArgumentTuple<Text, Types>, Types> {
    this.#parser.arguments(text);
    return this.#as();
  }

  /** Sets what runs; it is awaited. Variadic values arrive spread. */
  action(run: (options: Flat<Options>, ...args: Args) => unknown): this {
    // The parser made the values by the same texts that gave them these types.
    this.#parser.action(run as unknown as Action);
    return this;
  }

  /** Adds a subcommand, complete with its options and action. */
  command<SubOptions, SubArgs extends unknown[], SubTypes>(
    name: string,
    sub: Command<SubOptions, SubArgs, SubTypes>,
  ): ParentCommand {
    this.#parser.command(name, sub.#parser);
    return this;
  }

  /** Has usage errors thrown instead of ending the process; it must be called before parsing. */
  noExit(): this {
    this.#parser.noExit();
    return this;
  }

  /** The text of `--help`. */
  getHelp(): string {
    return this.#parser.help();
  }

  /**
   * Parses the arguments and runs the command they call.
   *
   * @param args The arguments.
   * @returns Nothing to be used.
   * @throws {ValidationError} If the command was called wrongly.
   */
  parse(args: string[] = Deno.args): Promise<unknown> {
    return this.#parser.parse(args);
  }

  /** The same command, about which the compiler has learned more. */
  #as<NewOptions, NewArgs extends unknown[], NewTypes>(): Command<NewOptions, NewArgs, NewTypes> {
    return this as unknown as Command<NewOptions, NewArgs, NewTypes>;
  }
}
