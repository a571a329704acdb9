/**
 * Domains: one spelling for each, in ASCII, checked before and after the conversion.
 *
 * The platform's URL parser knows IDNA; but it also drops line ends, decodes percent signs and reads
 * numbers as IP addresses, so nothing reaches it, or comes back from it, unchecked.
 *
 * @module
 */

import { AddressError } from "./errors.ts";
import { decodePunycode } from "./punycode.ts";

/** RFC 5321 section 4.5.3.1.2. */
const MAX_DOMAIN = 255;
/** RFC 5321 section 4.1.2: letters, digits and inner hyphens; RFC 1035: at most 63 of them. */
const DOMAIN = /^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
/** What makes the URL parser see an IPv4 address: `127.1`, `0x7f.1`. */
const ENDS_IN_NUMBER = /(?:^|\.)(?:[0-9]+|0x[0-9a-f]*)$/;
/** ASCII that stands in no domain: the space, controls, and all that means something in a URL. */
// deno-lint-ignore no-control-regex -- finding control characters is what it is for
const FORBIDDEN_ASCII = /[\x00-,/:-@[-`{-\x7f]/;
/**
 * Controls, spaces, halves of characters, and what IDNA would drop without a word. The joiners
 * U+200C and U+200D pass: IDNA itself knows where they may stand.
 */
const FORBIDDEN_UNICODE = /[\p{Cc}\p{Cs}\p{Z}]|(?![\u200c\u200d])\p{Default_Ignorable_Code_Point}/u;
// deno-lint-ignore no-control-regex -- all of ASCII
const ASCII = /^[\x00-\x7f]*$/;

/**
 * Converts a domain to its one spelling for the wire: A-labels in lower case.
 *
 * @param domain A domain, with A-labels, U-labels or both.
 * @returns The domain in ASCII and lower case.
 * @throws {AddressError} If it is no domain: a control character, a space, an underscore, an empty
 * label (so also a dot at the end), too long, or a number at the end.
 *
 * @example Usage
 * ```ts
 * import { toAscii } from "@mailwright/mailwright/message";
 * import { equal, throws } from "node:assert/strict";
 *
 * equal(toAscii("MÜNCHEN.example"), "xn--mnchen-3ya.example");
 * throws(() => toAscii("ex ample.com"), { name: "AddressError" });
 * ```
 */
export function toAscii(domain: string): string {
  const refuse = (reason: string): never => {
    throw new AddressError(domain, reason, { what: "domain" });
  };
  if (domain === "") refuse("it is empty");
  if (domain.length > MAX_DOMAIN) refuse(`it is longer than ${MAX_DOMAIN} octets`);
  if (FORBIDDEN_ASCII.test(domain)) refuse("a domain is made of letters, digits, hyphens and dots");
  const ascii = ASCII.test(domain);
  if (!ascii && FORBIDDEN_UNICODE.test(domain)) {
    refuse("it holds a control character, a space or an invisible character");
  }
  const lower = ascii ? domain.toLowerCase() : domain;
  const host = ascii && !lower.includes("xn--") ? lower : hostOf(lower);
  if (host === undefined) return refuse("it is not a valid international domain (IDNA)");
  if (host.length > MAX_DOMAIN) refuse(`it is longer than ${MAX_DOMAIN} octets`);
  if (!DOMAIN.test(host)) {
    refuse("a label is empty, longer than 63 octets, or has a hyphen at an end");
  }
  if (ENDS_IN_NUMBER.test(host)) {
    refuse("it ends in a number; an IP address is written as a literal in brackets");
  }
  return host;
}

/**
 * Converts a domain to the spelling that people read.
 *
 * @param domain A domain.
 * @returns The domain with its A-labels as U-labels, where they are valid.
 * @throws {AddressError} If it is no domain.
 *
 * @example Usage
 * ```ts
 * import { toUnicode } from "@mailwright/mailwright/message";
 * import { equal } from "node:assert/strict";
 *
 * equal(toUnicode("xn--mnchen-3ya.example"), "münchen.example");
 * ```
 */
export function toUnicode(domain: string): string {
  return toAscii(domain).split(".")
    .map((label) => label.startsWith("xn--") ? decodePunycode(label.slice(4)) : label)
    .join(".");
}

function hostOf(domain: string): string | undefined {
  try {
    return new URL(`http://${domain}`).hostname;
  } catch {
    return undefined; // The only thing the parser throws for.
  }
}
