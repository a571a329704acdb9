/**
 * Keeps the end of a conversation for errors, and tells all of it to a listener.
 *
 * @module
 */

import type { Clock } from "./clock.ts";
import { escapeControls } from "./escape.ts";
import type { TranscriptEvent, TranscriptListener } from "./transcript.ts";

/** How many lines an error carries. */
const TAIL = 12;
/** How much of each, in characters. */
const LINE = 200;

/** What makes events of one connection. */
export class Recorder {
  readonly #clock: Clock;
  readonly #listener: TranscriptListener | undefined;
  readonly #began: number;
  /** The last lines in a ring, and how many lines there were in all. */
  readonly #tail: { readonly end: "C" | "S"; readonly text: string }[] = [];
  #lines = 0;
  /** Whether what happens now goes through TLS. */
  tls: boolean;

  /**
   * A recorder of what happens from now on.
   *
   * @param clock The clock of the events.
   * @param tls Whether the connection is TLS already.
   * @param listener Hears the events.
   */
  constructor(clock: Clock, tls: boolean, listener: TranscriptListener | undefined) {
    this.#clock = clock;
    this.#listener = listener;
    this.#began = clock.monotonic();
    this.tls = tls;
  }

  /** The last lines of both ends, as they may be shown. */
  get tail(): readonly string[] {
    const oldest = this.#lines % TAIL;
    return [...this.#tail.slice(oldest), ...this.#tail.slice(0, oldest)]
      .map(({ end, text }) => `${end}: ${shorten(escapeControls(text))}`);
  }

  /**
   * Notes a line.
   *
   * @param end Who said it.
   * @param text What may be shown of it.
   */
  line(end: "C" | "S", text: string): void {
    this.#tail[this.#lines++ % TAIL] = { end, text };
    this.note(end, "line", text);
  }

  /**
   * Which of many lines are to be noted: without a listener only the last ones matter.
   *
   * @param texts What may be shown of them.
   * @returns Those of them.
   */
  worthNoting(texts: readonly string[]): readonly string[] {
    return this.#listener === undefined ? texts.slice(-TAIL) : texts;
  }

  /**
   * Notes octets of content.
   *
   * @param end Who sent them.
   * @param bytes The octets; they are copied.
   */
  content(end: "C" | "S", bytes: Uint8Array): void {
    if (this.#listener !== undefined) this.note(end, "content", "", bytes.slice());
  }

  /**
   * Notes anything else.
   *
   * @param end Whose doing it was.
   * @param kind What happened.
   * @param text What may be shown of it.
   * @param bytes The octets of content.
   */
  note(end: "C" | "S", kind: TranscriptEvent["kind"], text: string, bytes?: Uint8Array): void {
    this.#listener?.({
      at: this.#clock.monotonic() - this.#began,
      end,
      tls: this.tls,
      kind,
      text,
      ...(bytes === undefined ? {} : { bytes }),
    });
  }
}

function shorten(text: string): string {
  const more = text.length - LINE;
  return more <= 0 ? text : `${text.slice(0, LINE)}...(+${more} characters)`;
}
