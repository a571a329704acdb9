/**
 * How archived messages come back.
 *
 * @module
 */

/**
 * Which archived messages are meant: those of a run, of a unique-id, in a file or below a folder of the
 * archives, or of a digest, of which the first 8 digits are enough. An `id` is what somebody has typed:
 * the first of the four that fits.
 */
export type RestoreSelector =
  | { readonly run: string }
  | { readonly uid: string }
  | { readonly path: string }
  | { readonly sha256: string }
  | { readonly id: string };

/** An archived message that is to be sent. Its octets have been compared with their digest. */
export interface RestoredMessage {
  /** The unique-id that it had. */
  readonly uid: string;
  /** SHA-256 of its archived octets, hexadecimal. */
  readonly sha256: string;
  /** How many octets there are to send. */
  readonly bytes: number;
  /**
   * Opens its content: the fields on top, then the archived octets, unchanged. It may be opened again.
   *
   * @returns The pieces.
   */
  content(): AsyncIterable<Uint8Array>;
}

/** What became of a message that was sent. */
export interface RestoreReceipt {
  /**
   * - `accepted`: the server has taken it.
   * - `refused`: nobody has taken it.
   * - `in-doubt`: it was sent to its end, and no answer came. It is not sent again by itself.
   */
  readonly outcome: "accepted" | "refused" | "in-doubt";
  /** What the server said, or what went wrong, without secrets. */
  readonly text?: string;
}

/** Who sends a message again, for the fields on top of it (RFC 5322 section 3.6.6). */
export interface ResentBy {
  /** Who sends it: a mailbox. */
  readonly from: string;
  /** To whom: mailboxes. */
  readonly to: readonly string[];
}

/** Where archived messages go. */
export type RestoreTarget =
  | {
    /**
     * Sends a message. What it throws stands for `refused`, or for `in-doubt` if the error has a field
     * `inDoubt` that is true.
     */
    readonly send: (message: RestoredMessage) => Promise<RestoreReceipt>;
    /** The fields on top. @default None: the content goes out exactly as it came. */
    readonly resent?: ResentBy;
    /** Whether what was sent before, or may have been, is sent again. @default {false} */
    readonly again?: boolean;
  }
  | {
    /** A folder for files, each named by its digest. */
    readonly folder: string;
  };

/** What became of one archived message. */
export interface RestoredItem {
  /** The unique-id that it had. */
  readonly uid: string;
  /** SHA-256 of its octets, hexadecimal. */
  readonly sha256: string;
  /**
   * What of {@linkcode RestoreReceipt}; or
   *
   * - `exported`: it is a file in the folder.
   * - `skipped`: it was sent before, or may have been.
   * - `retired`: its copy is gone on purpose, as somebody has said.
   * - `damaged`: the archive does not have its octets any more.
   */
  readonly outcome: RestoreReceipt["outcome"] | "exported" | "skipped" | "retired" | "damaged";
  /** What the server said, or what went wrong. */
  readonly text?: string;
  /** The file. */
  readonly path?: string;
}

/** What became of archived messages that were to come back. */
export interface RestoreReport {
  /** What this is. */
  readonly schema: "mailwright-cleanup-restore/1";
  /** Whose mailbox it is. */
  readonly account: string;
  /** When it began, in ISO form. */
  readonly startedAt: string;
  /** When it ended, in ISO form. */
  readonly endedAt: string;
  /** Each message. */
  readonly items: readonly RestoredItem[];
}

/** Who says that copies are gone on purpose. */
export interface RetiredBy {
  /** Who. */
  readonly by: string;
  /** Where they are now, or why they are gone. */
  readonly note?: string;
}

/** What has come of saying that copies are gone on purpose. */
export interface RetireResult {
  /** How many are: nobody misses them any more. */
  readonly retired: number;
  /** How many are still there, and so nothing was said of them. */
  readonly there: number;
}
