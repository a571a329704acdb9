#!/usr/bin/env -S deno run --no-prompt --allow-net --allow-env=SMTP_URL,SMTP_PASSWORD,POP3_PASSWORD
/**
 * Asks mail servers how they behave, and says what is wrong, where, and what to do.
 *
 * @module
 */

import {
  duration,
  EnumType,
  EXIT,
  formatTarget,
  neverInArguments,
  readSecret,
  runScript,
  type ScriptIo,
  type ScriptOptions,
  type SecretReaders,
  type SecretSource,
  secretSource,
  ValidationError,
} from "../src/cli/mod.ts";
import { Command } from "../src/deps/cliffy.ts";
import type { ProbeEvent, ProbeOptions } from "../src/jobs/mod.ts";
import { endpoint, limit, parameter, STAGES } from "./probe/option_types.ts";
import { formatsOf, Outputs, writtenFiles } from "./probe/outputs.ts";
import { WaitingClock } from "./probe/waiting_clock.ts";
import { readCertificate, readOctets, readText } from "./shared/files.ts";

const NAME = "probe";
const VERSION = "0.1.0";
const DAY_MS = 86_400_000;
/** Password and token of a dry run: those that were named are not read. */
const DRY_SECRET = "dry";

/** What a test puts in the place of the system. */
export interface ProbeIo extends Omit<Partial<ScriptOptions>, "name" | "exits"> {
  /** Where secrets come from. */
  readonly readers?: SecretReaders;
  /** Takes the place of the dialler. */
  readonly dial?: ProbeOptions["dial"];
}

/**
 * Runs the script.
 *
 * @param args The arguments of the command line.
 * @param options Other places to write to and to read from, for tests.
 * @returns The exit number.
 */
export async function main(args: string[], options: ProbeIo = {}): Promise<number> {
  return await runScript(async (io) => {
    let code: number = EXIT.probe.ok; // of --help and --version
    await declared()
      .action(async (call, ...targets) => {
        checkCall(call);
        const act = call.permissions ? printPermissions : call.dry ? dry : run;
        code = await act(io, options, call, targetsOf(call, targets));
      })
      .parse(args);
    return code;
  }, { ...options, name: NAME, exits: EXIT.probe });
}

/** What the command line says. */
type Call = Parameters<Parameters<ReturnType<typeof declared>["action"]>[0]>[0];

