/**
 * A connection that breaks at a chosen moment, in a chosen way.
 *
 * @module
 */

import { type Connection, TlsError } from "../../src/wire/mod.ts";

/** How it breaks. */
export type Fault = "FIN" | "RST" | "silence" | "421 and FIN" | "no close_notify";

/**
 * When it breaks: at once, in the handshake, or behind a text that was read or written. A write that
 * holds the text goes through as a whole, a read ends with it.
 */
export type Moment =
  | { readonly after: "nothing" | "handshake" }
  | { readonly after: "reading" | "writing"; readonly text: string };

/** What a test sees of it. */
export interface Faulty {
  readonly connection: Connection;
  /** Whether it has broken. */
  readonly broken: () => boolean;
  /** How many octets were written after the break was told to the reader. */
  readonly afterDeath: () => number;
}

const FAREWELL = new TextEncoder().encode("421 4.3.2 shutting down\r\n");

/**
 * Lets a connection break.
 *
 * @param connection The client's end.
 * @param moment When.
 * @param fault How.
 */
export function faulty(connection: Connection, moment: Moment, fault: Fault): Faulty {
  const state = new Break(moment, fault);
  return {
    connection: new FaultyConnection(connection, state),
    broken: () => state.broken,
    afterDeath: () => state.afterDeath,
  };
}

/** What a connection shares with the one that TLS makes of it. */
class Break {
  readonly #moment: Moment;
  readonly #fault: Fault;
  readonly #silence = Promise.withResolvers<never>();
  #seen = "";
  #told = false;
  #wrote = false;
  #farewell = FAREWELL;
  broken: boolean;
  afterDeath = 0;

  constructor(moment: Moment, fault: Fault) {
    this.#moment = moment;
    this.#fault = fault;
    this.broken = moment.after === "nothing";
    this.#silence.promise.catch(() => {});
  }

  /** Notes what went by; gives how many octets of it there are until the break. */
  pass(kind: "reading" | "writing", bytes: Uint8Array): number {
    const moment = this.#moment;
    if (moment.after !== kind) return bytes.length;
    const before = this.#seen.length;
    this.#seen += String.fromCharCode(...bytes);
    const found = this.#seen.indexOf(moment.text);
    if (found < 0) return bytes.length;
    this.broken = true;
    return found + moment.text.length - before;
  }

  /** The handshake begins; it may be the moment. */
  async handshake(): Promise<void> {
    if (this.#moment.after === "handshake") this.broken = true;
    if (!this.broken) return;
    await this.read(new Uint8Array(64)).catch(() => {});
    throw new TlsError("Cannot start TLS: the server is gone", { failure: "closed" });
  }

  read(buffer: Uint8Array): Promise<number | null> {
    switch (this.#fault) {
      case "silence":
        return this.#silence.promise;
      case "421 and FIN":
        if (this.#farewell.length > 0) {
          buffer.set(this.#farewell);
          const { length } = this.#farewell;
          this.#farewell = new Uint8Array(0);
          this.#told = true;
          return Promise.resolve(length);
        }
        return Promise.resolve(null);
      case "FIN":
        this.#told = true;
        return Promise.resolve(null);
      case "RST":
        this.#told = true;
        return Promise.reject(new Deno.errors.ConnectionReset("reset by peer"));
      case "no close_notify":
        this.#told = true;
        return Promise.reject(new Deno.errors.UnexpectedEof("no close_notify"));
    }
  }

  /** The first write after the break still goes into the buffer of the socket, as in the world. */
  write(bytes: Uint8Array): Promise<void> {
    if (this.#told) this.afterDeath += bytes.length;
    if (this.#fault === "silence") return Promise.resolve();
    if (!this.#wrote && this.#fault !== "RST") {
      this.#wrote = true;
      return Promise.resolve();
    }
    this.#told = true;
    return Promise.reject(new Deno.errors.BrokenPipe("broken pipe"));
  }

  close(): void {
    this.#told = true;
    this.#silence.reject(new Deno.errors.Interrupted("operation canceled"));
  }
}

class FaultyConnection implements Connection {
  readonly local: Connection["local"];
  readonly remote: Connection["remote"];
  readonly security: Connection["security"];
  readonly #below: Connection;
  readonly #state: Break;

  constructor(below: Connection, state: Break) {
    this.local = below.local;
    this.remote = below.remote;
    this.security = below.security;
    this.#below = below;
    this.#state = state;
  }

  async read(buffer: Uint8Array): Promise<number | null> {
    if (this.#state.broken) return await this.#state.read(buffer);
    const count = await this.#below.read(buffer);
    if (this.#state.broken) return await this.#state.read(buffer); // a write has come to the moment
    if (count === null) return null;
    return this.#state.pass("reading", buffer.subarray(0, count));
  }

  async write(bytes: Uint8Array): Promise<void> {
    if (this.#state.broken) return await this.#state.write(bytes);
    this.#state.pass("writing", bytes);
    await this.#below.write(bytes);
  }

  async startTls(options: Parameters<Connection["startTls"]>[0]): Promise<Connection> {
    await this.#state.handshake();
    return new FaultyConnection(await this.#below.startTls(options), this.#state);
  }

  close(): void {
    this.#state.close();
    this.#below.close();
  }
}
