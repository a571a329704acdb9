/**
 * Content as BDAT chunks (RFC 3030), several of them unanswered.
 *
 * @module
 */

import { bdat } from "./commands.ts";
import type { Exchange } from "./exchange.ts";
import type { SmtpReply } from "./reply.ts";

/** Chunks gather to this size. */
const CHUNK_OCTETS = 256 * 1024;
/** How many chunks may be unanswered. */
const CHUNK_WINDOW = 4;

/** Writes content as BDAT chunks and keeps count of their replies. */
export class ChunkWriter {
  readonly #exchange: Exchange;
  #pending: Uint8Array[] = [];
  #size = 0;
  #unanswered = 0;
  #refusal: SmtpReply | undefined;

  /**
   * Begins a content.
   *
   * @param exchange Where the chunks go.
   */
  constructor(exchange: Exchange) {
    this.#exchange = exchange;
  }

  /** The first negative reply to a chunk: the transaction is over. */
  get refusal(): SmtpReply | undefined {
    return this.#refusal;
  }

  /**
   * Keeps octets for the next chunk.
   *
   * @param piece The octets. They must stay as they are.
   */
  add(piece: Uint8Array): void {
    this.#pending.push(piece);
    this.#size += piece.length;
  }

  /**
   * Keeps a copy of octets for the next chunk; what has gathered is written if they would be too much.
   *
   * @param piece The octets.
   */
  async write(piece: Uint8Array): Promise<void> {
    if (this.#size > 0 && this.#size + piece.length > CHUNK_OCTETS) {
      this.#announce(false);
      await this.#writeAll(this.#pending);
      await this.#exchange.flush();
      this.#unanswered++;
      this.#pending = [];
      this.#size = 0;
      if (this.#unanswered === CHUNK_WINDOW) await this.#answer();
    }
    this.add(piece.slice());
  }

  /** Reads the replies to all chunks under way, those behind a refused one included (S50). */
  async settle(): Promise<void> {
    try {
      while (this.#unanswered > 0) await this.#answer();
    } catch (error) {
      if (this.#refusal === undefined) throw error;
      // The connection is gone, and the refusal counts (S16).
    }
  }

  /**
   * Puts the last chunk.
   *
   * @param end What ends the content.
   * @param ending Called before the octets are written or put that complete the message.
   */
  async end(end: Uint8Array, ending: () => void): Promise<void> {
    if (end.length > 0) this.add(end);
    this.#announce(true);
    const last = this.#pending.pop();
    if (!await this.#writeAll(this.#pending)) return;
    ending();
    if (last !== undefined) await this.#writeAll([last]);
  }

  #announce(last: boolean): void {
    this.#exchange.channel.put(bdat(this.#size, last).line);
  }

  async #writeAll(pieces: readonly Uint8Array[]): Promise<boolean> {
    const { channel } = this.#exchange;
    for (const piece of pieces) {
      if (!await this.#exchange.write(() => channel.writeContent(piece))) return false;
    }
    return true;
  }

  async #answer(): Promise<void> {
    const reply = await this.#exchange.reply("BDAT", this.#exchange.timers.chunk);
    this.#unanswered--;
    if (!reply.ok) this.#refusal ??= reply;
  }
}
