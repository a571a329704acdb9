/**
 * A message that is being retrieved.
 *
 * @module
 */

import type { BodyReader } from "./body.ts";
import { Pop3LocalError } from "./errors.ts";
import type { MsgNo } from "./message_number.ts";

/**
 * A message on its way: octets exactly as the server has them, line ends included.
 *
 * It is read once, in one of three ways. Nobody reads further than was asked for, so a slow reader
 * holds the server back. What is not read when the next message or command comes is passed over; what
 * has been begun is waited for.
 */
export interface Pop3Message {
  /** Its number. */
  readonly no: MsgNo;
  /** How many octets the server has listed for it: a hint. */
  readonly size: number | undefined;
  /** How many octets were read so far. */
  readonly octets: number;
  /** Whether the end was seen: only then is it all of the message. */
  readonly complete: boolean;
  /** Whether a lone LF was seen. */
  readonly bareLf: boolean;
  /** The content as a stream. Cancelling it reads on to the end, or closes the connection. */
  readonly body: ReadableStream<Uint8Array<ArrayBuffer>>;
  /**
   * The content as a whole.
   *
   * @returns The octets.
   * @throws {WireError} If the connection ends before the message does.
   */
  bytes(): Promise<Uint8Array<ArrayBuffer>>;
  /**
   * Hands the content over in pieces, without copying it: the fastest way to a file or a digest.
   *
   * @param take Takes a piece, a view that is valid until it returns or its promise resolves.
   * @throws {WireError} If the connection ends before the message does.
   */
  read(take: (piece: Uint8Array) => void | Promise<void>): Promise<void>;
}

/** The part of a message that its session needs. */
export class IncomingMessage implements Pop3Message {
  readonly no: MsgNo;
  readonly size: number | undefined;
  readonly #reader: BodyReader;
  readonly #onOver: (() => void) | undefined;
  /** What was done with it. */
  #use: "none" | "read" | "passed over" = "none";
  #ended = false;
  /** What else reads now: cancelling must not cross it. */
  #pull: Promise<unknown> | undefined;
  #over: PromiseWithResolvers<void> | undefined;

  constructor(
    no: MsgNo,
    size: number | undefined,
    reader: BodyReader,
    onOver?: () => void,
  ) {
    this.no = no;
    this.size = size;
    this.#reader = reader;
    this.#onOver = onOver;
  }

  get octets(): number {
    return this.#reader.octets;
  }

  get complete(): boolean {
    return this.#reader.ended;
  }

  get bareLf(): boolean {
    return this.#reader.bareLf;
  }

  get body(): ReadableStream<Uint8Array<ArrayBuffer>> {
    this.#begin();
    return new ReadableStream({
      pull: async (controller) => {
        try {
          const pull = this.#pull = this.#reader.piece();
          const piece = await pull;
          if (piece.length > 0) controller.enqueue(piece.slice());
          if (!this.complete) return;
          controller.close();
          this.#end();
        } catch (error) {
          this.#end();
          throw error;
        }
      },
      cancel: async () => {
        await this.#pull?.catch(() => {}); // its reader has heard
        await this.#drop();
      },
    }, { highWaterMark: 0 });
  }

  async bytes(): Promise<Uint8Array<ArrayBuffer>> {
    this.#begin();
    try {
      return await this.#reader.whole();
    } finally {
      this.#end();
    }
  }

  async read(take: (piece: Uint8Array) => void | Promise<void>): Promise<void> {
    this.#begin();
    try {
      for (let piece = await this.#reader.piece(); piece.length > 0;) {
        const taken = take(piece);
        if (taken !== undefined) await taken;
        piece = await this.#reader.piece();
      }
      this.#end();
    } catch (error) {
      await this.#drop().catch(() => {}); // the session is dead then, and says why to who comes next
      throw error;
    }
  }

  /** Whether nobody has asked for its content. */
  get untouched(): boolean {
    return this.#use === "none";
  }

  /** Whether nobody has anything to do with it any more. */
  get over(): boolean {
    return this.#ended;
  }

  /** Comes to the end of it: passes over what nobody reads, waits for who does. */
  async settle(): Promise<void> {
    if (this.#use === "none") {
      this.#use = "passed over";
      await this.#drop();
    } else if (!this.#ended) {
      this.#over ??= Promise.withResolvers();
      await this.#over.promise;
    }
  }

  #begin(): void {
    if (this.#use === "none") {
      this.#use = "read";
      return;
    }
    throw new Pop3LocalError(
      this.#use === "passed over"
        ? `Cannot read message ${this.no}: it was passed over when the next command came`
        : `Cannot read message ${this.no} twice`,
    );
  }

  #end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#over?.resolve();
    this.#onOver?.();
  }

  async #drop(): Promise<void> {
    try {
      await this.#reader.drop();
    } finally {
      this.#end();
    }
  }
}
