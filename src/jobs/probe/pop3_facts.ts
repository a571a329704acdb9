/**
 * What is particular to a server of POP3, as it goes into a result.
 *
 * @module
 */

import type { Pop3Snapshot } from "../../pop3/mod.ts";
import type { Pop3Observation } from "./observation.ts";
import type { MaildropFacts, Pop3Facts } from "./result.ts";

/**
 * Gathers what is known; what a server offers changes with the phase, and the last one counts.
 *
 * @param seen What was seen.
 * @returns The facts.
 */
export function pop3Facts(seen: Pop3Observation): Pop3Facts {
  const { capabilities, apop } = seen;
  const { implementation, expire, loginDelay } = capabilities ?? {};
  const maildrop = maildropFacts(seen);
  return {
    capa: capabilities !== undefined,
    apop,
    ...(implementation === undefined ? {} : { implementation }),
    ...(expire === undefined ? {} : { expire }),
    ...(loginDelay === undefined ? {} : { loginDelay }),
    pipelining: capabilities?.pipelining ?? false,
    responseCodes: capabilities?.has("RESP-CODES") ?? false,
    authResponseCode: capabilities?.has("AUTH-RESP-CODE") ?? false,
    utf8: capabilities?.has("UTF8") ?? false,
    ...(maildrop === undefined ? {} : { maildrop }),
  };
}

function maildropFacts({ snapshot, stat, listed }: Pop3Observation): MaildropFacts | undefined {
  const counted = snapshot?.stat ?? stat;
  if (counted === undefined) return undefined;
  const rows = snapshot?.messages.length ?? listed;
  const { count, octets } = counted;
  return {
    messages: count,
    ...(octets === undefined ? {} : { octets }),
    ...(rows === undefined ? {} : { listed: rows }),
    ...(snapshot === undefined ? {} : { uidl: uidlOf(snapshot) }),
  };
}

function uidlOf(
  { uidlError, contradictions, duplicates }: Pop3Snapshot,
): MaildropFacts["uidl"] & string {
  if (uidlError !== undefined) return uidlError.reply.ok ? "invalid" : "missing";
  if (contradictions.some(({ kind }) => kind.startsWith("uid-"))) return "invalid";
  return duplicates.size > 0 ? "duplicate" : "valid";
}
