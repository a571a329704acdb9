/**
 * Connections that end before their time: after so many octets, or when QUIT was said.
 *
 * @module
 */
import { type Connection, dial, type DialOptions, type Target } from "@mailwright/mailwright/wire";

/** What happens to a connection: octets that are read before it is gone, or its end at QUIT. */
export type Cut = number | "QUIT";

interface Fate {
  atQuit: boolean;
  left: number;
  drawn: boolean;
}

/** The first word of a session that has the maildrop. */
const INSIDE = /^(?:STAT|LIST|UIDL)\b/;

/**
 * A dialler whose next connections end as it is told; those after them stay. A connection whose login is
 * refused, as the last session is not over, does not count.
 */
export class FlakyDialler {
  /** What happens to the next connections that have the maildrop; octets count from there on. */
  readonly cuts: Cut[] = [];
  /** How many were cut. */
  cut = 0;

  /** Connects, as `dial()` does. */
  readonly dial = async (target: Target, options: DialOptions): Promise<Connection> => {
    const fate = { atQuit: false, left: Infinity, drawn: false };
    return this.#doomed(await dial(target, options), fate);
  };

  #draw(fate: Fate): void {
    const cut = this.cuts.shift();
    fate.drawn = true;
    fate.atQuit = cut === "QUIT";
    if (typeof cut === "number") fate.left = cut;
  }

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
        const text = new TextDecoder().decode(bytes);
        if (!fate.drawn && INSIDE.test(text)) this.#draw(fate);
        await connection.write(bytes);
        if (fate.atQuit && text === "QUIT\r\n") fate.left = 0;
      },
      startTls: async (options) => this.#doomed(await connection.startTls(options), fate),
      close: () => connection.close(),
    };
  }
}
