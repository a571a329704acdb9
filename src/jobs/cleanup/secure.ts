/**
 * What comes before a mark: this session has shown the very octets that are durable in an archive, and
 * they are those of the plan.
 *
 * @module
 */

import { type ParsedHeader, parseHeaderBlock, Sha256 } from "../../message/mod.ts";
import type { MsgNo, Pop3Message, Pop3Session } from "../../pop3/mod.ts";
import { ProtocolError, WireError } from "../../wire/mod.ts";
import type { ArchivedCopy } from "./archive.ts";
import type { BoundItem } from "./bind_items.ts";
import { type CleanupRun, retrieveRemoves } from "./cleanup_run.ts";
import type { ArchivedEvent } from "./journal_event.ts";
import { dayOf } from "./message_age.ts";
import { MessageIntake, type TakenMessage } from "./message_intake.ts";
import type { PlanItem } from "./plan.ts";
import { recheckItem } from "./recheck.ts";
import { RestoredMail } from "./restored_mail.ts";

/** A message that was retrieved. */
interface Retrieved {
  readonly bound: BoundItem;
  readonly taken: TakenMessage;
  /** SHA-256 of its octets, where no archive counts it. */
  readonly sha256?: string;
  /** Its copy, which is durable behind the next barrier. */
  readonly copy?: ArchivedCopy;
  /** Whether it is what the plan removes. */
  readonly removable: boolean;
}

/** Where the octets of a message go. */
interface Drain {
  write(octets: Uint8Array): Promise<void> | void;
  finish(): Promise<Pick<Retrieved, "copy" | "sha256">>;
  abort(): Promise<void>;
}

/** Secures messages in one session. */
export class Securing {
  readonly #run: CleanupRun;
  readonly #session: Pop3Session;
  readonly #risky: boolean;
  readonly #restored: RestoredMail;
  readonly #progress = { done: 0, total: 0, octets: 0, totalOctets: 0 };
  #current: PlanItem | undefined;
  #exposed = false;
  #refused = false;

  /** Takes the session. */
  constructor(run: CleanupRun, session: Pop3Session) {
    this.#run = run;
    this.#session = session;
    this.#risky = retrieveRemoves(session, run.limits);
    this.#restored = new RestoredMail(run.journal.state);
  }

  /** The message that is being retrieved: if the session is lost now, it may be to blame. */
  get current(): PlanItem | undefined {
    return this.#current;
  }

  /** Whether a message was retrieved that QUIT may remove, marked or not. */
  get exposed(): boolean {
    return this.#exposed;
  }

  /** Whether the server has refused so often that nothing more was asked. */
  get refused(): boolean {
    return this.#refused;
  }

