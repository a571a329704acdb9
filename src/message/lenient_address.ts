/**
 * Addresses in received fields: those that can be found, whatever stands around them.
 *
 * @module
 */

import { AddressClump, unquoted } from "./address_clump.ts";
import { type AddressToken, addressTokens } from "./address_tokens.ts";
import { decodeWords } from "./encoded_word.ts";
import type { ParsedField } from "./parsed_field.ts";

/** An address in a received field. It is data: nothing about it has been checked. */
export interface FoundAddress {
  /** The name as people read it; for an address without one, the last comment. */
  readonly name?: string;
  /** The address, with its domain in A-labels and lower case where that is possible. */
  readonly address: string;
  /** The part of the address behind its last at sign; empty if it has none. */
  readonly domain: string;
}

/**
 * Finds the addresses in a received field such as From or To: those of groups too, with comments and
 * quotes, in obsolete and in broken syntax. It never throws, and takes time in proportion to the
 * length of the field.
 *
 * @param field A field of a parsed header.
 * @returns The addresses in their order; there may be none.
 *
 * @example Usage
 * ```ts
 * import { addressesOf, parseHeaderBlock } from "@mailwright/mailwright/message";
 * import { deepEqual } from "node:assert/strict";
 *
 * const bytes = new TextEncoder().encode("From: Doe, Ann <ann@Mail.example\r\n\r\n");
 * const [from] = parseHeaderBlock(bytes).fields;
 * deepEqual(from && addressesOf(from), [
 *   { name: "Ann", address: "ann@mail.example", domain: "mail.example" },
 * ]);
 * ```
 */
export function addressesOf(field: ParsedField): FoundAddress[] {
  const finder = new AddressFinder();
  for (const token of addressTokens(field.value)) finder.take(token);
  return finder.end();
}

class AddressFinder {
  readonly #found: FoundAddress[] = [];
  /** Words of mailboxes in which no address was found. */
  readonly #loose: AddressClump[] = [];
  // The mailbox that is being read: its words, those in angle brackets, its addresses.
  #words: AddressClump[] = [];
  #angle: AddressClump | undefined;
  #addresses: { readonly clump: AddressClump; readonly name: string }[] = [];
  #comment = "";

  take(token: AddressToken): void {
    const { kind, text } = token;
    if (kind === "comment") this.#comment = text;
    else if (kind !== "sign" || text === "@") this.#add(token);
    else if (text === "<") this.#open();
    else if (text === ">") this.#close();
    else if (text === ":") this.#forget();
    // Within an obsolete route there are commas.
    else if (text === ";" || !this.#angle?.isRoute) this.#endMailbox();
  }

  end(): FoundAddress[] {
    this.#endMailbox();
    const [user, ...others] = this.#loose;
    if (this.#found.length === 0 && others.length === 0 && user?.isLocal && !user.isQuoted) {
      return [user.address];
    }
    return this.#found;
  }

  #add(token: AddressToken): void {
    let clump = this.#angle ?? this.#words.at(-1);
    if (clump === undefined || (this.#angle === undefined && !clump.continuesWith(token))) {
      clump = new AddressClump();
      this.#words.push(clump);
    }
    clump.add(token);
  }

  #open(): void {
    this.#close();
    this.#angle = new AddressClump();
  }

  #close(): void {
    const clump = this.#angle;
    this.#angle = undefined;
    if (clump === undefined || !(clump.isAddress || clump.isLocal)) return;
    this.#addresses.push({ clump, name: nameOf(this.#words) });
    this.#words = [];
  }

  /** What stands before a colon is the name of a group, or a route. */
  #forget(): void {
    if (this.#angle === undefined) this.#words = [];
    else this.#angle = new AddressClump();
  }

  #endMailbox(): void {
    this.#close();
    if (this.#addresses.length === 0) this.#takeWords();
    const comment = this.#addresses.length === 1 ? decode(unquoted(this.#comment)) : "";
    for (const { clump, name } of this.#addresses) {
      const shown = name === "" ? comment : name;
      this.#found.push({ ...(shown !== "" && { name: shown }), ...clump.address });
    }
    this.#words = [];
    this.#addresses = [];
    this.#comment = "";
  }

  /** Addresses without angle brackets, and the words around one of them. */
  #takeWords(): void {
    const addresses = this.#words.filter((word) => word.isAddress);
    const others = this.#words.filter((word) => !word.isAddress);
    const name = addresses.length === 1 ? nameOf(others) : "";
    this.#addresses = addresses.map((clump) => ({ clump, name }));
    if (addresses.length === 0) { for (const word of others) this.#loose.push(word); }
  }
}

function nameOf(words: readonly AddressClump[]): string {
  return decode(words.map((word) => word.name).join(" "));
}

// Nothing in quotes is an encoded word (RFC 2047 section 5), but senders write them there.
function decode(text: string): string {
  return decodeWords(text, { lenient: true }).trim();
}
