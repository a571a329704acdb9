/**
 * The way to a session: dial, greeting, EHLO, TLS, EHLO again, AUTH.
 *
 * @module
 */

import { type Credentials, negotiate, type SaslMechanism } from "../sasl/mod.ts";
import {
  type ClientCertificate,
  type Clock,
  type Connection,
  dial,
  type DialOptions,
  type StartTlsOptions,
  type Target,
  TlsError,
  type TranscriptListener,
  WireError,
} from "../wire/mod.ts";
import type { AuthOptions } from "./authentication.ts";
import { checkHelloName } from "./commands.ts";
import { SmtpAuthError, SmtpError, SmtpLocalError, SmtpReplyError } from "./errors.ts";
import type { SmtpReply } from "./reply.ts";
import { SmtpSession } from "./session.ts";
import { DEFAULT_TIMERS, type Timers } from "./timers.ts";
import { parseSmtpUrl, type SmtpTarget, type TlsLevel } from "./url.ts";

/** How far {@linkcode connectSmtp} goes. */
export type Until =
  /** The greeting was read. */
  | "greeting"
  /** EHLO was answered; in the clear unless TLS is implicit. */
  | "hello"
  /** TLS is on as far as it was asked for, and the session is logged in if it was asked to. */
  | "ready";

/** What a session is to be like. */
export interface ConnectOptions extends AuthOptions {
  /**
   * Where to: `smtp://` (25), `submission://` (587), `smtps://` (465), `lmtp://`, `unix:PATH`. It holds
   * no password.
   */
  readonly url?: string;
  /** An open connection instead, at the security it has. */
  readonly connection?: Connection;
  /** Takes the place of the dialler. */
  readonly dial?: (target: Target, options: DialOptions) => Promise<Connection>;
  /** How far to go. @default {"ready"} */
  readonly until?: Until;
  /** SMTP or LMTP, for a `connection`; a URL says it itself. @default {"smtp"} */
  readonly protocol?: "smtp" | "lmtp";
  /** The name of the server, for a `connection`. */
  readonly host?: string;
  /**
   * How much TLS. @default `implicit` for `smtps://` and port 465, `none` for Unix sockets, `required`
   * otherwise, on loopback too; for a `connection` that is TLS already, `none`.
   */
  readonly tls?: TlsLevel;
  /** The name that the certificate must be valid for. @default The host of the URL. */
  readonly tlsName?: string;
  /** Further trusted roots, PEM; they add to the built-in ones. */
  readonly caCerts?: readonly string[];
  /** A client certificate: with implicit TLS only. */
  readonly clientCertificate?: ClientCertificate;
  /** `socks5://host:port` or `http://host:port`. */
  readonly proxy?: string;
  /** Who logs in: credentials, or a mechanism of `sasl`. */
  readonly auth?: Credentials | SaslMechanism | undefined;
  /** Our own name in EHLO. @default The address literal of our end. */
  readonly name?: string;
  /** Keywords and mechanisms to act without, as if they were not offered. */
  readonly without?: readonly string[];
  /** How long to wait for what, in milliseconds. */
  readonly timers?: Partial<Timers>;
  /** Ends the session at any time. */
  readonly signal?: AbortSignal | undefined;
  /** Hears what is said, secrets removed. */
  readonly onEvent?: TranscriptListener | undefined;
  /** What limits and the transcript go by. @default {systemClock} */
  readonly clock?: Clock;
}

/**
 * Connects, and prepares a session as far as it was asked to.
 *
 * Secure unless told otherwise: TLS is required, the certificate checked, and no password goes over a
 * connection in the clear.
 *
 * @param options Where to, and what the session is to be like.
 * @returns The session. Hold it with `await using`: leaving the scope says QUIT.
 * @throws {DialError | TlsError | TimeoutError | ClosedError | ProtocolError} If it does not come about.
 * @throws {SmtpReplyError} If the server refuses at the greeting or at EHLO.
 * @throws {SmtpAuthError} If it refuses the login, or there is no way to log in.
 * @throws {SmtpLocalError | SyntaxError | TypeError} If the options contradict each other.
 *
 * @example Usage
 * ```ts
 * import { connectSmtp, Secret } from "@mailwright/mailwright";
 * import { startSandbox } from "@mailwright/mailwright/sandbox";
 * import { equal } from "node:assert/strict";
 *
 * await using box = await startSandbox({ users: { ann: "pencil" } });
 * await using session = await connectSmtp({
 *   url: box.smtpUrl,
 *   caCerts: box.caCerts,
 *   auth: { user: "ann", password: new Secret("pencil") },
 * });
 * equal(session.secure, true);
 * equal(session.authenticated, "SCRAM-SHA-512");
 * ```
 */
