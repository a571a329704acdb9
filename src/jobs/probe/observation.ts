/**
 * What a conversation saw, beside its transcript and its stages.
 *
 * @module
 */

import type { Capabilities, Receipt } from "../../smtp/mod.ts";
import type { Failure } from "./failure.ts";
import type { Judgement } from "./judgement.ts";
import type { StageName } from "./result.ts";

/** Something that was asked for and could not be tried. */
export interface Skipped {
  /** What it would have been. */
  readonly stage: StageName;
  /** Why not. */
  readonly why: string;
}

/** What was seen so far; whoever sees it notes it here. */
export interface Observation {
  /** The server's address. */
  ip: string | null;
  /** What ended the conversation early. */
  failure?: Failure;
  /** What TLS showed. */
  judgement?: Judgement;
  /** Whether the server knows HELO only. */
  heloOnly: boolean;
  /** What is offered, by phase. */
  readonly offered: { clear?: Capabilities; tls?: Capabilities; authenticated?: Capabilities };
  /** What came of the login; `text` is what the server said inside the exchange. */
  login?: { readonly used?: string; readonly ok: boolean; readonly text?: string };
  /** Why no mechanism could be used. */
  unusable?: string;
  /** What became of the message. */
  receipt?: Receipt;
  /** What was asked for and could not be tried. */
  readonly skipped: Skipped[];
}
