/**
 * Our own client at the servers of the harness: where to connect, and who logs in.
 *
 * @module
 */
import {
  type ConnectOptions,
  connectSmtp,
  type Credentials,
  Secret,
  type SmtpSession,
} from "@mailwright/mailwright/smtp";
import {
  type Connection,
  dial,
  type DialOptions,
  type Target,
  type TranscriptListener,
} from "@mailwright/mailwright/wire";
import type { MailServer } from "./mail_server.ts";
import { poll } from "./poll.ts";
import type { PostfixServer } from "./postfix.ts";

/** A user of the servers, who exists and may log in. */
export const JONES = "jones@beta.example";
/** Another one. */
export const BROWN = "brown@beta.example";

/** What a user of a server logs in with. */
export function credentials(server: MailServer, user: string = JONES): Credentials {
  return { user, password: new Secret(server.users[user] ?? "") };
}

/** Submission at Postfix: STARTTLS, and a login. */
export function submission(server: PostfixServer): ConnectOptions & { readonly url: string } {
  return {
    url: `submission://${server.host}:${server.ports.submission}`,
    caCerts: [server.caPem],
    auth: credentials(server),
  };
}

/** A session at Postfix' submission. */
export function submit(server: PostfixServer, options: ConnectOptions = {}): Promise<SmtpSession> {
  return connectSmtp({ ...submission(server), ...options });
}

/** Waits until a server has logged what matches. */
export async function logged(server: MailServer, pattern: RegExp): Promise<void> {
  await poll(`${pattern} in the log`, async () => pattern.test(await server.log()) || undefined);
}

/** A listener that keeps the lines that our end said. */
export function said(lines: string[]): TranscriptListener {
  return ({ kind, end, text }) => {
    if (kind === "line" && end === "C") lines.push(text);
  };
}

/** A dialler that counts the connections it makes and the writes on them. */
export class CountingDialler {
  /** Connections made. */
  connections = 0;
  /** Writes on all of them; within TLS, too. */
  writes = 0;

  /** Connects, as `dial()` does. */
  readonly dial = async (target: Target, options: DialOptions): Promise<Connection> => {
    const connection = await dial(target, options);
    this.connections++;
    return this.#counted(connection);
  };

  #counted(connection: Connection): Connection {
    return {
      local: connection.local,
      remote: connection.remote,
      security: connection.security,
      read: (buffer) => connection.read(buffer),
      write: (bytes) => {
        this.writes++;
        return connection.write(bytes);
      },
      startTls: async (options) => this.#counted(await connection.startTls(options)),
      close: () => connection.close(),
    };
  }
}
