/**
 * What TOP gives: the header of a message and the first lines of its body.
 *
 * @module
 */

import type { BodyReader } from "./body.ts";

const LF = 10;
const CR = 13;
const NOTHING = new Uint8Array(0);

/** The beginning of a message (RFC 1939 section 7, TOP). */
export interface MessageTop {
  /** The header, with the empty line at its end if there is one. */
  readonly header: Uint8Array<ArrayBuffer>;
  /** What came behind the header: servers may send more or less than was asked for (Q8). */
  readonly body: Uint8Array<ArrayBuffer>;
  /** Whether the empty line was seen. Without it, fields may be missing: then nothing is known. */
  readonly complete: boolean;
}

/**
 * Cuts octets behind the first empty line, whatever follows.
 *
 * @param octets What TOP answered.
 * @returns Header and body.
 */
export function splitTop(octets: Uint8Array<ArrayBuffer>): MessageTop {
  let begin = 0;
  for (let lf = octets.indexOf(LF); lf >= 0; lf = octets.indexOf(LF, begin)) {
    // Of CR alone, too: so Dovecot sees it, and so does who reads the header.
    let end = lf;
    while (end > begin && octets[end - 1] === CR) end--;
    const empty = end === begin;
    begin = lf + 1;
    if (!empty) continue;
    // Behind TOP n 0 there is nothing, and a view costs as much as finding that out.
    if (begin === octets.length) return { header: octets, body: NOTHING, complete: true };
    return { header: octets.subarray(0, begin), body: octets.subarray(begin), complete: true };
  }
  return { header: octets, body: NOTHING, complete: false };
}

/**
 * Reads what TOP answers. What is more than the limit is read and forgotten: some servers send the
 * whole message (T-P18).
 *
 * @param reader The body behind the status.
 * @param limit How much to keep, in octets.
 * @returns Header and body; at once if all of it is here.
 */
export function readTop(reader: BodyReader, limit: number): MessageTop | Promise<MessageTop> {
  const first = reader.take();
  return reader.ended && first.length <= limit
    ? splitTop(first.slice())
    : readLongTop(reader, limit, first);
}

async function readLongTop(
  reader: BodyReader,
  limit: number,
  first: Uint8Array,
): Promise<MessageTop> {
  const kept = new Uint8Array(limit);
  let length = 0;
  for (let run = first; !reader.ended || run.length > 0; run = await reader.next()) {
    const fitting = run.subarray(0, limit - length);
    kept.set(fitting, length);
    length += fitting.length;
  }
  return splitTop(kept.slice(0, length));
}
