/**
 * Sits between a client and its server and hears both. Octets go through as they are; TLS ends here
 * on both sides, or nothing could be heard.
 *
 * @module
 */

import {
  Channel,
  type Clock,
  type Connection,
  LineTooLongError,
  ProtocolError,
  type StartTlsOptions,
  systemClock,
  type TranscriptEvent,
  type TranscriptListener,
  WireError,
} from "../../wire/mod.ts";
import type { HeardReply, ReplyAssembler } from "../engine/heard_reply.ts";
import { MAX_LINE_OCTETS } from "../limits.ts";
import { assemblerOf } from "./live_session.ts";
import { Course } from "../engine/session_course.ts";
import { shownLine } from "../engine/shown_line.ts";
import type { DialogueProtocol, End } from "../step.ts";
import { Veil } from "./veil.ts";

/** How a session is heard. */
export interface RelayOptions {
  /** What is spoken. @default {"smtp"} */
  readonly protocol?: DialogueProtocol;
  /** What must be known for TLS with the server. */
  readonly tls: StartTlsOptions;
  /** Whether secrets stand in the transcript. @default {false} */
  readonly reveal?: boolean;
  /** What times go by. @default {systemClock} */
  readonly clock?: Clock;
  /** Ends it. */
  readonly signal?: AbortSignal | undefined;
  /** Hears what is said. */
  readonly onEvent?: TranscriptListener;
}

/**
 * Lets a client and a server talk, until one of them has had enough.
 *
 * @param client The connection that a client has opened.
 * @param server A connection to the server.
 * @param options What is spoken, and how.
 * @returns What was said, without secrets.
 * @throws {unknown} The reason of the signal, if it ends the session.
 *
 * @example Usage
 * ```ts
 * import { relaySession, runDialogue, parseDialogue, serveDialogue } from "@mailwright/mailwright/dialogue";
 * import { memoryPair } from "@mailwright/mailwright/wire";
 * import { equal } from "node:assert/strict";
 *
 * const dialogue = parseDialogue("@smtp\nS: 220 mx ready\nC: NOOP\nS: 250 ok\nC: QUIT\nS: 221 bye\n");
 * const [connection, fromClient] = memoryPair();
 * const [toServer, server] = memoryPair();
 * const [events] = await Promise.all([
 *   relaySession(fromClient, toServer, { tls: { hostname: "localhost" } }),
 *   serveDialogue(dialogue, server),
 *   runDialogue(dialogue, { connection }),
 * ]);
 * equal(events.filter(({ kind }) => kind === "line").length, 5);
 * ```
 */
export async function relaySession(
  client: Connection,
  server: Connection,
  options: RelayOptions,
): Promise<readonly TranscriptEvent[]> {
  return await new Relay(client, server, options).run();
}

/** Commands whose answers decide what the client's next octets are. */
const DECISIVE = /^(?:DATA|STARTTLS|STLS|AUTH)\b/i;
/** How much of a reply waits for its end, in octets. */
const HELD = 32 * 1024;
const LF = 10;

class Relay {
  readonly #client: Channel;
  readonly #server: Channel;
  readonly #options: RelayOptions;
  readonly #protocol: DialogueProtocol;
  readonly #course: Course;
  readonly #veil = new Veil();
  readonly #clock: Clock;
  readonly #began: number;
  readonly #events: TranscriptEvent[] = [];
  #answered = Promise.withResolvers<void>();
  #over = false;
  #tls: boolean;

  constructor(client: Connection, server: Connection, options: RelayOptions) {
    const { protocol = "smtp", clock = systemClock, signal } = options;
    const shared = { clock, signal, lineLimit: MAX_LINE_OCTETS };
    this.#client = new Channel(client, { ...shared, end: "S" });
    this.#server = new Channel(server, { ...shared, end: "C" });
    this.#options = options;
    this.#protocol = protocol;
    this.#course = new Course(protocol);
    this.#clock = clock;
    this.#began = clock.monotonic();
    this.#tls = server.security !== "clear";
  }

  async run(): Promise<readonly TranscriptEvent[]> {
    this.#hear("C", "open", "");
    const ended = await Promise.allSettled([
      this.#until(() => this.#fromClient()),
      this.#until(() => this.#fromServer()),
    ]);
    this.#hear("C", "close", "");
    this.#options.signal?.throwIfAborted();
    for (const one of ended) {
      // That a connection has ended is what both wait for.
      if (one.status === "rejected" && !(one.reason instanceof WireError)) throw one.reason;
    }
    return this.#events;
  }