  /**
   * Secures messages.
   *
   * @param chunk The messages.
   * @returns Those that may be marked in this session. All others are booked, or were not tried.
   */
  async secure(chunk: readonly BoundItem[]): Promise<readonly BoundItem[]> {
    const wanted = chunk.filter((bound) => this.#mayBeRetrieved(bound));
    const [known, unknown] = parted(wanted, (bound) => this.#knownCopy(bound) !== undefined);
    const confirmed = await this.#confirm(known);
    const fresh = inOrder([...unknown, ...known.filter((bound) => !confirmed.seen.has(bound))]);
    this.#progress.total = fresh.length;
    this.#progress.totalOctets = fresh.reduce((sum, { item }) => sum + item.size, 0);
    const ready = [...confirmed.ready];
    for (const group of this.#groups(fresh)) {
      if (this.#refused) break;
      ready.push(...await this.#retrieve(group));
    }
    return inOrder(ready);
  }

  /** Where RETR may remove, nothing is retrieved that would not be archived (T-P16). */
  #mayBeRetrieved({ item }: BoundItem): boolean {
    if (!this.#risky || isArchive(item.archive)) return true;
    this.#run.book.keep(item, "archive-required");
    return false;
  }

  #knownCopy({ item, alike }: BoundItem): ArchivedCopy | undefined {
    const event = this.#run.journal.state.archivedAs(item.uid);
    const isSame = event !== undefined && event.size === item.size &&
      event.headerHash === item.headerHash && event.copy.archive === item.archive;
    // Of two messages with one unique-id each has to show its own octets (T-P06).
    return isSame && alike === 1 ? event.copy : undefined;
  }

  /** Makes sure of what an earlier session has archived: copy, size, unique-id and header (T-C03). */
  async #confirm(
    known: readonly BoundItem[],
  ): Promise<{ readonly seen: ReadonlySet<BoundItem>; readonly ready: readonly BoundItem[] }> {
    const { archives, book, policy, clock } = this.#run;
    const byNumber = new Map<MsgNo, { readonly bound: BoundItem; readonly copy: ArchivedCopy }>();
    for (const bound of known) {
      const copy = this.#knownCopy(bound);
      const whole = copy !== undefined && await archives.verify(copy);
      if (whole) byNumber.set(bound.no, { bound, copy });
    }
    const seen = new Set<BoundItem>();
    const ready: BoundItem[] = [];
    for await (const result of this.#session.top(byNumber.keys(), 0)) {
      this.#run.signal?.throwIfAborted();
      const asked = byNumber.get(result.no);
      if (asked === undefined || !result.ok || !result.value.complete) continue;
      const { bound, bound: { item }, copy } = asked;
      if (hashOf(result.value.header) !== item.headerHash) continue;
      seen.add(bound);
      book.archived(item, copy, false);
      const header = parseHeaderBlock(result.value.header);
      const message = { header, size: copy.bytes, firstSeenMs: this.#run.firstSeen(item.uid) };
      const against = recheckItem(policy, item, { message, nowMs: clock.now() });
      if (this.#restored.has(header)) book.keep(item, "restored");
      else if (against !== undefined) book.keep(item, "recheck", `rule "${against}"`);
      else ready.push(bound);
    }
    return { seen, ready };
  }

  *#groups(fresh: readonly BoundItem[]): Generator<readonly BoundItem[]> {
    const { groupMessages, groupOctets } = this.#run.limits;
    const most = this.#risky ? 1 : groupMessages;
    let group: BoundItem[] = [];
    let octets = 0;
    for (const bound of fresh) {
      const full = group.length >= most || octets + bound.item.size > groupOctets;
      if (full && group.length > 0) {
        yield group;
        group = [];
        octets = 0;
      }
      group.push(bound);
      octets += bound.item.size;
    }
    if (group.length > 0) yield group;
  }

  /** Retrieves a group of messages, and makes their copies durable. */
  async #retrieve(group: readonly BoundItem[]): Promise<readonly BoundItem[]> {
    const { journal, signal, book } = this.#run;
    const retrieved: Retrieved[] = [];
    if (this.#risky) {
      const events = group.map(({ item: { uid } }) => ({ event: "retrieving", uid }) as const);
      await journal.record(...events);
      this.#exposed = true;
    }
    try {
      const byNumber = new Map(group.map((bound) => [bound.no, bound]));
      this.#current = group[0]?.item;
      for await (const result of this.#session.retrieve(byNumber.keys())) {
        signal?.throwIfAborted();
        const bound = byNumber.get(result.no);
        if (bound === undefined) continue;
        this.#current = bound.item;
        if (result.ok) retrieved.push(await this.#take(bound, result.value));
        else if (result.reply === undefined) this.#refused = true;
        else book.keep(bound.item, "refused", `${result.reply}`);
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
      const opened = drain = await this.#drain(item, header);
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

  async #drain({ archive }: PlanItem, header: ParsedHeader): Promise<Drain> {
    if (!isArchive(archive)) {
      const sum = new Sha256();
      return {
        write: (octets) => void sum.update(octets),
        finish: () => Promise.resolve({ sha256: sum.digest().toHex() }),
        abort: () => Promise.resolve(),
      };
    }
    const { archives, policy: { age }, clock } = this.#run;
    const writer = await archives.get(archive).begin(dayOf(header, age, clock.now()));
    return {
      write: (octets) => writer.write(octets),
      finish: async () => ({ copy: await writer.finish() }),
      abort: () => writer.abort(),
    };
  }

  /** Whether a message that was read as a whole is still what the plan removes. */
  #isRemovable(item: PlanItem, taken: TakenMessage): boolean {
    const { policy, clock, book, firstSeen } = this.#run;
    const { header, headerHash, bodyHash, bytes } = taken;
    if (headerHash !== item.headerHash) return false; // #distrust tells why
    const message = { header, size: bytes, firstSeenMs: firstSeen(item.uid) };
    const against = recheckItem(policy, item, { message, nowMs: clock.now() });
    if (this.#restored.has(header, bodyHash)) book.keep(item, "restored");
    else if (against !== undefined) book.keep(item, "recheck", `rule "${against}"`);
    return !book.isSettled(item);
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
    const others = retrieved.filter(({ bound, taken }) =>
      taken.headerHash !== bound.item.headerHash
    );
    const byNumber = new Map(others.map(({ bound }) => [bound.no, bound.item]));
    for await (const result of this.#session.top(byNumber.keys(), 0)) {
      const item = byNumber.get(result.no);
      if (item === undefined) continue;
      if (!result.ok || hashOf(result.value.header) !== item.headerHash) {
        this.#run.book.keep(item, "changed", "its header is another one");
        continue;
      }
      this.#current = item;
      throw new ProtocolError(
        `Cannot trust message ${result.no}: RETR gave another header than TOP`,
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
        const copy = await firstOf(copies, (each) => archives.verify(each));
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

/** Whether the place where an item goes is an archive of the policy. */
function isArchive(name: string): boolean {
  return name !== "index-only" && name !== "none";
}

function hashOf(octets: Uint8Array): string {
  return new Sha256().update(octets).digest().toHex();
}

function inOrder(bound: readonly BoundItem[]): BoundItem[] {
  return bound.toSorted((one, other) => one.no.value - other.no.value);
}

function parted<T>(all: readonly T[], test: (each: T) => boolean): readonly [T[], T[]] {
  return [all.filter(test), all.filter((each) => !test(each))];
}

async function firstOf<T>(
  all: readonly T[],
  test: (each: T) => Promise<boolean>,
): Promise<T | undefined> {
  for (const each of all) if (await test(each)) return each;
  return undefined;
}
