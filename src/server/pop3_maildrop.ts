/**
 * The serving end of POP3, over any connection.
 *
 * @module
 */

import type { SessionEnd } from "./answer.ts";
import type { CapabilityLists } from "./capabilities.ts";
import { converse } from "./conversation.ts";
import type { Intervene } from "./intervention.ts";
import { type LineFault, lineFault } from "./line_fault.ts";
import { DEFAULT_MAILDROP_LIMITS, type MaildropLimits } from "./limits.ts";
import type { Pop3Backend } from "./pop3_backend.ts";
import { pop3CapabilityLists } from "./pop3_capabilities.ts";
import { retr, top } from "./pop3_content.ts";
import type { Pop3RefusalError } from "./pop3_errors.ts";
import { dele, list, rset, stat, uidl } from "./pop3_listing.ts";
import { apop, auth, pass, stls, user, utf8 } from "./pop3_login.ts";
import { lastNo, no } from "./pop3_refusal.ts";
import { type MaildropAnswer, ok } from "./pop3_reply.ts";
import { MaildropSession } from "./pop3_session.ts";
import { capa, lang, noop, quit } from "./pop3_session_commands.ts";
import { SASL_MECHANISMS, saslServer } from "../sasl/mod.ts";
import type { Clock, Connection, ReceivedLine, TranscriptListener } from "../wire/mod.ts";

/** How a maildrop is served. */
export interface ServePop3Options {
  /**
   * What is offered in each state. By default everything that the backend can do, without STLS, and
   * logins inside TLS only.
   */
  readonly capabilities?: CapabilityLists;
  /** Whether the greeting has a stamp, so that APOP may be used where USER may. @default {false} */
  readonly apop?: boolean;
  /** Limits other than {@linkcode DEFAULT_MAILDROP_LIMITS}. */
  readonly limits?: Partial<MaildropLimits>;
  /** Whether a command must end in CRLF, and a lone LF is refused. @default {true} */
  readonly strict?: boolean;
  /** Whether TLS comes before the greeting. @default {false} */
  readonly implicitTls?: boolean;
  /** Is shown each command and may step in; the arguments of PASS, APOP and AUTH are left away. */
  readonly intervene?: Intervene;
  /** Hears what is said; secrets are gone. */
  readonly onEvent?: TranscriptListener;
  /** Ends the session at once. */
  readonly signal?: AbortSignal;
  /** The clock of all limits. @default {systemClock} */
  readonly clock?: Clock;
}

interface Command {
  /** The state in which it is valid: before the login, after it, or both. */
  readonly when: "before" | "after" | "both";
  /** Whether it stands alone. */
  readonly bare?: boolean;
  readonly run: (
    session: MaildropSession,
    argument: string,
  ) => MaildropAnswer | Promise<MaildropAnswer>;
}

const COMMANDS: ReadonlyMap<string, Command> = new Map<string, Command>([
  ["CAPA", { when: "both", bare: true, run: capa }],
  ["LANG", { when: "both", run: lang }],
  ["QUIT", { when: "both", bare: true, run: quit }],
  ["STLS", { when: "before", bare: true, run: stls }],
  ["UTF8", { when: "before", bare: true, run: utf8 }],
  ["USER", { when: "before", run: user }],
  ["PASS", { when: "before", run: pass }],
  ["APOP", { when: "before", run: apop }],
  ["AUTH", { when: "before", run: auth }],
  ["STAT", { when: "after", bare: true, run: stat }],
  ["LIST", { when: "after", run: list }],
  ["UIDL", { when: "after", run: uidl }],
  ["RETR", { when: "after", run: retr }],
  ["TOP", { when: "after", run: top }],
  ["DELE", { when: "after", run: dele }],
  ["RSET", { when: "after", bare: true, run: rset }],
  ["NOOP", { when: "after", bare: true, run: noop }],
]);

/** The commands whose arguments are secret. */
const SECRET: ReadonlySet<string> = new Set(["PASS", "APOP", "AUTH"]);

