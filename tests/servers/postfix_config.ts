/**
 * The two configuration files of a private Postfix.
 *
 * @module
 */
import { type Certificates, HOSTNAME } from "./certificates.ts";
import { HOST } from "./network.ts";

/** What main.cf is written from. */
export interface MainFacts {
  /** The folder that holds config, data and queue. */
  readonly folder: string;
  /** What its TLS shows. */
  readonly certificates: Certificates;
  /** Addresses that exist. */
  readonly users: readonly string[];
  /** Their domains. */
  readonly domains: readonly string[];
  /** The folder whose `domain/local/Maildir` takes the mail that Postfix delivers itself. */
  readonly mail: string;
  /** The account that owns delivered mail. */
  readonly owner: { readonly uid: number; readonly gid: number };
  /** The transport for the users' mail, as in transport(5). */
  readonly transport: string;
  /** Dovecot's login service. */
  readonly authSocket: string;
  /** The domain whose mail is held for ETRN, and the port it goes to then. */
  readonly turn: { readonly domain: string; readonly port: number };
  /** Bytes. */
  readonly messageSizeLimit: number;
  /** Parameters that win over ours. */
  readonly settings?: Readonly<Record<string, string>>;
}

/** Writes main.cf: nothing is looked up in the DNS and nothing leaves loopback. */
export function mainConfig(facts: MainFacts): string {
  const { folder, certificates, turn } = facts;
  const users = facts.users.map((address) => {
    const [local, domain] = address.split("@");
    return `{ ${address} = ${domain}/${local}/Maildir/ }`;
  });
  const settings: Record<string, string> = {
    compatibility_level: "3.6",
    queue_directory: `${folder}/queue`,
    data_directory: `${folder}/data`,
    maillog_file: `${folder}/postfix.log`,
    maillog_file_prefixes: folder,

    myhostname: HOSTNAME,
    myorigin: "$myhostname",
    // Mail from loopback counts as foreign: no field is added or completed.
    local_header_rewrite_clients: "",
    inet_protocols: "ipv4",
    inet_interfaces: HOST,
    mynetworks: "",
    mydestination: "",
    alias_maps: "",
    local_recipient_maps: "",
    notify_classes: "",

    virtual_mailbox_domains: facts.domains.join(" "),
    virtual_mailbox_maps: `inline:{ ${users.join(", ")} }`,
    virtual_mailbox_base: facts.mail,
    virtual_mailbox_limit: "0",
    virtual_transport: facts.transport,
    virtual_uid_maps: `static:${facts.owner.uid}`,
    virtual_gid_maps: `static:${facts.owner.gid}`,
    message_size_limit: `${facts.messageSizeLimit}`,

    // ETRN_README, "Configuring a domain for ETRN service only".
    relay_domains: turn.domain,
    relay_recipient_maps: "",
    transport_maps: `inline:{ ${turn.domain}=etrn-only:[${HOST}]:${turn.port} }`,
    defer_transports: "etrn-only",
    default_transport: "error:5.4.4 mail stays on this machine",

    disable_dns_lookups: "yes",
    smtp_dns_support_level: "disabled",
    smtp_host_lookup: "native",
    smtpd_peername_lookup: "no",
    smtpd_delay_open_until_valid_rcpt: "no",

    smtpd_banner: "$myhostname ESMTP",
    smtpd_tls_chain_files: `${certificates.keyFile} ${certificates.certFile}`,
    smtpd_tls_security_level: "may",
    smtpd_tls_received_header: "yes",
    smtpd_sasl_type: "dovecot",
    smtpd_sasl_path: facts.authSocket,
    smtpd_sasl_security_options: "noanonymous",
    smtpd_relay_restrictions: "permit_sasl_authenticated reject_unauth_destination",
    // Tests make many mistakes and many connections.
    smtpd_error_sleep_time: "0",
    smtpd_client_connection_count_limit: "0",
    ...facts.settings,
  };
  return Object.entries(settings).map(([name, value]) => `${name} = ${value}\n`).join("");
}

// Service, type, private, unprivileged, chroot, wakeup, maxproc, command.
const SERVICES = `pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
proxywrite unix - - n - 1 proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
etrn-only unix - - n - - smtp
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
virtual unix - n n - - virtual
lmtp unix - - n - - lmtp
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
`;

/** Writes master.cf; with `authWithoutTls` the SMTP port offers AUTH as old servers did. */
export function masterConfig(
  ports: { readonly smtp: number; readonly submission: number; readonly smtps: number },
  authWithoutTls: boolean,
): string {
  const listener = (port: number, settings: Record<string, string>) =>
    [`${HOST}:${port} inet n - n - - smtpd`]
      .concat(Object.entries(settings).map(([name, value]) => `  -o ${name}=${value}`))
      .join("\n");
  const auth = { smtpd_sasl_auth_enable: "yes" };
  return [
    listener(ports.smtp, authWithoutTls ? { ...auth, broken_sasl_auth_clients: "yes" } : {}),
    listener(ports.submission, {
      ...auth,
      smtpd_tls_security_level: "encrypt",
      smtpd_tls_auth_only: "yes",
      smtpd_client_restrictions: "permit_sasl_authenticated,reject",
    }),
    listener(ports.smtps, { ...auth, smtpd_tls_wrappermode: "yes" }),
    SERVICES,
  ].join("\n");
}
