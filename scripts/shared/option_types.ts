/**
 * Option types that scripts share.
 *
 * @module
 */

import { type ArgumentValue, ValidationError } from "../../src/cli/mod.ts";

/**
 * The type of a count: `1` and more.
 *
 * @param argument The text and where it was given.
 * @returns The count.
 * @throws {ValidationError} If it is anything else.
 */
export function count({ name, value }: ArgumentValue): number {
  const number = Number(value);
  if (/^[1-9]\d*$/.test(value) && Number.isSafeInteger(number)) return number;
  throw new ValidationError(`Cannot read ${name} "${value}": expected a whole number from 1 on`);
}
