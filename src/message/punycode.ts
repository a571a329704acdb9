/**
 * Punycode, the decoding half (RFC 3492); the platform encodes.
 *
 * @module
 */

// RFC 3492 section 5
const BASE = 36;
const T_MIN = 1;
const T_MAX = 26;
const SKEW = 38;
const DAMP = 700;

/** The text of a label without its `xn--`; the platform has found the label valid before. */
export function decodePunycode(label: string): string {
  const hyphen = label.lastIndexOf("-");
  const points = Array.from(hyphen > 0 ? label.slice(0, hyphen) : "", (c) => c.charCodeAt(0));
  let code = 128;
  let index = 0;
  let bias = 72;
  for (let at = hyphen > 0 ? hyphen + 1 : 0; at < label.length;) {
    const before = index;
    let weight = 1;
    for (let k = BASE;; k += BASE) {
      const digit = digitOf(label.charCodeAt(at++));
      index += digit * weight;
      const threshold = Math.min(Math.max(k - bias, T_MIN), T_MAX);
      if (digit < threshold) break;
      weight *= BASE - threshold;
    }
    const length = points.length + 1;
    bias = adapt(index - before, length, before === 0);
    code += Math.floor(index / length);
    index %= length;
    points.splice(index++, 0, code);
  }
  return String.fromCodePoint(...points);
}

/** a-z are 0 to 25, 0-9 are 26 to 35; whatever else ends a number. */
function digitOf(unit: number): number {
  if (unit >= 0x61 && unit <= 0x7a) return unit - 0x61;
  return unit >= 0x30 && unit <= 0x39 ? unit - 0x30 + 26 : 0;
}

/** RFC 3492 section 6.1. */
function adapt(delta: number, length: number, first: boolean): number {
  let rest = Math.floor(delta / (first ? DAMP : 2));
  rest += Math.floor(rest / length);
  let k = 0;
  for (; rest > ((BASE - T_MIN) * T_MAX) / 2; k += BASE) rest = Math.floor(rest / (BASE - T_MIN));
  return k + Math.floor(((BASE - T_MIN + 1) * rest) / (rest + SKEW));
}
