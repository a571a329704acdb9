/**
 * What the journal tells when it is read from its begin.
 *
 * @module
 */

import type { ArchivedCopy } from "../archive/archive.ts";
import { CarefulMode } from "./careful_mode.ts";
import type { CleanupStatus, RunStatus } from "../cleanup_report.ts";
import type {
  ArchivedEvent,
  CommitEvent,
  FateEvent,
  IntentEvent,
  JournalEntry,
  SnapshotEvent,
} from "./journal_event.ts";
import { type RestoredMark, RestoredMarks } from "./restored_marks.ts";
import { RetiredCopies, type RetiredMark } from "./retired_copies.ts";

/** A message that was marked when QUIT was about to be said, and of which no listing has told since. */
export interface PendingMark {
  /** How many messages of the listing may have its unique-id if it is gone. */
  readonly leaves: number;
  /** What is known of QUIT; `undefined` if the run was cut off before it could be written down. */
  readonly outcome: "committed" | "partial" | "unknown" | undefined;
}

/** What the journal tells. Nothing in it is a message number: those end with their session. */
export class JournalState {
  #account: string | undefined;
  /** The mailbox of the last run. */
  #meant: string | undefined;
  #lastMs: number | undefined;
  #listed = false;
  /** What is about to be committed: all intents since the last answer. */
  #intents: IntentEvent[] = [];
  readonly #careful = new CarefulMode();
  readonly #runs = new Map<string, RunStatus>();
  readonly #uids = new Set<string>();
  readonly #gone = new Set<string>();
  readonly #archived = new Map<string, ArchivedEvent>();
  readonly #copies = new Map<string, ArchivedCopy[]>();
  readonly #pending = new Map<string, PendingMark>();
  readonly #retrieving = new Set<string>();
  readonly #retired = new RetiredCopies();
  readonly #restored = new RestoredMarks();

  /** Whose mailbox it is; `undefined` before a run has seen it. */
  get account(): string | undefined {
    return this.#account;
  }

  /** When something was last written down, in milliseconds since 1970. */
  get lastMs(): number | undefined {
    return this.#lastMs;
  }

  /** How many runs there were. */
  get runs(): number {
    return this.#runs.size;
  }

  /** Whether the server has broken the protocol, and not kept to it for long enough since. */
  get careful(): boolean {
    return this.#careful.runsLeft > 0;
  }

  /** What the last listing had; `undefined` if none was read. */
  get uids(): ReadonlySet<string> | undefined {
    return this.#listed ? this.#uids : undefined;
  }

