/**
 * Commands that are printed to be typed.
 *
 * @module
 */

/**
 * Writes a word so that a shell takes it for one.
 *
 * @param word The word.
 * @returns The word, in quotes where it needs them.
 */
export function shellWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
