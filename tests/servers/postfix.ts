/**
 * Postfix on loopback, complete and private: SMTP, submission and SMTP within TLS; logins through
 * Dovecot; delivery by LMTP into Dovecot's Maildir or by Postfix itself; mail held for ETRN.
 *
 * @module
 */
import { makeCertificates } from "./certificates.ts";
import { type DovecotServer, startDovecot } from "./dovecot.ts";
import { ServersError } from "./errors.ts";
import { describe, type MailServer } from "./mail_server.ts";
import { list, withCrlf } from "./maildir.ts";
import { freePorts, listening } from "./network.ts";
import { poll } from "./poll.ts";
import { account, run } from "./process.ts";
import { mainConfig, masterConfig } from "./postfix_config.ts";
import { RunFolder } from "./run_folder.ts";
import { domainsOf, USERS, type Users } from "./users.ts";

/** Mail for this domain waits until somebody says ETRN. */
export const TURN_DOMAIN = "turn.example";

/** Options of {@linkcode startPostfix}. */
export interface PostfixOptions {
  /** Who has a mailbox and may log in; nobody else at their domains exists. @default {USERS} */
  readonly users?: Users;
  /** By LMTP into Dovecot, or by Postfix, which also takes SMTPUTF8. @default {"lmtp"} */
  readonly delivery?: "lmtp" | "maildir";
  /** Bytes, announced as SIZE; 0 is no limit. @default {10_240_000} */
  readonly messageSizeLimit?: number;
  /** Offer AUTH on the SMTP port without TLS, with the old `AUTH=` line as well. @default {false} */
  readonly authWithoutTls?: boolean;
  /** Where mail for {@linkcode TURN_DOMAIN} goes after ETRN. @default a free port */
  readonly turnPort?: number;
  /** A further Unix socket for LMTP into Dovecot. */
  readonly lmtpSocket?: string;
  /** Parameters of main.cf that win over ours. */
  readonly settings?: Readonly<Record<string, string>>;
}

/** A running Postfix. */
export interface PostfixServer extends MailServer {
  /** SMTP offers STARTTLS; submission wants STARTTLS and a login; smtps speaks TLS at once. */
  readonly ports: { readonly smtp: number; readonly submission: number; readonly smtps: number };
  /** Where mail for {@linkcode TURN_DOMAIN} goes after ETRN. */
  readonly turnPort: number;
  /** The Dovecot that knows the same users, with POP3 over the same mailboxes. */
  readonly dovecot: DovecotServer;
  /** Waits until `count` messages are laid aside for later, as those for ETRN are. @default {1} */
  deferred(count?: number): Promise<void>;
  /** Ends all its processes at once, whatever they are doing; what is in the queue stays there. */
  crash(): Promise<void>;
  /** Starts it again after a crash: the same ports, the same queue. */
  restart(): Promise<void>;
}

/** Starts Postfix and its Dovecot; the disposal stops both completely. Needs root. */
export async function startPostfix(options: PostfixOptions = {}): Promise<PostfixServer> {
  await using stack = new AsyncDisposableStack();
  const folder = stack.use(await RunFolder.make("postfix"));
  const certificates = await makeCertificates(folder);
  const users = options.users ?? USERS;
  const dovecot = stack.use(
    await startDovecot({
      users,
      certificates,
      ...options.lmtpSocket ? { lmtpSocket: options.lmtpSocket } : {},
    }),
  );
  const ports = freePorts("smtp", "submission", "smtps");
  const turnPort = options.turnPort ?? freePorts("turn").turn;
  await folder.folder("queue");
  await folder.folder("data", await account("postfix"));
  const config = await folder.folder("config");
  await folder.write(
    "config/main.cf",
    mainConfig({
      folder: folder.path,
      certificates,
      users: Object.keys(users),
      domains: domainsOf(users),
      owner: await account("nobody"),
      mail: dovecot.mail,
      transport: options.delivery === "maildir" ? "virtual" : `lmtp:unix:${dovecot.sockets.lmtp}`,
      authSocket: dovecot.sockets.auth,
      turn: { domain: TURN_DOMAIN, port: turnPort },
      messageSizeLimit: options.messageSizeLimit ?? 10_240_000,
      ...options.settings ? { settings: options.settings } : {},
    }),
  );
  await folder.write("config/master.cf", masterConfig(ports, options.authWithoutTls ?? false));
  await start(config, folder);
  // "abort" signals the master without waiting; the folder's disposal sees everything end. A
  // Postfix that a test has crashed cannot be ended again.
  const abort = async () => void await run("postfix", ["-c", config, "abort"], { mayFail: true });
  stack.defer(abort);
  await listening(Object.values(ports));
  return {
    ...describe({ running: stack.move(), folder, ports, certificates, users }),
    turnPort,
    dovecot,
    mailbox: options.delivery === "maildir"
      ? async (address, count) => (await dovecot.mailbox(address, count)).map(withCrlf)
      : dovecot.mailbox,
    deferred: (count = 1) => untilDeferred(folder.file("queue/deferred"), count),
    crash: async () => {
      await abort();
      await poll("Postfix to end", async () => !(await folder.processes()).length || undefined);
    },
    restart: async () => {
      // It complains of half a message in the queue under an account of its own.
      await Deno.chmod(folder.file("postfix.log"), 0o666);
      await start(config, folder);
      await listening(Object.values(ports));
    },
    log: async () => `${await folder.log()}\n${await dovecot.log()}`,
  };
}

async function start(config: string, folder: RunFolder): Promise<void> {
  const { code, stderr } = await run("postfix", ["-c", config, "start"], { mayFail: true });
  if (code !== 0) {
    throw new ServersError("Cannot start Postfix", stderr + await folder.log());
  }
}

// The log speaks too early: a message is there for ETRN once its file has moved. The queue has one
// level of folders.
async function untilDeferred(queue: string, count: number): Promise<void> {
  await poll(`${count} deferred messages`, async () => {
    const folders = await Promise.all((await list(queue)).map(list));
    return folders.flat().length >= count || undefined;
  });
}
