/**
 * The maildrop as one session sees it: its numbers, its sizes and what is marked in it.
 *
 * @module
 */

import { ask, type Pop3Answer } from "./answer.ts";
import { about, QUIT, RSET, STAT } from "./commands.ts";
import { Pop3ReplyError } from "./errors.ts";
import type { Exchange } from "./exchange.ts";
import {
  type ListedSize,
  type ListedUid,
  makeSnapshot,
  parseListLine,
  parseStat,
  parseUidlLine,
  type Pop3Snapshot,
  type Pop3Stat,
  readListing,
  type Refuse,
} from "./listing.ts";
import { type MsgNo, Numbering } from "./message_number.ts";
import type { CommitOutcome, RollbackOutcome } from "./outcome.ts";
import type { Pop3Reply } from "./reply.ts";

/** What one session knows of the maildrop. */
export class Maildrop {
  /** The numbers that its listings have named. */
  readonly numbers: Numbering = new Numbering();
  /** What is marked and not committed. */
  readonly marked: Set<MsgNo> = new Set();
  readonly #exchange: Exchange;
  readonly #mostEntries: number;
  readonly #sizes = new Map<MsgNo, number>();
  /** How many messages there were before any was marked: as STAT says, else as a listing does. */
  #count: { readonly by: "stat" | "listing"; readonly messages: number } | undefined;

  /**
   * A maildrop of which nothing is known.
   *
   * @param exchange Where to ask.
   * @param mostEntries How many messages a listing may have.
   */
  constructor(exchange: Exchange, mostEntries: number) {
    this.#exchange = exchange;
    this.#mostEntries = mostEntries;
  }

  /** The size of a message as it was listed. */
  size(no: MsgNo): number | undefined {
    return this.#sizes.get(no);
  }

  /** STAT; `sent` if only its answer is due. */
  stat(sent: boolean = false): Promise<Pop3Answer<Pop3Stat>> {
    return ask(this.#exchange, STAT, (rest, refuse) => {
      const stat = parseStat(rest, refuse);
      this.#count = { by: "stat", messages: stat.count + this.marked.size };
      return stat;
    }, sent);
  }

  /** LIST; `sent` if only its answer is due. */
  list(sent: boolean = false): Promise<Pop3Answer<readonly ListedSize[]>> {
    return ask(this.#exchange, about("LIST"), async (_, refuse) => {
      const rows = await this.#rows("LIST", parseListLine, refuse);
      for (const { no, size } of rows) this.#sizes.set(no, size);
      return rows;
    }, sent);
  }

  /** UIDL; `sent` if only its answer is due. */
  uidl(sent: boolean = false): Promise<Pop3Answer<readonly ListedUid[]>> {
    const command = about("UIDL");
    return ask(
      this.#exchange,
      command,
      (_, refuse) => this.#rows(command.verb, parseUidlLine, refuse),
      sent,
    );
  }

  /** LIST about one message. */
  sizeOf(no: MsgNo): Promise<Pop3Answer<ListedSize>> {
    return ask(this.#exchange, about("LIST", no.value), (rest, refuse) => {
      const { value, size } = parseListLine(rest, refuse);
      checkSame(no, value, refuse);
      this.#sizes.set(no, size);
      return { no, size };
    });
  }

  /** UIDL about one message. */
  uidOf(no: MsgNo): Promise<Pop3Answer<ListedUid>> {
    return ask(this.#exchange, about("UIDL", no.value), (rest, refuse) => {
      const { value, uid } = parseUidlLine(rest, refuse);
      checkSame(no, value, refuse);
      return { no, uid };
    });
  }

  /**
   * STAT, LIST and UIDL together.
   *
   * @param inOneFlight Whether all three may go out in one write.
   * @returns The snapshot.
   * @throws {Pop3ReplyError} If STAT or LIST is refused or makes no sense.
   */
  async snapshot(inOneFlight: boolean): Promise<Pop3Snapshot> {
    if (inOneFlight) await this.#exchange.send(STAT, about("LIST"), about("UIDL"));
    // All three answers are read before anything is made of them, or the next one would be lost.
    const stat = await this.stat(inOneFlight);
    const sizes = await this.list(inOneFlight);
    const uids = await this.uidl(inOneFlight);
    if (!stat.ok) throw stat.error;
    if (!sizes.ok) throw sizes.error;
    return await makeSnapshot(stat.value, sizes.value, uids.ok ? uids.value : uids.error);
  }

  /** RSET. */
  async rset(): Promise<Pop3Reply> {
    const reply = await this.#exchange.say(RSET);
    if (reply.ok) this.marked.clear();
    return reply;
  }

  /**
   * STAT and QUIT.
   *
   * @param beforeQuit What to do between them.
   * @returns What became of the marked messages.
   */
  async commit(beforeQuit?: () => void | Promise<void>): Promise<CommitOutcome> {
    const marked = [...this.marked];
    try {
      await this.#checkMarks();
      await beforeQuit?.();
      this.#exchange.quiet();
    } catch (cause) {
      const { reply } = await this.rollback();
      const last = cause instanceof Pop3ReplyError ? cause.reply : reply;
      return { kind: "not-committed", marked, ...(last && { reply: last }), cause };
    }
    try {
      // From the first octet of QUIT on, only its answer can tell (RFC 1939 section 6).
      const reply = await this.#exchange.say(QUIT);
      return { kind: reply.ok ? "committed" : "partial", marked, reply };
    } catch (cause) {
      return { kind: "unknown", marked, cause };
    } finally {
      this.marked.clear();
    }
  }

  /** Refuses marks that the server does not have: STAT does not count what is marked. */
  async #checkMarks(): Promise<void> {
    const before = this.#count?.messages;
    if (this.marked.size === 0 || before === undefined) return;
    const stat = await ask(this.#exchange, STAT, (rest, refuse) => {
      const { count } = parseStat(rest, refuse);
      if (count === before - this.marked.size) return;
      throw refuse(`it has ${count} messages, where ${this.marked.size} of ${before} are marked`);
    });
    if (!stat.ok) throw stat.error;
  }

  /**
   * RSET and, if that is accepted, QUIT.
   *
   * @returns What became of the marks.
   */
  async rollback(): Promise<RollbackOutcome> {
    const marked = [...this.marked];
    let reply: Pop3Reply | undefined;
    try {
      reply = await this.rset();
      if (reply.ok) await this.#exchange.say(QUIT);
      return { kind: reply.ok ? "rolled-back" : "closed", marked, reply };
    } catch (cause) {
      // After an accepted RSET nothing is marked, whatever becomes of QUIT.
      if (reply?.ok) return { kind: "rolled-back", marked, reply };
      return { kind: "closed", marked, cause };
    } finally {
      this.marked.clear();
    }
  }

  async #rows<R extends { readonly value: number }>(
    verb: string,
    parse: (text: string, refuse: Refuse) => R,
    refuse: Refuse,
  ): Promise<readonly (Omit<R, "value"> & { readonly no: MsgNo })[]> {
    const lines = await this.#exchange.lines(verb, this.#mostEntries);
    const rows = readListing(lines, this.numbers, parse, refuse);
    if (this.#count?.by !== "stat") {
      this.#count = { by: "listing", messages: rows.length + this.marked.size };
    }
    return rows;
  }
}

function checkSame(no: MsgNo, value: number, refuse: Refuse): void {
  if (value !== no.value) throw refuse(`it is about message ${value}`);
}
