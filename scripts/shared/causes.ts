/**
 * What lies behind an error.
 *
 * @module
 */

/**
 * Whether an error, or what caused it, is of a kind.
 *
 * @param error What was thrown.
 * @param type The kind.
 * @returns Whether it is.
 */
export function hasCause(error: unknown, type: new (message: string) => Error): boolean {
  let cause: unknown = error;
  for (let depth = 0; cause instanceof Error && depth < 10; depth++) {
    if (cause instanceof type) return true;
    ({ cause } = cause);
  }
  return false;
}
