/**
 * Messages on their way from the server into archives.
 *
 * @module
 */

import type { Pop3Message, Pop3Session } from "../../../pop3/mod.ts";
import { ProtocolError, WireError } from "../../../wire/mod.ts";
import type { BoundItem } from "./bind_items.ts";
import type { CleanupRun } from "./cleanup_run.ts";
import { headerHashOf } from "./confirm.ts";
import { type Drain, type Drained, openDrain } from "./drain.ts";
import type { ArchivedEvent } from "../journal/journal_event.ts";
import { MessageIntake, type TakenMessage } from "./message_intake.ts";
import type { PlanItem } from "../plan/plan.ts";
import { recheckItem } from "./recheck.ts";
import { RestoredMail } from "../restore/restored_mail.ts";

/** A message that was retrieved. */
interface Retrieved extends Drained {
  readonly bound: BoundItem;
  readonly taken: TakenMessage;
  /** Whether it is what the plan removes. */
  readonly removable: boolean;
}

/** What is retrieved, and where. */
export interface RetrievalOptions {
  /** All messages that this session will retrieve. */
  readonly chunk: readonly BoundItem[];
  /** Whether RETR may remove: then each copy is durable before the next message comes. */
  readonly risky: boolean;
}

/** Servers hang up after some more refusals in a row (Q16). */
const MOST_REFUSALS = 5;

/** Retrieves messages in one session. */
export class Retrieval {
  readonly #run: CleanupRun;
  readonly #session: Pop3Session;
  readonly #risky: boolean;
  readonly #restored: RestoredMail;
  readonly #progress: { done: number; octets: number; readonly total: number; totalOctets: number };
  /** The sizes of messages that cannot be told by their header. */
  readonly #sizes: ReadonlyMap<string, ReadonlySet<number>>;
  #current: PlanItem | undefined;
  #refusals = 0;

