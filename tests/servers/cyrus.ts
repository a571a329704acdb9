/**
 * Cyrus on loopback, from Debian's packages as install.sh unpacks them: POP3 with STLS, POP3 within
 * TLS, logins, delivery by LMTP into its own kind of mailbox.
 *
 * @module
 */
import { connectSmtp } from "@mailwright/mailwright/smtp";
import { HOSTNAME, makeCertificates } from "./certificates.ts";
import { Daemon } from "./daemon.ts";
import { describe } from "./mail_server.ts";
import type { Pop3Server } from "./maildrop.ts";
import { list } from "./maildir.ts";
import { freePorts, HOST } from "./network.ts";
import { poll } from "./poll.ts";
import { account, run, UNPACKED, UNPACKED_LIBRARIES } from "./process.ts";
import { RunFolder } from "./run_folder.ts";
import { splitAddress, USERS, type Users } from "./users.ts";

/** Options of {@linkcode startCyrus}. */
export interface CyrusOptions {
  /** Who has a mailbox. @default {USERS} */
  readonly users?: Users;
  /**
   * When the files of deleted messages go: at the end of the session, for which it waits until no
   * other session has the mailbox, or some day. @default {"immediate"}
   */
  readonly expunge?: "immediate" | "delayed";
}

const BIN = `${UNPACKED}/usr/lib/cyrus/bin`;
const env = { LD_LIBRARY_PATH: UNPACKED_LIBRARIES };

/** Starts Cyrus; its disposal stops it completely. Needs root. */
export async function startCyrus(options: CyrusOptions = {}): Promise<Pop3Server> {
  await using stack = new AsyncDisposableStack();
  const folder = stack.use(await RunFolder.make("cyrus"));
  const certificates = await makeCertificates(folder);
  const ports = freePorts("pop3", "pop3s", "lmtp");
  const users = options.users ?? USERS;
  const nobody = await account("nobody");
  for (const name of ["spool", ...FOLDERS]) await folder.folder(name, nobody);
  // Cyrus reads both after it has given up root.
  await Deno.chown(certificates.keyFile, nobody.uid, nobody.gid);
  await writePasswords(folder, users);
  await Deno.chown(folder.file("passwords"), nobody.uid, nobody.gid);
  const config = await folder.write(
    "imapd.conf",
    `configdirectory: ${folder.path}/state
partition-default: ${folder.path}/spool
cyrus_user: nobody
cyrus_group: nogroup
servername: ${HOSTNAME}
virtdomains: userid
defaultdomain: ${HOSTNAME}
unixhierarchysep: yes
autocreate_users: anyone
autocreate_post: yes
autocreate_quota: 0
duplicatesuppression: no
expunge_mode: ${options.expunge ?? "immediate"}
popminpoll: 0
tls_server_cert: ${certificates.certFile}
tls_server_key: ${certificates.keyFile}
sasl_pwcheck_method: auxprop
sasl_auxprop_plugin: sasldb
sasl_sasldb_path: ${folder.path}/passwords
sasl_mech_list: PLAIN LOGIN CRAM-MD5 SCRAM-SHA-1 SCRAM-SHA-256
`,
  );
  const service = (name: keyof typeof ports, program: string): string =>
    `  ${name} cmd="${BIN}/${program} -C ${config}" listen="${HOST}:${ports[name]}" proto=tcp4\n`;
  const services = await folder.write(
    "cyrus.conf",
    `START {\n  recover cmd="${BIN}/ctl_cyrusdb -C ${config} -r"\n}\n` +
      `SERVICES {\n${service("pop3", "pop3d")}${service("pop3s", "pop3d -s")}` +
      `${service("lmtp", "lmtpd -a")}}\nEVENTS {\n}\n`,
  );
  stack.use(
    await Daemon.start(folder, "cyrmaster", {
      args: ["-D", "-C", config, "-M", services, "-p", folder.file("master.pid")],
      env,
      ports: Object.values(ports),
    }),
  );
  return {
    ...describe({ running: stack.move(), folder, ports, certificates, users }),
    fill: async (address, messages) => {
      await using session = await connectSmtp({ url: `lmtp://${HOST}:${ports.lmtp}`, tls: "none" });
      for (const message of messages) {
        await session.send({ from: null, to: [address], policy: "all" }, message);
      }
    },
    mailbox: async (address, count = 1) => {
      const found = await run(`${BIN}/mbpath`, ["-C", config, `user/${address}`], { env });
      const names = await poll(`${count} messages`, async () => {
        const files = (await list(found.stdout.trim())).filter((name) => /\/\d+\.$/.test(name));
        return files.length >= count ? files : undefined;
      });
      names.sort((a, b) => number(a) - number(b));
      return Promise.all(names.map((name) => Deno.readFile(name)));
    },
  };
}

const FOLDERS = ["", "/db", "/lock", "/log", "/msg", "/proc", "/ptclient", "/socket"]
  .map((name) => `state${name}`);

// A message is a file named after its number, with a dot.
function number(path: string): number {
  return Number.parseInt(path.slice(path.lastIndexOf("/") + 1));
}

async function writePasswords(folder: RunFolder, users: Users): Promise<void> {
  for (const [address, password] of Object.entries(users)) {
    const { local, domain } = splitAddress(address);
    const args = ["-p", "-c", "-f", folder.file("passwords"), "-u", domain, local];
    await run("saslpasswd2", args, { stdin: password });
  }
}
