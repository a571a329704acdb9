/**
 * The commands that make an envelope: MAIL and RCPT.
 *
 * @module
 */

import type { Offer } from "./capabilities.ts";
import { RefusalError } from "./errors.ts";
import { readMailParameters, readRcptParameters } from "./parameters.ts";
import { isWide, type PathOptions, readPath } from "./path.ts";
import { badSequence, refusal } from "./refusal.ts";
import { isPositive, reply } from "./reply.ts";
import type { Answer } from "./answer.ts";
import type { ServerSession } from "./session.ts";
import { TOO_LARGE, Transaction } from "./transaction.ts";

/** MAIL: RFC 5321 section 4.1.1.2. */
export async function mail(session: ServerSession, argument: string): Promise<Answer> {
  session.demandHello();
  demandSecurity(session);
  if (session.transaction !== undefined) throw badSequence("Nested MAIL command");
  if (session.messages >= session.offer.limit("MAILMAX")) {
    throw refusal(421, "4.7.0", "Too many messages on one connection");
  }
  const path = splitPath(session, argument, "FROM", { mayBeEmpty: true });
  if (path === undefined) throw refusal(501, "5.1.7", "Send MAIL FROM:<address>");
  const parameters = readMailParameters(path.rest, extensions(session));
  refuseWide(path.address, parameters.smtpUtf8);
  if (parameters.requireTls && !session.secure) throw refusal(530, "5.7.0", "REQUIRETLS needs TLS");
  const sender = { address: path.address, ...parameters };
  if (sender.size !== undefined && sender.size > session.largest) {
    throw new RefusalError(TOO_LARGE);
  }
  const verdict = await session.backend.sender?.(sender, session.facts) ??
    reply(250, "2.1.0", "Sender OK");
  if (isPositive(verdict)) session.transaction = new Transaction(sender);
  return { replies: [verdict] };
}

/** RCPT: RFC 5321 section 4.1.1.3. */
export async function rcpt(session: ServerSession, argument: string): Promise<Answer> {
  const { transaction } = session;
  if (transaction === undefined) throw badSequence("Send MAIL first");
  if (transaction.begun) throw badSequence("The content has begun");
  const path = splitPath(session, argument, "TO", { postmaster: true });
  if (path === undefined) throw refusal(501, "5.1.3", "Send RCPT TO:<address>");
  refuseWide(path.address, transaction.sender.smtpUtf8);
  const parameters = readRcptParameters(path.rest, extensions(session));
  const recipient = { address: path.address, ...parameters };
  refuseTooMany(session, transaction, recipient.address);
  const verdict = await session.backend.recipient(recipient, session.facts) ??
    reply(250, "2.1.5", "Recipient OK");
  if (isPositive(verdict)) transaction.recipients.push(recipient);
  return { replies: [verdict] };
}

function demandSecurity(session: ServerSession): void {
  const { requires } = session.settings;
  if (requires === "tls" && !session.secure) {
    throw refusal(530, "5.7.0", "Must issue a STARTTLS command first");
  }
  if (requires === "login" && session.user === undefined) {
    throw refusal(530, "5.7.0", "Authentication required");
  }
}

function refuseTooMany(session: ServerSession, { recipients }: Transaction, next: string): void {
  const { offer, settings: { limits } } = session;
  if (recipients.length >= Math.min(limits.recipients, offer.limit("RCPTMAX"))) {
    throw refusal(452, "4.5.3", "Too many recipients");
  }
  const domains = new Set([...recipients.map(({ address }) => domainOf(address)), domainOf(next)]);
  if (domains.size > offer.limit("RCPTDOMAINMAX")) throw refusal(452, "4.5.3", "Too many domains");
}

function domainOf(address: string): string {
  return address.slice(address.lastIndexOf("@") + 1).toLowerCase();
}

function splitPath(
  session: ServerSession,
  argument: string,
  word: "FROM" | "TO",
  options: PathOptions,
): ReturnType<typeof readPath> {
  const prefix = `${word}:`;
  if (argument.slice(0, prefix.length).toUpperCase() !== prefix) return undefined;
  return readPath(argument.slice(prefix.length), {
    ...options,
    lenient: !session.settings.strict,
  });
}

/** Parameters are extensions: after HELO there are none. */
function extensions({ extended, offer }: ServerSession): Pick<Offer, "has"> {
  return extended ? offer : { has: () => false };
}

function refuseWide(address: string, smtpUtf8: true | undefined): void {
  if (!smtpUtf8 && isWide(address)) {
    throw refusal(553, "5.6.7", "An address with such characters needs SMTPUTF8");
  }
}
