/**
 * The content of a message on its way to DATA or BDAT: what it needs of the server is found out
 * before anything is sent.
 *
 * @module
 */

import { type ContentDescription, describeContent } from "../message/mod.ts";
import { DotStuffer, type LineEnds } from "../wire/mod.ts";
import type { Capabilities } from "./capabilities.ts";
import { SmtpLocalError } from "./errors.ts";
import { pieces } from "./pieces.ts";

/** A message that knows what it is made of, as `compose()` gives it. */
export interface KnownContent {
  /** The whole message; lines end in CRLF. */
  readonly bytes: Uint8Array;
  /** Whether any octet is above 127. */
  readonly eightBit: boolean;
  /** Whether header fields hold raw UTF-8. */
  readonly utf8Headers: boolean;
}

/**
 * A message that knows what it is made of and is encoded while it is read, as `composeStream()` gives
 * it.
 */
export interface KnownStream extends AsyncIterable<Uint8Array> {
  /** The size in octets, if known. */
  readonly size: number | undefined;
  /** Whether any octet is above 127. */
  readonly eightBit: boolean;
  /** Whether header fields hold raw UTF-8. */
  readonly utf8Headers: boolean;
  /** Whether it can be read more than once. */
  readonly replayable: boolean;
}

/** What can be sent: text, octets, a composed message, or a stream of octets. */
export type Content =
  | string
  | Uint8Array
  | KnownContent
  | KnownStream
  | ReadableStream<Uint8Array>
  | AsyncIterable<Uint8Array>;

/** How content is to be sent. */
export interface ContentOptions {
  /**
   * What a stream is made of; octets and texts are looked at. A stream without a word is announced as
   * `8BITMIME` where the server offers it, and else cut off at its first octet above 127.
   */
  readonly body?: "7BIT" | "8BITMIME" | "BINARYMIME";
  /** The size of a stream in octets, if known. */
  readonly size?: number;
  /**
   * What to do with line ends that are not CRLF. @default {"normalize"}, but `exact` for a signed
   * message: changing it would break its signature.
   */
  readonly lineEnds?: LineEnds;
}

/** The longest line of text, in octets without CRLF (RFC 5321 section 4.5.3.1.6). */
const MAX_TEXT_LINE = 998;
/** Content up to this size is made ready as a whole, and shares its write with commands. */
const WHOLE = 256 * 1024;

/** Content that is ready to be written. */
export interface PreparedContent {
  /** Framed for DATA, its end excluded; or as it is for BDAT. Absent for what is streamed. */
  readonly whole: Uint8Array | undefined;
  /** What ends it, once all of it has been given: in DATA the lone dot, in BDAT a missing CRLF. */
  readonly end: () => Uint8Array;
  /** Gives the octets of what is streamed until `gone` fires; each chunk is valid until the next. */
  readonly chunks: (gone: AbortSignal) => AsyncGenerator<Uint8Array>;
  /** Lets go of a stream that was not begun (S45). */
  readonly cancel: (reason: unknown) => Promise<void>;
  /** The size to announce, if known. */
  readonly size: number | undefined;
  /** What to announce, if the server knows the word. */
  readonly body: "7BIT" | "8BITMIME" | "BINARYMIME" | undefined;
  /** Whether header fields hold raw UTF-8. */
  readonly utf8Headers: boolean;
}

const encoder = new TextEncoder();
const NOTHING = new Uint8Array(0);
const LONE_DOT = encoder.encode(".\r\n");
const LF = 10;
const DOT = 46;
const nothing = (): Uint8Array => NOTHING;
const keep = (): Promise<void> => Promise.resolve();

/**
 * Looks at content and makes it ready.
 *
 * @param content What is to be sent.
 * @param options What is known about it.
 * @param offered What the server offers.
 * @param chunking Whether it goes by BDAT instead of DATA.
 * @returns The content, framed.
 * @throws {SmtpLocalError} If this server cannot take it as it is.
 */