function declared() {
  return new Command()
    .name(NAME)
    .version(VERSION)
    .description(
      "Asks mail servers how they behave, and says what is wrong, where, and what to do.\n\n" +
        "A target is smtp://host, submission://host, smtps://host, lmtp://host:port, unix:/path, " +
        "pop3://host, pop3s://host, host[:port] or [v6]:port. Without more it connects, says EHLO or " +
        "CAPA and looks at TLS; it logs in only with --user, names recipients only with --to, and " +
        "sends a message only with --send. A maildrop is listed after a login; nothing in it is " +
        "read, marked or removed.\n\n" +
        "Exit status: 0 ok, 1 warning, 2 critical, 3 unknown or called wrongly.",
    )
    .type("duration", duration)
    .type("stage", new EnumType(STAGES))
    .type("leave", new EnumType(["quit", "drop"]))
    .type("class", new EnumType(["safe", "login", "send"]))
    .type("tls", new EnumType(["required", "if-offered", "opportunistic", "implicit", "none"]))
    .type("version", new EnumType(["1.2", "1.3"]))
    .type(
      "word",
      new EnumType(
        ["smtp", "esmtp", "esmtps", "esmtpa", "esmtpsa", "lmtp", "lmtps", "lmtpa", "lmtpsa"],
      ),
    )
    .type("partial", new EnumType(["warning", "critical", "ok"]))
    .type("direction", new EnumType(["sent", "received"]))
    .type("source", secretSource)
    .type("never", neverInArguments)
    .type("end", endpoint)
    .type("parameter", parameter)
    .type("limit", limit)
    .type("format", formatTarget(["text", "json"]))
    .env("SMTP_URL=<url:string>", "The target, if none is given", { prefix: "SMTP_" })
    .arguments("[...targets:string]")
    .group("How far")
    .option("--stop <stage:stage>", "The stage to stop behind")
    .option("--leave <how:leave>", "Say QUIT at the end, or just close")
    .option("--class <class:class>", "What it may do; --user and --to mean login")
    .option("--ask <command:string>", "Ask VRFY, EXPN, HELP, ETRN or NOOP", { collect: true })
    .group("Connection")
    .option("--ipv4", "Use an IPv4 address of the host", { conflicts: ["ipv6"] })
    .option("--ipv6", "Use an IPv6 address of the host")
    .option("--local-address <address:end>", "Connect from this address[:port]")
    .option("--proxy <url:string>", "Connect through socks5://host:port or http://host:port")
    .option("--timeout <t:duration>", "Limit of each wait; 30s, 10s to connect", {
      conflicts: ["patient"],
    })
    .option("--patient", "Wait as long as RFC 5321 asks senders to: five minutes")
    .option("--total <t:duration>", "Limit of each target; 10m, with --patient 30m")
    .group("Protocol")
    .option("--protocol <word:word>", "Insist on the kind of session that Received: would record")
    .option("--helo <name:string>", "Our name in EHLO; our address by default")
    .option("--pipelining", "Send the message, or ask for POP3's listings, in one go")
    .option("--chunking", "Send the message by BDAT")
    .option("--without <capability:string>", "Act as if this were not offered", { collect: true })
    .group("TLS")
    .option("--tls <how:tls>", "How TLS is used; opportunistic by default")
    .option("--tls-name <name:string>", "The name that the certificate must be for")
    .option("--tls-ca <path:file>", "Trust this authority as well (PEM)")
    .option("--tls-cert <path:file>", "Show this certificate (PEM); needs --tls-key")
    .option("--tls-key <path:file>", "Its private key (PEM)")
    .option("--tls-verify", "End at a certificate that is not in order")
    .option("--tls-version <list:version[]>", "Offer only 1.2, or only 1.3")
    .option("--save-chain <path:file>", "Save the certificates of the server (PEM)")
    .group("Login")
    .option("--user <name:string>", "Log in as this user")
    .option(
      "--password-from <source:source>",
      "env:NAME, file:PATH, command:PATH, stdin or prompt",
      {
        conflicts: ["token-from"],
      },
    )
    .option("--token-from <source:source>", "The same for an OAuth access token")
    .option("--password <text:never>", "Refused: others can read arguments", { hidden: true })
    .option("--token <text:never>", "Refused: others can read arguments", { hidden: true })
    .option("--auth <list:string[]>", "Use only these mechanisms (POP3: also USER, APOP), in order")
    .option("--auth-if-offered", "Go on where no login is offered")
    .option("--cleartext-auth", "Log in without TLS: others can read the password")
    .option("--touch", "POP3: try TOP too, which some servers take for reading a message")
    .group("Envelope and message")
    .option("--from <address:string>", "The sender; <> for none")
    .option("--to <address:string>", "A recipient", { collect: true })
    .option("--mail-param <parameter:parameter>", "Add KEY or KEY=VALUE to MAIL", { collect: true })
    .option("--rcpt-param <parameter:parameter>", "Add KEY or KEY=VALUE to each RCPT", {
      collect: true,
    })
    .option("--send", "Send one message: short for --class send", { conflicts: ["class"] })
    .option("--message <path:file>", "Send this file as it is", {
      conflicts: ["subject", "body", "header"],
    })
    .option("--subject <text:string>", "The subject of the message")
    .option("--body <text:string>", "The text of the message")
    .option("--header <field:string>", "Add a header field, Name: value", { collect: true })
    .group("Limits")
    .option("--warn <limit:limit>", "STAGE=T or total=T: slower is a warning", { collect: true })
    .option("--crit <limit:limit>", "STAGE=T or total=T: slower is critical", { collect: true })
    .option("--cert-warn <t:duration>", "A certificate that ends earlier is a warning; 21d")
    .option("--cert-crit <t:duration>", "A certificate that ends earlier is critical; 7d")
    .option("--partial <what:partial>", "What it means if some recipients are refused; warning")
    .group("Output")
    .option("--format <format:format>", "text or json, with :PATH into a file", { collect: true })
    .option("--json", "Print JSON: short for --format json")
    .option("--compact", "Print JSON on one line")
    .option("--transcript <path:file>", "Write what is said to a file; - is standard error")
    .option("--save-dialogue <path:file>", "Write what is said as a dialogue, to be played again")
    .option("--force", "Let --save-dialogue replace an existing file")
    .option("--only-lines <list:direction[]>", "Show of the transcript what was sent or received")
    .option("--hex", "Show in the transcript the octets of each read and write too")
    .option("--times", "Show when each stage began and each line was said")
    .option("--quiet", "Print one line only; of JSON, all on one line")
    .option("--reveal", "Show the login in the transcript, secrets included")
    .option("--dry", "Connect to nobody: print what would be said, as a dialogue")
    .option("--message-only", "Of a dry run, print the message alone")
    .option("--permissions", "Print the permissions that this call needs, and end")
    .example("How does this server behave?", `${NAME} smtp://mail.example`)
    .example(
      "May I log in, and does it take mail for these two?",
      `${NAME} submission://mail.example --user ann@mail.example --password-from prompt \\\n` +
        "  --from ann@mail.example --to bob@mail.example --to carol@mail.example",
    )
    .example(
      "Send a message, and show all that is said",
      `${NAME} smtp://mail.example --from ann@mail.example --to bob@mail.example \\\n` +
        "  --subject Test --send --transcript -",
    )
    .example(
      "A check for a monitor: the certificate lasts, the greeting comes in time",
      `${NAME} smtps://mail.example --cert-warn 14d --warn banner=2s --quiet`,
    )
    .example(
      "What is in this maildrop, and do its listings agree?",
      `${NAME} pop3s://mail.example --user ann --password-from env:POP3_PASSWORD`,
    )
    .example(
      "Keep what was said, to be played again by the script dialogue",
      `${NAME} smtp://mail.example --save-dialogue mail.dialogue`,
    )
    .example(
      "What would be said? Nobody is asked",
      `${NAME} smtp://mail.example --from ann@mail.example --to bob@mail.example --dry`,
    )
    .example(
      "Which permissions does it take?",
      `${NAME} smtp://mail.example --transcript talk.txt --permissions`,
    )
    .noExit();
}