  /** What a listing should have: that of the last one, without what we have probably deleted since. */
  get expectedUids(): ReadonlySet<string> | undefined {
    return this.uids?.difference(this.#pending);
  }

  /** The messages of which a listing has to tell whether they are gone. */
  get pending(): ReadonlyMap<string, PendingMark> {
    return this.#pending;
  }

  /** What was retrieved where that may remove it, and has no durable copy. */
  get retrieving(): ReadonlySet<string> {
    return this.#retrieving;
  }

  /** What was restored, by the digest of its octets. */
  get restored(): ReadonlyMap<string, RestoredMark> {
    return this.#restored.bySha256;
  }

  /** All messages that have a durable copy. */
  get archived(): Iterable<ArchivedEvent> {
    return this.#archived.values();
  }

  /** All durable copies. */
  *copies(): Generator<ArchivedCopy> {
    for (const copies of this.#copies.values()) yield* copies;
  }

  /** The durable copies of octets. */
  copiesOf(sha256: string): readonly ArchivedCopy[] {
    return this.#copies.get(sha256) ?? [];
  }

  /** What was said of a copy that is gone on purpose. */
  retired(copy: ArchivedCopy): RetiredMark | undefined {
    return this.#retired.markOf(copy);
  }

  /** The durable copy of a message. */
  archivedAs(uid: string): ArchivedEvent | undefined {
    return this.#archived.get(uid);
  }

  /** Whether we have deleted a message, as a listing has shown. */
  isGone(uid: string): boolean {
    return this.#gone.has(uid);
  }

  /** Takes what has happened next. */
  take(entry: JournalEntry): void {
    // The clock may have gone back: what counts is the latest instant that was ever seen.
    this.#lastMs = Math.max(this.#lastMs ?? 0, entry.at);
    this.#careful.take(entry);
    switch (entry.event) {
      case "run": {
        const { run: runId, plan, at } = entry;
        this.#meant = entry.account;
        this.#intents = []; // Those of a run that was cut off have no answer.
        const startedAt = new Date(at).toISOString();
        const counts = { archived: 0, intended: 0 };
        this.#runs.set(runId, { runId, ...(plan && { planId: plan }), startedAt, ...counts });
        return;
      }
      case "ended":
        return this.#change(entry.run, ({ exit: _, ...run }) => ({ ...run, exit: entry.exit }));
      case "snapshot":
        return this.#list(entry);
      case "retrieving":
        return void this.#retrieving.add(entry.uid);
      case "archived":
        this.#archived.set(entry.uid, entry);
        this.#retrieving.delete(entry.uid);
        this.#change(entry.run, (run) => ({ ...run, archived: run.archived + 1 }));
        return this.#add(entry.copy);
      case "found":
        return this.#add(entry.copy);
      case "commit-intent":
        this.#intents.push(entry);
        this.#mark(entry, undefined);
        return this.#change(entry.run, (run) => {
          return { ...run, intended: run.intended + entry.marks.length };
        });
      case "committed":
      case "partial":
      case "unknown":
      case "not-committed":
        return this.#commit(entry);
      case "gone":
      case "still-there":
      case "gone-elsewhere":
        return this.#resolve(entry);
      case "restoring":
      case "restored":
      case "released":
        return this.#restored.take(entry);
      case "retired":
        return this.#retired.take(entry);
    }
  }

  /** What people want to know. */
  status(): CleanupStatus {
    return {
      account: this.#account,
      lastAt: this.#lastMs === undefined ? undefined : isoOf(this.#lastMs),
      runs: [...this.#runs.values()],
      messages: this.#uids.size,
      unverified: [...this.#pending.keys()],
      archived: this.#archived.size,
      copies: [...this.copies()].length - this.#retired.size,
      retired: this.#retired.size,
      gone: this.#gone.size,
      restored: this.#restored.status(),
      carefulRuns: this.#careful.runsLeft,
    };
  }

  #change(runId: string, change: (run: RunStatus) => RunStatus): void {
    const run = this.#runs.get(runId);
    if (run !== undefined) this.#runs.set(runId, change(run));
  }

  #list({ came, left }: SnapshotEvent): void {
    this.#listed = true;
    this.#account ??= this.#meant; // A name that was typed wrong has no listing.
    for (const uid of left) this.#uids.delete(uid);
    for (const uid of came) {
      this.#uids.add(uid);
      this.#gone.delete(uid);
    }
  }

  #add(copy: ArchivedCopy): void {
    this.#retired.forget(copy);
    const copies = this.#copies.get(copy.sha256) ?? [];
    const isSame = ({ path, offset }: ArchivedCopy) => path === copy.path && offset === copy.offset;
    if (!copies.some(isSame)) this.#copies.set(copy.sha256, [...copies, copy]);
  }

  #mark({ marks }: IntentEvent, outcome: PendingMark["outcome"]): void {
    for (const { uid, leaves } of marks) this.#pending.set(uid, { leaves, outcome });
  }

  #commit({ event }: CommitEvent): void {
    for (const intent of this.#intents) {
      if (event !== "not-committed") this.#mark(intent, event);
      else for (const { uid } of intent.marks) this.#pending.delete(uid);
    }
    this.#intents = [];
  }

  #resolve({ event, uids }: FateEvent): void {
    for (const uid of uids) {
      this.#pending.delete(uid);
      this.#retrieving.delete(uid);
      if (event === "gone") this.#gone.add(uid);
    }
  }
}

function isoOf(ms: number): string {
  return new Date(ms).toISOString();
}
