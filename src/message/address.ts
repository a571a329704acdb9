/**
 * One mail address (RFC 5321 Mailbox, RFC 6531).
 *
 * Injection is impossible by type: an {@linkcode Address} cannot be made of text that holds a control
 * character, a second address or a parameter.
 *
 * @module
 */

import { normalizeLiteral } from "./address_literal.ts";
import { AddressError } from "./errors.ts";
import { unfitForHeader } from "./characters.ts";
import { toAscii, toUnicode } from "./idna.ts";

// RFC 5321 section 4.5.3.1: a path is at most 256 octets, its angle brackets included.
const MAX_LOCAL = 64;
const MAX_ADDRESS = 254;

// Besides ASCII: no control, space or half of a character, nothing that reorders text, and no
// look-alike of the at sign that a normalisation on the way could turn into one.
const UTF8 =
  "(?![\\p{Cc}\\p{Cs}\\p{Z}\\u200e\\u200f\\u202a-\\u202e\\u2066-\\u2069\\ufeff\\ufe6b\\uff20])[^\\0-\\x7f]";
const ATEXT = `(?:[a-zA-Z0-9!#$%&'*+/=?^_\`{|}~-]|${UTF8})`;
const DOT_STRING = `${ATEXT}+(?:\\.${ATEXT}+)*`;
// RFC 5321 section 4.1.2: qtextSMTP and quoted-pairSMTP; no tab, no control, also not after "\".
const QUOTED_STRING = `"(?:[ !#-[\\]-~]|\\\\[ -~]|${UTF8})*"`;
const LOCAL_PART = new RegExp(`^(?:${DOT_STRING}|${QUOTED_STRING})(?=@)`, "u");
const NON_ASCII = /[^ -~]/;
/**
 * Nearly all addresses: in ASCII, the domain in lower case and without anything that IDNA or the
 * URL standard might read in another way. One that is as short as a label may be needs no more checks.
 */
