/**
 * Mailboxes and groups as people write them: names, quotes, comments (RFC 5322 section 3.4).
 *
 * The parser is strict, goes over the text once, and leaves each address to {@linkcode parseAddress}.
 *
 * @module
 */

import { type Address, type AddressOptions, parseAddress } from "./address.ts";
import { unfitForHeader } from "./characters.ts";
import { decodeWords } from "./encoded_word.ts";
import { AddressError } from "./errors.ts";

/** An address, and a name to show for it. */
export interface Mailbox {
  /** The name as people read it. */
  readonly name?: string;
  /** The address. */
  readonly address: Address;
}

/** Mailboxes under one name. */
export interface Group {
  /** The name as people read it. */
  readonly name: string;
  /** The mailboxes; there may be none. */
  readonly members: readonly Mailbox[];
}

/**
 * Parses one mailbox: an address, or a name and an address in angle brackets.
 *
 * @param text The mailbox; encoded words in the name are decoded, comments are passed over.
 * @param options What to accept besides ordinary addresses.
 * @returns The mailbox.
 * @throws {AddressError} If it is anything else, a list or a group too.
 *
 * @example Usage
 * ```ts
 * import { parseMailbox } from "@mailwright/mailwright/message";
 * import { equal } from "node:assert/strict";
 *
 * const { name, address } = parseMailbox('"Doe, Ann" <ann@mail.example>');
 * equal(`${name}: ${address}`, "Doe, Ann: ann@mail.example");
 * ```
 */
export function parseMailbox(text: string, options: AddressOptions = {}): Mailbox {
  // The parser would find the two atoms and give them on as they are.
  if (BARE_ADDRESS.test(text)) return { address: parseAddress(text, options) };
  return new ListParser(text, "mailbox", options).one();
}

/**
 * Parses a list of mailboxes and groups, as To and Cc hold it.
 *
 * @param text The list, unfolded.
 * @param options What to accept besides ordinary addresses.
 * @returns The mailboxes and groups, at least one.
 * @throws {AddressError} If any of it is something else.
 *
 * @example Usage
 * ```ts
 * import { parseAddressList } from "@mailwright/mailwright/message";
 * import { equal } from "node:assert/strict";
 *
 * const list = parseAddressList("ann@mail.example, Team: bob@mail.example;");
 * equal(list.length, 2);
 * ```
 */
export function parseAddressList(text: string, options: AddressOptions = {}): (Mailbox | Group)[] {
  return new ListParser(text, "address list", options).all();
}

