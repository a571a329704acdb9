/**
 * OpenSMTPD on loopback, from Debian's package as install.sh unpacks it: SMTP and
 * delivery into Maildirs.
 *
 * Its paths are compiled in, so it lives in a root folder of its own (chroot) that holds copies of
 * its programs and their libraries.
 *
 * @module
 */
import { type Certificates, HOSTNAME, makeCertificates } from "./certificates.ts";
import { Daemon } from "./daemon.ts";
import { describe, mailboxesBelow, type MailServer } from "./mail_server.ts";
import { freePorts, HOST } from "./network.ts";
import { account, UNPACKED } from "./process.ts";
import { makeRoot } from "./root_folder.ts";
import { RunFolder } from "./run_folder.ts";
import { domainsOf, USERS, type Users } from "./users.ts";

/** Options of {@linkcode startOpenSmtpd}. */
export interface OpenSmtpdOptions {
  /** Who has a mailbox; everybody else is refused. @default {USERS} */
  readonly users?: Users;
  /** Bytes, announced as SIZE. @default {36_700_160} */
  readonly messageSizeLimit?: number;
  /**
   * Offer STARTTLS. Version 6.8 of Debian 12 answers 220 and then fails every handshake, because it
   * predates OpenSSL 3 (OpenSMTPD#1171): a real server whose TLS is broken. @default {false}
   */
  readonly startTls?: boolean;
}

/** A running OpenSMTPD; it takes no logins. */
export interface OpenSmtpdServer extends MailServer {
  /** Its only port. */
  readonly ports: { readonly smtp: number };
}

// The delivery program is started by a shell, so that comes along.
const PROGRAMS = ["/usr/sbin/smtpd", "/usr/sbin/smtpctl", "/usr/libexec/opensmtpd/mail.maildir"]
  .map((path) => UNPACKED + path).concat("/bin/sh");
const FOLDERS = ["var/lib/opensmtpd/empty", "var/run", "var/spool"];

/** Starts OpenSMTPD; the disposal stops it completely. Needs root. */
export async function startOpenSmtpd(options: OpenSmtpdOptions = {}): Promise<OpenSmtpdServer> {
  await using stack = new AsyncDisposableStack();
  const folder = stack.use(await RunFolder.make("opensmtpd"));
  const certificates = await makeCertificates(folder);
  const ports = freePorts("smtp");
  const users = options.users ?? USERS;
  const root = await makeRoot(folder, PROGRAMS, FOLDERS);
  for (const name of ["passwd", "group"]) {
    await Deno.copyFile(`/etc/${name}`, `${root}/etc/${name}`);
  }
  const mail = await folder.folder("root/mail", await account("nobody"));
  await installCertificates(certificates, root);
  await folder.write(
    "root/etc/smtpd.conf",
    configure(ports.smtp, { users, messageSizeLimit: 36_700_160, startTls: false, ...options }),
  );
  stack.use(
    await Daemon.start(folder, "chroot", {
      args: [root, "/usr/sbin/smtpd", "-d", "-f", "/etc/smtpd.conf"],
      ports: [ports.smtp],
    }),
  );
  return {
    ...describe({ running: stack.move(), folder, ports, certificates, users }),
    mailbox: mailboxesBelow(mail),
  };
}

async function installCertificates(certificates: Certificates, root: string): Promise<void> {
  await Deno.copyFile(certificates.certFile, `${root}/etc/server.pem`);
  await Deno.copyFile(certificates.keyFile, `${root}/etc/server.key`);
}

function configure(port: number, options: Required<OpenSmtpdOptions>): string {
  const addresses = Object.keys(options.users).map((address) => `"${address}"`);
  const domains = domainsOf(options.users).map((domain) => `"${domain}"`);
  const tls = options.startTls ? `tls pki ${HOSTNAME}` : "";
  return `pki ${HOSTNAME} cert "/etc/server.pem"
pki ${HOSTNAME} key "/etc/server.key"
smtp max-message-size ${options.messageSizeLimit}
table domains { ${domains.join(", ")} }
table addresses { ${addresses.join(", ")} }
table mailboxes { ${addresses.map((address) => `${address} = nobody`).join(", ")} }
listen on ${HOST} port ${port} ${tls} hostname ${HOSTNAME}
action "store" maildir "/mail/%{rcpt.domain}/%{rcpt.user}/Maildir" user nobody virtual <mailboxes>
match from any for domain <domains> rcpt-to <addresses> action "store"
`;
}
