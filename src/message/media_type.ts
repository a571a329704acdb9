/**
 * Media types: checked, and guessed from the name of a file (RFC 2045 section 5.1, RFC 2046).
 *
 * @module
 */

import { HeaderError } from "./errors.ts";

/** What people attach; all else is `application/octet-stream`. */
const TYPES: ReadonlyMap<string, string> = new Map([
  ["avif", "image/avif"],
  ["csv", "text/csv"],
  ["doc", "application/msword"],
  ["docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"],
  ["eml", "message/rfc822"],
  ["gif", "image/gif"],
  ["gz", "application/gzip"],
  ["htm", "text/html"],
  ["html", "text/html"],
  ["ics", "text/calendar"],
  ["jpeg", "image/jpeg"],
  ["jpg", "image/jpeg"],
  ["json", "application/json"],
  ["md", "text/markdown"],
  ["mp3", "audio/mpeg"],
  ["mp4", "video/mp4"],
  ["odp", "application/vnd.oasis.opendocument.presentation"],
  ["ods", "application/vnd.oasis.opendocument.spreadsheet"],
  ["odt", "application/vnd.oasis.opendocument.text"],
  ["pdf", "application/pdf"],
  ["png", "image/png"],
  ["ppt", "application/vnd.ms-powerpoint"],
  ["pptx", "application/vnd.openxmlformats-officedocument.presentationml.presentation"],
  ["svg", "image/svg+xml"],
  ["tar", "application/x-tar"],
  ["txt", "text/plain"],
  ["vcf", "text/vcard"],
  ["wav", "audio/wav"],
  ["webp", "image/webp"],
  ["xls", "application/vnd.ms-excel"],
  ["xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"],
  ["xml", "application/xml"],
  ["zip", "application/zip"],
]);

const TOKEN = "[A-Za-z0-9!#$&'*+.^_`{|}~-]+";
// Each step takes a token that ends where no other can begin, so trying is linear.
const MEDIA_TYPE = new RegExp(
  `^${TOKEN}/${TOKEN}(?:; ?${TOKEN}=(?:${TOKEN}|"[ !#-[\\]-~]*"))*$`,
);
const MAX_TYPE = 200;

/**
 * Guesses the media type of a file from its name.
 *
 * @param filename The name of a file.
 * @returns The type; `application/octet-stream` where the ending is not known.
 *
 * @example Usage
 * ```ts
 * import { mediaTypeOf } from "@mailwright/mailwright/message";
 * import { equal } from "node:assert/strict";
 *
 * equal(mediaTypeOf("Invoice.PDF"), "application/pdf");
 * ```
 */
export function mediaTypeOf(filename: string): string {
  const ending = filename.slice(filename.lastIndexOf(".") + 1).toLowerCase();
  return TYPES.get(ending) ?? "application/octet-stream";
}

/** Gives a type back if it is one. */
export function checkedMediaType(type: string): string {
  if (type.length > MAX_TYPE || !MEDIA_TYPE.test(type)) {
    throw new HeaderError("Content-Type", "a type is type/subtype, with parameters behind it");
  }
  return type;
}
