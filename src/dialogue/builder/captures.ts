/**
 * What the holes of a text take, read from the text by the compiler.
 *
 * @module
 */

/** What a hole took: a text, a number, or a list of them, one for each turn of a loop. */
export type CaptureKind = "string" | "number" | "strings" | "numbers";

/** The holes of a program by name, with what each takes. */
export type Captures = Readonly<Record<string, CaptureKind>>;

/** The name of a hole and what it takes. */
export type Capture = readonly [name: string, kind: CaptureKind];

/** The holes of a text, as `["qid", "string"] | ["n", "number"]`. */
export type HolesIn<T extends string> = string extends T ? never
  : T extends `${string}{${infer Rest}` ? Rest extends `{${infer After}` ? HolesIn<After>
    : Rest extends `${infer Inside}}${infer After}` ? HoleOf<Inside> | HolesIn<After>
    : never
  : never;

/** A hole from what stands between its braces. */
export type HoleOf<I extends string> = I extends `${infer Name}=${string}` ? NamedHole<Name>
  : NamedHole<I>;

/** A hole from its name; `_` keeps nothing. */
export type NamedHole<N extends string> = N extends "_" ? never
  : N extends `${infer Name}:int` ? readonly [Name, "number"]
  : readonly [N, "string"];

/** What holes of one name take, in a text and before it. */
export type KindOf<C extends Captures, H extends Capture, N extends string> =
  | Extract<H, readonly [N, CaptureKind]>[1]
  | (N extends keyof C ? C[N] : never);

/** The names of holes that would take two things. */
export type Disagreeing<C extends Captures, H extends Capture, All extends Capture = H> = H extends
  Capture ? [KindOf<C, All, H[0]>] extends [H[1]] ? never : H[0] : never;

/** Anything for a text whose holes agree with those before it; for others nothing. */
export type AgreeingText<C extends Captures, T extends string> =
  [Disagreeing<C, HolesIn<T>>] extends [never] ? unknown : never;

/** The captures of a program that has one more text. */
export type CapturesWith<C extends Captures, T extends string> =
  & C
  & { readonly [H in HolesIn<T> as H[0]]: H[1] };

/** What the holes bound inside a loop are after it. */
export type ListKind<K extends CaptureKind> = K extends "number" | "numbers" ? "numbers"
  : "strings";

/** The captures after a loop: what was bound inside comes back as lists. */
export type LoopedCaptures<C extends Captures, Inner extends Captures> =
  & C
  & { readonly [N in Exclude<keyof Inner, keyof C>]: ListKind<Inner[N]> };

/** The values of holes, as a result has them. */
export type CapturedValues<C extends Captures> = {
  readonly [N in keyof C]: C[N] extends "number" ? number
    : C[N] extends "string" ? string
    : C[N] extends "numbers" ? readonly number[]
    : readonly string[];
};
