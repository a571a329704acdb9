/**
 * A connection that ends the process at the call a test chooses.
 *
 * @module
 */

import type { Connection, StartTlsOptions } from "../../src/wire/mod.ts";
import { Died } from "./faulty_store.ts";

/** When the process ends: at the Nth read or write of all connections, before its effect or after it. */
export interface Death {
  /** Which call, from 1. */
  readonly nth: number;
  /** Whether its effect has happened. */
  readonly when: "before" | "after";
}

/** A process, of which the store knows whether it is dead. */
export interface Process {
  /** Whether it is dead. */
  dead: boolean;
}

/** The connections of a process: they count, end it at one of the calls, and end with it. */
export class DyingConnections {
  readonly #process: Process;
  readonly #death: Death | undefined;
  readonly #connections: Connection[] = [];
  #calls = 0;

  /**
   * Makes the connections of a process.
   *
   * @param process The process.
   * @param death When it dies; never, by its connections, if it is missing.
   */
  constructor(process: Process, death?: Death) {
    this.#process = process;
    this.#death = death;
  }

  /** Makes a connection one of this process. */
  readonly wrap = (connection: Connection): Connection => {
    this.#connections.push(connection);
    return {
      local: connection.local,
      remote: connection.remote,
      get security() {
        return connection.security;
      },
      read: (buffer) => this.#call(() => connection.read(buffer)),
      write: (bytes) => this.#call(() => connection.write(bytes)),
      startTls: async (options: StartTlsOptions) => this.wrap(await connection.startTls(options)),
      close: () => connection.close(),
    };
  };

  /** Closes all connections, as the system does for a process that is gone. */
  bury(): void {
    for (const connection of this.#connections) connection.close();
  }

  async #call<T>(work: () => Promise<T>): Promise<T> {
    if (this.#process.dead) throw new Died("The process is dead");
    if (++this.#calls !== this.#death?.nth) return await work();
    if (this.#death.when === "after") await work();
    this.#process.dead = true;
    this.bury();
    throw new Died("The process has died");
  }
}