  /** Nothing is retrieved yet. */
  constructor(run: CleanupRun, session: Pop3Session, { chunk, risky }: RetrievalOptions) {
    this.#run = run;
    this.#session = session;
    this.#risky = risky;
    this.#restored = new RestoredMail(run.journal.state);
    const totalOctets = chunk.reduce((sum, { item }) => sum + item.size, 0);
    this.#progress = { done: 0, octets: 0, total: chunk.length, totalOctets };
    const alike = Map.groupBy(chunk, ({ item }) => item.headerHash);
    this.#sizes = new Map(
      [...alike].map(([hash, group]) => [hash, new Set(group.map(({ item }) => item.size))]),
    );
  }

  /** The message that is being retrieved: if the session is lost now, it may be to blame. */
  get current(): PlanItem | undefined {
    return this.#current;
  }

  /** Whether the server has refused so often that nothing more is to be asked. */
  get refused(): boolean {
    return this.#refusals > MOST_REFUSALS;
  }

  /**
   * Retrieves a group of messages, and makes their copies durable.
   *
   * @param group The messages.
   * @returns Those that may be marked.
   */
  async retrieve(group: readonly BoundItem[]): Promise<readonly BoundItem[]> {
    const { journal, signal, book } = this.#run;
    const retrieved: Retrieved[] = [];
    if (this.#risky) {
      const events = group.map(({ item: { uid } }) => ({ event: "retrieving", uid }) as const);
      await journal.record(...events);
    }
    try {
      const byNumber = new Map(group.map((bound) => [bound.no, bound]));
      this.#current = group[0]?.item;
      for await (const result of this.#session.retrieve(byNumber.keys())) {
        signal?.throwIfAborted();
        const bound = byNumber.get(result.no);
        if (bound === undefined) continue;
        this.#current = bound.item;
        this.#refusals = result.ok ? 0 : this.#refusals + 1;
        if (result.ok) retrieved.push(await this.#take(bound, result.value));
        else if (result.reply !== undefined) book.keep(bound.item, "refused", `${result.reply}`);
        this.#current = group[group.indexOf(bound) + 1]?.item;
      }
      this.#current = undefined;
    } catch (error) {
      // What came as a whole is not thrown away because the session is lost.
      if (error instanceof WireError) await this.#settle(retrieved);
      throw error;
    }
    await this.#settle(retrieved);
    await this.#distrust(retrieved);
    return await this.#removable(retrieved);
  }

  async #take(bound: BoundItem, message: Pop3Message): Promise<Retrieved> {
    const { signal, book } = this.#run;
    const { item } = bound;
    let drain: Drain | undefined;
    const intake = new MessageIntake(async (header) => {
      const opened = drain = await openDrain(this.#run, item, header);
      return (octets) => opened.write(octets);
    });
    try {
      await message.read(async (piece) => {
        signal?.throwIfAborted();
        await intake.take(piece);
        this.#tell(item, message.octets);
      });
      const taken = await intake.end();
      this.#progress.done++;
      this.#progress.octets += taken.bytes;
      this.#tell(item, 0);
      if (taken.bytes < item.size / 2) {
        book.warn(`message ${item.uid} has ${taken.bytes} octets, the server listed ${item.size}`);
      }
      const removable = this.#isRemovable(item, taken);
      if (removable || this.#risky) {
        return { bound, taken, removable, ...await drain?.finish() };
      }
      await drain?.abort();
      return { bound, taken, removable };
    } catch (error) {
      await drain?.abort();
      throw error;
    }
  }

  /** Whether a message that was read as a whole is still what the plan removes. */
  #isRemovable(item: PlanItem, taken: TakenMessage): boolean {
    const { policy, clock, book, firstSeen } = this.#run;
    const { header, bodyHash, bytes } = taken;
    if (!this.#isPlanned(item, taken)) return false; // #distrust tells why
    const message = { header, size: bytes, firstSeenMs: firstSeen(item.uid) };
    const against = recheckItem(policy, item, { message, nowMs: clock.now() });
    if (this.#restored.has(header, bodyHash)) book.keep(item, "restored");
    else if (against !== undefined) book.keep(item, "recheck", `rule "${against}"`);
    return !book.isSettled(item);
  }

  /** Whether it is the message of the plan, and not another one whose header or size it has. */
  #isPlanned({ headerHash, size }: PlanItem, taken: TakenMessage): boolean {
    if (taken.headerHash !== headerHash) return false;
    return taken.bytes === size || !this.#sizes.get(headerHash)?.has(taken.bytes);
  }

  /** Makes copies durable, and then writes down that they are. */
  async #settle(retrieved: readonly Retrieved[]): Promise<void> {
    const { archives, journal, book, runId } = this.#run;
    const events: ArchivedEvent[] = [];
    for (const { bound: { item }, copy, taken: { headerHash } } of retrieved) {
      if (copy === undefined) continue;
      const { uid, size } = item;
      events.push({ event: "archived", run: runId, uid, size, headerHash, copy });
    }
    if (events.length === 0) return;
    await archives.barrier();
    await journal.record(...events);
    for (const { bound, copy } of retrieved) {
      if (copy !== undefined) book.archived(bound.item, copy, true);
    }
  }

  /**
   * Asks for the header of what was not the message of the plan: if that is the one of the plan, the
   * answers of this session are mixed up, and nothing of it can be trusted (T-P13).
   */
  async #distrust(retrieved: readonly Retrieved[]): Promise<void> {
    const others = retrieved.filter(({ bound, taken }) => !this.#isPlanned(bound.item, taken));
    const byNumber = new Map(others.map(({ bound }) => [bound.no, bound.item]));
    for await (const result of this.#session.top(byNumber.keys(), 0)) {
      const item = byNumber.get(result.no);
      if (item === undefined) continue;
      if (!result.ok || headerHashOf(result.value.header) !== item.headerHash) {
        this.#run.book.keep(item, "changed", "its header is another one");
        continue;
      }
      this.#current = item;
      throw new ProtocolError(
        `Cannot trust message ${result.no}: RETR gave another message`,
      );
    }
  }

  async #removable(retrieved: readonly Retrieved[]): Promise<readonly BoundItem[]> {
    const { book, journal: { state }, archives } = this.#run;
    const ready: BoundItem[] = [];
    for (const { bound, removable, sha256 } of retrieved) {
      if (!removable) continue;
      const { item } = bound;
      if (item.archive === "index-only") {
        const copies = sha256 === undefined ? [] : state.copiesOf(sha256);
        const copy = await archives.firstWhole(copies);
        if (copy === undefined) {
          book.keep(item, "not-archived");
          continue;
        }
        book.archived(item, copy, false);
      }
      ready.push(bound);
    }
    return ready;
  }

  #tell({ uid }: PlanItem, octets: number): void {
    const { done, total, octets: before, totalOctets } = this.#progress;
    this.#run.progress({
      stage: "retrieve",
      done,
      total,
      octets: before + octets,
      totalOctets,
      uid,
    });
  }
}
