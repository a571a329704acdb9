/**
 * The way to a session: dial, greeting, CAPA, STLS, CAPA again, login, CAPA again.
 *
 * @module
 */

import type { Credentials, SaslMechanism } from "../sasl/mod.ts";
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
import { checkCredentials, type Pop3AuthOptions } from "./authentication.ts";
import { Pop3AuthError, Pop3Error, Pop3LocalError, Pop3ReplyError } from "./errors.ts";
import type { Pop3Reply } from "./reply.ts";
import { Pop3Session } from "./session.ts";
import { checkWindow, type Pop3Limits } from "./session_options.ts";
import { DEFAULT_POP3_TIMERS, type Pop3Timers } from "./timers.ts";
import { parsePop3Url, type Pop3TlsLevel } from "./url.ts";

/** How far {@linkcode connectPop3} goes. */
export type Pop3Until =
  /** The greeting was read. */
  | "greeting"
  /** CAPA was answered; in the clear unless TLS is implicit. */
  | "hello"
  /** TLS is on as far as it was asked for, and the session is logged in if it was asked to. */
  | "ready";

/** What a session is to be like. */
export interface Pop3ConnectOptions extends Pop3AuthOptions {
  /** Where to: `pop3://` (110) or `pop3s://` (995). It holds no password. */
  readonly url?: string;
  /** An open connection instead, at the security it has. */
  readonly connection?: Connection;
  /** Takes the place of the dialler. */
  readonly dial?: (target: Target, options: DialOptions) => Promise<Connection>;
  /** How far to go. @default {"ready"} */
  readonly until?: Pop3Until;
  /** The name of the server, for a `connection`. */
  readonly host?: string;
  /**
   * How much TLS. @default `implicit` for `pop3s://` and port 995, `required` otherwise, on loopback
   * too; for a `connection` that is TLS already, `none`.
   */
  readonly tls?: Pop3TlsLevel;
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
  /** How many commands about messages may be unanswered, 1 to 256. @default {64} */
  readonly window?: number | undefined;
  /** Whether `LF . LF` always ends a message. @default {false} */
  readonly lenient?: boolean | undefined;
  /** After how many milliseconds of silence of ours NOOP is said by itself. @default {Infinity} */
  readonly keepAliveMs?: number | undefined;
  /** Keywords and mechanisms to act without, as if they were not offered. */
  readonly without?: readonly string[];
  /** How long to wait for what, in milliseconds. */
  readonly timers?: Partial<Pop3Timers>;
  /** How much to take. */
  readonly limits?: Partial<Pop3Limits>;
  /** Ends the session at any time. */
  readonly signal?: AbortSignal | undefined;
  /** Hears what is said, secrets removed. */
  readonly onEvent?: TranscriptListener | undefined;
  /** What timers and the transcript go by. @default {systemClock} */
  readonly clock?: Clock;
}

/**
 * Connects, and prepares a session as far as it was asked to.
 *
 * Secure unless told otherwise: TLS is required, the certificate checked, and no password goes over a
 * connection in the clear.
 *
 * @param options Where to, and what the session is to be like.
 * @returns The session. Hold it with `await using`: leaving the scope closes the connection without
 *   QUIT, so that nothing is deleted that was not committed.
 * @throws {DialError | TlsError | TimeoutError | ClosedError | ProtocolError} If it does not come about.
 * @throws {Pop3ReplyError} If the server refuses at the greeting.
 * @throws {Pop3AuthError} If it refuses the login, or there is no way to log in.
 * @throws {Pop3LocalError | SyntaxError | TypeError | RangeError} If the options contradict each other,
 *   or a credential cannot be sent.
 *
 * @example Usage
 * ```ts
 * import { connectPop3, memoryPair, pop3CapabilityLists, Secret, servePop3 } from "@mailwright/mailwright";
 * import { equal } from "node:assert/strict";
 *
 * // A server in memory; `url: "pop3s://mail.example"` in place of `connection` is the usual way.
 * const [connection, theirs] = memoryPair();
 * const served = servePop3(theirs, {
 *   hostname: "pop.example",
 *   credentials: { password: (user) => user === "ann" ? new Secret("pencil") : undefined },
 *   open: () => ({ messages: [], update: () => 0, close() {} }),
 * }, { capabilities: pop3CapabilityLists({ startTls: true, mechanisms: ["PLAIN"] }) });
 *
 * await using session = await connectPop3({
 *   connection,
 *   auth: { user: "ann", password: new Secret("pencil") },
 * });
 * equal(session.secure, true);
 * equal(session.authenticated, "PLAIN");
 * await session.quit();
 * await served;
 * ```
 */
export async function connectPop3(options: Pop3ConnectOptions): Promise<Pop3Session> {
  const plan = makePlan(options);
  checkOptions(plan, options);
  const connection = options.connection ?? await dialTarget(plan, options);
  const session = new Pop3Session(connection, {
    host: plan.host,
    tls: plan.startTls,
    allowCleartextAuth: options.allowCleartextAuth,
    window: options.window,
    lenient: options.lenient,
    keepAliveMs: options.keepAliveMs,
    timers: options.timers,
    limits: options.limits,
    without: options.without,
    signal: options.signal,
    onEvent: options.onEvent,
    ...(options.clock === undefined ? {} : { clock: options.clock }),
  });
  try {
    await prepare(session, plan, options);
    return session;
  } catch (error) {
    if (error instanceof WireError || error instanceof Pop3Error) error.at(session.context);
    session.close();
    throw error;
  }
}

