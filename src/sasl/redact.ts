/**
 * Takes a secret out of what a server says: some quote the password back, in clear or in base64 (T-A08).
 * Our own lines need no such search, they are marked where they are written.
 *
 * @module
 */

import { utf8 } from "./octets.ts";
import type { Secret } from "./secret.ts";

const BASE64_RUN = /[A-Za-z0-9+/_=-]{4,}/g;
const NORMAL_FORMS = ["NFC", "NFD", "NFKC", "NFKD"];

/**
 * Replaces every form of a secret: as it is, prepared, composed or decomposed, taken for Latin-1,
 * escaped for JSON or a URL, hexadecimal, and base64 at any offset, also inside other words
 * (`\0user\0password`).
 *
 * @param text Text of a server.
 * @param secret What must not be seen.
 * @returns The text with `***` in its places.
 *
 * @example Usage
 * ```ts
 * import { redact, Secret } from "@mailwright/mailwright/sasl";
 * import { equal } from "node:assert/strict";
 *
 * const password = new Secret("hunter2");
 * equal(redact("535 bad password 'hunter2' aHVudGVyMg==", password), "535 bad password '***' ***");
 * ```
 */
export function redact(text: string, secret: Secret): string {
  return redactor(secret)(text);
}

/**
 * Does as {@linkcode redact} does for many texts.
 *
 * @param secret What must not be seen.
 * @returns Replaces every form of the secret in a text.
 *
 * @example Usage
 * ```ts
 * import { redactor, Secret } from "@mailwright/mailwright/sasl";
 * import { equal } from "node:assert/strict";
 *
 * const redact = redactor(new Secret("hunter2"));
 * equal(redact("535 no hunter2"), "535 no ***");
 * equal(redact("250 ok"), "250 ok");
 * ```
 */
export function redactor(secret: Secret): (text: string) => string {
  const value = secret.expose();
  if (value === "") return (text) => text;
  const values = [...new Set([value, ...NORMAL_FORMS.map((form) => value.normalize(form))])];
  const pieces = [...new Set(values.flatMap(base64Pieces))];
  const forms = [...new Set(values.flatMap(literalForms))];
  const traces = [...pieces, ...forms];
  return (text) => {
    // A piece is base64 itself and long enough for a run: where it stands, it stands in one. So a text
    // without any trace stays as it is, as nearly all do.
    if (!traces.some((trace) => text.includes(trace))) return text;
    const withoutBase64 = text.replace(
      BASE64_RUN,
      (run) => pieces.some((piece) => run.includes(piece)) ? "***" : run,
    );
    return forms.reduce((seen, form) => seen.replaceAll(form, "***"), withoutBase64);
  };
}

function literalForms(value: string): string[] {
  const octets = utf8(value);
  const url = encodeURIComponent(value.toWellFormed());
  const lowerUrl = url.replace(/%../g, (escape) => escape.toLowerCase());
  const hex = octets.toHex();
  const asLatin1 = Array.from(octets, (octet) => String.fromCharCode(octet)).join("");
  const json = JSON.stringify(value).slice(1, -1);
  return [value, json, url, lowerUrl, hex, hex.toUpperCase(), asLatin1];
}

/** The base64 digits that the value alone decides, for each of the three offsets it can stand at. */
function base64Pieces(value: string): string[] {
  const bytes = utf8(value);
  return [0, 1, 2].flatMap((offset) => {
    const shifted = new Uint8Array(offset + bytes.length);
    shifted.set(bytes, offset);
    // A digit is six bits: those that reach into the octets before or after are left out.
    const piece = shifted.toBase64({ omitPadding: true })
      .slice(Math.ceil(offset * 8 / 6), Math.floor(shifted.length * 8 / 6));
    // A shorter piece stands in innocent words too.
    return piece.length < 4 ? [] : [piece, piece.replaceAll("+", "-").replaceAll("/", "_")];
  });
}
