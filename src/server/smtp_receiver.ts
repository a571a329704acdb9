/**
 * The receiving end of SMTP and LMTP, over any connection.
 *
 * @module
 */

import { auth } from "./authentication.ts";
import type { SmtpBackend } from "./backend.ts";
import { type CapabilityLists, capabilityLists } from "./capabilities.ts";
import { bdat, data } from "./content_commands.ts";
import { converse } from "./conversation.ts";
import type { RefusalError } from "./errors.ts";
import { expn, hello, helo, help, noop, quit, rset, startTls, vrfy } from "./hello_commands.ts";
import type { Intervene } from "./intervention.ts";
import { type LineFault, lineFault } from "./line_fault.ts";
import { DEFAULT_RECEIVER_LIMITS, type ReceiverLimits } from "./limits.ts";
import { mail, rcpt } from "./mail_commands.ts";
import { badSequence, badSyntax, refusal } from "./refusal.ts";
import { reply } from "./reply.ts";
import type { Answer, SessionEnd } from "./answer.ts";
import { ServerSession } from "./session.ts";
import { atrn, etrn, turn } from "./turn_commands.ts";
import type { Clock, Connection, ReceivedLine, TranscriptListener } from "../wire/mod.ts";

/** How a connection is served. */
export interface ServeOptions {
  /** Which protocol is spoken. @default {"smtp"} */
  readonly protocol?: "smtp" | "lmtp";
  /** What is offered in each state. By default what engine and backend can do, without STARTTLS. */
  readonly capabilities?: CapabilityLists;
  /** Limits other than {@linkcode DEFAULT_RECEIVER_LIMITS}. */
  readonly limits?: Partial<ReceiverLimits>;
  /**
   * Whether lone CR and LF are refused and paths must be exact. If not, a lone CR or LF is content, a
   * lone LF ends a command, and a path needs no brackets.
   *
   * @default {true}
   */
  readonly strict?: boolean;
  /** Whether TLS comes before the greeting. @default {false} */
  readonly implicitTls?: boolean;
  /** What MAIL needs first. @default {"nothing"} */
  readonly requires?: "nothing" | "tls" | "login";
  /** Is shown each command and may step in. */
  readonly intervene?: Intervene;
  /** Hears what is said; secrets are gone. */
  readonly onEvent?: TranscriptListener;
  /** Ends the session at once. */
  readonly signal?: AbortSignal;
  /** The clock of all limits. @default {systemClock} */
  readonly clock?: Clock;
}

type Command = (session: ServerSession, argument: string) => Answer | Promise<Answer>;

const COMMANDS: ReadonlyMap<string, Command> = new Map<string, Command>([
  ["EHLO", hello],
  ["HELO", helo],
  ["LHLO", hello],
  ["STARTTLS", startTls],
  ["AUTH", auth],
  ["MAIL", mail],
  ["RCPT", rcpt],
  ["DATA", data],
  ["RSET", rset],
  ["VRFY", vrfy],
  ["EXPN", expn],
  ["HELP", help],
  ["NOOP", noop],
  ["QUIT", quit],
  ["ETRN", etrn],
  ["ATRN", atrn],
  ["TURN", turn],
]);

/** RFC 2033 section 4.1: each protocol has its own greeting of the client. */
const FOREIGN = { smtp: ["LHLO"], lmtp: ["EHLO", "HELO"] } as const;

/**
 * Serves one connection until it ends.
 *
 * @param connection The accepted connection, whose other end is silent. It is closed in the end.
 * @param backend What is served.
 * @param options Protocol, capabilities, limits, and who listens.
 * @returns How the session ended; a broken connection is an end like others.
 * @throws The reason of the signal, or what a backend threw other than {@linkcode RefusalError}.
 *
 * @example Usage
 * ```ts
 * import { Channel, memoryPair, serveSmtp, WireLine } from "@mailwright/mailwright";
 * import { equal } from "node:assert/strict";
 *
 * const [ours, theirs] = memoryPair();
 * const served = serveSmtp(theirs, {
 *   hostname: "mx.example",
 *   recipient: () => undefined,
 *   message: () => ({
 *     write() {},
 *     finish: () => [{ code: 250, status: "2.0.0", text: "Queued" }],
 *     abort() {},
 *   }),
 * });
 * const client = new Channel(ours);
 * equal((await client.readLine())?.text, "220 mx.example ESMTP mailwright");
 * client.put(new WireLine("QUIT"));
 * await client.flush();
 * equal(await served, "quit");
 * client.close();
 * ```
 */