/**
 * Serves one connection until it ends.
 *
 * Only QUIT removes what DELE has marked. However else a session ends, nothing is removed.
 *
 * @param connection The accepted connection, whose other end is silent. It is closed in the end.
 * @param backend What is served.
 * @param options Capabilities, limits, and who listens.
 * @returns How the session ended; a broken connection is an end like others.
 * @throws The reason of the signal, or what a backend threw other than {@linkcode Pop3RefusalError}.
 *
 * @example Usage
 * ```ts
 * import { Channel, memoryPair, pop3CapabilityLists, Secret, servePop3, WireLine } from "@mailwright/mailwright";
 * import { deepEqual, equal } from "node:assert/strict";
 *
 * const hello = new TextEncoder().encode("Subject: Hello\r\n\r\nHello Ann\r\n");
 * const mails = [{ uid: "a1", size: hello.length, read: () => [hello] }];
 * const [ours, theirs] = memoryPair();
 * const served = servePop3(theirs, {
 *   hostname: "pop.example",
 *   credentials: { password: (user) => user === "ann" ? new Secret("pencil") : undefined },
 *   open: () => ({ messages: [...mails], update: ({ length }) => (mails.splice(0, length), 0), close() {} }),
 * }, { capabilities: pop3CapabilityLists({ clearLogin: true }) });
 *
 * const client = new Channel(ours);
 * const replies = [(await client.readLine())?.text];
 * for (const command of ["USER ann", "PASS pencil", "STAT", "DELE 1", "QUIT"]) {
 *   client.put(new WireLine(command));
 *   await client.flush();
 *   replies.push((await client.readLine())?.text);
 * }
 * deepEqual(replies.slice(3), ["+OK 1 29", "+OK Marked as deleted", "+OK pop.example closing the connection"]);
 * equal(await served, "quit");
 * equal(mails.length, 0);
 * client.close();
 * ```
 */
export async function servePop3(
  connection: Connection,
  backend: Pop3Backend,
  options: ServePop3Options = {},
): Promise<SessionEnd> {
  const limits = { ...DEFAULT_MAILDROP_LIMITS, ...options.limits };
  const session = new MaildropSession(connection, backend, {
    limits,
    capabilities: options.capabilities ?? ordinary(backend),
    strict: options.strict ?? true,
    stamp: options.apop ? `<${crypto.randomUUID()}@${backend.hostname}>` : undefined,
    intervene: options.intervene,
    signal: options.signal,
    clock: options.clock,
    onEvent: options.onEvent,
  });
  session.patience.total("login", limits.loginMs);
  return await converse(session, {
    implicitTls: options.implicitTls,
    greet: () => greet(session),
    obey: (line) => obey(session, line),
    leave: () => session.leave(),
    defect: lastNo("Internal error", "SYS/TEMP").reply,
  });
}

function ordinary({ credentials, sasl }: Pop3Backend): CapabilityLists {
  const mechanisms = SASL_MECHANISMS.filter((name) =>
    saslServer(name, credentials, sasl) !== undefined
  );
  return pop3CapabilityLists({ mechanisms });
}

async function greet(session: MaildropSession): Promise<SessionEnd | undefined> {
  const { backend, settings: { stamp } } = session;
  const end = await session.perform({ verb: "CONNECT", argument: "" }, async () => {
    const verdict = await backend.connected?.(session.facts) ??
      ok(`${backend.hostname} POP3 mailwright`);
    const stamped = verdict.ok && stamp !== undefined;
    return { replies: [stamped ? { ...verdict, text: `${verdict.text} ${stamp}` } : verdict] };
  });
  session.greeted = true;
  return end;
}

async function obey(
  session: MaildropSession,
  line: ReceivedLine,
): Promise<SessionEnd | undefined> {
  // One blank parts them; what else is blank is argument (RFC 1939 section 7, PASS).
  const [, word = "", argument = ""] = /^([^ ]*) ?(.*)$/s.exec(line.text) ?? [];
  const verb = word.toUpperCase();
  // RFC 1939 section 7: PASS counts right behind USER only.
  if (verb !== "PASS") session.claimed = undefined;
  const fault = faultOf(session, line);
  const seen = { verb, argument: SECRET.has(verb) ? "" : argument };
  return await session.perform(seen, () => {
    if (fault !== undefined) throw fault;
    return execute(session, verb, argument);
  });
}

/** What is wrong with a line before it is understood. */
function faultOf(session: MaildropSession, line: ReceivedLine): Pop3RefusalError | undefined {
  if (session.refusals > session.settings.limits.refusals) return lastNo("Too many bad commands");
  const fault = lineFault(line, session.settings);
  return fault === undefined ? undefined : FAULTS[fault]();
}

const FAULTS: Readonly<Record<LineFault, () => Pop3RefusalError>> = {
  "too long": () => no("Line too long"),
  "lone LF": () => no("A line ends in CRLF"),
  "control": () => no("Control characters are refused"),
  "not UTF-8": () => no("This is not UTF-8"),
};

function execute(
  session: MaildropSession,
  verb: string,
  argument: string,
): MaildropAnswer | Promise<MaildropAnswer> {
  const command = COMMANDS.get(verb);
  if (command === undefined) throw no("Command not recognized");
  if (command.when === "before" && session.maildrop !== undefined) throw no("Already logged in");
  if (command.when === "after") session.demandMaildrop();
  if (command.bare && argument !== "") throw no(`${verb} takes no argument`);
  return command.run(session, argument);
}
