/**
 * What was hidden once stays hidden: a server may quote the password in its reply.
 *
 * @module
 */

/** Shorter values stand in many words. */
const SHORTEST = 4;

/** Covers values that were typed where a secret stands. */
export class Veil {
  readonly #values = new Set<string>();

  /**
   * Notes what is hidden of a line.
   *
   * @param line The line.
   * @param shown The line, as it may be shown.
   */
  hide(line: string, shown: string): void {
    if (line === shown) return;
    let at = 0;
    while (at < shown.length && line[at] === shown[at]) at++;
    const secret = line.slice(at).trim();
    for (const value of [secret, ...decoded(secret)]) {
      if (value.length >= SHORTEST) this.#values.add(value);
    }
  }

  /** A text without them. */
  readonly cover = (text: string): string => {
    let covered = text;
    for (const value of this.#values) covered = covered.replaceAll(value, "${hidden}");
    return covered;
  };
}

/** What a text says if it is base64; of PLAIN, whose parts are divided by NUL, the password. */
function decoded(text: string): readonly string[] {
  try {
    return new TextDecoder().decode(Uint8Array.fromBase64(text)).split("\0").slice(-1);
  } catch {
    return []; // it is something else
  }
}
