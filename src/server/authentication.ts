/**
 * AUTH of SMTP (RFC 4954).
 *
 * @module
 */

import { type SaslServer, saslServer } from "../sasl/mod.ts";
import type { RefusalError } from "./errors.ts";
import { badSequence, badSyntax, refusal } from "./refusal.ts";
import { reply } from "./reply.ts";
import type { Answer } from "./answer.ts";
import { exchange, type ExchangeEnd } from "./sasl_exchange.ts";
import type { ServerSession } from "./session.ts";

/** AUTH: RFC 4954 section 4. */
export async function auth(session: ServerSession, argument: string): Promise<Answer> {
  if (session.settings.limits.failedLogins <= session.failedLogins) {
    throw refusal(421, "4.7.0", "Too many failed logins");
  }
  session.demandHello();
  if (session.user !== undefined) throw badSequence("Already authenticated");
  session.demandNoTransaction();
  const [name = "", initial, ...rest] = argument.split(" ");
  if (name === "" || rest.length > 0) throw badSyntax("Send AUTH mechanism [initial-response]");
  const mechanism = findMechanism(session, name.toUpperCase());
  const end = await exchange(session, mechanism, { initial, prompt: "334 " });
  if (typeof end === "string") {
    if (end === "failed") session.failedLogins++;
    throw REFUSALS[end]();
  }
  session.user = end.user;
  session.failedLogins = 0;
  return { replies: [reply(235, "2.7.0", "Authentication succeeded")] };
}

const REFUSALS: Readonly<Record<Extract<ExchangeEnd, string>, () => RefusalError>> = {
  "failed": () => refusal(535, "5.7.8", "Authentication credentials invalid"),
  "cancelled": () => refusal(501, "5.7.0", "Authentication cancelled"),
  "malformed": () => refusal(501, "5.5.2", "Cannot decode the base64"),
  "too long": () => refusal(500, "5.5.6", "Authentication exchange line is too long"),
};

function findMechanism(session: ServerSession, name: string): SaslServer {
  const { offer, secureOffer, backend: { credentials, sasl } } = session;
  if (!offer.hasMechanism("AUTH", name)) {
    throw secureOffer.hasMechanism("AUTH", name) && !session.secure
      ? refusal(538, "5.7.11", "Encryption required for this mechanism")
      : offer.has("AUTH")
      ? refusal(504, "5.5.4", "Unrecognized authentication mechanism")
      : refusal(502, "5.5.1", "Command not implemented here");
  }
  const mechanism = credentials === undefined ? undefined : saslServer(name, credentials, sasl);
  if (mechanism === undefined) throw refusal(454, "4.7.0", "Mechanism not available now");
  return mechanism;
}