export async function connectSmtp(options: ConnectOptions): Promise<SmtpSession> {
  const plan = makePlan(options);
  checkOptions(plan, options);
  const connection = options.connection ?? await dialTarget(plan, options);
  const session = begin(connection, plan, options);
  try {
    await prepare(session, plan, options);
    return session;
  } catch (error) {
    if (error instanceof WireError || error instanceof SmtpError) error.at(session.context);
    await session[Symbol.asyncDispose]();
    throw error;
  }
}

function begin(connection: Connection, plan: Plan, options: ConnectOptions): SmtpSession {
  try {
    return new SmtpSession(connection, {
      protocol: plan.protocol,
      host: plan.host,
      tls: plan.startTls,
      name: options.name,
      timers: options.timers,
      without: options.without,
      signal: options.signal,
      onEvent: options.onEvent,
      ...(options.clock === undefined ? {} : { clock: options.clock }),
    });
  } catch (error) {
    connection.close(); // it has no address that could stand for a name of ours
    throw error;
  }
}

interface Plan {
  readonly target: Target | undefined;
  readonly protocol: "smtp" | "lmtp";
  readonly host: string;
  readonly level: TlsLevel;
  readonly startTls: StartTlsOptions;
}

function makePlan(options: ConnectOptions): Plan {
  const { url, connection } = options;
  if ((url === undefined) === (connection === undefined)) {
    throw new TypeError("Cannot connect: expected either `url` or `connection`");
  }
  const given: SmtpTarget | undefined = url === undefined ? undefined : parseSmtpUrl(url);
  const target = given?.target;
  const name = target === undefined ? undefined : "path" in target ? "localhost" : target.hostname;
  const host = options.host ??
    (target === undefined
      ? "localhost"
      : "path" in target
      ? `unix:${target.path}`
      : target.hostname);
  const secured = connection !== undefined && connection.security !== "clear";
  const level = options.tls ?? given?.tls ?? (secured ? "none" : "required");
  if (options.clientCertificate !== undefined && level !== "implicit") {
    throw new TlsError(
      "Cannot send a client certificate after STARTTLS: the platform sends one with implicit TLS only",
      { failure: "unsupported" },
    );
  }
  if (connection !== undefined && level === "implicit" && !secured) {
    throw new TypeError("Cannot use implicit TLS on a `connection` in the clear");
  }
  return {
    target,
    protocol: given?.protocol ?? options.protocol ?? "smtp",
    host,
    level,
    startTls: {
      hostname: options.tlsName ?? name ?? host,
      ...(options.caCerts === undefined ? {} : { caCerts: options.caCerts }),
    },
  };
}

async function dialTarget(plan: Plan, options: ConnectOptions): Promise<Connection> {
  const { clientCertificate } = options;
  const open = options.dial ?? dial;
  if (plan.target === undefined) throw new TypeError("Cannot connect: expected a `url`");
  return await open(plan.target, {
    tls: plan.level === "implicit"
      ? { ...plan.startTls, ...(clientCertificate === undefined ? {} : { clientCertificate }) }
      : undefined,
    proxy: options.proxy,
    signal: options.signal,
    timeoutMs: options.timers?.connect ?? DEFAULT_TIMERS.connect,
    ...(options.clock === undefined ? {} : { clock: options.clock }),
  });
}

async function prepare(session: SmtpSession, plan: Plan, options: ConnectOptions): Promise<void> {
  const { until = "ready" } = options;
  // A connection that was handed over after ATRN or TURN: its other end greets as any server does.
  const greeting = await greet(session, plan);
  if (greeting.code !== 220) {
    if (greeting.ok || greeting.class === "continue") {
      throw new SmtpReplyError("the connection (expected 220)", greeting, plan.host);
    }
    throw new SmtpReplyError("the connection", greeting, plan.host);
  }
  if (until === "greeting") return;
  await sayHello(session, plan, options);
  if (until === "hello") return;
  await secure(session, plan, options);
  if (plan.level !== "none" && plan.level !== "opportunistic" && !session.secure) {
    throw new TlsError(
      `Cannot use the connection to "${plan.host}": TLS is required, and nobody has checked who it is`,
      { failure: "bad-certificate" },
    );
  }
  if (options.auth === undefined) return;
  if (!session.secure && plan.level === "opportunistic") {
    throw new TlsError(
      `Cannot log in to "${plan.host}": TLS did not come about, and opportunistic TLS never carries ` +
        "a login in the clear",
      { failure: "not-offered" },
    );
  }
  const { reply, tried, failure } = await session.auth(options.auth, options);
  if (!reply.ok) {
    throw new SmtpAuthError(
      `Cannot log in to "${plan.host}" by ${tried.join(", ")}: the server answered "${reply}"` +
        (failure === undefined ? "" : ` and said ${failure}`),
      { tried, reply },
    );
  }
}

