/**
 * The commands that make mail flow the other way: ETRN, ATRN and TURN.
 *
 * @module
 */

import type { Takeover } from "./backend.ts";
import { refuseMore } from "./hello_commands.ts";
import { isHost, isWide } from "./path.ts";
import { badSyntax, refusal } from "./refusal.ts";
import type { ServerReply } from "./reply.ts";
import type { Answer } from "./answer.ts";
import type { ServerSession } from "./session.ts";

/** ETRN: RFC 1985 section 5. */
export async function etrn(session: ServerSession, node: string): Promise<Answer> {
  session.demand("ETRN");
  session.demandHello();
  session.demandNoTransaction();
  // Section 5.2: @ asks for subdomains too, # names a queue.
  const valid = node.startsWith("#")
    ? /^#[!-~]+$/.test(node)
    : isHost(node.replace(/^@/, "")) && !isWide(node);
  if (!valid) throw badSyntax("Send ETRN host, @domain or #queue");
  const verdict = await session.backend.etrn?.(node, session.facts);
  if (verdict === undefined) throw refusal(502, "5.5.1", "Command not implemented here");
  return { replies: [verdict] };
}

/** ATRN: RFC 2645 section 5. */
export async function atrn(session: ServerSession, argument: string): Promise<Answer> {
  session.demand("ATRN");
  demandLogin(session);
  const domains = argument === "" ? [] : argument.split(",");
  if (domains.some((domain) => isWide(domain) || !isHost(domain))) {
    throw badSyntax("Send ATRN [domain,domain...]");
  }
  return hand(session, await session.backend.atrn?.(domains, session.facts));
}

/** TURN: RFC 821 section 3.8; only for who has logged in (RFC 5321 appendix F.1). */
export async function turn(session: ServerSession, argument: string): Promise<Answer> {
  session.demand("TURN");
  demandLogin(session);
  if (argument !== "") throw badSyntax("TURN takes no parameter");
  return hand(session, await session.backend.turn?.(session.facts));
}

function demandLogin(session: ServerSession): void {
  if (session.user === undefined) throw refusal(530, "5.7.0", "Authentication required");
  session.demandNoTransaction();
  refuseMore(session);
}

function hand(session: ServerSession, verdict: ServerReply | Takeover | undefined): Answer {
  if (verdict === undefined) throw refusal(502, "5.5.1", "Command not implemented here");
  if (!("take" in verdict)) return { replies: [verdict] };
  return {
    replies: [verdict.reply],
    next: async () => {
      await session.flush();
      await verdict.take(session.channel.release());
      return "turned";
    },
  };
}