export async function serveSmtp(
  connection: Connection,
  backend: SmtpBackend,
  options: ServeOptions = {},
): Promise<SessionEnd> {
  const { protocol = "smtp", strict = true, requires = "nothing", signal } = options;
  const limits = { ...DEFAULT_RECEIVER_LIMITS, ...options.limits };
  const session = new ServerSession(connection, backend, {
    protocol,
    strict,
    requires,
    limits,
    capabilities: options.capabilities ?? ordinary(backend, limits),
    intervene: options.intervene,
    signal,
    clock: options.clock,
    onEvent: options.onEvent,
  });
  return await converse(session, {
    implicitTls: options.implicitTls,
    greet: () => greet(session),
    obey: (line) => obey(session, line),
    leave: () => session.reset(),
    defect: reply(421, "4.3.0", "Internal error"),
  });
}

function ordinary(backend: SmtpBackend, { messageOctets }: ReceiverLimits): CapabilityLists {
  const more = [
    ...(backend.expand === undefined ? [] : ["EXPN"]),
    ...(backend.etrn === undefined ? [] : ["ETRN"]),
    ...(backend.atrn === undefined ? [] : ["ATRN"]),
    ...(backend.turn === undefined ? [] : ["TURN"]),
  ];
  return capabilityLists({ size: messageOctets, more });
}

function greet(session: ServerSession): Promise<SessionEnd | undefined> {
  const { backend, settings: { protocol } } = session;
  return session.perform({ verb: "CONNECT", argument: "" }, async () => {
    const verdict = await backend.connected?.(session.facts) ??
      reply(
        220,
        undefined,
        `${backend.hostname} ${protocol === "lmtp" ? "LMTP" : "ESMTP"} mailwright`,
      );
    session.turnedAway = verdict.code !== 220;
    return { replies: [verdict] };
  });
}

async function obey(session: ServerSession, line: ReceivedLine): Promise<SessionEnd | undefined> {
  const { name, argument } = splitLine(line.text);
  const fault = faultOf(session, line);
  if (name === "BDAT" && fault === undefined) return await bdat(session, argument);
  const seen = { verb: name, argument: name === "AUTH" ? "" : argument };
  return await session.perform(seen, () => {
    if (fault !== undefined) throw fault;
    return find(session, name)(session, argument);
  });
}

/** Verb and argument; blanks at the end count for nothing (RFC 5321 section 4.1.1). */
function splitLine(text: string): { readonly name: string; readonly argument: string } {
  let end = text.length;
  while (end > 0 && text[end - 1] === " ") end--;
  const blank = text.indexOf(" ");
  const stop = blank < 0 || blank > end ? end : blank;
  let start = stop;
  while (start < end && text[start] === " ") start++;
  return { name: text.slice(0, stop).toUpperCase(), argument: text.slice(start, end) };
}

/** What is wrong with a line before it is understood. */
function faultOf(session: ServerSession, line: ReceivedLine): RefusalError | undefined {
  if (++session.commands > session.settings.limits.commands) {
    return refusal(421, "4.7.0", "Too many commands");
  }
  const fault = lineFault(line, session.settings);
  return fault === undefined ? undefined : FAULTS[fault]();
}

const FAULTS: Readonly<Record<LineFault, () => RefusalError>> = {
  "too long": () => refusal(500, "5.5.2", "Line too long"),
  "lone LF": () => refusal(500, "5.5.2", "A line ends in CRLF"),
  "control": () => badSyntax("Control characters are refused"),
  "not UTF-8": () => badSyntax("This is not UTF-8"),
};

function find(session: ServerSession, verb: string): Command {
  const { settings: { protocol }, turnedAway } = session;
  if (turnedAway && verb !== "QUIT") throw badSequence("No service here");
  const foreign: readonly string[] = FOREIGN[protocol];
  const command = foreign.includes(verb) ? undefined : COMMANDS.get(verb);
  if (command === undefined) throw refusal(500, "5.5.1", "Command not recognized");
  return command;
}
