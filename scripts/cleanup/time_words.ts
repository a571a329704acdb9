/**
 * Instants for people.
 *
 * @module
 */

/**
 * Writes an instant as people read it, for nobody needs milliseconds.
 *
 * @param iso The instant in ISO form, or in milliseconds since 1970.
 * @returns Day and time, in UTC.
 */
export function timeWords(iso: string | number): string {
  return `${new Date(iso).toISOString().slice(0, 19).replace("T", " ")} UTC`;
}
