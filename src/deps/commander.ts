/**
 * The seam of commander: it cuts an argument list into options and arguments, and lays out help.
 * Only `cliffy.ts` imports it.
 *
 * @module
 */

export { Command, CommanderError, Help, Option } from "npm:commander@15.1.0";
