/**
 * The phases of a session: which calls there are in each, and where they lead if all goes well.
 *
 * @module
 */

import type { Pop3Authorization, Pop3Batch, Pop3Closed, Pop3Transaction } from "./pop3_phases.ts";
import type { ProgramState, TextOf } from "./program_types.ts";
import type {
  BatchChunks,
  BatchMail,
  BatchRcpt,
  BatchReady,
  BatchSent,
  HelloVerbs,
  SmtpAnytime,
  SmtpChunks,
  SmtpMail,
  SmtpRcpt,
  SmtpReady,
} from "./smtp_phases.ts";

/** The calls of each phase. */
export interface ProgramPhases<S extends ProgramState> {
  /** SMTP: nothing was said. */
  readonly greeting: SmtpAnytime<"greeting", S> & HelloVerbs<S>;
  /** SMTP: after STARTTLS. */
  readonly hello: SmtpAnytime<"hello", S> & HelloVerbs<S>;
  /** SMTP: after EHLO, and after each message. */
  readonly ready: SmtpReady<S> & HelloVerbs<S>;
  /** SMTP: after MAIL. */
  readonly mail: SmtpMail<S>;
  /** SMTP: after RCPT. */
  readonly rcpt: SmtpRcpt<S>;
  /** SMTP: between the chunks of a message. */
  readonly chunks: SmtpChunks<S>;
  /** POP3: before the login. */
  readonly authorization: Pop3Authorization<S>;
  /** POP3: after the login. */
  readonly transaction: Pop3Transaction<S>;
  /** POP3: after QUIT. */
  readonly closed: Pop3Closed<S>;
  /** In a batch, after EHLO. */
  readonly "batch ready": BatchReady<S>;
  /** In a batch, after MAIL. */
  readonly "batch mail": BatchMail<S>;
  /** In a batch, after RCPT. */
  readonly "batch rcpt": BatchRcpt<S>;
  /** In a batch, between the chunks of a message. */
  readonly "batch chunks": BatchChunks<S>;
  /** In a batch, after its last call. */
  readonly "batch sent": BatchSent<S>;
  /** In a batch of POP3, after the login. */
  readonly "batch transaction": Pop3Batch<S>;
}

/** Where a session is, as a program takes it. */
export type ProgramPhase =
  | "greeting"
  | "hello"
  | "ready"
  | "mail"
  | "rcpt"
  | "chunks"
  | "authorization"
  | "transaction"
  | "closed"
  | BatchPhase;

/** Where a session is inside of a batch. */
export type BatchPhase =
  | "batch ready"
  | "batch mail"
  | "batch rcpt"
  | "batch chunks"
  | "batch sent"
  | "batch transaction";

/** A program in a phase. */
export type ProgramAt<P extends ProgramPhase, S extends ProgramState> =
  & ProgramPhases<S>[P]
  & TextOf<P, S>;

/** Where a session is after a batch that ended in a phase. */
export interface PhaseAfterBatch {
  /** Nothing but RSET. */
  readonly "batch ready": "ready";
  /** MAIL was the last. */
  readonly "batch mail": "mail";
  /** RCPT was the last. */
  readonly "batch rcpt": "rcpt";
  /** A chunk was the last. */
  readonly "batch chunks": "chunks";
  /** The content was the last. */
  readonly "batch sent": "ready";
  /** POP3. */
  readonly "batch transaction": "transaction";
}
