/**
 * The seam of the standard library's durations for people.
 *
 * @module
 */

// @ts-types="./types/fmt_duration.d.ts"
export { format as formatDuration } from "npm:deno-std@1.4.0/fmt/duration.js";
