/**
 * How lines of a server become replies: what each protocol has of its own for the record.
 *
 * @module
 */

import type { StageName, StageReply } from "./result.ts";

/** What a reply is, apart from when and to what it was given. */
export type ReplyFacts = Pick<
  StageReply,
  "ok" | "code" | "enhanced" | "responseCode" | "text"
>;

/** What a line of a server is. */
export type Heard =
  /** A blank line where none belongs: odd, and harmless. */
  | { readonly kind: "blank" }
  /** It belongs to no reply. */
  | { readonly kind: "malformed" }
  /** Nothing was asked. */
  | { readonly kind: "unasked" }
  /** Its code is not that of the line before. */
  | { readonly kind: "mixed"; readonly refused: boolean }
  /** A part of a reply of which more is to come. */
  | { readonly kind: "part"; readonly refused: boolean }
  /** A line of a listing, of which there may be very many. */
  | { readonly kind: "row" }
  /** The end of a reply. */
  | { readonly kind: "reply"; readonly refused: boolean; readonly reply: ReplyFacts };

/** Reads the lines of one server, in their order. */
export interface ReplyReader {
  /**
   * Reads the next line.
   *
   * @param text The line.
   * @param asked What it should answer; `undefined` if nothing was asked.
   * @returns What it is.
   */
  read(
    text: string,
    asked: { readonly to: string; readonly stage: StageName | undefined } | undefined,
  ): Heard;
}
