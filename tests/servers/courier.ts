/**
 * Courier's POP3 server on loopback, from Debian's packages as install.sh unpacks them: STLS, POP3
 * within TLS, logins.
 *
 * Its paths are compiled in, so it lives in a root folder of its own (chroot).
 *
 * @module
 */
import { type Certificates, makeCertificates } from "./certificates.ts";
import { Daemon } from "./daemon.ts";
import { describe, mailboxesBelow } from "./mail_server.ts";
import { fillMaildrop, type Maildrops, type Pop3Server } from "./maildrop.ts";
import { freePorts, HOST } from "./network.ts";
import { poll } from "./poll.ts";
import { type Account, account, run, UNPACKED, UNPACKED_LIBRARIES } from "./process.ts";
import { makeRoot } from "./root_folder.ts";
import { RunFolder } from "./run_folder.ts";
import { splitAddress, USERS, type Users } from "./users.ts";

/** Options of {@linkcode startCourier}. */
export interface CourierOptions {
  /** Who has a mailbox. @default {USERS} */
  readonly users?: Users;
}

const AUTHDAEMOND = "/usr/lib/courier/courier-authlib/authdaemond";
const TCPD = "/usr/sbin/couriertcpd";
const TLS = "/usr/bin/couriertls";
const LOGIN = "/usr/lib/courier/courier/courierpop3login";
const POP3D = "/usr/lib/courier/courier/courierpop3d";
const PROGRAMS = [AUTHDAEMOND, TCPD, TLS, LOGIN, POP3D]
  .concat("/usr/lib/courier-authlib/libauthuserdb.so.0").map((path) => UNPACKED + path);
/** Where it listens for its own programs. */
const SOCKETS = "run/courier/authdaemon";
const MECHANISMS = "LOGIN PLAIN CRAM-MD5 CRAM-SHA1 CRAM-SHA256";
/** The names of the passwords of a user, and how `userdbpw` makes each. */
const PASSWORDS = {
  "systempw": "-md5",
  "hmac-md5pw": "-hmac-md5",
  "hmac-sha1pw": "-hmac-sha1",
  "hmac-sha256pw": "-hmac-sha256",
};

const LOGIN_SERVICE = `authmodulelist="authuserdb"
authmodulelistorig="authuserdb"
daemons=2
authdaemonvar=/${SOCKETS}
DEBUG_LOGIN=0
DEFAULTOPTIONS=""
`;

/** Starts Courier; its disposal stops it completely. Needs root. */
export async function startCourier(options: CourierOptions = {}): Promise<Pop3Server & Maildrops> {
  await using stack = new AsyncDisposableStack();
  const folder = stack.use(await RunFolder.make("courier"));
  const certificates = await makeCertificates(folder);
  const ports = freePorts("pop3", "pop3s");
  const users = options.users ?? USERS;
  const nobody = await account("nobody");
  const root = await makeRoot(folder, PROGRAMS, ["etc/courier", SOCKETS]);
  const mail = await folder.folder("root/mail", nobody);
  await writeAccounts(folder, nobody);
  await writeUsers(folder, users, nobody);
  await folder.write("root/etc/courier/authdaemonrc", LOGIN_SERVICE);
  const env = {
    POP3AUTH: MECHANISMS,
    POP3AUTH_TLS: MECHANISMS,
    COURIERTLS: TLS,
    TLS_CERTFILE: await writeCertificate(folder, certificates, nobody),
    TLS_VERIFYPEER: "NONE",
    MAILDIRPATH: "Maildir",
  };
  stack.use(
    await Daemon.start(folder, "chroot", { args: [root, AUTHDAEMOND], env, ports: [] }),
  );
  await poll("Courier's login service", () => socketOf(`${root}/${SOCKETS}/socket`));
  const listen = async (port: number, tls: boolean): Promise<void> => {
    const args = [
      ...[root, TCPD, `-address=${HOST}`, "-maxprocs=100", "-maxperip=100"],
      ...["-nodnslookup", "-noidentlookup", `${port}`],
      ...tls ? [TLS, "-server", "-tcpd"] : [],
      ...[LOGIN, POP3D, "Maildir"],
    ];
    const way = { POP3_STARTTLS: tls ? "NO" : "YES", POP3_TLS: tls ? "1" : "0" };
    stack.use(
      await Daemon.start(folder, "chroot", { args, env: { ...env, ...way }, ports: [port] }),
    );
  };
  await listen(ports.pop3, false);
  await listen(ports.pop3s, true);
  return {
    ...describe({ running: stack.move(), folder, ports, certificates, users }),
    mail,
    storesLf: true,
    fill: (address, messages) => fillMaildrop({ mail, storesLf: true }, address, messages),
    mailbox: mailboxesBelow(mail),
  };
}

// couriertls gives up root for an account whose name is compiled in.
async function writeAccounts(folder: RunFolder, { uid, gid }: Account): Promise<void> {
  await folder.write("root/etc/passwd", `root:x:0:0::/:\ncourier:x:${uid}:${gid}::/:\n`);
  await folder.write("root/etc/group", `root:x:0:\ncourier:x:${gid}:\n`);
}

async function writeCertificate(
  folder: RunFolder,
  { certFile, keyFile }: Certificates,
  { uid, gid }: Account,
): Promise<string> {
  const both = await Deno.readTextFile(keyFile) + await Deno.readTextFile(certFile);
  const path = await folder.write("root/etc/courier/server.pem", both, 0o600);
  await Deno.chown(path, uid, gid);
  return "/etc/courier/server.pem";
}

// Two databases, as makeuserdb makes them: who there is, and their passwords.
async function writeUsers(folder: RunFolder, users: Users, { uid, gid }: Account): Promise<void> {
  const facts: string[] = [];
  const secrets: string[] = [];
  for (const [address, password] of Object.entries(users)) {
    const { local, domain } = splitAddress(address);
    const home = `/mail/${domain}/${local}`;
    facts.push(`${address}\tuid=${uid}|gid=${gid}|home=${home}|mail=${home}/Maildir\n`);
    const made = Object.entries(PASSWORDS).map(async ([name, option]) => {
      const { stdout } = await courier("/usr/sbin/userdbpw", [option], `${password}\n`);
      return `${name}=${stdout.trim()}`;
    });
    secrets.push(`${address}\t${(await Promise.all(made)).join("|")}\n`);
  }
  const tables = { "userdb.dat": facts, "userdbshadow.dat": secrets };
  for (const [name, lines] of Object.entries(tables)) {
    const path = folder.file(`root/etc/courier/${name}`);
    const args = ["-", folder.file("unfinished"), path];
    await courier("/usr/lib/courier/courier-authlib/makedatprog", args, `${lines.join("")}.\n`);
  }
}

function courier(program: string, args: readonly string[], stdin: string): ReturnType<typeof run> {
  return run(UNPACKED + program, args, { stdin, env: { LD_LIBRARY_PATH: UNPACKED_LIBRARIES } });
}

async function socketOf(path: string): Promise<string | undefined> {
  try {
    return (await Deno.stat(path)).isSocket ? path : undefined;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}