function fail(why: string): never {
  throw new ValidationError(`Cannot run ${NAME}: ${why}`);
}

function targetsOf({ url }: Call, targets: readonly string[]): readonly string[] {
  if (targets.length > 0) return targets;
  return url === undefined ? fail("a target is missing, such as smtp://mail.example") : [url];
}

/** What must go together is told by the names of options, before anything is asked or sent. */
function checkCall(call: Call): void {
  const { user, auth, tlsCert, tlsKey } = call;
  const sends = call.send === true || call.class === "send";
  for (const name of ["message", "subject", "body", "header", "chunking"] as const) {
    if (call[name] !== undefined && !sends) {
      fail(`--${name} is about a message, and a message is sent only with --send`);
    }
  }
  if (sends && (call.from === undefined || call.to === undefined)) {
    fail("to send a message, --from and --to are needed");
  }
  const source = call.passwordFrom ?? call.tokenFrom;
  if (user !== undefined && source === undefined && auth === undefined) {
    fail("--user needs --password-from or --token-from");
  }
  if (user === undefined && source !== undefined) fail("a secret needs --user as well");
  if ((call.authIfOffered || call.cleartextAuth) && user === undefined && auth === undefined) {
    fail("to log in, --user is needed");
  }
  if ((tlsCert === undefined) !== (tlsKey === undefined)) {
    fail("--tls-cert and --tls-key belong together");
  }
  if (call.onlyLines !== undefined && call.transcript === undefined) {
    fail("--only-lines is about a transcript: add --transcript");
  }
  if (call.hex && call.transcript === undefined) {
    fail("--hex is about a transcript: add --transcript");
  }
  if (call.force && call.saveDialogue === undefined) {
    fail("--force is about a dialogue: add --save-dialogue");
  }
  if (call.reveal && call.transcript === undefined) {
    fail("--reveal is about a transcript: add --transcript");
  }
  if (call.messageOnly && !call.dry) fail("--message-only is about a dry run: add --dry");
  if (call.messageOnly && !sends) fail("--message-only is about a message: add --send");
  const { dry, format, json, transcript, saveDialogue, saveChain } = call;
  if (dry && (format ?? json ?? transcript ?? saveDialogue ?? saveChain) !== undefined) {
    fail("--dry prints a dialogue and nothing else, and on standard output");
  }
  const formats = formatsOf(call);
  if (formats.filter(({ path }) => path === undefined).length > 1) {
    fail("one format goes to standard output: give the others a path, --format FORMAT:PATH");
  }
  if (call.compact && formats.every(({ format }) => format !== "json")) {
    fail("--compact is about JSON: add --json");
  }
}

