/**
 * The seam of smol-toml: TOML 1.1 text to plain values. It refuses duplicate keys and says where a
 * text is not TOML. Only `cli/config.ts` imports it.
 *
 * @module
 */

export { parse as parseToml, TomlError } from "npm:smol-toml@1.9.1";
