/**
 * A served session in memory, and a backend that keeps what it gets.
 *
 * @module
 */

import {
  type Connection,
  memoryPair,
  type ReceivedEnvelope,
  Secret,
  type ServedSession,
  type ServeOptions,
  serveSmtp,
  type SessionEnd,
  type SmtpBackend,
} from "@mailwright/mailwright";
import { RawClient } from "./raw_client.ts";

/** What the backend got. */
export interface Kept {
  readonly envelope: ReceivedEnvelope;
  readonly content: string;
  readonly session: ServedSession;
}

/** A backend that takes mail for everybody but `nobody@…`. */
export function keeper(mails: Kept[], more: Partial<SmtpBackend> = {}): SmtpBackend {
  return {
    hostname: "mx.example",
    credentials: { password: (user) => user === "ann" ? new Secret("pencil") : undefined },
    recipient: ({ address }) =>
      address.startsWith("nobody@")
        ? { code: 550, status: "5.1.1", text: "No such user" }
        : undefined,
    message({ sender, recipients }, session) {
      let content = "";
      return {
        write(chunk) {
          content += String.fromCharCode(...chunk);
        },
        finish() {
          mails.push({ envelope: { sender, recipients }, content, session });
          return [{ code: 250, status: "2.0.0", text: `Queued as ${mails.length}` }];
        },
        abort() {},
      };
    },
    ...more,
  };
}

/** A client and what serves it. */
export interface Served extends AsyncDisposable {
  readonly client: RawClient;
  readonly mails: readonly Kept[];
  /** How the session ended. */
  readonly end: Promise<SessionEnd>;
  /** How many writes the server made. */
  writes(): number;
}

/** How {@linkcode served} differs from an ordinary server. */
export interface ServedOptions extends ServeOptions {
  readonly backend?: Partial<SmtpBackend>;
  /** The most octets one read gives. */
  readonly chunk?: number;
  /** Whether the greeting is left to the test. */
  readonly silent?: boolean;
}

/** Serves a session in memory and reads the greeting. */
export async function served(options: ServedOptions = {}): Promise<Served> {
  const { backend, chunk = Infinity, silent = false, ...rest } = options;
  const [ours, theirs] = memoryPair({ chunk });
  const mails: Kept[] = [];
  let writes = 0;
  const connection = watched(theirs, () => writes++);
  const end = serveSmtp(connection, keeper(mails, backend), rest);
  end.catch(() => {}); // a test that expects a rejection awaits it itself
  const client = new RawClient(ours);
  if (!silent) await client.reply();
  return {
    client,
    mails,
    end,
    writes: () => writes,
    async [Symbol.asyncDispose]() {
      ours.close();
      await end.catch(() => {});
    },
  };
}

/** The same connection, with somebody told of each write. */
export function watched(below: Connection, onWrite: (bytes: Uint8Array) => void): Connection {
  return {
    local: below.local,
    remote: below.remote,
    security: below.security,
    read: (buffer) => below.read(buffer),
    write(bytes) {
      onWrite(bytes);
      return below.write(bytes);
    },
    startTls: async (options) => watched(await below.startTls(options), onWrite),
    close: () => below.close(),
  };
}
