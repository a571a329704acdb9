/**
 * Texts of the command line turned into values: the built-in types, enumerations, and the error for
 * what cannot be turned.
 *
 * @module
 */

/** The types that need no declaration. */
export interface BuiltinTypes {
  /** Any text but the empty one. */
  string: string;
  /** A finite number. */
  number: number;
  /** A whole number in decimal digits. */
  integer: number;
  /** `true`, `false`, `1` or `0`. */
  boolean: boolean;
  /** The path of a file. */
  file: string;
  /** A text that never appears in an error. */
  secret: string;
}

/** One text to be turned into a value. */
export interface ArgumentValue {
  /** Where it was given: `Option`, `Argument` or `Environment variable`. */
  readonly label: string;
  /** The name it was given under: `--port`, `host`, `SMTP_PORT`. */
  readonly name: string;
  /** The name of the type. */
  readonly type: string;
  /** The text. */
  readonly value: string;
}

/** Turns a text into a value; what it throws is a usage error. */
export type TypeHandler<Value> = (argument: ArgumentValue) => Value;

/** The command line was used wrongly. */
export class ValidationError extends Error {
  /** Which kind of error this is. */
  override readonly name = "ValidationError";
  /** What cliffy would exit with; our scripts use the number of their own document instead. */
  readonly exitCode: number;

  /**
   * Makes the error.
   *
   * @param message What was attempted and what was seen.
   * @param options The exit number and the cause.
   */
  constructor(message: string, options: ErrorOptions & { readonly exitCode?: number } = {}) {
    super(message, options);
    this.exitCode = options.exitCode ?? 2;
  }
}

/** A type with a few possible values. Case counts. */
export class EnumType<const Value extends string> {
  readonly #values: readonly Value[];

  /**
   * Makes the type.
   *
   * @param values The possible values.
   */
  constructor(values: readonly Value[]) {
    this.#values = values;
  }

  /**
   * Turns a text into one of the values.
   *
   * @param argument The text and where it was given.
   * @returns The value.
   * @throws {ValidationError} If it is none of the values.
   */
  parse(argument: ArgumentValue): Value {
    const found = this.#values.find((value) => value === argument.value);
    if (found === undefined) throw unreadable(argument, `one of ${this.#values.join(", ")}`);
    return found;
  }

  /**
   * The possible values.
   *
   * @returns The values, in the order of their declaration.
   */
  values(): readonly Value[] {
    return this.#values;
  }
}

/** A handler or an enumeration. */
export type Handler = TypeHandler<unknown> | EnumType<string>;

/** The handlers of the types that need no declaration. */
export const BUILTIN_TYPES: { readonly [Name in keyof BuiltinTypes]: Handler } = {
  string: (argument) => argument.value,
  file: (argument) => argument.value,
  secret: (argument) => argument.value,
  boolean: (argument) => {
    if (/^(true|1)$/.test(argument.value)) return true;
    if (/^(false|0)$/.test(argument.value)) return false;
    throw unreadable(argument, "true or false");
  },
  number: (argument) => {
    const value = Number(argument.value);
    // Number("") and Number(" ") are 0, Number("0x10") is 16: only decimal digits count.
    if (!/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(argument.value) || !Number.isFinite(value)) {
      throw unreadable(argument, "a number");
    }
    return value;
  },
  integer: (argument) => {
    const value = Number(argument.value);
    if (!/^[+-]?\d+$/.test(argument.value) || !Number.isSafeInteger(value)) {
      throw unreadable(argument, "a whole number");
    }
    return value;
  },
};

/**
 * Turns one text into a value.
 *
 * @param handler The handler of its type.
 * @param argument The text and where it was given.
 * @returns The value.
 * @throws {ValidationError} If the text is empty or the handler refuses it.
 */
export function parseValue(handler: Handler, argument: ArgumentValue): unknown {
  const { name, value } = argument;
  if (value === "") throw new ValidationError(`Cannot read ${name}: its value is empty`);
  try {
    return handler instanceof EnumType ? handler.parse(argument) : handler(argument);
  } catch (error) {
    if (error instanceof ValidationError) throw error;
    const seen = error instanceof Error ? error.message : String(error);
    throw new ValidationError(`Cannot read ${name}: ${seen}`, { cause: error });
  }
}

function unreadable({ name, value }: ArgumentValue, expected: string): ValidationError {
  return new ValidationError(`Cannot read ${name} "${value}": expected ${expected}`);
}