export function prepareContent(
  content: Content,
  options: ContentOptions,
  offered: Capabilities,
  chunking: boolean,
): PreparedContent {
  if (options.body === "BINARYMIME" && !(chunking && offered.has("BINARYMIME"))) {
    throw new SmtpLocalError(
      "Cannot send binary content: it needs BDAT and a server that offers BINARYMIME and CHUNKING",
      { enhanced: "5.6.1" },
    );
  }
  const given = typeof content === "string" ? encoder.encode(content) : content;
  if (!(given instanceof Uint8Array || "bytes" in given)) {
    return isKnownStream(given)
      ? prepareKnownStream(given, options, offered, chunking)
      : prepareStream(given, options, offered, chunking);
  }
  const bytes = given instanceof Uint8Array ? given : given.bytes;
  const seen = describeContent(bytes);
  const known = given instanceof Uint8Array ? seen : given;
  return options.body === "BINARYMIME"
    ? prepareBinary(bytes, known)
    : prepareBytes(bytes, known, seen, options, offered, chunking);
}

function prepareBinary(
  bytes: Uint8Array,
  { utf8Headers }: KnownContent | ContentDescription,
): PreparedContent {
  return {
    whole: bytes,
    end: nothing,
    chunks: () => slices(bytes),
    cancel: keep,
    size: bytes.length,
    body: "BINARYMIME",
    utf8Headers,
  };
}

function prepareBytes(
  bytes: Uint8Array,
  known: { readonly utf8Headers: boolean; readonly signed?: boolean },
  seen: ContentDescription,
  options: ContentOptions,
  offered: Capabilities,
  chunking: boolean,
): PreparedContent {
  if (seen.eightBit && !offered.has("8BITMIME")) throw eightBitRefused();
  checkLine(seen.longestLine);
  const { framed, end, size } = frame(bytes, seen, {
    lineEnds: options.lineEnds ?? (known.signed ? "exact" : "normalize"),
    dots: !chunking,
  });
  // What goes by BDAT has its end in its last chunk.
  const whole = chunking ? joined(framed, end) : framed.length <= WHOLE ? framed : undefined;
  return {
    whole,
    end: chunking ? nothing : () => end,
    chunks: () => slices(framed),
    cancel: keep,
    size,
    body: seen.eightBit ? "8BITMIME" : undefined,
    utf8Headers: known.utf8Headers,
  };
}

/** Makes octets ready for the wire; what is ready already, as composed mail is, is not copied. */
function frame(
  bytes: Uint8Array,
  seen: ContentDescription,
  options: { readonly lineEnds: LineEnds; readonly dots: boolean },
): { readonly framed: Uint8Array; readonly end: Uint8Array; readonly size: number } {
  const clean = !seen.bareCr && !seen.bareLf && !seen.nul && !(options.dots && seen.dotLine) &&
    bytes[bytes.length - 1] === LF;
  const dot = options.dots ? LONE_DOT : NOTHING;
  if (clean) return { framed: bytes, end: dot, size: bytes.length };
  const stuffer = new DotStuffer(options);
  const framed = locally(() => stuffer.push(bytes));
  const end = locally(() => stuffer.end());
  // RFC 1870 section 3: neither added dots count nor the last one, but every CRLF does.
  const added = options.dots ? dottedLines(framed) : 0;
  return { framed, end, size: framed.length - added + end.length - dot.length };
}

/** How many lines begin with a dot. */
function dottedLines(framed: Uint8Array): number {
  let count = 0;
  let at = 0;
  do {
    if (framed[at] === DOT) count++;
    at = framed.indexOf(LF, at) + 1;
  } while (at > 0);
  return count;
}

