/**
 * What a probe does to one target: options checked against it and each other before anything is sent.
 *
 * @module
 */

import { type Address, addressLiteral, parseAddress } from "../../message/mod.ts";
import {
  checkHelloName,
  type Content,
  type MailParameters,
  parseHostPort,
  type RcptParameters,
  type Timers,
} from "../../smtp/mod.ts";
import { isAddress } from "./judgement.ts";
import { type Attempt, planLogin } from "./login.ts";
import { composeMessage } from "./message.ts";
import type { ProbeLimits, ProbeOptions, ProbeTls } from "./options.ts";
import { readMailParameters, readRcptParameters } from "./parameters.ts";
import { type Preset, PRESETS } from "./presets.ts";
import type { SafetyClass, StageName, TlsVersion } from "./result.ts";
import type { ProbeTarget } from "./target.ts";

/** What a probe does to one target. */
export interface Plan {
  /** The server. */
  readonly target: ProbeTarget;
  /** How far it may go. */
  readonly class: SafetyClass;
  /** How it greets. */
  readonly hello: Preset["hello"];
  /** By which name. */
  readonly name: string | undefined;
  /** How TLS is used. */
  readonly tls: ProbeTls;
  /** The name that the certificate must be for. */
  readonly tlsName: string;
  /** The versions to offer. */
  readonly tlsVersions: readonly TlsVersion[];
  /** How to log in; empty for no login. */
  readonly login: readonly Attempt[];
  /** What to ask before a mail. */
  readonly ask: readonly string[];
  /** Whether MAIL is said at all. */
  readonly mail: boolean;
  /** The sender. */
  readonly from: Address | null;
  /** The recipients. */
  readonly to: readonly Address[];
  /** Parameters of MAIL. */
  readonly mailParameters: MailParameters | undefined;
  /** Parameters of RCPT. */
  readonly rcptParameters: RcptParameters | undefined;
  /** The message of class `send`. */
  readonly content: Content | undefined;
  /** The stage to stop behind. */
  readonly stop: StageName;
  /** How long to wait for what. */
  readonly timers: Timers;
  /** How long all of it may take, in milliseconds. */
  readonly totalMs: number;
  /** What is slow, and what ends soon. */
  readonly limits: Limits;
}

/** What is slow, and what ends soon, with nothing left open. */
export type Limits = {
  readonly [Key in keyof ProbeLimits]-?: Exclude<ProbeLimits[Key], undefined>;
};

const ASKABLE = ["VRFY", "EXPN", "HELP", "ETRN", "NOOP"];
const NEEDS_ARGUMENT: ReadonlySet<string> = new Set(["VRFY", "EXPN", "ETRN"]);
/** A line of 512 octets with its CRLF. */
const MAX_ASK = 510;

/**
 * Makes the plan for a target.
 *
 * @param target The server.
 * @param options What the probe was told.
 * @param nowMs The time, in milliseconds since 1970, for a message.
 * @returns The plan.
 * @throws {TypeError | SyntaxError | RangeError} If the options contradict the target or each other.
 */
