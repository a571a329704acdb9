/**
 * The seam of the standard library's byte counts for people.
 *
 * @module
 */

// @ts-types="./types/fmt_bytes.d.ts"
export { format as formatBytes } from "npm:deno-std@1.4.0/fmt/bytes.js";