/** Nothing has to be guessed or announced for safety's sake. */
function prepareKnownStream(
  message: KnownStream,
  options: ContentOptions,
  offered: Capabilities,
  chunking: boolean,
): PreparedContent {
  const { size, eightBit, utf8Headers } = message;
  const body = options.body ?? (eightBit ? "8BITMIME" : "7BIT");
  const told = {
    lineEnds: "exact" as const,
    ...options,
    body,
    ...(size === undefined ? {} : { size }),
  };
  const prepared = prepareStream(message, told, offered, chunking);
  return { ...prepared, utf8Headers, body: body === "7BIT" ? options.body : body };
}

function prepareStream(
  source: ReadableStream<Uint8Array> | AsyncIterable<Uint8Array>,
  options: ContentOptions,
  offered: Capabilities,
  chunking: boolean,
): PreparedContent {
  const eightBit = offered.has("8BITMIME");
  if (options.body === "8BITMIME" && !eightBit) throw eightBitRefused();
  const body = options.body ?? (eightBit ? "8BITMIME" : undefined);
  const stuffer = new DotStuffer({
    lineEnds: options.lineEnds ?? "normalize",
    dots: !chunking,
  });
  let end: Uint8Array = NOTHING;
  let begun = false;
  async function* chunks(gone: AbortSignal): AsyncGenerator<Uint8Array> {
    begun = true;
    for await (const chunk of pieces(source, gone)) {
      if (body === "BINARYMIME") {
        yield chunk;
        continue;
      }
      if (body !== "8BITMIME" && chunk.some((octet) => octet > 127)) throw eightBitRefused();
      // A chunk of any size is framed in pieces: memory stays flat.
      for (let at = 0; at < chunk.length; at += WHOLE) {
        const piece = chunk.subarray(at, at + WHOLE);
        const framed = locally(() => stuffer.push(piece));
        checkLine(stuffer.longestLine);
        yield framed;
      }
    }
    // Here, where a refusal still breaks the content off, and not where its end is asked for.
    if (body !== "BINARYMIME") end = locally(() => stuffer.end());
  }
  const cancel = async (reason: unknown): Promise<void> => {
    if (!begun) await cancelContent(source, reason);
  };
  const { size } = options;
  return { whole: undefined, end: () => end, chunks, cancel, size, body, utf8Headers: false };
}

/**
 * Whether content can be read again for another transaction.
 *
 * @param content The content.
 * @returns Whether it gives the same octets again.
 */
export function isReplayable(content: Content): boolean {
  if (typeof content === "string" || content instanceof Uint8Array) return true;
  return "bytes" in content || isKnownStream(content) && content.replayable;
}

function isKnownStream(content: AsyncIterable<Uint8Array>): content is KnownStream {
  return "replayable" in content;
}

/**
 * Lets go of content that will not be read: a stream is cancelled (S45).
 *
 * @param content The content.
 * @param reason Why.
 */
export async function cancelContent(content: Content, reason: unknown): Promise<void> {
  try {
    if (content instanceof ReadableStream) {
      if (!content.locked) await content.cancel(reason);
    } else if (typeof content === "object" && Symbol.asyncIterator in content) {
      await content[Symbol.asyncIterator]().return?.();
    }
  } catch {
    // The source is not wanted any more; how it ends is its own affair.
  }
}

async function* slices(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += WHOLE) yield bytes.subarray(at, at + WHOLE);
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  if (b.length === 0) return a;
  const both = new Uint8Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}

function checkLine(octets: number): void {
  if (octets > MAX_TEXT_LINE) {
    throw new SmtpLocalError(
      `Cannot send a line of ${octets} octets: ${MAX_TEXT_LINE} are the most; ` +
        "encode the text as quoted-printable or base64",
      { enhanced: "5.6.0" },
    );
  }
}

function eightBitRefused(): SmtpLocalError {
  return new SmtpLocalError(
    "Cannot send octets above 127: the server does not offer 8BITMIME; " +
      "encode the text as quoted-printable or base64",
    { enhanced: "5.6.3" },
  );
}

/** What the framing refuses is a local refusal. */
function locally<T>(frame: () => T): T {
  try {
    return frame();
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new SmtpLocalError(error.message, { enhanced: "5.6.0", cause: error });
  }
}
