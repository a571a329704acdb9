/**
 * A secret that does not print.
 *
 * @module
 */

/**
 * A password or token. It shows itself as `***` everywhere: in text, JSON, the console and errors.
 *
 * @example Usage
 * ```ts
 * import { Secret } from "@mailwright/mailwright/sasl";
 * import { equal } from "node:assert/strict";
 *
 * equal(`${new Secret("open sesame")}`, "***");
 * ```
 */
export class Secret {
  readonly #value: string;

  /**
   * Wraps a secret.
   *
   * @param value The secret itself.
   */
  constructor(value: string) {
    this.#value = value;
  }

  /**
   * The secret itself. Called in `sasl`, where POP3 writes PASS and in the dialogue codecs, nowhere
   * else; a lint rule holds that.
   */
  expose(): string {
    return this.#value;
  }

  /** Three asterisks. */
  toString(): string {
    return "***";
  }

  /** Three asterisks. */
  toJSON(): string {
    return "***";
  }

  static {
    const hook = { value: (): string => "***" };
    Object.defineProperty(this.prototype, Symbol.for("Deno.customInspect"), hook);
    Object.defineProperty(this.prototype, Symbol.for("nodejs.util.inspect.custom"), hook);
  }
}
