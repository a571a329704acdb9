/**
 * How text is painted; the caller knows whether it may be.
 *
 * @module
 */

/** Paints text, or leaves it as it is. */
export interface TextStyle {
  /** Stands out. */
  readonly bold: (text: string) => string;
  /** Stands back. */
  readonly dim: (text: string) => string;
  /** Wrong. */
  readonly red: (text: string) => string;
  /** Right. */
  readonly green: (text: string) => string;
  /** Take care. */
  readonly yellow: (text: string) => string;
  /** Just different. */
  readonly cyan: (text: string) => string;
}

const same = (text: string): string => text;

/** Leaves all text as it is. */
export const PLAIN_STYLE: TextStyle = {
  bold: same,
  dim: same,
  red: same,
  green: same,
  yellow: same,
  cyan: same,
};
