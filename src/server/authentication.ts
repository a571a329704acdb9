/**
 * AUTH (RFC 4954): the exchange between a client and a mechanism of sasl.
 *
 * @module
 */

import { type SaslServer, saslServer } from "../sasl/mod.ts";
import { badSequence, badSyntax, refusal, reply } from "./reply.ts";
import type { Answer } from "./answer.ts";
import type { ServerSession } from "./session.ts";

/** More challenges than any mechanism needs. */
const ROUNDS = 10;

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
  const user = await exchange(session, mechanism, initial);
  session.user = user;
  session.failedLogins = 0;
  return { replies: [reply(235, "2.7.0", "Authentication succeeded")] };
}

function findMechanism(session: ServerSession, name: string): SaslServer {
  const { offer, secureOffer, backend: { credentials } } = session;
  if (!offer.hasMechanism(name)) {
    throw secureOffer.hasMechanism(name) && !session.secure
      ? refusal(538, "5.7.11", "Encryption required for this mechanism")
      : offer.has("AUTH")
      ? refusal(504, "5.5.4", "Unrecognized authentication mechanism")
      : refusal(502, "5.5.1", "Command not implemented here");
  }
  const mechanism = credentials === undefined ? undefined : saslServer(name, credentials);
  if (mechanism === undefined) throw refusal(454, "4.7.0", "Mechanism not available now");
  return mechanism;
}

async function exchange(
  session: ServerSession,
  mechanism: SaslServer,
  initial: string | undefined,
): Promise<string> {
  let response = initial === undefined ? undefined : initial === "="
    ? new Uint8Array() // section 4: an empty initial response
    : decode(initial);
  for (let round = 0; round <= ROUNDS; round++) {
    const step = await mechanism.step(response);
    if (step.kind === "success") return step.authorize ?? step.user;
    if (step.kind === "failure") break;
    response = await challenge(session, step.bytes);
  }
  session.failedLogins++;
  throw refusal(535, "5.7.8", "Authentication credentials invalid");
}

async function challenge(session: ServerSession, bytes: Uint8Array): Promise<Uint8Array> {
  session.say(reply(334, undefined, bytes.toBase64()));
  session.secretNext = true;
  try {
    const line = await session.line();
    if (line === null) throw session.gone();
    if (line.text === "*") throw refusal(501, "5.7.0", "Authentication cancelled");
    if (line.text.length > session.settings.limits.authLineOctets) {
      throw refusal(500, "5.5.6", "Authentication exchange line is too long");
    }
    return decode(line.text);
  } finally {
    session.secretNext = false;
  }
}

/** Strict base64 (RFC 4954 section 4): padding where it belongs, nothing besides. */
function decode(text: string): Uint8Array {
  try {
    if (/^[A-Za-z0-9+/]*={0,2}$/.test(text)) {
      return Uint8Array.fromBase64(text, { lastChunkHandling: "strict" });
    }
  } catch {
    // Wrong padding, or bits after the end: the same answer.
  }
  throw refusal(501, "5.5.2", "Cannot decode the base64");
}