export function makePlan(target: ProbeTarget, options: ProbeOptions, nowMs: number): Plan {
  const { login, to = [], from, leave = "quit" } = options;
  const preset = options.protocol === undefined ? undefined : PRESETS[options.protocol];
  const tls = planTls(target, options, preset);
  const safety = options.class ?? (login !== undefined || to.length > 0 ? "login" : "safe");
  checkClass(safety, options);
  checkConnection(target, options);
  checkPem(options);
  if (preset !== undefined && preset.login !== (login !== undefined)) {
    fail(`"${options.protocol}" ${preset.login ? "is with a login" : "is without a login"}`);
  }
  const sender = typeof from === "string" ? parsePath(from) : from ?? null;
  const recipients = to.map((one) => typeof one === "string" ? parsePath(one) : one);
  const plan = {
    target,
    class: safety,
    hello: preset?.hello ?? (target.protocol === "lmtp" ? "LHLO" : "EHLO"),
    name: options.name && checkHelloName(options.name),
    tls,
    tlsName: planTlsName(target, options),
    tlsVersions: options.tlsVersions ?? ["1.2", "1.3"],
    login: login === undefined ? [] : planLogin(login, target),
    ask: (options.ask ?? []).map(checkAsk),
    mail: from !== undefined || recipients.length > 0,
    from: sender,
    to: recipients,
    mailParameters: readMailParameters(options.mailParameters),
    rcptParameters: readRcptParameters(options.rcptParameters),
    content: safety === "send" ? messageOf(options, sender, recipients, nowMs) : undefined,
    stop: options.stop ?? "quit",
    timers: planTimers(options),
    totalMs: options.totalMs ?? (options.patient ? 1_800_000 : 600_000),
    limits: planLimits(options.limits),
  } satisfies Plan;
  checkStop(plan, leave);
  return plan;
}

function fail(why: string): never {
  throw new TypeError(`Cannot probe: ${why}`);
}

function planTls(
  target: ProbeTarget,
  options: ProbeOptions,
  preset: Preset | undefined,
): ProbeTls {
  const unix = "path" in target.address;
  const usual: ProbeTls = target.implicitTls ? "implicit" : unix ? "none" : "opportunistic";
  const { tls: asked = usual, protocol } = options;
  if (target.implicitTls && asked !== "implicit") {
    fail(`TLS "${asked}" does not go with a target that speaks TLS from the first octet`);
  }
  if (unix && asked !== "none") fail("a Unix socket is probed without TLS");
  if (preset === undefined) return asked;
  if (preset.hello === "LHLO" !== (target.protocol === "lmtp")) {
    fail(`"${protocol}" is not what is spoken at a target of ${target.protocol.toUpperCase()}`);
  }
  if (preset.tls) {
    if (asked === "none") fail(`"${protocol}" is with TLS`);
    return asked === "implicit" ? asked : "required";
  }
  if (target.implicitTls || (options.tls !== undefined && options.tls !== "none")) {
    fail(`"${protocol}" is without TLS`);
  }
  return "none";
}

/** What is no PEM would be passed over without a word. */
function checkPem({ caCerts = [], clientCertificate }: ProbeOptions): void {
  const certificate = /-----BEGIN CERTIFICATE-----/;
  if (!caCerts.every((pem) => certificate.test(pem))) {
    fail("a root to trust is a certificate in PEM");
  }
  if (clientCertificate === undefined) return;
  if (!certificate.test(clientCertificate.cert)) fail("what to show is a certificate in PEM");
  if (!/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(clientCertificate.key)) {
    fail("the key of a certificate is a private key in PEM");
  }
}

function planTlsName(target: ProbeTarget, { tlsName }: ProbeOptions): string {
  if (tlsName === undefined) return "path" in target.address ? "localhost" : target.host;
  const { hostname, port } = parseHostPort(tlsName);
  if (port !== undefined) fail("the name of a certificate has no port");
  return hostname;
}

function checkClass(safety: SafetyClass, options: ProbeOptions): void {
  const { to = [], login, from, message, pipelining, chunking } = options;
  if (safety === "safe" && (login !== undefined || to.length > 0)) {
    fail("the class safe neither logs in nor names recipients");
  }
  if (safety === "login" && login === undefined && to.length === 0) {
    fail("the class login needs credentials or a recipient");
  }
  if (safety === "send") {
    if (to.length === 0 || from === undefined) {
      fail("the class send needs a sender and a recipient");
    }
  } else if (message !== undefined) {
    fail("a message is sent only in the class send");
  } else if (pipelining || chunking) {
    fail("PIPELINING and CHUNKING are tried with a message, so only in the class send");
  }
  if (options.rcptParameters !== undefined && to.length === 0) {
    fail("parameters of RCPT need a recipient");
  }
  if (options.mailParameters !== undefined && to.length === 0 && from === undefined) {
    fail("parameters of MAIL need a sender or a recipient");
  }
}

