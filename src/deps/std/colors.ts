/**
 * The seam of the standard library's terminal colours. It knows `NO_COLOR` and nothing of terminals.
 *
 * @module
 */

// @ts-types="./types/fmt_colors.d.ts"
export { bold, cyan, dim, green, red, yellow } from "npm:deno-std@1.4.0/fmt/colors.js";
