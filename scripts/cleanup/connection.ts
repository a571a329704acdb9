/**
 * From what was typed to sessions: the mailbox, and the server that takes messages back.
 *
 * @module
 */

import { ValidationError } from "../../src/cli/mod.ts";
import {
  checkPop3ConnectOptions,
  connectPop3,
  parsePop3Url,
  type Pop3ConnectOptions,
  type Pop3Session,
} from "../../src/pop3/mod.ts";
import { type ConnectOptions, parseSmtpUrl } from "../../src/smtp/mod.ts";
import { readCertificate } from "../shared/files.ts";
import { checked, loginOf, type SecretContext } from "../shared/login.ts";
import { tlsOptions } from "../shared/tls.ts";
import type { RestoreCall, ServerCall } from "./calls.ts";

/** What a session needs beside what was typed. */
export interface ConnectionContext extends SecretContext {
  /** Takes the place of the dialler. */
  readonly dial?: Pop3ConnectOptions["dial"];
}

/** A mailbox that can be opened. */
export interface Mailbox {
  /** `user@host:port`. */
  readonly account: string;
  /** Makes a session that is logged in; a signal ends it at once, whatever it is doing. */
  connect(options?: { readonly signal: AbortSignal }): Promise<Pop3Session>;
}

/** Some servers hang up after a minute in which they hear nothing. */
const KEEP_ALIVE_MS = 25_000;

/**
 * Reads secrets and certificates and checks all of it, before anything is asked or sent.
 *
 * @param call What was typed.
 * @param context The rest.
 * @returns The mailbox.
 */
export async function mailboxOf(call: ServerCall, context: ConnectionContext): Promise<Mailbox> {
  const { url, host, port } = serverOf(call);
  const { user = "" } = call;
  const { passwordFrom, tokenFrom, auth: mechanisms, timeout } = call;
  const options: Pop3ConnectOptions = {
    url,
    ...(call.tls && { tls: call.tls }),
    ...await tlsOptions(call),
    ...(timeout && { timers: timersOf(timeout) }),
    ...(context.dial && { dial: context.dial }),
    window: call.window,
    allowCleartextAuth: call.cleartextAuth,
    keepAliveMs: KEEP_ALIVE_MS,
    auth: await loginOf(
      { user, passwordFrom, tokenFrom, mechanisms, host, port, prefix: "--" },
      context,
    ),
  };
  checked(() => checkPop3ConnectOptions(options));
  return {
    account: `${user}@${host}:${port}`,
    connect: (more) => connectPop3({ ...options, ...more }),
  };
}

/** A server that was typed. */
export interface NamedServer {
  /** Its URL. */
  readonly url: string;
  /** Its name or address, in brackets for IPv6. */
  readonly host: string;
  /** Its port. */
  readonly port: number;
}

/**
 * The server of a call.
 *
 * @param call What was typed.
 * @returns The server.
 */
export function serverOf(call: ServerCall): NamedServer {
  const url = call.server ?? call.url ??
    fail("a server is missing, such as --server pop3s://mail.example");
  const { target } = checked(() => parsePop3Url(url));
  const host = target.hostname.includes(":") ? `[${target.hostname}]` : target.hostname;
  return { url, host, port: target.port };
}

/**
 * The options of a session with the server that takes messages back.
 *
 * @param call What was typed.
 * @param url The server.
 * @param context The rest.
 * @returns The options.
 */
export async function smtpOptions(
  call: RestoreCall,
  url: string,
  context: ConnectionContext,
): Promise<ConnectOptions> {
  const { target } = checked(() => parseSmtpUrl(url));
  const { smtpUser: user, smtpPasswordFrom: passwordFrom, smtpTokenFrom: tokenFrom } = call;
  if (user === undefined && (passwordFrom ?? tokenFrom ?? call.smtpAuth) !== undefined) {
    fail("to log in there, --smtp-user is needed");
  }
  const place = "hostname" in target
    ? { host: target.hostname, port: target.port }
    : { host: "localhost", port: 0 };
  const login = { passwordFrom, tokenFrom, mechanisms: call.smtpAuth, ...place } as const;
  return {
    url,
    ...(call.smtpTls && { tls: call.smtpTls }),
    ...(call.smtpTlsName && { tlsName: call.smtpTlsName }),
    ...(call.smtpTlsCa && { caCerts: [await readCertificate("--smtp-tls-ca", call.smtpTlsCa)] }),
    allowCleartextAuth: call.smtpCleartextAuth,
    auth: user === undefined
      ? undefined
      : await loginOf({ ...login, user, prefix: "--smtp-" }, context),
    signal: context.io.signal,
  };
}

function timersOf(ms: number): NonNullable<Pop3ConnectOptions["timers"]> {
  return { connect: ms, greeting: ms, handshake: ms, login: ms, reply: ms, read: ms };
}

function fail(why: string): never {
  throw new ValidationError(`Cannot run cleanup: ${why}`);
}
