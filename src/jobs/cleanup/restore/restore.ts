/**
 * The way back: archived messages are sent again, or written out. The archive stays as it is.
 *
 * @module
 */

import { messageIdOf } from "../../../message/mod.ts";
import { type Clock, escapeControls } from "../../../wire/mod.ts";
import { joinPath } from "../../file_path.ts";
import type { FileStore } from "../../file_store.ts";
import type { ArchivedCopy } from "../archive/archive.ts";
import type { Archives } from "../archive/archives.ts";
import { type Archived, archivedMessages } from "./archived_messages.ts";
import type { CleanupJournal } from "../journal/cleanup_journal.ts";
import type { CleanupProgress } from "../cleanup_options.ts";
import type { RetiredMark } from "../journal/retired_copies.ts";
import type { RestoringEvent } from "../journal/journal_event.ts";
import { MessageIntake } from "../run/message_intake.ts";
import { ResentBlock } from "./resent.ts";
import type {
  RestoredItem,
  RestoredMessage,
  RestoreReceipt,
  RestoreSelector,
  RestoreTarget,
} from "./restore_options.ts";

/** What messages are restored with. */
export interface RestoreContext {
  /** What is archived. */
  readonly journal: CleanupJournal;
  /** Where it is. */
  readonly archives: Archives;
  /** The files. */
  readonly store: FileStore;
  /** The time. */
  readonly clock: Clock;
  /** Ends it between two messages. */
  readonly signal: AbortSignal | undefined;
  /** Tells how far it is. */
  readonly progress: (progress: CleanupProgress) => void;
}

type SendTarget = Extract<RestoreTarget, { readonly send: unknown }>;

/**
 * Restores archived messages.
 *
 * @param context What they are restored with.
 * @param selector Which messages.
 * @param target Where to.
 * @returns What became of each.
 */
export async function restoreMessages(
  context: RestoreContext,
  selector: RestoreSelector,
  target: RestoreTarget,
): Promise<readonly RestoredItem[]> {
  const { journal, archives, signal, progress } = context;
  const back = "send" in target ? new Sending(context, target) : new Exporting(context, target);
  const messages = archivedMessages(journal.state, selector);
  const items: RestoredItem[] = [];
  let octets = 0;
  for (const { uid, copy } of messages) {
    signal?.throwIfAborted();
    const { sha256 } = copy;
    if (back.isDone(sha256)) {
      items.push({ uid, sha256, outcome: "skipped", text: "it was sent before, or may have been" });
    } else {
      const whole = await archives.firstWhole([copy, ...journal.state.copiesOf(sha256)]);
      const done = whole === undefined
        ? lost(copy, journal.state.retired(copy))
        : await back.restore({ uid, copy: whole });
      items.push({ uid, sha256, ...done });
    }
    octets += copy.bytes;
    progress({ stage: "restore", done: items.length, total: messages.length, octets, uid });
  }
  return items;
}

/** Why a message cannot come back. */
function lost(
  { path }: ArchivedCopy,
  retired: RetiredMark | undefined,
): Pick<RestoredItem, "outcome" | "text"> {
  if (retired === undefined) {
    return { outcome: "damaged", text: `the archive does not have it any more: ${path}` };
  }
  const { by, note, atMs } = retired;
  const since = `${new Date(atMs).toISOString()}, says ${by}`;
  const where = note === undefined ? "" : `: ${note}`;
  return { outcome: "retired", text: `gone on purpose since ${since}${where}: ${path}` };
}

/** Sends messages. */
class Sending {
  readonly #context: RestoreContext;
  readonly #target: SendTarget;
  readonly #resent: ResentBlock | undefined;

  constructor(context: RestoreContext, target: SendTarget) {
    this.#context = context;
    this.#target = target;
    this.#resent = target.resent && new ResentBlock(target.resent);
  }

  /** What is in doubt is not sent again by itself: it may be there twice then. */
  isDone(sha256: string): boolean {
    const { back = false } = this.#context.journal.state.restored.get(sha256) ?? {};
    return back && !this.#target.again;
  }

  async restore({ uid, copy }: Archived): Promise<Pick<RestoredItem, "outcome" | "text">> {
    const { journal, archives, clock } = this.#context;
    const { sha256, bytes } = copy;
    const top = this.#resent?.octets(sha256, clock.now()) ?? new Uint8Array(0);
    const message: RestoredMessage = {
      uid,
      sha256,
      bytes: top.length + bytes,
      async *content() {
        if (top.length > 0) yield top;
        yield* archives.get(copy.archive).read(copy);
      },
    };
    await journal.record(await this.#mark(copy));
    const { outcome, text } = await this.#send(message);
    await journal.record({ event: "restored", sha256, outcome });
    return { outcome, ...(text !== undefined && { text }) };
  }

  async #send(message: RestoredMessage): Promise<RestoreReceipt> {
    try {
      return await this.#target.send(message);
    } catch (error) {
      // The journal has it as begun: it is in doubt.
      if (!(error instanceof Error) || this.#context.signal?.aborted) throw error;
      const doubtful = "inDoubt" in error && error.inDoubt === true;
      return { outcome: doubtful ? "in-doubt" : "refused", text: escapeControls(error.message) };
    }
  }

  /** What it will be recognised by when it is back. */
  async #mark(copy: ArchivedCopy): Promise<RestoringEvent> {
    const intake = new MessageIntake(() => Promise.resolve(() => {}));
    for await (const piece of this.#context.archives.get(copy.archive).read(copy)) {
      await intake.take(piece);
    }
    const { header, bodyHash } = await intake.end();
    const field = header.get("Message-ID");
    const messageId = field && messageIdOf(field);
    const { sha256 } = copy;
    return { event: "restoring", sha256, bodyHash, ...(messageId !== undefined && { messageId }) };
  }
}

/** Writes messages out. */
class Exporting {
  readonly #context: RestoreContext;
  readonly #folder: string;
  #made: Promise<void> | undefined;

  constructor(context: RestoreContext, { folder }: { readonly folder: string }) {
    this.#context = context;
    this.#folder = folder;
  }

  isDone(): boolean {
    return false;
  }

  async restore({ copy }: Archived): Promise<Pick<RestoredItem, "outcome" | "path">> {
    const { store, archives, journal } = this.#context;
    this.#made ??= store.makeFolder(this.#folder);
    await this.#made;
    const path = joinPath(this.#folder, `${copy.sha256}.eml`);
    const next = `${path}.new`;
    await store.remove(next); // of a run that died
    const file = await store.create(next);
    try {
      for await (const piece of archives.get(copy.archive).read(copy)) await file.write(piece);
      await file.sync();
    } finally {
      file.close();
    }
    await store.rename(next, path, { replace: true });
    await store.syncFolder(this.#folder);
    await journal.record({ event: "restored", sha256: copy.sha256, outcome: "exported" });
    return { outcome: "exported", path };
  }
}
