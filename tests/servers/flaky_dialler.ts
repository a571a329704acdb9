/**
 * Connections that end before their time: after so many octets, or when QUIT was said.
 *
 * @module
 */
import { type Connection, dial, type DialOptions, type Target } from "@mailwright/mailwright/wire";

/** What happens to a connection: octets that are read before it is gone, or its end at QUIT. */
export type Cut = number | "QUIT";

interface Fate {
  readonly atQuit: boolean;
  left: number;
}

/** A dialler whose next connections end as it is told; those after them stay. */
export class FlakyDialler {
  /** What happens to the next connections. */
  readonly cuts: Cut[] = [];
  /** How many were cut. */
  cut = 0;

  /** Connects, as `dial()` does. */
  readonly dial = async (target: Target, options: DialOptions): Promise<Connection> => {
    const cut = this.cuts.shift();
    const left = typeof cut === "number" ? cut : Infinity;
    return this.#doomed(await dial(target, options), { atQuit: cut === "QUIT", left });
  };

  #doomed(connection: Connection, fate: Fate): Connection {
    return {
      local: connection.local,
      remote: connection.remote,
      security: connection.security,
      read: async (buffer) => {
        if (fate.left <= 0) {
          this.cut++;
          connection.close();
          return null;
        }
        const count = await connection.read(buffer);
        fate.left -= count ?? 0;
        return count;
      },
      write: async (bytes) => {
        await connection.write(bytes);
        if (fate.atQuit && new TextDecoder().decode(bytes) === "QUIT\r\n") fate.left = 0;
      },
      startTls: async (options) => this.#doomed(await connection.startTls(options), fate),
      close: () => connection.close(),
    };
  }
}
