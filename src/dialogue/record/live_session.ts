/**
 * A session that a person types: lines go out as they are, replies come as they come, and what is
 * secret by its place is not in the transcript.
 *
 * @module
 */

import type { Secret } from "../../sasl/mod.ts";
import {
  Channel,
  type Clock,
  type Connection,
  dial,
  type StartTlsOptions,
  type TranscriptEvent,
  type TranscriptListener,
  WireLine,
} from "../../wire/mod.ts";
import { decode, encode, mechanismOf } from "../engine/auth_step.ts";
import {
  type HeardReply,
  Pop3Assembler,
  type ReplyAssembler,
  SmtpAssembler,
} from "../engine/heard_reply.ts";
import { MAX_LINE_OCTETS, MAX_SENT_OCTETS, REPLY_MS } from "../limits.ts";
import type { RunDialogueOptions } from "../options.ts";
import { routeTo } from "../engine/route.ts";
import { Course } from "../engine/session_course.ts";
import { shownLine } from "../engine/shown_line.ts";
import type { DialogueProtocol } from "../step.ts";
import { Veil } from "./veil.ts";

/** How a session is typed. */
export interface LiveSessionOptions {
  /** What is spoken. @default {"smtp"} */
  readonly protocol?: DialogueProtocol;
  /** How TLS is made: trusted roots, the name in the certificate. */
  readonly tls?: RunDialogueOptions["tls"];
  /** The limit for each reply, in milliseconds. @default {30_000} */
  readonly timeout?: number;
  /** Whether {@linkcode LiveSession.auth} sends secrets where others can read them. @default {false} */
  readonly cleartextAuth?: boolean;
  /** Whether secrets that are typed stand in the transcript. @default {false} */
  readonly reveal?: boolean;
  /** What times go by. @default {systemClock} */
  readonly clock?: Clock;
  /** Ends it. */
  readonly signal?: AbortSignal | undefined;
  /** Hears what is said. */
  readonly onEvent?: TranscriptListener;
}

/** A reply, line by line as it was heard. */
export interface LiveReply {
  /** The code; in POP3 the indicator. */
  readonly code: number | "+OK" | "-ERR" | "+";
  /** The lines, with their codes. */
  readonly lines: readonly string[];
}

/** More than any mechanism takes. */
const MAX_ROUNDS = 16;
const encoder = new TextEncoder();

/** A connection to a server. */
export interface DialledServer {
  /** The connection. */
  readonly connection: Connection;
  /** The name that its certificate must be for. */
  readonly hostname: string;
}

/**
 * Connects to a server as a dialogue does.
 *
 * @param to The server, as `runDialogue` takes it.
 * @param options What is spoken, TLS, the limit, the signal.
 * @returns The connection; nothing was read from it.
 * @throws {SyntaxError} If it is no server of that protocol.
 * @throws {WireError} If it is not reached.
 *
 * @example Usage
 * ```ts
 * import { dialServer } from "@mailwright/mailwright/dialogue";
 * import { startSandbox } from "@mailwright/mailwright/sandbox";
 * import { equal } from "node:assert/strict";
 *
 * await using box = await startSandbox();
 * const { connection, hostname } = await dialServer(box.smtpUrl);
 * equal(hostname, "127.0.0.1");
 * connection.close();
 * ```
 */
export async function dialServer(
  to: string,
  options: Pick<LiveSessionOptions, "protocol" | "tls" | "timeout" | "clock" | "signal"> = {},
): Promise<DialledServer> {
  const { protocol = "smtp", tls, clock, signal, timeout = REPLY_MS } = options;
  const { target, hostname, dial: how } = routeTo(to, protocol, tls);
  const connection = await dial(target, {
    ...how,
    ...(clock === undefined ? {} : { clock }),
    signal,
    timeoutMs: timeout,
  });
  return { connection, hostname };
}

/** A session that a person types. It keeps no rule of the protocol: breaking them is what it is for. */
export class LiveSession {
  readonly #channel: Channel;
  readonly #options: LiveSessionOptions;
  readonly #protocol: DialogueProtocol;
  readonly #tls: StartTlsOptions;
  readonly #course: Course;
  readonly #veil = new Veil();
  #hearing: Promise<LiveReply | undefined> | undefined;
  #greeted = false;
  #tlsDue = false;
  /** What was said. */
  readonly transcript: TranscriptEvent[] = [];

