/**
 * What a conversation saw, beside its transcript and its stages.
 *
 * @module
 */

import type { Pop3Capabilities, Pop3ReplyError, Pop3Snapshot, Pop3Stat } from "../../pop3/mod.ts";
import type { Receipt } from "../../smtp/mod.ts";
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

/** What a server offers at one phase. */
export interface Offer {
  /** Keywords with their parameters. */
  readonly lines: readonly string[];
  /** The ways to log in; in POP3 with `USER` and `APOP`. */
  readonly logins: readonly string[];
  /** Whether it has a keyword, in any case. */
  has(keyword: string): boolean;
}

/** What was seen of a server of POP3 besides. */
export interface Pop3Observation {
  /** Whether the greeting has a stamp. */
  apop: boolean;
  /** What the last answer to CAPA holds; `undefined` if there was none but refusals. */
  capabilities?: Pop3Capabilities;
  /** What the listings say. */
  snapshot?: Pop3Snapshot;
  /** What STAT says, where the plan ends before there is a whole listing. */
  stat?: Pop3Stat;
  /** How many messages LIST has, there. */
  listed?: number;
  /** Why TOP was not said although it might have been. */
  untouched?: string;
  /** Why there is no listing: STAT or LIST was refused, or makes no sense. */
  unlisted?: Pop3ReplyError;
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
  readonly offered: { clear?: Offer; tls?: Offer; authenticated?: Offer };
  /** What came of the login; `text` is what the server said inside the exchange. */
  login?: { readonly used?: string; readonly ok: boolean; readonly text?: string };
  /** Why no mechanism could be used. */
  unusable?: string;
  /** What became of the message. */
  receipt?: Receipt;
  /** What was seen of a server of POP3 besides. */
  readonly pop3: Pop3Observation;
  /** What was asked for and could not be tried. */
  readonly skipped: Skipped[];
}
