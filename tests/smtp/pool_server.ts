/**
 * A server behind the pool's dialler, in memory: it counts connections and keeps mails.
 *
 * @module
 */

import {
  type Connection,
  type Intervene,
  memoryPair,
  type ReceivedEnvelope,
  type ServeOptions,
  serveSmtp,
} from "@mailwright/mailwright";

/** What is seen of a pool from the other end. */
export interface PoolServer extends AsyncDisposable {
  /** The dialler for the pool. */
  readonly dial: () => Promise<Connection>;
  /** What arrived. */
  readonly mails: { readonly envelope: ReceivedEnvelope; readonly content: string }[];
  /** How many connections were opened. */
  readonly connections: number;
  /** How many are open. */
  readonly open: number;
  /** The most that were open at once. */
  readonly most: number;
  /** All commands, in order, over all connections: `CONNECT`, `MAIL`, `.` … */
  readonly verbs: string[];
  /** Closes the server's end of all connections, as a restart does. */
  hangUp(): void;
}

/** How the server behaves; `intervene` also gets the number of the connection, from 1. */
export interface PoolServerOptions extends Omit<ServeOptions, "intervene"> {
  readonly intervene?: (
    connection: number,
    ...command: Parameters<Intervene>
  ) => ReturnType<Intervene>;
  /** Whether dialling fails. */
  readonly refuse?: () => Error | undefined;
}

/** Starts a server; the disposal waits until all its sessions are over. */
export function poolServer(options: PoolServerOptions = {}): PoolServer {
  const { intervene, refuse, ...rest } = options;
  const mails: PoolServer["mails"] = [];
  const verbs: string[] = [];
  const sessions = new Set<Promise<unknown>>();
  const ends = new Set<Connection>();
  let connections = 0;
  let most = 0;
  const dial = (): Promise<Connection> => {
    const refusal = refuse?.();
    if (refusal !== undefined) return Promise.reject(refusal);
    const number = ++connections;
    const [ours, theirs] = memoryPair();
    ends.add(theirs);
    most = Math.max(most, ends.size);
    const session = serveSmtp(theirs, {
      hostname: "mx.example",
      recipient: ({ address }) =>
        address.startsWith("nobody")
          ? { code: 550, status: "5.1.1", text: "No such user" }
          : undefined,
      message: ({ sender, recipients }) => {
        let content = "";
        return {
          write: (chunk) => void (content += String.fromCharCode(...chunk)),
          finish: () => {
            mails.push({ envelope: { sender, recipients }, content });
            return [{ code: 250, status: "2.0.0", text: `Ok: queued as ${mails.length}` }];
          },
          abort: () => {},
        };
      },
    }, {
      ...rest,
      intervene: (command) => {
        verbs.push(command.verb);
        return intervene?.(number, command);
      },
    }).catch(() => {}).finally(() => {
      ends.delete(theirs);
      sessions.delete(session);
    });
    sessions.add(session);
    return Promise.resolve(ours);
  };
  return {
    dial,
    mails,
    verbs,
    get connections() {
      return connections;
    },
    get open() {
      return ends.size;
    },
    get most() {
      return most;
    },
    hangUp: () => {
      for (const end of ends) end.close();
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(sessions);
    },
  };
}