  /**
   * Begins a session.
   *
   * @param connection The connection. The session owns it from now on.
   * @param options What is spoken, and how.
   */
  constructor(connection: Connection, options: LiveSessionOptions = {}) {
    const { protocol = "smtp", tls = {}, clock, signal, onEvent } = options;
    this.#options = options;
    this.#protocol = protocol;
    this.#tls = { hostname: "localhost", ...tls };
    this.#course = new Course(protocol);
    this.#channel = new Channel(connection, {
      ...(clock === undefined ? {} : { clock }),
      signal,
      lineLimit: MAX_LINE_OCTETS,
      onEvent: (event) => {
        this.transcript.push(event);
        onEvent?.(event);
      },
    });
    this.#channel.censor(this.#veil.cover);
    this.#arm();
  }

  /**
   * Connects to a server.
   *
   * @param to The server, as `runDialogue` takes it.
   * @param options What is spoken, and how.
   * @returns The session; its greeting has not been heard.
   * @throws {SyntaxError} If it is no server of that protocol.
   * @throws {WireError} If it is not reached.
   *
   * @example Usage
   * ```ts
   * import { LiveSession } from "@mailwright/mailwright/dialogue";
   * import { startSandbox } from "@mailwright/mailwright/sandbox";
   * import { deepEqual, equal } from "node:assert/strict";
   *
   * await using box = await startSandbox();
   * const session = await LiveSession.connect(box.smtpUrl);
   * equal((await session.hear())?.code, 220);
   * await session.say("RCPT TO:<first@mail.example>");
   * deepEqual((await session.hear())?.code, 503);
   * session.close();
   * ```
   */
  static async connect(to: string, options: LiveSessionOptions = {}): Promise<LiveSession> {
    const { connection, hostname } = await dialServer(to, options);
    return new LiveSession(connection, { ...options, tls: { hostname, ...options.tls } });
  }

  /** Whether a reply is due: of a greeting, a command, or the end of a message. */
  get awaits(): boolean {
    if (!this.#greeted) return true;
    return this.#course.asked !== undefined && this.#course.chunk === 0;
  }

  /** Whether lines are those of a message. */
  get inContent(): boolean {
    return this.#course.inContent || this.#course.chunk > 0;
  }

  /** Whether QUIT was said. */
  get quit(): boolean {
    return this.#course.quit;
  }

  /** Whether nothing but TLS can follow: STARTTLS was accepted. Nobody may listen until then. */
  get tlsDue(): boolean {
    return this.#tlsDue;
  }

  /** Whether the connection is closed, by whomever. */
  get over(): boolean {
    return this.#channel.dead;
  }

  /**
   * Says a line.
   *
   * @param line The line; CRLF is added.
   * @throws {SyntaxError} If a command holds a control character. Nothing was sent then.
   * @throws {TypeError} If it holds a secret that others could read. Nothing was sent then.
   * @throws {WireError} If the connection has ended.
   */
  async say(line: string): Promise<void> {
    const { reveal = false } = this.#options;
    if (this.inContent) {
      const bytes = encoder.encode(`${line}\r\n`);
      this.#channel.putContent(bytes);
      this.#course.octets(bytes);
    } else {
      const { inLogin } = this.#course;
      const veiled = shownLine([{ shown: line, hole: false }], {
        protocol: this.#protocol,
        inLogin,
      });
      if (veiled !== line) this.#checkPrivate();
      const shown = reveal ? line : veiled;
      this.#put(line, shown);
      this.#veil.hide(line, shown);
    }
    await this.#flush();
  }

  /**
   * Hears the next reply, whether one is due or not.
   *
   * @returns The reply; nothing if the server has closed.
   * @throws {WireError} If it is no reply, comes too late, or the connection breaks.
   */
  async hear(): Promise<LiveReply | undefined> {
    this.#hearing ??= this.#hear().finally(() => this.#hearing = undefined);
    return await this.#hearing;
  }

  /**
   * Begins TLS: says STARTTLS or STLS first, unless that was accepted already.
   *
   * @returns The reply; TLS has begun if it is positive.
   * @throws {TlsError} If the handshake or the check of the certificate fails.
   * @throws {ProtocolError} If the server has said more than the reply.
   */
  async startTls(): Promise<LiveReply | undefined> {
    let reply: LiveReply | undefined;
    if (!this.#tlsDue) {
      await this.say(this.#protocol === "pop3" ? "STLS" : "STARTTLS");
      reply = await this.hear();
      if (!this.#tlsDue) return reply;
    }
    this.#tlsDue = false;
    await this.#channel.startTls(this.#tls);
    this.#course.secured();
    return reply;
  }

  /**
   * Logs in.
   *
   * @param mechanism The SASL mechanism.
   * @param user The user.
   * @param secret The secret.
   * @returns The last reply.
   * @throws {TypeError} If others could read the secret, and that is not allowed.
   * @throws {RangeError} If the mechanism is unknown.
   */
  async auth(mechanism: string, user: string, secret: Secret): Promise<LiveReply | undefined> {
    this.#checkPrivate();
    const at = { file: "", line: 1, column: 1 };
    const step = { kind: "auth", mechanism, user: "user", secret: "pass", at } as const;
    const sasl = mechanismOf(step, user, secret);
    const client = sasl.start();
    const first = await client.initial();
    const command = `AUTH ${sasl.name}`;
    if (first === undefined) this.#put(command, command);
    else this.#put(`${command} ${encode(first.bytes)}`, `${command} ${first.shown}`);
    await this.#flush();
    let reply = await this.hear();
    for (let round = 0; round < MAX_ROUNDS && goesOn(reply); round++) {
      const [challenge = ""] = reply?.lines ?? [];
      const answer = await client.answer(decode(challenge.replace(/^\S+ ?/, "")));
      this.#put(answer.bytes.toBase64(), answer.shown);
      await this.#flush();
      reply = await this.hear();
    }
    return reply;
  }

  /** Closes the connection. */
  close(): void {
    this.#channel.close();
  }

  /** A secret is only said where nobody else can read it, or where that is allowed. */
  #checkPrivate(): void {
    const { security, remote } = this.#channel.connection;
    const secure = security === "verified" || remote.transport === "unix";
    if (secure || this.#options.cleartextAuth) return;
    throw new TypeError("Cannot log in: others can read what is sent here");
  }

  #put(line: string, shown: string): void {
    this.#channel.put(new WireLine(line, { shown }));
    this.#course.command(line, shown);
  }

  async #flush(): Promise<void> {
    await this.#channel.flush();
    if (this.awaits) this.#arm();
  }

  #arm(): void {
    this.#channel.deadline.arm("reply", this.#options.timeout ?? REPLY_MS);
  }

  async #hear(): Promise<LiveReply | undefined> {
    let assembler: ReplyAssembler | undefined;
    const whole: string[] = [];
    while (true) {
      const line = await this.#channel.readLine();
      if (line === null) {
        this.close();
        return undefined;
      }
      // What is asked for may be known only when the answer comes: somebody was listening before.
      assembler ??= assemblerOf(this.#protocol, this.#course);
      let heard: HeardReply | undefined;
      try {
        heard = assembler.add(line);
      } catch (error) {
        throw this.#channel.kill(error);
      }
      whole.push(line.text);
      if (heard !== undefined) return this.#answered(heard, whole);
    }
  }

  #answered(heard: HeardReply, lines: readonly string[]): LiveReply {
    const { code } = heard;
    const { verb } = this.#course.asked ?? {};
    this.#greeted = true;
    this.#tlsDue = (verb === "STARTTLS" && code === 220) || (verb === "STLS" && code === "+OK");
    this.#course.answer(heard, { code, lines: heard.lines.map(({ text }) => text) });
    if (this.awaits) this.#arm();
    else this.#channel.deadline.disarm();
    return { code, lines };
  }
}

/**
 * What puts the lines of the next reply together.
 *
 * @param protocol What is spoken.
 * @param course What was asked.
 */
export function assemblerOf(protocol: DialogueProtocol, { multiline }: Course): ReplyAssembler {
  return protocol === "pop3" ? new Pop3Assembler(multiline, MAX_SENT_OCTETS) : new SmtpAssembler();
}

function goesOn(reply: LiveReply | undefined): boolean {
  return reply?.code === 334 || reply?.code === "+";
}
