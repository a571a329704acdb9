/**
 * What the compiler learns from the texts of a declaration: `--port <port:integer>` is a number
 * named `port`. Types only; they go the day the façade goes.
 *
 * @module
 */

import type { EnumType, TypeHandler } from "./values.ts";

/** What a handler or an enumeration gives. */
export type Parsed<Handler> = Handler extends EnumType<infer Value> ? Value
  : Handler extends TypeHandler<infer Value> ? Value
  : never;

/** What an option may be told beside its flags. */
export type OptionSettings<Value> =
  & {
    /** The option must be given, by argument or environment. */
    readonly required?: boolean;
    /** Options, by their long names, that must not be given together with this one. */
    readonly conflicts?: readonly string[];
    /** Leaves the option out of the help. */
    readonly hidden?: boolean;
    /** What the help shows instead of the default. */
    readonly defaultText?: string;
  }
  & (
    | { readonly collect?: false; readonly default?: Value }
    | { readonly collect: true; readonly default?: readonly Value[] }
  );

/** What an environment variable may be told beside its name. */
export interface EnvSettings {
  /** What is cut off the name to get the name of the option. */
  readonly prefix?: string;
  /** The option must be given, by argument or environment. */
  readonly required?: boolean;
}

/** The options after one more `.option(flags, text, settings)`. */
export type WithOption<Options, Flags extends string, Settings, Types> = Merge<
  Options,
  Key<LongName<Flags>>,
  Settings extends { collect: true } ? FlagValue<Flags, Types>[] : FlagValue<Flags, Types>,
  Flags extends `--no-${string}` ? true : IsGiven<Settings>
>;

/** The options after one more `.env(name, text, settings)`. */
export type WithEnv<Options, Name extends string, Settings, Types> = Name extends
  `${infer Variable}=<${infer Part}>`
  ? Merge<Options, EnvKey<Variable, Settings>, PartValue<Part, Types>, IsGiven<Settings>>
  : never;

/** The tuple of `.arguments("<host:string> [port:integer] [...rest:string]")`. */
export type ArgumentTuple<Text extends string, Types> = Text extends `${infer Head} ${infer Rest}`
  ? [...OneArgument<Head, Types>, ...ArgumentTuple<Rest, Types>]
  : OneArgument<Text, Types>;

type OneArgument<Text, Types> = Text extends `<...${infer Part}>`
  ? [PartValue<Part, Types>, ...PartValue<Part, Types>[]]
  : Text extends `[...${infer Part}]` ? PartValue<Part, Types>[]
  : Text extends `<${infer Part}>` ? [PartValue<Part, Types>]
  : Text extends `[${infer Part}]` ? [PartValue<Part, Types>?]
  : never;

/** What an option with these flags is worth, given once. */
export type FlagValue<Flags extends string, Types> = Flags extends `${string} <${infer Part}>`
  ? PartValue<Part, Types>
  : Flags extends `${string} [${infer Part}]` ? PartValue<Part, Types> | true
  : boolean;

type PartValue<Part, Types> = Part extends `${string}:${infer Name}[]` ? TypeOf<Name, Types>[]
  : Part extends `${string}:${infer Name}` ? TypeOf<Name, Types>
  : string;

type TypeOf<Name, Types> = Name extends keyof Types ? Types[Name] : unknown;

type LongName<Flags extends string> = Flags extends `${string}--${infer Rest}`
  ? Rest extends `${infer Name} ${string}` ? Name : Rest
  : never;

type Key<Name extends string> = Name extends `no-${infer Positive}` ? Camel<Positive> : Camel<Name>;

type EnvKey<Variable extends string, Settings> = Settings extends
  { prefix: infer Prefix extends string }
  ? Camel<Dashes<Lowercase<Variable extends `${Prefix}${infer Rest}` ? Rest : Variable>>>
  : Camel<Dashes<Lowercase<Variable>>>;

type Dashes<Name extends string> = Name extends `${infer Head}_${infer Tail}`
  ? `${Head}-${Dashes<Tail>}`
  : Name;

type Camel<Name extends string> = Name extends `${infer Head}-${infer Tail}`
  ? `${Head}${Capitalize<Camel<Tail>>}`
  : Name;

/** Whether the option is always there. */
type IsGiven<Settings> = Settings extends { required: true } ? true
  : Settings extends { default: infer Default } ? undefined extends Default ? false : true
  : false;

type Merge<Options, Name extends string, Value, Given> =
  & Options
  & (Given extends true ? { [K in Name]: Value } : { [K in Name]?: Value });

/** An intersection as one object, as an editor should show it. */
export type Flat<Options> = { [Name in keyof Options]: Options[Name] };
