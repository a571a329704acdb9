/**
 * Octets in one piece.
 *
 * @module
 */

/**
 * Joins pieces.
 *
 * @param parts The pieces, in order.
 * @returns One array.
 */
export function concat(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
