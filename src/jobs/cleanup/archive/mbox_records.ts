/**
 * The records of an mbox that we write: a From_ line that tells digest and size of the message, the
 * message as mboxrd quotes it, the end of its last line if that is missing, an empty line. So what an
 * mbox holds can be found and proved without a journal, and a torn record is known as such.
 *
 * @module
 */

import { Sha256 } from "../../../message/mod.ts";
import { MboxQuoting } from "./mbox_quoting.ts";
import { joined } from "../octets.ts";
import type { SpooledMessage } from "./spool.ts";

const LF = 0x0a;
const FROM = "From ";
const FROM_LINE =
  /^From ([0-9a-f]{64})\.(\d{1,15})@mailwright\.invalid Thu Jan {2}1 00:00:00 1970\r\n$/;
const MOST_FROM_LINE = 160;
const MOST_END = 4;
const NOTHING = new Uint8Array(0);

/** What stands before a message. */
export function fromLine({ sha256, bytes }: SpooledMessage): string {
  return `${FROM}${sha256}.${bytes}@mailwright.invalid Thu Jan  1 00:00:00 1970\r\n`;
}

/** What stands behind a message, by its last octet. */
export function recordEnd(last: number | undefined): string {
  return last === undefined || last === LF ? "\r\n" : "\r\n\r\n";
}

/** A record as it was found. */
export interface MboxRecord extends SpooledMessage {
  /** Where it begins. */
  readonly offset: number;
  /** Its octets with everything around the message. */
  readonly length: number;
  /** Torn is the last one of a file that ends too early; damaged is what anybody has changed. */
  readonly state: "intact" | "torn" | "damaged";
}

/** Finds our records. Messages of others are passed over. */
export async function* mboxRecords(
  pieces: AsyncIterable<Uint8Array>,
  offset: number,
): AsyncGenerator<MboxRecord> {
  let record: RecordReader | undefined;
  let held: Uint8Array = NOTHING;
  let position = offset;
  let lineStart = true;
  for await (const piece of pieces) {
    const octets = held.length === 0 ? piece : joined([held, piece]);
    let taken = 0;
    let at = 0;
    while (at < octets.length) {
      if (lineStart) {
        const begin = octets.subarray(at, at + MOST_FROM_LINE);
        if (mayBeFromLine(begin)) {
          const end = begin.indexOf(LF);
          if (end < 0 && begin.length < MOST_FROM_LINE) break;
          record?.take(octets.subarray(taken, at));
          if (record !== undefined) yield record.end({ last: false });
          taken = at;
          record = RecordReader.begin(position + at, begin.subarray(0, end + 1));
          if (record !== undefined) {
            at += end + 1;
            taken = at;
            continue;
          }
        }
      }
      const end = octets.indexOf(LF, at);
      lineStart = end >= 0;
      at = end < 0 ? octets.length : end + 1;
    }
    record?.take(octets.subarray(taken, at));
    held = octets.slice(at);
    position += at;
  }
  if (record !== undefined) {
    if (!record.complete) {
      record.take(held);
      held = NOTHING;
    }
    yield record.end({ last: true });
  }
  if (held.length > 0) {
    yield { offset: position, length: held.length, sha256: "", bytes: 0, state: "torn" };
  }
}

function mayBeFromLine(begin: Uint8Array): boolean {
  for (let at = 0; at < Math.min(begin.length, FROM.length); at++) {
    if (begin[at] !== FROM.charCodeAt(at)) return false;
  }
  return true;
}

/** Reads one record behind its From_ line. */
class RecordReader {
  readonly #offset: number;
  readonly #head: number;
  readonly #told: SpooledMessage;
  readonly #quoting = new MboxQuoting("unquote");
  readonly #hash = new Sha256();
  /** Octets of the message that are still to come. */
  #left: number;
  #last: number | undefined;
  /** What stands behind the message: its first octets, and how many there are. */
  #rest: Uint8Array = NOTHING;
  #restSize = 0;
  #taken = 0;

  private constructor(offset: number, head: number, told: SpooledMessage) {
    this.#offset = offset;
    this.#head = head;
    this.#told = told;
    this.#left = told.bytes;
  }

  static begin(offset: number, line: Uint8Array): RecordReader | undefined {
    const [head, sha256, bytes] = FROM_LINE.exec(new TextDecoder("latin1").decode(line)) ?? [];
    if (head === undefined || sha256 === undefined) return undefined;
    return new RecordReader(offset, head.length, { sha256, bytes: Number(bytes) });
  }

  take(octets: Uint8Array): void {
    this.#taken += octets.length;
    this.#restore(this.#quoting.push(octets));
  }

  #restore(octets: Uint8Array): void {
    const message = octets.subarray(0, this.#left);
    this.#hash.update(message);
    this.#left -= message.length;
    this.#last = message.at(-1) ?? this.#last;
    const rest = octets.subarray(message.length);
    this.#restSize += rest.length;
    this.#rest = joined([this.#rest, rest.subarray(0, MOST_END - this.#rest.length)]);
  }

  /** Whether all that was told of is there, as far as its size can tell. */
  get complete(): boolean {
    return this.#left === 0 && this.#rest.length >= recordEnd(this.#last).length;
  }

  end({ last }: { readonly last: boolean }): MboxRecord {
    this.#restore(this.#quoting.end());
    const end = recordEnd(this.#last);
    const intact = this.complete && this.#hash.digest().toHex() === this.#told.sha256 &&
      new TextDecoder("latin1").decode(this.#rest.subarray(0, end.length)) === end;
    const torn = last && !this.complete;
    return {
      ...this.#told,
      offset: this.#offset,
      // What others have put behind the record is not of it.
      length: this.#head + this.#taken - (intact ? this.#restSize - end.length : 0),
      state: intact ? "intact" : torn ? "torn" : "damaged",
    };
  }
}
