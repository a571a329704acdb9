/**
 * Times as people read them.
 *
 * @module
 */

/**
 * Writes a time with a unit that suits it.
 *
 * @param ms Milliseconds.
 * @returns `0.2 ms`, `124 ms`, `20.0 s`.
 */
export function formatMs(ms: number): string {
  if (ms >= 9_999.5) return `${(ms / 1000).toFixed(1)} s`;
  return `${ms < 99.95 ? ms.toFixed(1) : Math.round(ms)} ms`;
}