async function greet(session: SmtpSession, plan: Plan): Promise<SmtpReply> {
  try {
    return await session.readGreeting();
  } catch (error) {
    // A server that waits for a ClientHello says nothing; it may also hang up (D16).
    if (
      error instanceof WireError && plan.level !== "implicit" && session.lastReply === undefined
    ) {
      error.message += " (does this port expect implicit TLS, as 465 does? Use smtps://)";
    }
    throw error;
  }
}

/** Codes to EHLO behind which a server may still know HELO. */
const NO_EHLO: ReadonlySet<number> = new Set([500, 501, 502, 504, 550]);

async function sayHello(session: SmtpSession, plan: Plan, options: ConnectOptions): Promise<void> {
  const verb = plan.protocol === "lmtp" ? "LHLO" : "EHLO";
  const reply = verb === "LHLO" ? await session.lhlo() : await session.ehlo();
  if (reply.ok) return;
  // HELO knows no extension: not where TLS or a login is wanted (T-R18).
  const modest = plan.level !== "required" && options.auth === undefined && verb === "EHLO";
  if (modest && NO_EHLO.has(reply.code)) {
    const second = await session.helo();
    if (second.ok) return;
    throw new SmtpReplyError("HELO", second, plan.host);
  }
  throw new SmtpReplyError(verb, reply, plan.host);
}

async function secure(session: SmtpSession, plan: Plan, options: ConnectOptions): Promise<void> {
  const { level, host } = plan;
  if (level === "none" || level === "implicit" || session.connection.security !== "clear") return;
  if (!session.capabilities.has("STARTTLS")) {
    if (level === "opportunistic") return;
    throw new TlsError(
      `Cannot start TLS with "${host}": it does not offer STARTTLS ` +
        "(or somebody on the way takes the offer out); nothing was sent",
      { failure: "not-offered" },
    ).at({ stage: "tls" });
  }
  const reply = await session.startTls();
  if (reply.code === 220) return await sayHello(session, plan, options);
  if (level === "opportunistic" && session.usable) return;
  throw new TlsError(
    `Cannot start TLS with "${host}": it offers STARTTLS and answered "${reply}"`,
    { failure: "refused" },
  ).at({ stage: "tls" });
}

/**
 * Checks options as {@linkcode connectSmtp} does before it dials: for callers that gather them long
 * before they are needed.
 *
 * @param options The options.
 * @throws {TypeError | RangeError} If a credential cannot be sent, or options contradict each other.
 * @throws {SyntaxError} If the URL or the own name is none.
 * @throws {SmtpLocalError} If somebody is to log in without TLS and nobody allowed it by name.
 *
 * @example Usage
 * ```ts
 * import { checkConnectOptions, Secret } from "@mailwright/mailwright";
 * import { throws } from "node:assert/strict";
 *
 * const auth = { user: "ann", password: new Secret("pencil") };
 * checkConnectOptions({ url: "submission://mail.example", auth });
 * throws(() => checkConnectOptions({ url: "smtp://mail.example", tls: "none", auth }), {
 *   name: "SmtpLocalError",
 * });
 * ```
 */
export function checkConnectOptions(options: ConnectOptions): void {
  checkOptions(makePlan(options), options);
}

function checkOptions({ level }: Plan, options: ConnectOptions): void {
  const { auth, connection, minMechanism } = options;
  if (options.name !== undefined) checkHelloName(options.name);
  if (auth === undefined) return;
  // What no mechanism could send is refused here, whatever the server will offer (T-A13).
  negotiate([], auth, { secure: true, ...(minMechanism === undefined ? {} : { minMechanism }) });
  if (level === "none" && connection?.security !== "verified" && !options.allowCleartextAuth) {
    throw new SmtpLocalError(
      "Cannot log in without TLS: choose TLS, or allow it by name with `allowCleartextAuth`",
    );
  }
}