  /** When one direction has ended, so has the session. */
  async #until(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } finally {
      this.#over = true;
      this.#client.close();
      this.#server.close();
      this.#wake();
    }
  }

  async #fromClient(): Promise<void> {
    const course = this.#course;
    while (true) {
      if (course.inContent || course.chunk > 0) {
        const bytes = await (course.inContent ? this.#content() : this.#chunk());
        if (bytes === undefined) return;
        this.#hear("C", "content", "", bytes);
        course.octets(bytes);
        await write(this.#server, bytes);
        continue;
      }
      const bytes = await lineOf(this.#client);
      if (bytes === undefined) return;
      const text = textOf(bytes);
      const decisive = course.inLogin || DECISIVE.test(text);
      const shown = this.#options.reveal ? text : shownLine(
        [{ shown: text, hole: false }],
        { protocol: this.#protocol, inLogin: course.inLogin },
      );
      this.#hear("C", "line", shown);
      this.#veil.hide(text, shown);
      course.command(text, shown);
      await write(this.#server, bytes);
      while (decisive && course.asked !== undefined && !this.#over) await this.#answered.promise;
    }
  }

  async #fromServer(): Promise<void> {
    const course = this.#course;
    let assembler: ReplyAssembler | undefined;
    while (true) {
      const bytes = await lineOf(this.#server);
      if (bytes === undefined) return;
      const text = textOf(bytes);
      this.#hear("S", "line", this.#veil.cover(text));
      assembler ??= assemblerOf(this.#protocol, course);
      this.#client.putContent(bytes);
      const reply = added(assembler, text);
      if (reply === undefined) {
        if (this.#client.pending > HELD) await this.#client.flush();
        continue;
      }
      assembler = undefined;
      await this.#client.flush();
      if (reply !== "unreadable") await this.#reply(reply);
      this.#wake();
    }
  }

  async #reply(heard: HeardReply): Promise<void> {
    const { verb } = this.#course.asked ?? {};
    const { code } = heard;
    this.#course.answer(heard, { code, lines: heard.lines.map(({ text }) => text) });
    const accepted = (verb === "STARTTLS" && code === 220) || (verb === "STLS" && code === "+OK");
    if (!accepted) return;
    await Promise.all([
      this.#server.startTls(this.#options.tls),
      this.#client.startTls({ hostname: "localhost" }),
    ]);
    this.#course.secured();
    this.#tls = true;
    this.#hear("C", "tls", "");
  }

  /** What has come of a message, to its end at most: whole lines. */
  async #content(): Promise<Uint8Array | undefined> {
    while (true) {
      const seen = this.#client.peek();
      let at = 0;
      for (let end = seen.indexOf(LF); end >= 0; end = seen.indexOf(LF, at)) {
        const dot = end - at === 2 && seen[at] === 46 && seen[at + 1] === 13;
        at = end + 1;
        if (dot) break;
      }
      if (at > 0) return this.#client.take(at).slice();
      if (seen.length > MAX_LINE_OCTETS) throw new LineTooLongError(MAX_LINE_OCTETS);
      if (!await this.#client.fill()) return undefined;
    }
  }

  async #chunk(): Promise<Uint8Array | undefined> {
    if (this.#client.buffered === 0 && !await this.#client.fill()) return undefined;
    return this.#client.take(this.#course.chunk).slice();
  }

  #wake(): void {
    this.#answered.resolve();
    this.#answered = Promise.withResolvers();
  }

  #hear(end: End, kind: TranscriptEvent["kind"], text: string, bytes?: Uint8Array): void {
    const event: TranscriptEvent = {
      at: this.#clock.monotonic() - this.#began,
      end,
      tls: this.#tls,
      kind,
      text,
      ...(bytes === undefined ? {} : { bytes }),
    };
    this.#events.push(event);
    this.#options.onEvent?.(event);
  }
}

/** The octets of the next line, with its end; those that are left where there is none. */
async function lineOf(channel: Channel): Promise<Uint8Array | undefined> {
  let looked = 0;
  while (true) {
    const seen = channel.peek();
    const at = seen.indexOf(LF, looked);
    if (at >= 0) return channel.take(at + 1).slice();
    looked = seen.length;
    if (looked > MAX_LINE_OCTETS) throw channel.kill(new LineTooLongError(MAX_LINE_OCTETS));
    if (!await channel.fill()) return looked === 0 ? undefined : channel.take().slice();
  }
}

async function write(channel: Channel, bytes: Uint8Array): Promise<void> {
  channel.putContent(bytes);
  await channel.flush();
}

function textOf(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes).replace(/\r?\n$/, "");
}

/** A line that belongs to no reply goes through like any other. */
function added(assembler: ReplyAssembler, text: string): HeardReply | "unreadable" | undefined {
  try {
    return assembler.add({ text, bareLf: false });
  } catch (error) {
    if (error instanceof ProtocolError) return "unreadable";
    throw error;
  }
}
