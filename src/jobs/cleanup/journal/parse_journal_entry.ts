/**
 * Reading back what a cleanup has written down.
 *
 * @module
 */

import type { ArchivedCopy } from "../archive/archive.ts";
import type { CleanupExit } from "../cleanup_report.ts";
import type { JournalEntry, JournalEvent } from "./journal_event.ts";
import { fieldsIn, type Reader } from "./stored_value.ts";

const EXITS: Readonly<Record<CleanupExit, true>> = {
  done: true,
  kept: true,
  unverified: true,
  busy: true,
  archive: true,
  guard: true,
  connection: true,
  interrupted: true,
};

const READERS: Readonly<
  Record<JournalEvent["event"], (from: Reader) => Omit<JournalEvent, "event">>
> = {
  "run": (from) => ({
    run: from.text("run"),
    account: from.text("account"),
    ...from.optional("plan", () => ({ plan: from.hash("plan") })),
  }),
  "ended": (from) => ({ run: from.text("run"), exit: from.word("exit", EXITS) }),
  "snapshot": (from) => ({
    digest: from.hash("digest"),
    messages: from.count("messages"),
    came: from.texts("came"),
    left: from.texts("left"),
  }),
  "retrieving": (from) => ({ uid: from.text("uid") }),
  "archived": (from) => ({
    run: from.text("run"),
    uid: from.text("uid"),
    size: from.count("size"),
    headerHash: from.hash("headerHash"),
    copy: copyIn(from.table("copy")),
  }),
  "found": (from) => ({ copy: copyIn(from.table("copy")) }),
  "commit-intent": (from) => ({
    run: from.text("run"),
    plan: from.hash("plan"),
    marks: from.list("marks", (mark) => ({ uid: mark.text("uid"), leaves: mark.count("leaves") })),
  }),
  "committed": () => ({}),
  "partial": () => ({}),
  "unknown": () => ({}),
  "not-committed": () => ({}),
  "gone": (from) => ({ uids: from.texts("uids") }),
  "still-there": (from) => ({ uids: from.texts("uids") }),
  "gone-elsewhere": (from) => ({ uids: from.texts("uids") }),
  "careful": () => ({}),
  "restoring": (from) => ({
    sha256: from.hash("sha256"),
    bodyHash: from.hash("bodyHash"),
    ...from.optional("messageId", () => ({ messageId: from.text("messageId") })),
  }),
  "restored": (from) => ({
    sha256: from.hash("sha256"),
    outcome: from.word("outcome", {
      "accepted": true,
      "refused": true,
      "in-doubt": true,
      "exported": true,
    }),
  }),
  "released": (from) => ({ sha256s: from.texts("sha256s") }),
  "retired": (from) => ({
    by: from.text("by"),
    ...from.optional("note", () => ({ note: from.text("note") })),
    copies: from.list("copies", (copy) => ({
      sha256: copy.hash("sha256"),
      path: copy.text("path"),
      ...offsetIn(copy),
    })),
  }),
};

/**
 * Reads an entry of the journal.
 *
 * @param value The value of a line.
 * @returns The entry.
 * @throws {TypeError} If it is none.
 */
export function parseJournalEntry(value: unknown): JournalEntry {
  const from = fieldsIn(value);
  const event = from.word("event", READERS);
  // Each reader gives the fields of its own kind.
  return { event, at: from.count("at"), ...READERS[event](from) } as JournalEntry;
}

function copyIn(from: Reader): ArchivedCopy {
  return {
    archive: from.text("archive"),
    path: from.text("path"),
    sha256: from.hash("sha256"),
    bytes: from.count("bytes"),
    ...offsetIn(from),
    ...from.optional("length", () => ({ length: from.count("length") })),
  };
}

function offsetIn(from: Reader): Pick<ArchivedCopy, "offset"> | undefined {
  return from.optional("offset", () => ({ offset: from.count("offset") }));
}