/** Comments may hold comments; nobody needs more of them. */
const MAX_DEPTH = 50;
/** The atoms of a name and what lies between dots; also raw UTF-8, which people type. */
const ATOM = /[^\s\p{Cc}()<>[\]:;@\\,"]+/uy;
/** Two atoms of ASCII and nothing around them: no name, no quote, no comment. */
const BARE_ADDRESS = /^[!#-'*+\-./0-9=?A-Z^-~]+@[!#-'*+\-./0-9=?A-Z^-~]+$/;

interface Word {
  readonly text: string;
  readonly quoted: boolean;
  /** Whether a blank or a comment stands before it. */
  readonly apart: boolean;
}

class ListParser {
  readonly #text: string;
  readonly #what: string;
  readonly #options: AddressOptions;
  #at = 0;

  constructor(text: string, what: string, options: AddressOptions) {
    this.#text = text;
    this.#what = what;
    this.#options = options;
    const unfit = unfitForHeader(text);
    if (unfit !== undefined) this.#fail(unfit);
  }

  one(): Mailbox {
    const mailbox = this.#mailbox(this.#words());
    this.#blanks();
    if (this.#at < this.#text.length) {
      this.#fail("one mailbox is wanted, and a name with a comma stands in quotes");
    }
    return mailbox;
  }

  all(): (Mailbox | Group)[] {
    const items: (Mailbox | Group)[] = [];
    do {
      const words = this.#words();
      items.push(
        words.length > 0 && this.#take(":") ? this.#group(words) : this.#mailbox(words),
      );
      this.#blanks();
    } while (this.#take(","));
    if (this.#at < this.#text.length) this.#fail(`a comma is missing ${this.#place()}`);
    return items;
  }

  #group(words: readonly Word[]): Group {
    const members: Mailbox[] = [];
    this.#blanks();
    if (!this.#take(";")) {
      do {
        members.push(this.#mailbox(this.#words()));
        this.#blanks();
      } while (this.#take(","));
      if (!this.#take(";")) this.#fail(`a group does not end in ";" ${this.#place()}`);
    }
    return { name: this.#name(words), members };
  }

  #mailbox(words: readonly Word[]): Mailbox {
    if (this.#take("<")) {
      const [local, ...others] = this.#words();
      if (local === undefined || others.length > 0) {
        this.#fail(`one address is missing in angle brackets ${this.#place()}`);
      }
      const address = this.#address(local);
      this.#blanks();
      if (!this.#take(">")) this.#fail(`an angle bracket is not closed ${this.#place()}`);
      const name = this.#name(words);
      return name === "" ? { address } : { name, address };
    }
    const [local, ...others] = words;
    if (local === undefined) this.#fail(`an address is missing ${this.#place()}`);
    if (others.length > 0) {
      this.#fail(`after a name an address in angle brackets is missing ${this.#place()}`);
    }
    return { address: this.#address(local) };
  }

  #address(local: Word): Address {
    if (!this.#take("@")) this.#fail(`an @ is missing ${this.#place()}`);
    this.#blanks();
    const end = this.#text[this.#at] === "[" ? this.#text.indexOf("]", this.#at) + 1 : 0;
    const domain = end > 0 ? this.#text.slice(this.#at, end) : this.#atom();
    if (end > 0) this.#at = end;
    return parseAddress(`${local.text}@${domain}`, this.#options);
  }

  #words(): Word[] {
    const words: Word[] = [];
    for (;;) {
      const apart = this.#blanks();
      const quoted = this.#text[this.#at] === '"';
      const text = quoted ? this.#quotedString() : this.#atom();
      if (text === "") return words;
      words.push({ text, quoted, apart });
    }
  }

  #name(words: readonly Word[]): string {
    let name = "";
    let atoms = "";
    for (const { text, quoted, apart } of words) {
      const gap = apart && (name !== "" || atoms !== "") ? " " : "";
      if (quoted) {
        // Nothing in quotes is an encoded word (RFC 2047 section 5).
        name += decodeWords(atoms) + gap + text.slice(1, -1).replace(/\\(.)/gu, "$1");
        atoms = "";
      } else {
        atoms += gap + text;
      }
    }
    name += decodeWords(atoms);
    if (unfitForHeader(name) !== undefined) this.#fail("a name hides a control character");
    return name;
  }

  #atom(): string {
    ATOM.lastIndex = this.#at;
    const atom = ATOM.exec(this.#text)?.[0] ?? "";
    this.#at += atom.length;
    return atom;
  }

  #quotedString(): string {
    const start = this.#at++;
    for (; this.#at < this.#text.length; this.#at++) {
      if (this.#take('"')) return this.#text.slice(start, this.#at);
      if (this.#text[this.#at] === "\\") this.#at++;
    }
    return this.#fail("a quote is not closed");
  }

  /** Passes over blanks and comments; whether there were any. */
  #blanks(): boolean {
    const start = this.#at;
    let depth = 0;
    for (; this.#at < this.#text.length; this.#at++) {
      const character = this.#text[this.#at];
      if (character === "(") {
        if (++depth > MAX_DEPTH) this.#fail(`comments are nested deeper than ${MAX_DEPTH}`);
      } else if (depth > 0) {
        if (character === ")") depth--;
        if (character === "\\") this.#at++;
      } else if (character !== " " && character !== "\t") {
        break;
      }
    }
    if (depth > 0) this.#fail("a comment is not closed");
    return this.#at > start;
  }

  #take(character: string): boolean {
    if (this.#text[this.#at] !== character) return false;
    this.#at++;
    return true;
  }

  #place(): string {
    return `at character ${this.#at + 1}`;
  }

  #fail(reason: string): never {
    throw new AddressError(this.#text, reason, { what: this.#what });
  }
}
