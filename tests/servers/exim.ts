/**
 * Exim on loopback, from Debian's package as install.sh unpacks it: SMTP with STARTTLS, SMTP within
 * TLS, logins, delivery into Maildirs.
 *
 * @module
 */
import { HOSTNAME, makeCertificates } from "./certificates.ts";
import { Daemon } from "./daemon.ts";
import { describe, type MailServer } from "./mail_server.ts";
import { readMaildir } from "./maildir.ts";
import { freePorts, HOST } from "./network.ts";
import { account, findProgram, UNPACKED_LIBRARIES } from "./process.ts";
import { RunFolder } from "./run_folder.ts";
import { domainsOf, splitAddress, USERS, type Users } from "./users.ts";

// The account is compiled into Debian's program.
const ACCOUNT = "Debian-exim";

/** Options of {@linkcode startExim}. */
export interface EximOptions {
  /** Who has a mailbox and may log in; nobody else at their domains exists. @default {USERS} */
  readonly users?: Users;
  /** Bytes, announced as SIZE. @default {52_428_800} */
  readonly messageSizeLimit?: number;
  /** Main options that win over ours. */
  readonly settings?: Readonly<Record<string, string>>;
}

/** A running Exim. */
export interface EximServer extends MailServer {
  /** SMTP offers STARTTLS, and AUTH after it; smtps speaks TLS at once. */
  readonly ports: { readonly smtp: number; readonly smtps: number };
}

/** Starts Exim; the disposal stops it completely. Needs root, for only root may name a configuration. */
export async function startExim(options: EximOptions = {}): Promise<EximServer> {
  await using stack = new AsyncDisposableStack();
  const folder = stack.use(await RunFolder.make("exim"));
  const owner = await account(ACCOUNT);
  const certificates = await makeCertificates(folder);
  // Exim reads the key after it has given up root.
  await Deno.chown(certificates.keyFile, owner.uid, owner.gid);
  const ports = freePorts("smtp", "smtps");
  const users = options.users ?? USERS;
  await folder.folder("logs", owner);
  await folder.folder("spool", owner);
  const mail = await folder.folder("mail", owner);
  const maildir = (address: string) => {
    const { local, domain } = splitAddress(address);
    return `${mail}/${domain}/${local}/Maildir`;
  };
  const addresses = Object.keys(users);
  await folder.write("passwords", table(addresses, (address) => users[address] ?? ""));
  await folder.write("maildirs", table(addresses, maildir));
  const main: Record<string, string> = {
    primary_hostname: HOSTNAME,
    spool_directory: folder.file("spool"),
    exim_path: findProgram("exim4") ?? "",
    log_file_path: folder.file("logs/%s.log"),
    pid_file_path: folder.file("spool/exim.pid"),
    local_interfaces: HOST,
    daemon_smtp_ports: `${ports.smtp} : ${ports.smtps}`,
    tls_on_connect_ports: `${ports.smtps}`,
    tls_advertise_hosts: "*",
    tls_certificate: certificates.certFile,
    tls_privatekey: certificates.keyFile,
    chunking_advertise_hosts: "*",
    dsn_advertise_hosts: "*",
    smtputf8_advertise_hosts: "*",
    prdr_enable: "true",
    message_size_limit: `${options.messageSizeLimit ?? 52_428_800}`,
    acl_smtp_rcpt: "check_rcpt",
    acl_smtp_vrfy: "check_vrfy",
    // Everything stays with Exim's own account, on this machine.
    deliver_drop_privilege: "true",
    host_lookup: "",
    dns_again_means_nonexist: "*",
    rfc1413_query_timeout: "0s",
    keep_environment: "LD_LIBRARY_PATH",
    write_rejectlog: "false",
    ...options.settings,
  };
  const config = await folder.write("exim.conf", configure(main, domainsOf(users), folder.path));
  stack.use(
    await Daemon.start(folder, "exim4", {
      args: ["-C", config, "-bdf"],
      env: { LD_LIBRARY_PATH: UNPACKED_LIBRARIES },
      ports: Object.values(ports),
    }),
  );
  return {
    ...describe({ running: stack.move(), folder, ports, certificates, users }),
    mailbox: (address, count) => readMaildir(maildir(address), count),
  };
}

// Values from a file count as untainted, so a path is looked up instead of put together.
function configure(
  main: Readonly<Record<string, string>>,
  domains: readonly string[],
  folder: string,
): string {
  return `domainlist local_domains = ${domains.join(" : ")}
${Object.entries(main).map(([name, value]) => `${name} = ${value}`).join("\n")}

begin acl
check_rcpt:
  accept domains = +local_domains
         endpass
         message = unknown user
         verify = recipient
  accept authenticated = *
  deny message = relay not permitted
check_vrfy:
  accept

begin routers
users:
  driver = accept
  domains = +local_domains
  address_data = \${lookup{$local_part@$domain}lsearch{${folder}/maildirs}{$value}fail}
  transport = maildir
strangers:
  driver = redirect
  domains = +local_domains
  allow_fail
  data = :fail: unknown user
elsewhere:
  driver = redirect
  allow_fail
  data = :fail: mail stays on this machine

begin transports
maildir:
  driver = appendfile
  directory = $address_data
  create_directory
  maildir_format
  use_crlf
  delivery_date_add
  envelope_to_add
  return_path_add

begin authenticators
plain:
  driver = plaintext
  public_name = PLAIN
  server_prompts = :
  server_condition = \${lookup{$auth2}lsearch{${folder}/passwords}{\${if eq{$auth3}{$value}}}{no}}
  server_set_id = $auth2
  server_advertise_condition = \${if def:tls_in_cipher}
login:
  driver = plaintext
  public_name = LOGIN
  server_prompts = Username:: : Password::
  server_condition = \${lookup{$auth1}lsearch{${folder}/passwords}{\${if eq{$auth2}{$value}}}{no}}
  server_set_id = $auth1
  server_advertise_condition = \${if def:tls_in_cipher}
cram:
  driver = cram_md5
  public_name = CRAM-MD5
  server_secret = \${lookup{$auth1}lsearch{${folder}/passwords}{$value}fail}
  server_set_id = $auth1
`;
}

function table(keys: readonly string[], value: (key: string) => string): string {
  return keys.map((key) => `${key}: ${value(key)}\n`).join("");
}
