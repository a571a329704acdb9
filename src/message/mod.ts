/**
 * message: a mail as data, from addresses to the octets of a text message. It knows no network.
 * It imports nothing of the other folders.
 *
 * RFC 5322 and 6532 (header, addresses, dates), 5321 and 6531 (addresses), 5890 (international
 * domains), 2045 (transfer encodings), 2047 (encoded words), 2369 and 8058 (list headers).
 *
 * @module
 */

export * from "./address.ts";
export { addressLiteral } from "./address_literal.ts";
export * from "./content.ts";
export { AddressError, HeaderError } from "./errors.ts";
export * from "./idna.ts";
