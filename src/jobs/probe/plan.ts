/**
 * What a probe does to one target: options checked against it and each other before anything is sent.
 *
 * @module
 */

import { type Address, parseAddress } from "../../message/mod.ts";
import {
  checkHelloName,
  type Content,
  type MailParameters,
  parseHostPort,
  type RcptParameters,
  type Timers,
} from "../../smtp/mod.ts";
import { type Attempt, planLogin } from "./login.ts";
import { composeMessage } from "./message.ts";
import type { ProbeLimits, ProbeOptions, ProbeTls } from "./options.ts";
import { readMailParameters, readRcptParameters } from "./parameters.ts";
import {
  checkAsk,
  checkClass,
  checkConnection,
  checkPem,
  checkProtocol,
  checkStop,
  fail,
} from "./plan_checks.ts";
import { type Preset, PRESETS } from "./presets.ts";
import type { SafetyClass, StageName, TlsVersion } from "./result.ts";
import type { ProbeTarget } from "./target.ts";

/** What a probe does to one target. */
export interface Plan {
  /** The server. */
  readonly target: ProbeTarget;
  /** How far it may go. */
  readonly class: SafetyClass;
  /** How it greets, in SMTP and LMTP. */
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
  /** Whether POP3's TOP may be said. */
  readonly touch: boolean;
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
  checkProtocol(target, options);
  const { login, to = [], from, leave = "quit" } = options;
  const preset = options.protocol === undefined ? undefined : PRESETS[options.protocol];
  const tls = planTls(target, options, preset);
  const safety = options.class ?? (login !== undefined || to.length > 0 ? "login" : "safe");
  checkClass(safety, target, options);
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
    touch: options.touch ?? false,
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

/** Without TLS there is nothing to verify. */
function planTls(
  target: ProbeTarget,
  options: ProbeOptions,
  preset: Preset | undefined,
): ProbeTls {
  const tls = chooseTls(target, options, preset);
  if (tls === "none" && options.tlsVerify) fail("without TLS there is no certificate to verify");
  return tls;
}

function chooseTls(
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

function planTlsName(target: ProbeTarget, { tlsName }: ProbeOptions): string {
  if (tlsName === undefined) return "path" in target.address ? "localhost" : target.host;
  const { hostname, port } = parseHostPort(tlsName);
  if (port !== undefined) fail("the name of a certificate has no port");
  return hostname;
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
  if (certWarnDays < certCritDays) {
    fail(
      `a certificate is critical ${rounded(certCritDays)} days before its end, ` +
        `so that ${rounded(certWarnDays)} days are too late for a warning`,
    );
  }
  for (const [name, ms] of Object.entries(warn)) {
    const most = crit[name];
    if (most !== undefined && most < ms) {
      fail(`"${name}" is critical from ${most} ms, so that ${ms} ms are too late for a warning`);
    }
  }
  return { warn, crit, certWarnDays, certCritDays, partial };
}

function rounded(days: number): number {
  return Math.round(days * 100) / 100;
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