/**
 * Checks options as {@linkcode connectPop3} does before it dials: for callers that gather them long
 * before they are needed.
 *
 * @param options The options.
 * @throws {TypeError | RangeError} If a credential cannot be sent, or options contradict each other.
 * @throws {SyntaxError} If the URL is none, or user or password holds a control character.
 * @throws {Pop3LocalError} If somebody is to log in without TLS and nobody allowed it by name.
 *
 * @example Usage
 * ```ts
 * import { checkPop3ConnectOptions, Secret } from "@mailwright/mailwright/pop3";
 * import { throws } from "node:assert/strict";
 *
 * const auth = { user: "ann", password: new Secret("pencil") };
 * checkPop3ConnectOptions({ url: "pop3s://mail.example", auth });
 * throws(() => checkPop3ConnectOptions({ url: "pop3://mail.example", tls: "none", auth }), {
 *   name: "Pop3LocalError",
 * });
 * ```
 */
export function checkPop3ConnectOptions(options: Pop3ConnectOptions): void {
  checkOptions(makePlan(options), options);
}

function checkOptions({ level }: Plan, options: Pop3ConnectOptions): void {
  const { auth, connection, window } = options;
  if (window !== undefined) checkWindow(window);
  if (auth === undefined) return;
  if (!("start" in auth)) checkCredentials(auth, options);
  if (level === "none" && connection?.security !== "verified" && !options.allowCleartextAuth) {
    throw new Pop3LocalError(
      "Cannot log in without TLS: choose TLS, or allow it by name with `allowCleartextAuth`",
    );
  }
}

interface Plan {
  readonly target: Target | undefined;
  readonly host: string;
  readonly level: Pop3TlsLevel;
  readonly startTls: StartTlsOptions;
}

function makePlan(options: Pop3ConnectOptions): Plan {
  const { url, connection } = options;
  if ((url === undefined) === (connection === undefined)) {
    throw new TypeError("Cannot connect: expected either `url` or `connection`");
  }
  const given = url === undefined ? undefined : parsePop3Url(url);
  const host = options.host ?? given?.target.hostname ?? "localhost";
  const secured = connection !== undefined && connection.security !== "clear";
  const level = options.tls ?? given?.tls ?? (secured ? "none" : "required");
  if (options.clientCertificate !== undefined && level !== "implicit") {
    throw new TlsError(
      "Cannot send a client certificate after STLS: the platform sends one with implicit TLS only",
      { failure: "unsupported" },
    );
  }
  if (connection !== undefined && level === "implicit" && !secured) {
    throw new TypeError("Cannot use implicit TLS on a `connection` in the clear");
  }
  return {
    target: given?.target,
    host,
    level,
    startTls: {
      hostname: options.tlsName ?? given?.target.hostname ?? host,
      ...(options.caCerts === undefined ? {} : { caCerts: options.caCerts }),
    },
  };
}

async function dialTarget(plan: Plan, options: Pop3ConnectOptions): Promise<Connection> {
  const { clientCertificate } = options;
  const open = options.dial ?? dial;
  if (plan.target === undefined) throw new TypeError("Cannot connect: expected a `url`");
  return await open(plan.target, {
    tls: plan.level === "implicit"
      ? { ...plan.startTls, ...(clientCertificate === undefined ? {} : { clientCertificate }) }
      : undefined,
    proxy: options.proxy,
    signal: options.signal,
    timeoutMs: options.timers?.connect ?? DEFAULT_POP3_TIMERS.connect,
    ...(options.clock === undefined ? {} : { clock: options.clock }),
  });
}

async function prepare(
  session: Pop3Session,
  plan: Plan,
  options: Pop3ConnectOptions,
): Promise<void> {
  const { until = "ready", auth } = options;
  const { host } = plan;
  const greeting = await greet(session, plan);
  if (!greeting.ok) throw new Pop3ReplyError("the connection", greeting, { host });
  if (until === "greeting") return;
  await session.capa();
  if (until === "hello") return;
  await secure(session, plan);
  if (plan.level !== "none" && !session.secure) {
    throw new TlsError(
      `Cannot use the connection to "${host}": TLS is required, and nobody has checked who it is`,
      { failure: "bad-certificate" },
    );
  }
  if (auth === undefined) return;
  const { reply, tried, failure } = await session.login(auth, options);
  if (!reply.ok) {
    throw new Pop3AuthError(
      `Cannot log in to "${host}" by ${tried.join(", ")}: the server answered "${reply}"` +
        (failure === undefined ? "" : ` and said ${failure}`),
      { tried, reply },
    );
  }
  await session.capa();
}

async function greet(session: Pop3Session, plan: Plan): Promise<Pop3Reply> {
  try {
    return await session.readGreeting();
  } catch (error) {
    // A server that waits for a ClientHello says nothing; it may also hang up (D16).
    if (
      error instanceof WireError && plan.level !== "implicit" && session.lastReply === undefined
    ) {
      error.message += " (does this port expect implicit TLS, as 995 does? Use pop3s://)";
    }
    throw error;
  }
}

async function secure(session: Pop3Session, { level, host }: Plan): Promise<void> {
  if (level !== "required" || session.connection.security !== "clear") return;
  // A server without CAPA may know STLS all the same; nothing is lost by asking (T-S07).
  if (session.capabilities.known && !session.capabilities.has("STLS")) {
    throw new TlsError(
      `Cannot start TLS with "${host}": it does not offer STLS ` +
        "(or somebody on the way takes the offer out); nothing was sent",
      { failure: "not-offered" },
    ).at({ stage: "tls" });
  }
  const reply = await session.stls();
  if (!reply.ok) {
    throw new TlsError(
      `Cannot start TLS with "${host}": the server answered "${reply}" to STLS`,
      { failure: "refused" },
    ).at({ stage: "tls" });
  }
  await session.capa();
}
