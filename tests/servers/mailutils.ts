/**
 * The POP3 server of GNU Mailutils on loopback, from Debian's packages as install.sh unpacks them:
 * STLS, POP3 within TLS, USER and APOP, a maildrop for one session at a time.
 *
 * @module
 */
import { makeCertificates } from "./certificates.ts";
import { Daemon } from "./daemon.ts";
import { describe, mailboxesBelow } from "./mail_server.ts";
import { fillMaildrop, type Maildrops, type Pop3Server } from "./maildrop.ts";
import { freePorts, HOST } from "./network.ts";
import { type Account, account, run, UNPACKED, UNPACKED_LIBRARIES } from "./process.ts";
import { RunFolder } from "./run_folder.ts";
import { domainsOf, splitAddress, USERS, type Users } from "./users.ts";

/** Options of {@linkcode startMailutils}. */
export interface MailutilsOptions {
  /** Who has a mailbox. @default {USERS} */
  readonly users?: Users;
}

const env = { LD_LIBRARY_PATH: UNPACKED_LIBRARIES };

/** Starts the POP3 server of Mailutils; its disposal stops it completely. Needs root. */
export async function startMailutils(
  options: MailutilsOptions = {},
): Promise<Pop3Server & Maildrops> {
  await using stack = new AsyncDisposableStack();
  const folder = stack.use(await RunFolder.make("mailutils"));
  const certificates = await makeCertificates(folder);
  const ports = freePorts("pop3", "pop3s");
  const users = options.users ?? USERS;
  const nobody = await account("nobody");
  const mail = await folder.folder("mail", nobody);
  await makeInboxes(folder, users, nobody);
  await writeUsers(folder, users, nobody);
  await folder.folder("locks", nobody);
  const config = await folder.write(
    "pop3d.conf",
    `mode daemon;
foreground yes;
pidfile ${folder.path}/pop3d.pid;
logging { syslog no; };
tcp-wrappers { enable no; };
auth { authentication generic; authorization virtdomain; };
virtdomain { passwd-dir ${folder.path}/users; };
apop-database-file ${folder.path}/apop;
apop-database-owner root;
mailbox { mailbox-type maildir; };
mandatory-locking { enable yes; lock-directory ${folder.path}/locks; };
tls {
  ssl-certificate-file ${certificates.certFile};
  ssl-key-file ${certificates.keyFile};
};
server ${HOST}:${ports.pop3} { tls-mode ondemand; };
server ${HOST}:${ports.pop3s} { tls-mode connection; };
`,
  );
  stack.use(
    await Daemon.start(folder, `${UNPACKED}/usr/sbin/pop3d`, {
      args: ["--no-config", `--config-file=${config}`],
      env,
      ports: Object.values(ports),
    }),
  );
  return {
    ...describe({ running: stack.move(), folder, ports, certificates, users }),
    mail,
    storesLf: true,
    fill: (address, messages) => fillMaildrop({ mail, storesLf: true }, address, messages),
    mailbox: mailboxesBelow(mail),
  };
}

// Users of virtual domains have their mail in INBOX, whatever the pattern of mailboxes says.
async function makeInboxes(folder: RunFolder, users: Users, owner: Account): Promise<void> {
  for (const { local, domain } of Object.keys(users).map(splitAddress)) {
    await folder.folder(`mail/${domain}`, owner);
    const home = await folder.folder(`mail/${domain}/${local}`, owner);
    for (const name of ["Maildir", "Maildir/cur", "Maildir/new", "Maildir/tmp"]) {
      await folder.folder(`mail/${domain}/${local}/${name}`, owner);
    }
    await Deno.symlink("Maildir", `${home}/INBOX`);
  }
}

// A file for each domain, in the form of /etc/passwd; a database of bare passwords for APOP.
async function writeUsers(folder: RunFolder, users: Users, { uid, gid }: Account): Promise<void> {
  const rows = Object.entries(users).map(([address, password]) => ({
    ...splitAddress(address),
    address,
    password,
  }));
  await folder.folder("users");
  for (const name of domainsOf(users)) {
    const lines = rows.filter(({ domain }) => domain === name).map(async ({ local, password }) => {
      const { stdout } = await run("openssl", ["passwd", "-6", "-stdin"], { stdin: password });
      return `${local}:${stdout.trim()}:${uid}:${gid}::${folder.path}/mail/${name}/${local}:\n`;
    });
    await folder.write(`users/${name}`, (await Promise.all(lines)).join(""));
  }
  const stdin = rows.map(({ address, password }) => `${address} ${password}\n`).join("");
  const args = ["-c", "-o", folder.file("apop"), "-P", "0600"];
  await run(`${UNPACKED}/usr/bin/popauth`, args, { stdin, env });
}
