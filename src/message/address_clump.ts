/**
 * Pieces of a received address field that belong together: a word, or an address.
 *
 * @module
 */

import type { AddressToken } from "./address_tokens.ts";
import { toAscii } from "./idna.ts";

/** Words and signs that nothing, or only what may stand around dots and at signs, keeps apart. */
export class AddressClump {
  // Joined at the end: text that grows and is looked at would be copied again and again.
  readonly #texts: string[] = [];
  readonly #names: string[] = [];
  /** The last at sign, as an index of the texts. */
  #at = -1;

  /** Whether a piece belongs to it. */
  continuesWith({ text, apart }: AddressToken): boolean {
    const last = this.#texts.at(-1) ?? "";
    return !apart || text === "@" || text.startsWith(".") || last === "@" || last.endsWith(".");
  }

  /** Adds a piece; one that does not belong to it stands behind a blank. */
  add(token: AddressToken): void {
    const { kind, text, apart } = token;
    if (this.#texts.length > 0) {
      if (!this.continuesWith(token)) this.#texts.push(" ");
      if (apart) this.#names.push(" ");
    }
    if (kind === "sign") this.#at = this.#texts.length;
    this.#texts.push(text);
    this.#names.push(kind === "word" || kind === "sign" ? text : unquoted(text));
  }

  /** Whether it begins as an obsolete route does. */
  get isRoute(): boolean {
    return this.#texts[0] === "@";
  }

  /** Whether something stands on both sides of its at sign. */
  get isAddress(): boolean {
    return this.#at > 0 && this.#at < this.#texts.length - 1;
  }

  /** Whether it has no at sign, as the address of a local user. */
  get isLocal(): boolean {
    return this.#texts.length > 0 && this.#at < 0;
  }

  /** Whether it begins with a quote. */
  get isQuoted(): boolean {
    return this.#texts[0]?.startsWith('"') ?? false;
  }

  /** What it is as a part of a name. */
  get name(): string {
    return this.#names.join("");
  }

  /** What it is as an address. */
  get address(): { readonly address: string; readonly domain: string } {
    if (this.#at < 0) return { address: this.#texts.join(""), domain: "" };
    const local = this.#texts.slice(0, this.#at).join("");
    const domain = domainOf(this.#texts.slice(this.#at + 1).join(""));
    return { address: `${local}@${domain}`, domain };
  }
}

/** A quoted string or a comment without what encloses it and without its backslashes. */
export function unquoted(text: string): string {
  return text.slice(1, -1).replace(/\\([^])/g, "$1");
}

/** The spelling that a checked address has, where there is one. */
function domainOf(text: string): string {
  const domain = text.endsWith(".") ? text.slice(0, -1) : text;
  if (/^[!-~]*$/.test(domain)) return domain.toLowerCase();
  try {
    return toAscii(domain);
  } catch {
    return domain.toLowerCase(); // It is no domain, but maybe it is what a rule looks for.
  }
}
