/**
 * The commands around a mail transaction: EHLO, HELO, LHLO, STARTTLS, NOOP, RSET, VRFY, EXPN, HELP, QUIT.
 *
 * @module
 */

import { isHost, isWide } from "./path.ts";
import { badSequence, badSyntax, refusal } from "./refusal.ts";
import { reply, type ServerReply } from "./reply.ts";
import type { Answer } from "./answer.ts";
import type { ServerSession } from "./session.ts";

/** EHLO and LHLO: RFC 5321 section 4.1.1.1, RFC 2033 section 4.1. */
export async function hello(session: ServerSession, client: string): Promise<Answer> {
  await introduce(session, client);
  session.extended = true;
  return answer(reply(250, undefined, [session.backend.hostname, ...session.offer.lines]));
}

/** HELO: RFC 5321 section 4.1.1.1. */
export async function helo(session: ServerSession, client: string): Promise<Answer> {
  await introduce(session, client);
  session.extended = false;
  return answer(reply(250, undefined, session.backend.hostname));
}

async function introduce(session: ServerSession, client: string): Promise<void> {
  if (client === "") throw badSyntax("The name of a host must follow");
  if (isWide(client) || !isHost(client)) throw badSyntax("This is no name of a host");
  await session.reset();
  session.client = client;
}

/** STARTTLS: RFC 3207 section 4. */
export function startTls(session: ServerSession, argument: string): Answer {
  if (session.secure) throw badSequence("TLS is already there");
  session.demand("STARTTLS");
  if (argument !== "") throw badSyntax("STARTTLS takes no parameter");
  session.demandNoTransaction();
  refuseMore(session);
  return {
    replies: [reply(220, "2.0.0", "Ready to start TLS")],
    next: async () => {
      await session.flush();
      await session.forget();
      await session.secureConnection();
      return undefined;
    },
  };
}

/**
 * Refuses a command that hands the connection over while more lies behind it: what came before must not
 * count after (T-V01).
 */
export function refuseMore(session: ServerSession): void {
  if (session.channel.buffered > 0) throw refusal(421, "4.7.0", "Nothing may follow this command");
}

/** NOOP: RFC 5321 section 4.1.1.9; an argument means nothing. */
export function noop(): Answer {
  return answer(reply(250, "2.0.0", "OK"));
}

/** RSET: RFC 5321 section 4.1.1.5. */
export async function rset(session: ServerSession, argument: string): Promise<Answer> {
  if (argument !== "") throw badSyntax("RSET takes no parameter");
  await session.reset();
  return answer(reply(250, "2.0.0", "Flushed"));
}

/** QUIT: RFC 5321 section 4.1.1.10. */
export function quit(session: ServerSession, argument: string): Answer {
  if (argument !== "") throw badSyntax("QUIT takes no parameter");
  const bye = reply(221, "2.0.0", `${session.backend.hostname} closing the connection`);
  return { replies: [bye], next: () => Promise.resolve("quit") };
}

/** VRFY: RFC 5321 section 4.1.1.6. */
export async function vrfy(session: ServerSession, argument: string): Promise<Answer> {
  session.demand("VRFY");
  const text = readText(session, argument);
  return answer(
    await session.backend.verify?.(text, session.facts) ??
      reply(252, "2.0.0", "Cannot VRFY the user, but will take mail and try to deliver it"),
  );
}

/** EXPN: RFC 5321 section 4.1.1.7. */
export async function expn(session: ServerSession, argument: string): Promise<Answer> {
  session.demand("EXPN");
  const text = readText(session, argument);
  const found = await session.backend.expand?.(text, session.facts);
  if (found === undefined) throw refusal(502, "5.5.1", "Command not implemented here");
  return answer(found);
}

/** RFC 6531 section 3.7.4.2: a parameter tells that the reply may hold UTF-8. */
function readText(session: ServerSession, argument: string): string {
  const utf8 = session.extended && session.offer.has("SMTPUTF8");
  const text = utf8 ? argument.replace(/ SMTPUTF8$/i, "") : argument;
  if (text === "") throw badSyntax("A name or address must follow");
  if (isWide(text) && text === argument) {
    throw refusal(553, "5.6.7", "A name with such characters needs SMTPUTF8");
  }
  return text;
}

const TOPICS: Readonly<Record<string, string>> = {
  EHLO: "EHLO host",
  HELO: "HELO host",
  LHLO: "LHLO host",
  STARTTLS: "STARTTLS",
  AUTH: "AUTH mechanism [initial-response]",
  MAIL: "MAIL FROM:<address> [parameters]",
  RCPT: "RCPT TO:<address> [parameters]",
  DATA: "DATA, then the message, then a line with a lone dot",
  BDAT: "BDAT octets [LAST], then the octets",
  RSET: "RSET",
  VRFY: "VRFY name",
  EXPN: "EXPN list",
  NOOP: "NOOP [anything]",
  HELP: "HELP [command]",
  ETRN: "ETRN host | @domain | #queue",
  ATRN: "ATRN [domain,domain...]",
  TURN: "TURN",
  QUIT: "QUIT",
};

/** HELP: RFC 5321 section 4.1.1.8. */
export function help(session: ServerSession, argument: string): Answer {
  session.demand("HELP");
  if (argument === "") {
    return answer(reply(214, "2.0.0", ["Commands:", Object.keys(TOPICS).join(" ")]));
  }
  const topic = argument.toUpperCase();
  const text = Object.hasOwn(TOPICS, topic) ? TOPICS[topic] : undefined;
  if (text === undefined) throw refusal(504, "5.5.4", "There is no help on this");
  return answer(reply(214, "2.0.0", text));
}

function answer(...replies: readonly ServerReply[]): Answer {
  return { replies };
}
