/**
 * Where a value stands in a template, and how it is written there so that it stays a value.
 *
 * @module
 */

/** How a value becomes what is written; throws an {@linkcode UnfitValue} if it cannot be. */
export type Escape = (value: string) => string;

/** A value that cannot be written where it is wanted. */
export class UnfitValue extends Error {}

/** Follows a template from placeholder to placeholder. */
export interface ValuePlace {
  /** What tells two places apart: a section must end where it began. */
  readonly kind: string;
  /** Reads what stands up to the next placeholder. */
  read(text: string): void;
  /** How to escape a value here, or why none can stand here. */
  escape(): Escape | string;
  /** A value has been put here. */
  passValue(): void;
  /** Something to come back to, where a section begins. */
  mark(): unknown;
  /** The section from a mark up to here may not be there. */
  mayLack(mark: unknown): void;
}
