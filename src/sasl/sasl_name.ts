/**
 * A name between commas: `saslname` (RFC 5801 section 4, RFC 5802 section 7).
 *
 * @module
 */

/** Writes a name so that it holds no comma and no equals sign of its own. */
export function toSaslName(name: string): string {
  return name.replaceAll("=", "=3D").replaceAll(",", "=2C");
}

/** Reads such a name; `undefined` if an equals sign begins anything else. */
export function fromSaslName(name: string): string | undefined {
  if (/=(?!2C|3D)/.test(name)) return undefined;
  return name.replaceAll("=2C", ",").replaceAll("=3D", "=");
}
