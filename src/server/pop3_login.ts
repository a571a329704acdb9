/**
 * The commands of the AUTHORIZATION state: STLS, USER, PASS, APOP, AUTH, UTF8.
 *
 * @module
 */

import { apopDigest, plainServer, sameSecret, saslServer, Secret } from "../sasl/mod.ts";
import type { Pop3RefusalError } from "./pop3_errors.ts";
import { lastNo, no } from "./pop3_refusal.ts";
import { type MaildropAnswer, ok } from "./pop3_reply.ts";
import type { MaildropSession } from "./pop3_session.ts";
import { exchange, type ExchangeEnd } from "./sasl_exchange.ts";

/** STLS: RFC 2595 section 4. */
export function stls(session: MaildropSession): MaildropAnswer {
  if (session.secure) throw no("TLS is already there");
  session.demand("STLS");
  // What came before TLS must not count after it (T-V01).
  if (session.channel.buffered > 0) throw lastNo("Nothing may follow this command");
  return {
    replies: [ok("Begin TLS")],
    next: async () => {
      await session.flush();
      session.utf8 = false;
      await session.secureConnection();
      return undefined;
    },
  };
}

/** UTF8: RFC 6856 section 2. */
export function utf8(session: MaildropSession): MaildropAnswer {
  session.demand("UTF8");
  session.utf8 = true;
  return { replies: [ok("UTF-8 it is")] };
}

/** USER: RFC 1939 section 7. Whether there is such a user is not said. */
export function user(session: MaildropSession, name: string): MaildropAnswer {
  demandLogin(session, "USER");
  if (name === "") throw no("Send USER name");
  session.claimed = name;
  return { replies: [ok("Send PASS")] };
}

/** PASS: RFC 1939 section 7. All behind the first blank is the password, other blanks too. */
export async function pass(session: MaildropSession, password: string): Promise<MaildropAnswer> {
  demandLogin(session, "USER");
  const { claimed } = session;
  session.claimed = undefined;
  if (claimed === undefined) throw no("Send USER first");
  const mechanism = plainServer(session.backend.credentials);
  const end = await mechanism.step(new TextEncoder().encode(`\0${claimed}\0${password}`));
  return end.kind === "success" ? await enter(session, end.user) : fail(session, "failed");
}

/** APOP: RFC 1939 section 7. */
export async function apop(session: MaildropSession, argument: string): Promise<MaildropAnswer> {
  const { stamp } = session.settings;
  if (stamp === undefined) throw no("Command not available here");
  demandLogin(session, "USER");
  const [, name, digest] = /^(.+) ([0-9a-f]{32})$/.exec(argument) ?? [];
  if (name === undefined || digest === undefined) throw no("Send APOP name digest");
  const password = await session.backend.credentials.password(name);
  // No user, or one without a password: the same work is done for somebody nobody can be.
  const known = password !== undefined && !await sameSecret(password, new Secret(""));
  const wanted = await apopDigest(stamp, known ? password : new Secret(crypto.randomUUID()));
  const same = await sameSecret(new Secret(digest), new Secret(wanted));
  return same ? await enter(session, name) : fail(session, "failed");
}

/** AUTH: RFC 5034 section 4. */
export async function auth(session: MaildropSession, argument: string): Promise<MaildropAnswer> {
  demandLogin(session, "SASL");
  const [word = "", initial, ...rest] = argument.split(" ");
  if (word === "" || rest.length > 0) throw no("Send AUTH mechanism [initial-response]");
  const name = word.toUpperCase();
  if (!session.offer.hasMechanism("SASL", name)) throw no("Unrecognized mechanism");
  const { credentials, sasl } = session.backend;
  const mechanism = saslServer(name, credentials, sasl);
  if (mechanism === undefined) throw no("Mechanism not available now");
  const end = await exchange(session, mechanism, { initial, prompt: "+ " });
  return typeof end === "string" ? fail(session, end) : await enter(session, end.user);
}

function demandLogin(session: MaildropSession, keyword: "USER" | "SASL"): void {
  if (session.settings.limits.failedLogins <= session.failedLogins) {
    throw lastNo("Too many failed logins", "AUTH");
  }
  if (!session.secure && !session.offer.has(keyword) && session.secureOffer.has(keyword)) {
    throw no("Encryption required for this command");
  }
  session.demand(keyword);
}

function fail(session: MaildropSession, why: Extract<ExchangeEnd, string>): never {
  if (why === "failed") session.failedLogins++;
  throw FAILURES[why]();
}

const FAILURES: Readonly<Record<Extract<ExchangeEnd, string>, () => Pop3RefusalError>> = {
  "failed": () => no("Wrong user or password", "AUTH"),
  "cancelled": () => no("Login cancelled"),
  "malformed": () => no("Cannot decode the base64"),
  "too long": () => no("Line too long"),
};

/** To the TRANSACTION state, if the maildrop can be had. */
async function enter(session: MaildropSession, user: string): Promise<MaildropAnswer> {
  session.maildrop = await session.backend.open(user, { ...session.facts, user });
  session.user = user;
  session.patience.total("login", undefined);
  return { replies: [ok("Logged in")] };
}
