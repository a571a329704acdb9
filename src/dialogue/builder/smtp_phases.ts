/**
 * The calls of SMTP and LMTP in each phase.
 *
 * @module
 */

import type { AgreeingText } from "./captures.ts";
import type {
  BatchPhase,
  DialogueLogin,
  Next,
  PasswordMechanism,
  ProgramFamily,
  ProgramPhase,
  ProgramState,
  RunlessProgram,
  RunnableProgram,
  Taking,
} from "./program_types.ts";
import type {
  AnytimeVerbs,
  BatchLooping,
  BatchVerb,
  CapabilityVerb,
  CommandVerb,
  Looping,
  ReplyVerbs,
  ResetVerb,
} from "./program_verbs.ts";

/** A code of SMTP, or a class of codes. */
export type SmtpExpectation = number | "2xx" | "3xx" | "4xx" | "5xx";

/** Codes and what each means for the program: the value is the outcome of the run. */
export interface SmtpOutcomes {
  /** A text or a list is none of these. */
  readonly length?: never;
  /** A code. */
  readonly [code: number]: string;
  /** Any other success. */
  readonly "2xx"?: string;
  /** Any other question. */
  readonly "3xx"?: string;
  /** Any other failure for now. */
  readonly "4xx"?: string;
  /** Any other failure for good. */
  readonly "5xx"?: string;
}

/** What is said of a reply of SMTP. */
export type SmtpReplyVerbs<
  F extends ProgramFamily,
  P extends ProgramPhase,
  S extends ProgramState,
> = ReplyVerbs<F, P, S, SmtpExpectation, SmtpOutcomes>;

/** The commands that are good in any phase. */
export interface SmtpCommandVerbs<
  F extends ProgramFamily,
  P extends ProgramPhase,
  S extends ProgramState,
> extends CommandVerb<F, P, S> {
  /**
   * NOOP.
   *
   * @returns The program with it.
   */
  noop(): Next<F, P, S>;
  /**
   * VRFY.
   *
   * @param who The user or mailbox.
   * @returns The program with it.
   */
  vrfy<const T extends string>(who: T & AgreeingText<S["captures"], T>): Next<F, P, Taking<S, T>>;
  /**
   * EXPN.
   *
   * @param list The list.
   * @returns The program with it.
   */
  expn<const T extends string>(
    list: T & AgreeingText<S["captures"], T>,
  ): Next<F, P, Taking<S, T>>;
  /**
   * HELP.
   *
   * @param topic What about.
   * @returns The program with it.
   */
  help<const T extends string>(
    topic?: T & AgreeingText<S["captures"], T>,
  ): Next<F, P, Taking<S, T>>;
  /**
   * QUIT.
   *
   * @returns The program with it.
   */
  quit(): Next<F, P, S>;
}

/** What is good in any phase of SMTP. */
export interface SmtpAnytime<
  F extends ProgramFamily,
  P extends ProgramPhase,
  S extends ProgramState,
> extends
  RunnableProgram<P, S>,
  SmtpReplyVerbs<F, P, S>,
  SmtpCommandVerbs<F, P, S>,
  AnytimeVerbs<F, P, S>,
  Looping<F, P, S> {}

/** EHLO and HELO. */
export interface SmtpHelloVerbs<F extends ProgramFamily, S extends ProgramState> {
  /**
   * EHLO.
   *
   * @param name Our name.
   * @returns The program after it.
   */
  ehlo<const T extends string>(
    name: T & AgreeingText<S["captures"], T>,
  ): Next<F, "ready", Taking<S, T>>;
  /**
   * HELO.
   *
   * @param name Our name.
   * @returns The program after it.
   */
  helo<const T extends string>(
    name: T & AgreeingText<S["captures"], T>,
  ): Next<F, "ready", Taking<S, T>>;
}

/** LHLO. */
export interface LmtpHelloVerbs<F extends ProgramFamily, S extends ProgramState> {
  /**
   * LHLO.
   *
   * @param name Our name.
   * @returns The program after it.
   */
  lhlo<const T extends string>(
    name: T & AgreeingText<S["captures"], T>,
  ): Next<F, "ready", Taking<S, T>>;
}

/** How a session begins. */
export type HelloVerbs<F extends ProgramFamily, S extends ProgramState> = S["protocol"] extends
  "lmtp" ? LmtpHelloVerbs<F, S>
  : SmtpHelloVerbs<F, S>;

/** MAIL. */
export interface MailVerb<
  F extends ProgramFamily,
  Mail extends ProgramPhase,
  S extends ProgramState,
> {
  /**
   * MAIL FROM.
   *
   * @param from The address; `null` for none.
   * @param parameters Words behind it, as `SIZE=1000`.
   * @returns The program after it.
   */
  mail<const T extends string>(
    from: (T & AgreeingText<S["captures"], T>) | null,
    ...parameters: readonly (T & AgreeingText<S["captures"], T>)[]
  ): Next<F, Mail, Taking<S, T>>;
}

/** RCPT. */
export interface RcptVerb<
  F extends ProgramFamily,
  Rcpt extends ProgramPhase,
  S extends ProgramState,