/** What would be said. */
async function dry(
  io: ScriptIo,
  given: ProbeIo,
  call: Call,
  targets: readonly string[],
): Promise<number> {
  const { dryRun } = await import("./probe/dry.ts");
  const options = await probeOptions(io, given, call);
  return await dryRun(io, { ...call, secret: DRY_SECRET }, targets, options).catch(asUsage);
}

async function run(
  io: ScriptIo,
  given: ProbeIo,
  call: Call,
  targets: readonly string[],
): Promise<number> {
  const options = await probeOptions(io, given, call);
  if (call.saveDialogue !== undefined && targets.length > 1) {
    fail("--save-dialogue is about one target");
  }
  const jobs = await import("../src/jobs/mod.ts");
  using outputs = new Outputs(io, call, jobs);
  await outputs.open();
  const listen = await outputs.listen();
  using clock = new WaitingClock(io, call);
  const onEvent = (event: ProbeEvent): void => {
    listen(event);
    clock.hear(event);
  };
  const result = await jobs.probe(targets, { ...options, onEvent }).catch(asUsage);
  clock[Symbol.dispose]();
  await outputs.finish(result);
  await outputs.save();
  return result.exitCode;
}

/** What the job refuses before it connects is a fault of the call. */
function asUsage(error: unknown): never {
  const refused = error instanceof TypeError || error instanceof SyntaxError ||
    error instanceof RangeError;
  throw refused ? new ValidationError(error.message, { cause: error }) : error;
}

async function probeOptions(io: ScriptIo, given: ProbeIo, call: Call): Promise<ProbeOptions> {
  const { from, to, timeout, total, patient, helo, localAddress, without, ask, stop, leave } = call;
  const { tls, tlsName, tlsVersion, protocol, proxy, mailParam, rcptParam } = call;
  const safety = call.send ? "send" : call.class;
  const login = await loginOf(io, given, call);
  const message = await messageOf(call);
  const certificate = call.tlsCert !== undefined && call.tlsKey !== undefined
    ? {
      cert: await readText("--tls-cert", call.tlsCert),
      key: await readText("--tls-key", call.tlsKey),
    }
    : undefined;
  return {
    class: safety,
    stop,
    leave,
    ask,
    protocol,
    name: helo,
    without,
    pipelining: call.pipelining,
    chunking: call.chunking,
    tls,
    tlsName,
    caCerts: call.tlsCa === undefined ? undefined : [await readCertificate("--tls-ca", call.tlsCa)],
    clientCertificate: certificate,
    tlsVerify: call.tlsVerify,
    tlsVersions: tlsVersion,
    login,
    touch: call.touch,
    from: from === "<>" ? null : from,
    to,
    mailParameters: mailParam,
    rcptParameters: rcptParam,
    message,
    proxy,
    family: call.ipv4 ? 4 : call.ipv6 ? 6 : undefined,
    localAddress: localAddress?.hostname,
    localPort: localAddress?.port,
    timeoutMs: timeout,
    patient,
    totalMs: total,
    limits: {
      warn: Object.fromEntries(call.warn ?? []),
      crit: Object.fromEntries(call.crit ?? []),
      certWarnDays: call.certWarn && call.certWarn / DAY_MS,
      certCritDays: call.certCrit && call.certCrit / DAY_MS,
      partial: call.partial,
    },
    reveal: call.reveal,
    signal: io.signal,
    dial: given.dial,
  };
}

