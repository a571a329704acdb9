/**
 * The phases of a session: which calls there are in each, and where they lead if all goes well.
 *
 * @module
 */

import type { Pop3Authorization, Pop3Batch, Pop3Closed, Pop3Transaction } from "./pop3_phases.ts";
import type { ProgramFamily, ProgramPhase, ProgramState, TextOf } from "./program_types.ts";
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
  readonly greeting: SmtpAnytime<Programs, "greeting", S> & HelloVerbs<Programs, S>;
  /** SMTP: after STARTTLS. */
  readonly hello: SmtpAnytime<Programs, "hello", S> & HelloVerbs<Programs, S>;
  /** SMTP: after EHLO, and after each message. */
  readonly ready: SmtpReady<Programs, S> & HelloVerbs<Programs, S>;
  /** SMTP: after MAIL. */
  readonly mail: SmtpMail<Programs, S>;
  /** SMTP: after RCPT. */
  readonly rcpt: SmtpRcpt<Programs, S>;
  /** SMTP: between the chunks of a message. */
  readonly chunks: SmtpChunks<Programs, S>;
  /** POP3: before the login. */
  readonly authorization: Pop3Authorization<Programs, S>;
  /** POP3: after the login. */
  readonly transaction: Pop3Transaction<Programs, S>;
  /** POP3: after QUIT. */
  readonly closed: Pop3Closed<Programs, S>;
  /** In a batch, after EHLO. */
  readonly "batch ready": BatchReady<Programs, S>;
  /** In a batch, after MAIL. */
  readonly "batch mail": BatchMail<Programs, S>;
  /** In a batch, after RCPT. */
  readonly "batch rcpt": BatchRcpt<Programs, S>;
  /** In a batch, between the chunks of a message. */
  readonly "batch chunks": BatchChunks<Programs, S>;
  /** In a batch, after its last call. */
  readonly "batch sent": BatchSent<Programs, S>;
  /** In a batch of POP3, after the login. */
  readonly "batch transaction": Pop3Batch<Programs, S>;
}

/** A program in a phase. */
export type ProgramAt<P extends ProgramPhase, S extends ProgramState> =
  & ProgramPhases<S>[P]
  & TextOf<P, S>;

/** The programs of all phases. */
export interface Programs extends ProgramFamily {
  /** The program of the phase and state that are asked for. */
  readonly program: this["phase"] extends infer P extends ProgramPhase
    ? this["state"] extends infer S extends ProgramState ? ProgramAt<P, S> : never
    : never;
}