const ORDINARY =
  /^[a-zA-Z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[a-zA-Z0-9!#$%&'*+/=?^_`{|}~-]+)*@(?:[a-z0-9]+(?:-[a-z0-9]+)*\.)*[a-z]+$/;
const MAX_ORDINARY = 63;

/** What {@linkcode parseAddress} accepts besides the ordinary. */
export interface AddressOptions {
  /** Whether an IP address in brackets may stand for the domain. @default {false} */
  readonly allowLiterals?: boolean;
}

/** A mail address that has been checked. It does not change. */
export class Address {
  /** The part before the at sign as it goes over the wire, quotes included. */
  readonly local: string;
  /** The domain in A-labels and lower case, or an address literal. */
  readonly domain: string;
  /** Whether the local part needs the SMTPUTF8 extension. */
  readonly needsSmtpUtf8: boolean;
  // Also the brand: no other object is taken for an Address.
  readonly #text: string;

  /**
   * Parses one address, as {@linkcode parseAddress} does.
   *
   * @param text One address, without a name and without angle brackets.
   * @param options What to accept besides the ordinary.
   * @throws {AddressError} If it is anything else.
   *
   * @example Usage
   * ```ts
   * import { Address } from "@mailwright/mailwright/message";
   * import { equal } from "node:assert/strict";
   *
   * equal(new Address("ann@Example.COM").key, "ann@example.com");
   * ```
   */
  constructor(text: string, options: AddressOptions = {}) {
    if (text.length <= MAX_ORDINARY && ORDINARY.test(text)) {
      const at = text.indexOf("@");
      this.local = text.slice(0, at);
      this.domain = text.slice(at + 1);
      this.needsSmtpUtf8 = false;
      this.#text = text;
    } else {
      this.local = localPart(text);
      this.domain = domainPart(text, this.local.length + 1, options);
      this.needsSmtpUtf8 = NON_ASCII.test(this.local);
      this.#text = `${this.local}@${this.domain}`;
      checkLength(text, this);
    }
    Object.freeze(this);
  }

  /** Two addresses with one key are one mailbox: the exact local part, the normalised domain. */
  get key(): string {
    return this.#text;
  }

  /** The domain as people read it, in U-labels. */
  get unicodeDomain(): string {
    return this.domain.includes("xn--") ? toUnicode(this.domain) : this.domain;
  }

  /** The address as it goes over the wire, without angle brackets. */
  toString(): string {
    return this.#text;
  }

  /** The address as it goes over the wire. */
  toJSON(): string {
    return this.#text;
  }
}

/** Where notices of failure go: an address, or nowhere. */
export type ReversePath = Address | null;

/** The empty reverse-path, `<>` on the wire (RFC 5321 section 4.5.5); no text parses to it. */
export const NULL_PATH: null = null;

/**
 * Parses one mail address.
 *
 * The domain is what follows the last at sign outside quotes, in A-labels and lower case; the local
 * part stays as it is. Nothing is stripped, split or extracted.
 *
 * @param text One address, without a name and without angle brackets.
 * @param options What to accept besides the ordinary.
 * @returns The address.
 * @throws {AddressError} If it is anything else.
 *
 * @example Usage
 * ```ts
 * import { parseAddress } from "@mailwright/mailwright/message";
 * import { equal, throws } from "node:assert/strict";
 *
 * equal(parseAddress("Ann@MÜNCHEN.example").toString(), "Ann@xn--mnchen-3ya.example");
 * throws(() => parseAddress("a@b.example\r\nRCPT TO:<c@d.example>"), { name: "AddressError" });
 * ```
 */
export function parseAddress(text: string, options: AddressOptions = {}): Address {
  return new Address(text, options);
}

function checkLength(text: string, { local, domain, needsSmtpUtf8 }: Address): void {
  const octets = needsSmtpUtf8 ? new TextEncoder().encode(local).length : local.length;
  if (octets > MAX_LOCAL) {
    throw new AddressError(text, `its local part is longer than ${MAX_LOCAL} octets`);
  }
  if (octets + 1 + domain.length > MAX_ADDRESS) {
    throw new AddressError(text, `it is longer than ${MAX_ADDRESS} octets`);
  }
}

function localPart(text: string): string {
  // More than any address can have; what is below is then bounded too.
  if (text.length > 2 * MAX_ADDRESS) {
    throw new AddressError(text, `it is longer than ${MAX_ADDRESS} octets`);
  }
  const local = LOCAL_PART.exec(text)?.[0];
  if (local === undefined) {
    const reason = reasonAgainst(text) ??
      "what stands before the @ is neither a quoted string nor made of the permitted characters";
    throw new AddressError(text, reason);
  }
  return local;
}

function domainPart(text: string, at: number, { allowLiterals = false }: AddressOptions): string {
  const domain = text.slice(at);
  if (domain.startsWith("[")) {
    const literal = normalizeLiteral(domain);
    if (literal === undefined) throw new AddressError(text, "its address literal is not valid");
    if (!allowLiterals) throw new AddressError(text, "address literals are not allowed here");
    return literal;
  }
  try {
    return toAscii(domain);
  } catch (error) {
    if (!(error instanceof AddressError)) throw error;
    const reason = reasonAgainst(text) ?? `its domain: ${error.reason}`;
    throw new AddressError(text, reason, { cause: error });
  }
}

/** What to tell about text that is no address; `undefined` if nothing general is wrong. */
function reasonAgainst(text: string): string | undefined {
  if (text === "") return "it is empty";
  if (text === "<>") return "the null path is not an address";
  const unfit = unfitForHeader(text);
  if (unfit !== undefined) return unfit;
  if (/[,;:<>]/.test(text)) {
    return "one address is wanted, without a name, angle brackets or parameters";
  }
  if (!text.includes("@")) return "it has no @";
  return undefined;
}
