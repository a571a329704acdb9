/**
 * A whole SASL exchange as one step, at both ends.
 *
 * @module
 */

import {
  anonymous,
  cramMd5,
  external,
  login,
  oauthBearer,
  plain,
  sameSecret,
  SaslError,
  type SaslMechanism,
  type SaslServer,
  saslServer,
  scram,
  type Secret,
  xoauth2,
} from "../../sasl/mod.ts";
import type { DialogueEnd } from "./end.ts";
import { checkSecure, checkUnread } from "./guards.ts";
import type { HeardReply } from "./heard_reply.ts";
import type { AuthStep } from "../step.ts";
import { cut, Stop } from "./stop.ts";

/** More than any mechanism takes. */
const MAX_ROUNDS = 16;

/**
 * Logs in. The last reply is left for the next step.
 *
 * @param end The end that says commands.
 * @param step The step.
 */
export async function sayAuth(end: DialogueEnd, step: AuthStep): Promise<void> {
  checkUnread(end);
  checkSecure(end);
  const { bindings } = end.options;
  const mechanism = mechanismOf(step, bindings.get(step.user), bindings.secret(step.secret));
  const client = mechanism.start();
  const first = await client.initial();
  const command = `AUTH ${mechanism.name}`;
  end.saySpare(
    first === undefined
      ? { text: command, shown: command }
      : { text: `${command} ${encode(first.bytes)}`, shown: `${command} ${first.shown}` },
  );
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const heard = await end.hearAnyReply([], step);
    if (!goesOn(heard)) {
      if (heard.code === 235 || heard.code === "+OK") await checked(() => client.finish());
      return;
    }
    await end.hearPlainReply(step);
    const answer = await checked(() => client.answer(decode(heard.lines[0]?.text ?? "")));
    end.saySpare({ text: answer.bytes.toBase64(), shown: answer.shown });
  }
  throw new Stop({ id: "limit", expected: "the end of the login", actual: "one more challenge" });
}

/**
 * Lets a client log in. The last reply is left for the next step.
 *
 * @param end The end that says replies.
 * @param step The step.
 */
export async function hearAuth(end: DialogueEnd, step: AuthStep): Promise<void> {
  const line = await end.hearPlainLine(step);
  const initial = checkMechanism(line.uncensored ?? line.text, step);
  const server = serverOf(end, step);
  let response = initial === undefined ? undefined : decode(initial);
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const next = await server.step(response);
    if (next.kind === "success") {
      const { bindings } = end.options;
      if (bindings.get(step.user) === undefined) {
        bindings.bind({ name: step.user, value: next.user });
      }
      return;
    }
    if (next.kind === "failure") {
      const expected = `\${${step.user}} and \${${step.secret}}`;
      throw new Stop({ id: "hole-mismatch", expected, actual: next.reason });
    }
    const code = end.options.dialogue.protocol === "pop3" ? "+" : 334;
    end.saySpareReply(code, next.bytes.toBase64(), step);
    const answer = await end.hearPlainLine(step);
    if (answer.text === "*") {
      throw new Stop({ id: "client-line", expected: "an answer", actual: "*" });
    }
    response = decode(answer.uncensored ?? answer.text);
  }
  throw new Stop({ id: "limit", expected: "the end of the login", actual: "one more challenge" });
}

/**
 * Hears both ends of a login that is over. The last reply is left for the next step.
 *
 * @param end Who hears.
 * @param step The step.
 */
export async function observeAuth(end: DialogueEnd, step: AuthStep): Promise<void> {
  checkMechanism((await end.hearPlainLine(step)).text, step);
  while (goesOn(await end.hearAnyReply([], step))) {
    await end.hearPlainReply(step);
    await end.hearPlainLine(step);
  }
}

/** The command of the login; gives the first answer, if it is with it. */
function checkMechanism(line: string, step: AuthStep): string | undefined {
  const [, name = "", initial] = /^AUTH +(\S+)(?: +(.+))?$/i.exec(line) ?? [];
  if (name.toUpperCase() === step.mechanism.toUpperCase()) return initial;
  const actual = name === "" ? cut(line) : `AUTH ${name}`;
  throw new Stop({ id: "client-line", expected: `AUTH ${step.mechanism}`, actual });
}

/** Does what the server's part of a login may make impossible. */
async function checked<T>(work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof SaslError)) throw error;
    throw new Stop({ id: "reply-text", expected: "a proper login", actual: cut(error.message) });
  }
}

function goesOn({ code }: HeardReply): boolean {
  return code === 334 || code === "+";
}

/**
 * The client of a mechanism.
 *
 * @param step Its name, and the names of user and secret.
 * @param user The user.
 * @param secret The secret.
 */
export function mechanismOf(
  { mechanism, user: name, secret: secretName }: AuthStep,
  user: string | undefined,
  secret: Secret | undefined,
): SaslMechanism {
  const kind = mechanism.toUpperCase();
  if (kind === "EXTERNAL") return external(user === undefined ? {} : { authorize: user });
  if (kind === "ANONYMOUS") return anonymous(user === undefined ? {} : { trace: user });
  if (user === undefined) throw new TypeError(`Cannot log in: "${name}" has no value`);
  if (secret === undefined) throw new TypeError(`Cannot log in: "${secretName}" has no value`);
  const given = { user, password: secret };
  switch (kind) {
    case "PLAIN":
      return plain(given);
    case "LOGIN":
      return login(given);
    case "CRAM-MD5":
      return cramMd5(given);
    case "SCRAM-SHA-1":
      return scram("SHA-1", given);
    case "SCRAM-SHA-256":
      return scram("SHA-256", given);
    case "SCRAM-SHA-512":
      return scram("SHA-512", given);
    case "XOAUTH2":
      return xoauth2({ user, token: secret });
    case "OAUTHBEARER":
      return oauthBearer({ user, token: secret });
    default:
      throw new RangeError(`Cannot log in with "${mechanism}": the mechanism is unknown`);
  }
}

function serverOf({ options: { bindings } }: DialogueEnd, step: AuthStep): SaslServer {
  const secret = bindings.secret(step.secret);
  const user = bindings.get(step.user);
  const known = (name: string): boolean => user === undefined || user === name;
  const server = saslServer(step.mechanism, {
    password: (name) => known(name) ? secret : undefined,
    token: (name, token) => known(name) && sameSecret(token, secret),
  }, { external: user ?? "", anonymous: true });
  if (server !== undefined) return server;
  throw new RangeError(`Cannot let in with "${step.mechanism}": the mechanism is unknown`);
}

/** A first answer, as it stands in the command. */
export function encode(bytes: Uint8Array): string {
  // RFC 4954 section 4: "=" is an empty answer in the command.
  return bytes.length === 0 ? "=" : bytes.toBase64();
}

/** A challenge or an answer. */
export function decode(text: string): Uint8Array {
  if (text === "" || text === "=") return new Uint8Array();
  try {
    return Uint8Array.fromBase64(text, { lastChunkHandling: "strict" });
  } catch {
    throw new Stop({ id: "reply-text", expected: "base64", actual: "something else" });
  }
}