function checkConnection(target: ProbeTarget, options: ProbeOptions): void {
  const { family, localAddress, localPort, proxy } = options;
  if (family === undefined && localAddress === undefined && localPort === undefined) return;
  if ("path" in target.address) fail("a Unix socket has no address of either kind");
  if (proxy !== undefined) fail("behind a proxy our own address is not ours to choose");
  const kind = (host: string): 4 | 6 => host.includes(":") ? 6 : 4;
  if (localAddress !== undefined) addressLiteral(localAddress); // throws if it is none
  if (family !== undefined && isAddress(target.host) && kind(target.host) !== family) {
    fail(`"${target.host}" is no IPv${family} address`);
  }
  if (family !== undefined && localAddress !== undefined && kind(localAddress) !== family) {
    fail(`"${localAddress}" is no IPv${family} address`);
  }
}

function checkStop(plan: Plan, leave: "quit" | "drop"): void {
  const { stop, tls, class: safety } = plan;
  const needs = (condition: boolean, what: string): void => {
    if (!condition) fail(`the stage "${stop}" ${what}`);
  };
  switch (stop) {
    case "starttls":
    case "ehlo2":
      return needs(tls !== "implicit" && tls !== "none", "is a stage of STARTTLS");
    case "tls":
      return needs(tls !== "none", "needs TLS");
    case "auth":
    case "ehlo3":
      return needs(plan.login.length > 0, "needs credentials");
    case "ask":
      return needs(plan.ask.length > 0, "needs something to ask");
    case "mail":
      return needs(plan.mail, "needs a sender or a recipient");
    case "rcpt":
      return needs(plan.to.length > 0, "needs a recipient");
    case "data":
      needs(safety === "send", "belongs to the class send");
      return needs(leave === "drop", "can only be left by closing: QUIT would be content");
    case "dot":
      return needs(safety === "send", "belongs to the class send");
  }
}

function checkAsk(line: string): string {
  const verb = line.split(" ", 1)[0]?.toUpperCase() ?? "";
  if (!ASKABLE.includes(verb)) fail(`"${line.slice(0, 40)}" is none of ${ASKABLE.join(", ")}`);
  // deno-lint-ignore no-control-regex -- refusing control characters is what it is for
  if (/[\x00-\x1f\x7f]/.test(line) || new TextEncoder().encode(line).length > MAX_ASK) {
    fail(`the line behind ${verb} is too long or holds a control character`);
  }
  if (NEEDS_ARGUMENT.has(verb) && line.trim().length === verb.length) {
    fail(`${verb} needs what to ask about, such as "${verb} name"`);
  }
  return line;
}

function messageOf(
  { message = {} }: ProbeOptions,
  from: Address | null,
  to: readonly Address[],
  nowMs: number,
): Content {
  if (message instanceof Uint8Array) return message;
  if (from === null) fail("a message without an author is given whole");
  return composeMessage(message, { from, to }, nowMs);
}

function parsePath(text: string): Address {
  return parseAddress(text, { allowLiterals: true });
}

function planLimits(
  { warn = {}, crit = {}, certWarnDays = 21, certCritDays = 7, partial = "warning" }: ProbeLimits =
    {},
): Limits {
  return { warn, crit, certWarnDays, certCritDays, partial };
}

function planTimers({ timeoutMs, patient = false }: ProbeOptions): Timers {
  const wait = timeoutMs ?? (patient ? 300_000 : 30_000);
  return {
    connect: timeoutMs ?? (patient ? 30_000 : 10_000),
    greeting: wait,
    command: wait,
    handshake: timeoutMs ?? 30_000,
    mail: wait,
    rcpt: wait,
    data: wait,
    content: wait,
    chunk: wait,
    final: patient ? 600_000 : 300_000,
    quit: Math.min(wait, 5_000),
    total: Infinity,
  };
}
