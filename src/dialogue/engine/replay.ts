/**
 * A stored transcript as two streams, one for each end.
 *
 * @module
 */

import type { Connection, Endpoint, TranscriptEvent } from "../../wire/mod.ts";
import type { End } from "../step.ts";
import { Stop } from "./stop.ts";

const HERE: Endpoint = { transport: "memory" };
const encoder = new TextEncoder();

/** A transcript that is heard again. */
export class Replay {
  readonly #events: readonly TranscriptEvent[];
  readonly #next: Record<End, number> = { C: -1, S: -1 };
  #tls = -1;
  #now = 0;

  /**
   * Begins before the first event.
   *
   * @param events The events.
   */
  constructor(events: readonly TranscriptEvent[]) {
    this.#events = events;
    this.#advance("C");
    this.#advance("S");
  }

  /**
   * How long an end was silent before what it says next.
   *
   * @param end The end.
   * @returns Milliseconds since the last thing that was heard; nothing if it says nothing more.
   */
  silence(end: End): number | undefined {
    const next = this.#events[this.#next[end]];
    return next === undefined ? undefined : next.at - this.#now;
  }

  /**
   * What an end says next, as it may be shown.
   *
   * @param end The end.
   */
  peek(end: End): string | undefined {
    const event = this.#events[this.#next[end]];
    return event?.kind === "content" ? new TextDecoder().decode(event.bytes) : event?.text;
  }

  /** Begins TLS, where it began. */
  startTls(): void {
    const at = this.#events.findIndex(({ kind }, index) => kind === "tls" && index > this.#tls);
    if (at < 0) throw new Stop({ id: "tls-handshake", expected: "TLS", actual: "none" });
    for (const end of ["C", "S"] as const) {
      const unread = this.#next[end] < at ? this.peek(end) : undefined;
      if (unread === undefined) continue;
      const expected = "nothing between the reply and TLS";
      throw new Stop({ id: "injection", expected, actual: `"${unread}"`, unread });
    }
    this.#tls = at;
  }

  /**
   * What one end says, as a connection to read from. What is written to it is gone.
   *
   * @param end The end.
   */
  connection(end: End): Connection {
    let rest: Uint8Array = new Uint8Array();
    const connection: Connection = {
      local: HERE,
      remote: HERE,
      security: "verified",
      read: (buffer) => {
        if (rest.length === 0) rest = this.#take(end);
        const part = rest.subarray(0, buffer.length);
        rest = rest.subarray(part.length);
        buffer.set(part);
        return Promise.resolve(part.length === 0 ? null : part.length);
      },
      write: () => Promise.resolve(),
      startTls: () => Promise.resolve(connection),
      close: () => {},
    };
    return connection;
  }

  #take(end: End): Uint8Array {
    const event = this.#events[this.#next[end]];
    if (event === undefined) return new Uint8Array();
    this.#now = event.at;
    this.#advance(end);
    return event.kind === "content"
      ? event.bytes ?? new Uint8Array()
      : encoder.encode(`${event.text}\r\n`);
  }

  #advance(end: End): void {
    const from = this.#next[end] + 1;
    const says = ({ kind, end: who, bytes }: TranscriptEvent): boolean =>
      who === end && (kind === "line" || (kind === "content" && (bytes?.length ?? 0) > 0));
    const next = this.#events.findIndex((event, index) => index >= from && says(event));
    this.#next[end] = next < 0 ? this.#events.length : next;
  }
}
