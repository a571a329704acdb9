/**
 * A message that is encoded while it is read: its size does not matter to memory.
 *
 * @module
 */

import { Base64Encoder } from "./base64.ts";
import type { ComposedEnvelope } from "./message_header.ts";
import { type Piece, sizeOf } from "./mime.ts";
import { OctetReader } from "./octet_source.ts";
import { joinedAll } from "./transfer_encoding.ts";

/** A message that is ready to be read, and so to be sent. */
export interface StreamedMessage extends AsyncIterable<Uint8Array> {
  /** The header with the empty line that ends it. */
  readonly header: Uint8Array;
  /** The size of the whole message in octets, if the sizes of all streams are known. */
  readonly size: number | undefined;
  /** Whether any octet is above 127. */
  readonly eightBit: boolean;
  /** Whether the header holds raw UTF-8, so that it needs SMTPUTF8. */
  readonly utf8Headers: boolean;
  /** Whether it can be read more than once: no attachment is a stream by itself. */
  readonly replayable: boolean;
  /** Who it is from and who gets it. */
  readonly envelope: ComposedEnvelope;
  /** Begins to read it; lines end in CRLF, the last one too. */
  [Symbol.asyncIterator](): AsyncIterator<Uint8Array, undefined>;
  /** The body alone, to be read. */
  readonly body: AsyncIterable<Uint8Array>;
}

/** How much is encoded at once: whole lines of base64. */
const CHUNK = 57 * 1024;
/** Less than that is not given alone: who sends it would make a packet of it. */
const GATHERED = 16 * 1024;

/** What a streamed message is made of. */
export interface StreamedComposition {
  readonly header: Uint8Array;
  readonly pieces: readonly Piece[];
  readonly eightBit: boolean;
  readonly utf8Headers: boolean;
  readonly envelope: ComposedEnvelope;
}

/** A message in pieces. */
export class Streamed implements StreamedMessage {
  readonly header: Uint8Array;
  readonly size: number | undefined;
  readonly eightBit: boolean;
  readonly utf8Headers: boolean;
  readonly replayable: boolean;
  readonly envelope: ComposedEnvelope;
  readonly #pieces: readonly Piece[];

  constructor({ header, pieces, eightBit, utf8Headers, envelope }: StreamedComposition) {
    this.header = header;
    this.#pieces = pieces;
    this.size = sizeOf([header, ...pieces]);
    this.eightBit = eightBit || utf8Headers;
    this.utf8Headers = utf8Headers;
    this.replayable = pieces.every((piece) => piece instanceof Uint8Array || piece.replayable);
    this.envelope = envelope;
  }

  [Symbol.asyncIterator](): AsyncIterator<Uint8Array, undefined> {
    return new PieceReading([this.header, ...this.#pieces]);
  }

  get body(): AsyncIterable<Uint8Array> {
    return { [Symbol.asyncIterator]: () => new PieceReading(this.#pieces) };
  }

  /** The same message with fields in front of its own. */
  withHeader(header: Uint8Array): Streamed {
    return new Streamed({ ...this, header, pieces: this.#pieces });
  }
}

/** One reading. It is no generator: those cannot be stopped while they wait. */
class PieceReading implements AsyncIterator<Uint8Array, undefined> {
  readonly #readers: readonly OctetReader[];
  readonly #chunks: AsyncGenerator<Uint8Array, undefined>;

  constructor(pieces: readonly Piece[]) {
    const parts = pieces.map((piece) =>
      piece instanceof Uint8Array ? piece : new OctetReader(piece)
    );
    this.#readers = parts.filter((part) => part instanceof OctetReader);
    this.#chunks = gathered(chunksOf(parts));
  }

  next(): Promise<IteratorResult<Uint8Array, undefined>> {
    return this.#chunks.next();
  }

  async return(reason?: unknown): Promise<IteratorResult<Uint8Array, undefined>> {
    const gone = reason ?? new DOMException("The message is not read any more", "AbortError");
    await Promise.allSettled(this.#readers.map((reader) => reader.stop(gone)));
    return await this.#chunks.return(undefined);
  }
}

/** Small chunks become larger ones. */
async function* gathered(
  chunks: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array, undefined> {
  let held: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of chunks) {
    held.push(chunk);
    size += chunk.length;
    if (size < GATHERED) continue;
    yield joinedAll(held);
    held = [];
    size = 0;
  }
  if (size > 0) yield joinedAll(held);
}

async function* chunksOf(
  parts: readonly (Uint8Array | OctetReader)[],
): AsyncGenerator<Uint8Array, undefined> {
  for (const part of parts) {
    if (part instanceof Uint8Array) {
      yield part;
      continue;
    }
    const encoder = new Base64Encoder();
    for (let chunk = await part.next(); chunk !== undefined; chunk = await part.next()) {
      for (let at = 0; at < chunk.length; at += CHUNK) {
        yield encoder.push(chunk.subarray(at, at + CHUNK));
      }
    }
    yield encoder.end();
  }
}
