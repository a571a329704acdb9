/**
 * From what was typed to sessions with the server, and to signatures.
 *
 * @module
 */

import { ValidationError } from "../../src/cli/mod.ts";
import { DkimKey, DkimSigner, parseMailbox } from "../../src/message/mod.ts";
import {
  checkConnectOptions,
  type ConnectOptions,
  parseSmtpUrl,
  type PoolOptions,
  type Timers,
} from "../../src/smtp/mod.ts";
import { reading, readText } from "../shared/files.ts";
import { checked, loginOf, type SecretContext } from "../shared/login.ts";
import { tlsOptions } from "../shared/tls.ts";
import type { DkimCall, PaceCall, SessionCall } from "./calls.ts";
import type { SavedDialogue } from "./saved_dialogue.ts";

/** RFC 5321 section 4.5.3.2.6: who hangs up earlier may send a message twice (T-B21). */
const PROPER_END_MS = 600_000;
const LEAST_END_MS = 60_000;

/**
 * Reads secrets and certificates and checks all of it, before anybody is asked.
 *
 * @param call What was typed.
 * @param context Where secrets come from.
 * @returns How sessions are made.
 */
export async function sessionOptions(
  call: SessionCall,
  context: SecretContext,
): Promise<ConnectOptions & { readonly url: string }> {
  const url = call.server ??
    fail("a server is missing, such as --server submission://mail.example");
  const { target } = checked(() => parseSmtpUrl(url));
  const { user, passwordFrom, tokenFrom, auth: mechanisms } = call;
  if (user === undefined && (passwordFrom ?? tokenFrom ?? mechanisms) !== undefined) {
    fail("to log in, --user is needed");
  }
  if (user !== undefined && call.tls === "none" && !call.cleartextAuth) {
    fail("a login without TLS can be read by others: use TLS, or add --cleartext-auth");
  }
  const place = "hostname" in target
    ? { host: target.hostname, port: target.port }
    : { host: "localhost", port: 0 };
  const options = {
    url,
    ...(call.tls && { tls: call.tls }),
    ...await tlsOptions(call),
    ...(call.helo && { name: call.helo }),
    timers: await timersOf(call, context),
    allowCleartextAuth: call.cleartextAuth,
    auth: user === undefined ? undefined : await loginOf(
      { user, passwordFrom, tokenFrom, mechanisms, ...place, prefix: "--" },
      context,
    ),
  };
  checked(() => checkConnectOptions(options));
  return options;
}

async function timersOf(
  { timeout: ms, endTimeout }: SessionCall,
  { io }: SecretContext,
): Promise<Partial<Timers>> {
  if (endTimeout !== undefined && endTimeout < LEAST_END_MS) {
    fail("--end-timeout is below 60s: the server may have taken the message meanwhile");
  }
  if (endTimeout !== undefined && endTimeout < PROPER_END_MS) {
    await io.err.line("note: --end-timeout is below 10m, more rows may end up in doubt");
  }
  return {
    ...(ms !== undefined && {
      ...{ connect: ms, greeting: ms, command: ms, handshake: ms, mail: ms, rcpt: ms, data: ms },
      ...{ content: ms, chunk: ms },
    }),
    ...(endTimeout !== undefined && { final: endTimeout }),
  };
}

/**
 * How a pool is made.
 *
 * @param session How its sessions are made.
 * @param pace How many of them.
 * @param saved Where one of them is kept.
 * @returns The options.
 */
export function poolOptions(
  session: ConnectOptions & { readonly url: string },
  { connections, messagesPerConnection }: PaceCall,
  saved: SavedDialogue | undefined,
): PoolOptions {
  return {
    ...session,
    ...(saved !== undefined && { listen: () => saved.session.listen() }),
    ...(connections !== undefined && { maxConnections: connections }),
    ...(messagesPerConnection !== undefined && { maxMessages: messagesPerConnection }),
  };
}

/**
 * Reads the keys that sign.
 *
 * @param call What was typed.
 * @param from The From of the messages.
 * @returns Who signs; `undefined` if nobody does.
 */
export async function signerOf(
  { dkimKey: paths = [], dkimSelector: selectors = [], dkimDomain }: DkimCall,
  from: string,
): Promise<DkimSigner | undefined> {
  if (paths.length !== selectors.length) {
    fail("each --dkim-key needs its --dkim-selector, in the same order");
  }
  if (paths.length === 0) {
    if (dkimDomain !== undefined) fail("--dkim-domain needs --dkim-key and --dkim-selector");
    return undefined;
  }
  const domain = dkimDomain ?? parseMailbox(from).address.domain;
  const identities = await Promise.all(paths.map(async (path, at) => ({
    domain,
    selector: selectors[at] ?? "",
    key: await readKey(path),
  })));
  return checked(() => new DkimSigner(identities));
}

async function readKey(path: string): Promise<DkimKey> {
  const { mode } = await reading("--dkim-key", path, () => Deno.stat(path));
  if (mode !== null && (mode & 0o077) !== 0) {
    throw new ValidationError(
      `Cannot use --dkim-key "${path}": others can read it, run: chmod 600 ${path}`,
    );
  }
  const pem = await readText("--dkim-key", path);
  try {
    return await DkimKey.fromPem(pem);
  } catch (cause) {
    const seen = cause instanceof Error ? cause.message : String(cause);
    throw new ValidationError(`Cannot use --dkim-key "${path}": ${seen}`, { cause });
  }
}

function fail(why: string): never {
  throw new ValidationError(`Cannot send: ${why}`);
}