> {
  /**
   * RCPT TO.
   *
   * @param to The address.
   * @param parameters Words behind it, as `NOTIFY=NEVER`.
   * @returns The program after it.
   */
  rcpt<const T extends string>(
    to: T & AgreeingText<S["captures"], T>,
    ...parameters: readonly (T & AgreeingText<S["captures"], T>)[]
  ): Next<F, Rcpt, Taking<S, T>>;
}

/** DATA with its content. */
export interface DataVerb<
  F extends ProgramFamily,
  Sent extends ProgramPhase,
  S extends ProgramState,
> {
  /**
   * DATA: waits for 354, sends the content with its dots doubled, and the last dot. In a batch the
   * content is sent if a recipient was taken; if none was, the last dot alone.
   *
   * @param content The content, as it is, or as text in UTF-8.
   * @returns The program after it.
   * @throws {SyntaxError} If NUL is in it.
   */
  data(content: string | Uint8Array): Next<F, Sent, S>;
}

/** BDAT. */
export interface ChunkVerb<
  F extends ProgramFamily,
  Sent extends ProgramPhase,
  More extends ProgramPhase,
  S extends ProgramState,
> {
  /**
   * BDAT with the last chunk.
   *
   * @param chunk The octets, or a text in UTF-8.
   * @param options That it is the last one.
   * @returns The program after the message.
   */
  bdat(
    chunk: string | Uint8Array,
    options: { readonly last: true },
  ): Next<F, Sent, S>;
  /**
   * BDAT with a chunk after which more will come.
   *
   * @param chunk The octets, or a text in UTF-8.
   * @param options That it is not the last one.
   * @returns The program between two chunks.
   */
  bdat(
    chunk: string | Uint8Array,
    options?: { readonly last?: false },
  ): Next<F, More, S>;
}

/** After EHLO. */
export interface SmtpReady<F extends ProgramFamily, S extends ProgramState>
  extends
    SmtpAnytime<F, "ready", S>,
    CapabilityVerb<F, "ready", S>,
    MailVerb<F, "mail", S>,
    ResetVerb<F, "ready", S>,
    BatchVerb<F, "batch ready", S> {
  /**
   * STARTTLS and, if the reply is positive, TLS.
   *
   * @returns The program after it: what was said before is forgotten, so that EHLO comes again.
   */
  startTls(): Next<F, "hello", S>;
  /**
   * AUTH, whatever its mechanism needs.
   *
   * @param mechanism The mechanism.
   * @param login User and password.
   * @returns The program after it.
   */
  auth(mechanism: PasswordMechanism, login: DialogueLogin): Next<F, "ready", S>;
}

/** After MAIL. */
export interface SmtpMail<F extends ProgramFamily, S extends ProgramState>
  extends
    SmtpAnytime<F, "mail", S>,
    RcptVerb<F, "rcpt", S>,
    ResetVerb<F, "ready", S>,
    BatchVerb<F, "batch mail", S> {}

/** After RCPT. */
export interface SmtpRcpt<F extends ProgramFamily, S extends ProgramState>
  extends
    SmtpAnytime<F, "rcpt", S>,
    RcptVerb<F, "rcpt", S>,
    DataVerb<F, "ready", S>,
    ChunkVerb<F, "ready", "chunks", S>,
    ResetVerb<F, "ready", S>,
    BatchVerb<F, "batch rcpt", S> {}

/** Between the chunks of a message. */
export interface SmtpChunks<F extends ProgramFamily, S extends ProgramState>
  extends
    SmtpAnytime<F, "chunks", S>,
    ChunkVerb<F, "ready", "chunks", S>,
    ResetVerb<F, "ready", S> {}

/** What is good in any phase of a batch. */
export interface BatchAnytime<F extends ProgramFamily, P extends BatchPhase, S extends ProgramState>
  extends
    RunlessProgram<P, S>,
    SmtpReplyVerbs<F, P, S>,
    SmtpCommandVerbs<F, P, S>,
    BatchLooping<F, P, S> {}

/** In a batch, after EHLO. */
export interface BatchReady<F extends ProgramFamily, S extends ProgramState>
  extends
    BatchAnytime<F, "batch ready", S>,
    MailVerb<F, "batch mail", S>,
    ResetVerb<F, "batch ready", S> {}

/** In a batch, after MAIL. */
export interface BatchMail<F extends ProgramFamily, S extends ProgramState>
  extends
    BatchAnytime<F, "batch mail", S>,
    RcptVerb<F, "batch rcpt", S>,
    ResetVerb<F, "batch ready", S> {}

/** In a batch, after RCPT. */
export interface BatchRcpt<F extends ProgramFamily, S extends ProgramState>
  extends
    BatchAnytime<F, "batch rcpt", S>,
    RcptVerb<F, "batch rcpt", S>,
    DataVerb<F, "batch sent", S>,
    ChunkVerb<F, "batch ready", "batch chunks", S>,
    ResetVerb<F, "batch ready", S> {}

/** In a batch, between the chunks of a message. */
export interface BatchChunks<F extends ProgramFamily, S extends ProgramState>
  extends
    BatchAnytime<F, "batch chunks", S>,
    ChunkVerb<F, "batch ready", "batch chunks", S>,
    ResetVerb<F, "batch ready", S> {}

/** In a batch, after the content. */
export interface BatchSent<F extends ProgramFamily, S extends ProgramState>
  extends RunlessProgram<"batch sent", S>, SmtpReplyVerbs<F, "batch sent", S> {}