async function loginOf(
  io: ScriptIo,
  { readers }: ProbeIo,
  { user, passwordFrom, tokenFrom, auth, authIfOffered, cleartextAuth, dry }: Call,
): Promise<ProbeOptions["login"]> {
  if (user === undefined && auth === undefined) return undefined;
  const { Secret } = await import("../src/smtp/mod.ts");
  const read = async (source: SecretSource | undefined, question: string) =>
    source && new Secret(
      dry
        ? DRY_SECRET
        : await readSecret(source, { question, signal: io.signal, ...(readers && { readers }) }),
    );
  return {
    user,
    password: await read(passwordFrom, `Password of ${user}`),
    token: await read(tokenFrom, `Token of ${user}`),
    mechanisms: auth,
    ifOffered: authIfOffered,
    allowCleartext: cleartextAuth,
  };
}

async function messageOf(call: Call): Promise<ProbeOptions["message"]> {
  const { message, subject, body, header } = call;
  if (message !== undefined) return await readOctets("--message", message);
  const written = subject ?? body ?? header;
  return written === undefined ? undefined : { subject, body, headers: header };
}

/** The flags that exactly this call needs. */
async function printPermissions(
  io: ScriptIo,
  _given: ProbeIo,
  call: Call,
  targets: readonly string[],
): Promise<number> {
  const { connectionGrants } = await import("../src/jobs/mod.ts");
  const { proxy, localAddress, url, tlsCa, tlsCert, tlsKey, message } = call;
  const way = { proxy, localAddress: localAddress?.hostname };
  const grants: string[] = await Promise.resolve().then(() => connectionGrants(targets, way))
    .catch(asUsage);
  const read = [tlsCa, tlsCert, tlsKey, message].filter((path) => path !== undefined);
  const env = url !== undefined && targets[0] === url ? ["SMTP_URL"] : [];
  for (const source of [call.passwordFrom, call.tokenFrom]) {
    if (source?.kind === "env") env.push(source.name);
    if (source?.kind === "file") read.push(source.path);
    if (source?.kind === "command") grants.push(`--allow-run=${source.path}`);
  }
  grants.push(...read.map((path) => `--allow-read=${path}`));
  const written = writtenFiles(call).map(([, path]) => path);
  if (call.saveDialogue !== undefined) written.push(call.saveDialogue);
  grants.push(...written.map((path) => `--allow-write=${path}`));
  grants.push(...env.map((name) => `--allow-env=${name}`));
  await io.out.line(joinGrants(grants).join(" "));
  return EXIT.probe.ok;
}

/** One flag of each kind, its values separated by commas. */
function joinGrants(grants: readonly string[]): string[] {
  const byFlag = Map.groupBy(grants, (grant) => grant.slice(0, grant.indexOf("=")));
  return [...byFlag].map(([flag, all]) => {
    const values = new Set(all.flatMap((grant) => grant.slice(flag.length + 1).split(",")));
    return `${flag}=${[...values].join(",")}`;
  });
}

if (import.meta.main) Deno.exit(await main(Deno.args));
