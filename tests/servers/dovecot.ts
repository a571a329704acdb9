/**
 * Dovecot 2.3 on loopback: POP3 with STLS and POP3S, LMTP, and the login service of Postfix, all
 * over the same users.
 *
 * @module
 */
import { type Certificates, HOSTNAME, makeCertificates } from "./certificates.ts";
import { Daemon } from "./daemon.ts";
import { ServersError } from "./errors.ts";
import { describe } from "./mail_server.ts";
import { readMaildir } from "./maildir.ts";
import { fillMaildrop, type Maildrops, type Pop3Server } from "./maildrop.ts";
import { freePorts, HOST } from "./network.ts";
import { account, run } from "./process.ts";
import { RunFolder } from "./run_folder.ts";
import { splitAddress, USERS, type Users } from "./users.ts";

/** Options of {@linkcode startDovecot}. */
export interface DovecotOptions {
  /** Who has a mailbox. @default {USERS} */
  readonly users?: Users;
  /** Certificates shared with another server. @default a new authority */
  readonly certificates?: Certificates;
  /** A further Unix socket for LMTP, say `LMTP_SOCKET` of network.ts. */
  readonly lmtpSocket?: string;
  /** Lines added to the configuration, which win over those above them. */
  readonly settings?: string;
}

/** A running Dovecot. */
export interface DovecotServer extends Pop3Server, Maildrops {
  /** TCP ports: POP3 with STLS, POP3 within TLS, LMTP. */
  readonly ports: { readonly pop3: number; readonly pop3s: number; readonly lmtp: number };
  /** Unix sockets: LMTP, the login service in Postfix's protocol. */
  readonly sockets: { readonly lmtp: string; readonly auth: string };
}

/** Starts Dovecot; its disposal stops it completely. */
export async function startDovecot(options: DovecotOptions = {}): Promise<DovecotServer> {
  await checkVersion();
  await using stack = new AsyncDisposableStack();
  const folder = stack.use(await RunFolder.make("dovecot"));
  const certificates = options.certificates ?? await makeCertificates(folder);
  const ports = freePorts("pop3", "pop3s", "lmtp");
  const users = options.users ?? USERS;
  const mail = await folder.folder("mail", await account("nobody"));
  const sockets = { lmtp: folder.file("lmtp"), auth: folder.file("auth") };
  const lmtpSockets = [sockets.lmtp, ...options.lmtpSocket ? [options.lmtpSocket] : []];
  const config = await folder.write(
    "dovecot.conf",
    configure({
      folder: folder.path,
      mail,
      certificates,
      passwords: await folder.write("passwords", passwordFile(users)),
      ports,
      lmtpSockets,
      auth: sockets.auth,
      nobody: await account("nobody"),
    }) + (options.settings ?? ""),
  );
  stack.use(
    await Daemon.start(folder, "dovecot", {
      args: ["-F", "-c", config],
      ports: Object.values(ports),
    }),
  );
  if (options.lmtpSocket) {
    // Dovecot leaves the file behind.
    const path = options.lmtpSocket;
    stack.defer(() => Deno.remove(path));
  }
  return {
    ...describe({ running: stack.move(), folder, ports, certificates, users }),
    sockets,
    mail,
    fill: (address, messages) => fillMaildrop({ mail }, address, messages),
    mailbox: (address, count) => {
      const { local, domain } = splitAddress(address);
      return readMaildir(`${mail}/${domain}/${local}/Maildir`, count);
    },
  };
}

interface Facts {
  readonly folder: string;
  readonly mail: string;
  readonly certificates: Certificates;
  readonly passwords: string;
  readonly ports: { readonly pop3: number; readonly pop3s: number; readonly lmtp: number };
  readonly lmtpSockets: readonly string[];
  readonly auth: string;
  readonly nobody: { readonly uid: number; readonly gid: number };
}

// mail_save_crlf keeps the bytes of the wire; without the penalty socket and the failure delay a
// wrong password costs a test no seconds; sessions that end late are in nobody's way.
function configure(facts: Facts): string {
  const { folder, certificates, ports, nobody } = facts;
  return `base_dir = ${folder}/run
state_dir = ${folder}/state
log_path = ${folder}/dovecot.log
protocols = pop3 lmtp
listen = ${HOST}
hostname = ${HOSTNAME}
login_greeting = ${HOSTNAME} ready
default_vsz_limit = 1G
ssl = yes
ssl_cert = <${certificates.certFile}
ssl_key = <${certificates.keyFile}
disable_plaintext_auth = no
auth_mechanisms = plain login cram-md5 digest-md5 scram-sha-1 scram-sha-256 apop
auth_failure_delay = 0
auth_verbose = yes
passdb {
  driver = passwd-file
  args = scheme=PLAIN username_format=%u ${facts.passwords}
}
userdb {
  driver = static
  args = uid=${nobody.uid} gid=${nobody.gid} home=${facts.mail}/%d/%n
}
first_valid_uid = ${nobody.uid}
mail_location = maildir:~/Maildir
mail_save_crlf = yes
mail_max_userip_connections = 1000
pop3_uidl_format = %g
service anvil {
  unix_listener anvil-auth-penalty {
    mode = 0
  }
}
service auth {
  unix_listener ${facts.auth} {
    mode = 0666
  }
}
service lmtp {
${facts.lmtpSockets.map((path) => `  unix_listener ${path} {\n    mode = 0666\n  }`).join("\n")}
  inet_listener lmtp {
    address = ${HOST}
    port = ${ports.lmtp}
  }
}
service pop3-login {
  inet_listener pop3 {
    port = ${ports.pop3}
  }
  inet_listener pop3s {
    port = ${ports.pop3s}
    ssl = yes
  }
}
`;
}

function passwordFile(users: Users): string {
  return Object.entries(users).map(([address, password]) => `${address}:{PLAIN}${password}\n`)
    .join("");
}

async function checkVersion(): Promise<void> {
  const { stdout } = await run("dovecot", ["--version"]);
  if (!stdout.startsWith("2.3.")) {
    // 2.4 renamed most settings.
    throw new ServersError(`Cannot configure Dovecot "${stdout.trim()}": only 2.3 is known`, "");
  }
}
