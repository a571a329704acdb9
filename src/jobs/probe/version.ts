/**
 * The version of mailwright, as `deno.json` has it.
 *
 * @module
 */

/** The version. */
export const VERSION = "0.1.0";
