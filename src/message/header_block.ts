/**
 * The header of a received mail, whatever it looks like (RFC 5322 section 2.2, and what is sent
 * instead of it).
 *
 * Lines end in LF, with or without CR before it; a CR alone is a blank. A line that is neither a field
 * nor the rest of one is passed over. All work is linear in the length of the header, and nothing in
 * it makes the parser throw.
 *
 * @module
 */

import { decoderOf } from "./charset.ts";
import { LazyField, lineEnd, type ParsedField } from "./parsed_field.ts";

/** What the caller knows about the octets. */
export interface HeaderBlockOptions {
  /**
   * Whether the octets are the whole of a mail, or of the answer to a question for its header: their
   * end then ends the header, too.
   *
   * @default {false}
   */
  readonly complete?: boolean;
}

/** The header of a received mail. */
export interface ParsedHeader {
  /** All fields in their order, those of the last server first. */
  readonly fields: readonly ParsedField[];
  /**
   * Whether this is the whole header. If it is not, a field that is missing may only be cut off, and
   * the last one may be cut short.
   */
  readonly complete: boolean;
  /** Why the rest was not read; the header is not complete then. */
  readonly unparsable: string | undefined;
  /** Where the body begins, in octets; `undefined` if the empty line before it was not seen. */
  readonly bodyStart: number | undefined;
  /** Where lines begin that are no fields, in octets. */
  readonly broken: readonly number[];
  /**
   * Looks for a field.
   *
   * @param name Its name, in any case.
   * @returns The first one, or `undefined`.
   */
  get(name: string): ParsedField | undefined;
  /**
   * Looks for fields.
   *
   * @param name Their name, in any case.
   * @returns All of them in their order.
   */
  getAll(name: string): readonly ParsedField[];
}

const MAX_BLOCK = 1024 * 1024;
/** Fields and broken lines. */
const MAX_FIELDS = 10_000;

const TAB = 9;
const LF = 10;
const SPACE = 32;
const COLON = 58;
const DEL = 127;

const latin1 = new TextDecoder("latin1");
/** An mbox file has such a line before each mail, and some programs quote it. */
const ENVELOPE = /^>?From /;
const CHARSET = /charset\s*=\s*["']?([\w.:-]+)/i;

/**
 * Parses the header of a received mail.
 *
 * @param bytes The mail, or its begin; the fields are views of it.
 * @param options What the caller knows about it.
 * @returns The header, as far as it was found.
 *
 * @example Usage
 * ```ts
 * import { parseHeaderBlock } from "@mailwright/mailwright/message";
 * import { equal } from "node:assert/strict";
 *
 * const bytes = new TextEncoder().encode("Subject: =?utf-8?Q?Gr=C3=BC=C3=9Fe?=\r\n aus Bern\r\n\r\n");
 * const header = parseHeaderBlock(bytes);
 * equal(header.get("subject")?.text, "Grüße aus Bern");
 * equal(header.complete, true);
 * ```
 */
export function parseHeaderBlock(
  bytes: Uint8Array,
  options: HeaderBlockOptions = {},
): ParsedHeader {
  const block = bytes.subarray(0, MAX_BLOCK);
  const fields: ParsedField[] = [];
  const broken: number[] = [];
  const likely = likelyDecoder(fields);
  for (let at = 0; at < block.length;) {
    if (fields.length + broken.length === MAX_FIELDS) {
      return new ReceivedHeader(fields, broken, { unparsable: `it has over ${MAX_FIELDS} fields` });
    }
    const lf = block.indexOf(LF, at);
    if (lf >= 0 && lineEnd(block, at, lf) === at) {
      return new ReceivedHeader(fields, broken, { complete: true, bodyStart: lf + 1 });
    }
    const { end, next } = fieldEnd(block, at, lf);
    const name = nameAt(block, at);
    if (name !== undefined) {
      const raw = block.subarray(name.behind, end);
      fields.push(new LazyField(name.text, at, { raw, likely }));
    } else if (at > 0 || !ENVELOPE.test(latin1.decode(block.subarray(0, 6)))) {
      broken.push(at);
    }
    at = next;
  }
  return new ReceivedHeader(
    fields,
    broken,
    bytes.length > block.length
      ? { unparsable: `it is longer than ${MAX_BLOCK} octets` }
      : { complete: options.complete ?? false },
  );
}

interface HeaderEnd {
  readonly complete?: boolean;
  readonly unparsable?: string;
  readonly bodyStart?: number;
}

class ReceivedHeader implements ParsedHeader {
  readonly fields: readonly ParsedField[];
  readonly broken: readonly number[];
  readonly complete: boolean;
  readonly unparsable: string | undefined;
  readonly bodyStart: number | undefined;
  readonly #byName: ReadonlyMap<string, readonly ParsedField[]>;

  constructor(fields: readonly ParsedField[], broken: readonly number[], end: HeaderEnd) {
    this.fields = fields;
    this.broken = broken;
    this.complete = end.complete ?? false;
    this.unparsable = end.unparsable;
    this.bodyStart = end.bodyStart;
    this.#byName = Map.groupBy(fields, ({ name }) => name.toLowerCase());
  }

  get(name: string): ParsedField | undefined {
    return this.getAll(name)[0];
  }

  getAll(name: string): readonly ParsedField[] {
    return this.#byName.get(name.toLowerCase()) ?? [];
  }
}

/** The name of a field, and where its value begins; blanks may stand before the colon. */
function nameAt(block: Uint8Array, start: number): { text: string; behind: number } | undefined {
  let end = start;
  while (isNameOctet(block[end])) end++;
  let colon = end;
  while (isBlank(block[colon])) colon++;
  if (end === start || block[colon] !== COLON) return undefined;
  return { text: latin1.decode(block.subarray(start, end)), behind: colon + 1 };
}

/** Where a field ends that begins with the line up to `lf`, and where the next line begins. */
function fieldEnd(block: Uint8Array, start: number, lf: number): { end: number; next: number } {
  let last = lf;
  while (last >= 0 && isBlank(block[last + 1])) last = block.indexOf(LF, last + 1);
  return last < 0
    ? { end: block.length, next: block.length }
    : { end: lineEnd(block, start, last), next: last + 1 };
}

/** What octets are that are not UTF-8: likely what the body is; looked up once, if ever. */
function likelyDecoder(fields: readonly ParsedField[]): () => TextDecoder | undefined {
  let found: { readonly decoder: TextDecoder | undefined } | undefined;
  return () => {
    if (found === undefined) {
      const type = fields.find(({ name }) => name.toLowerCase() === "content-type");
      const label = CHARSET.exec(latin1.decode(type?.raw))?.[1] ?? "";
      const decoder = decoderOf(label);
      found = { decoder: decoder?.encoding === "utf-8" ? undefined : decoder };
    }
    return found.decoder;
  };
}

/** RFC 5322 section 3.6.8. */
function isNameOctet(octet: number | undefined): boolean {
  return octet !== undefined && octet > SPACE && octet < DEL && octet !== COLON;
}

function isBlank(octet: number | undefined): boolean {
  return octet === SPACE || octet === TAB;
}
