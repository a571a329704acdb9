/**
 * Octets of a line to text.
 *
 * @module
 */

/** One received line. */
export interface ReceivedLine {
  /** The text: UTF-8, or Latin-1 where it is no valid UTF-8. */
  readonly text: string;
  /** The octets, only where the text is no valid UTF-8. */
  readonly raw?: Uint8Array;
  /** Whether it ended in a lone LF. */
  readonly bareLf: boolean;
  /** The text as it was received, only where a censor has changed it: to go on with, not to show. */
  readonly uncensored?: string;
}

const lenient = new TextDecoder("utf-8", { ignoreBOM: true });
const strict = new TextDecoder("utf-8", { ignoreBOM: true, fatal: true });

/**
 * Reads a line as UTF-8, else as Latin-1.
 *
 * @param bytes The line without its end.
 * @param bareLf Whether it ended in a lone LF.
 * @returns The line.
 */
export function decodeLine(bytes: Uint8Array, bareLf: boolean): ReceivedLine {
  const text = lenient.decode(bytes);
  // The strict decoder takes more than twice the time. Only where this stands in the text can there
  // have been anything else than UTF-8.
  if (!text.includes("\ufffd")) return { text, bareLf };
  try {
    return { text: strict.decode(bytes), bareLf };
  } catch {
    return { text: latin1(bytes), raw: bytes.slice(), bareLf };
  }
}

/**
 * Reads octets that may be cut anywhere, to show them.
 *
 * @param bytes The octets.
 * @returns Their text, with U+FFFD for what is none.
 */
export function decodeLoosely(bytes: Uint8Array): string {
  return lenient.decode(bytes);
}

/** Latin-1 as it is; the platform's decoder of that name is Windows-1252. */
function latin1(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length; at += 4096) { // a call takes only so many arguments
    text += String.fromCharCode(...bytes.subarray(at, at + 4096));
  }
  return text;
}
