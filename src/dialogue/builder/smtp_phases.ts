/**
 * The calls of SMTP and LMTP in each phase.
 *
 * @module
 */

import type { AgreeingText } from "./captures.ts";
import type { BatchPhase, PhaseAfterBatch, ProgramAt, ProgramPhase } from "./phases.ts";
import type {
  AnyProgram,
  AnytimeVerbs,
  DialogueLogin,
  Ending,
  Looping,
  OneMoreTurn,
  PasswordMechanism,
  ProgramState,
  ReplySettings,
  RunlessProgram,
  RunnableProgram,
  StateOf,
  Taking,
} from "./program_types.ts";

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
export interface SmtpReplyVerbs<P extends ProgramPhase, S extends ProgramState>
  extends ReplySettings<P, S> {
  /**
   * Says what the reply before must be. After content for several recipients of LMTP, and after octets,
   * once for each reply. After `data` it is about the reply to the content, or about a refusal of DATA.
   *
   * @param code The code, or several.
   * @param text How its text begins; its holes are captured.
   * @returns The program with it.
   */
  expect<const T extends string>(
    code: SmtpExpectation | readonly SmtpExpectation[],
    text?: T & AgreeingText<S["captures"], T>,
  ): ProgramAt<P, Taking<S, T>>;
  /**
   * Names what each reply means: `{ 235: "ok", 535: "badPassword" }`.
   *
   * @param outcomes The names by code; the result has the one that came.
   * @param text How its text begins; its holes are captured.
   * @returns The program with it.
   */
  expect<const M extends SmtpOutcomes, const T extends string>(
    outcomes: M,
    text?: T & AgreeingText<S["captures"], T>,
  ): ProgramAt<P, Taking<Ending<S, Extract<M[keyof M], string>>, T>>;
  /**
   * Says what the reply before should be: another one is noted as a failure, and the run goes on.
   *
   * @param code The code, or several.
   * @param text How its text begins; its holes are captured.
   * @returns The program with it.
   */
  soft<const T extends string>(
    code: SmtpExpectation | readonly SmtpExpectation[],
    text?: T & AgreeingText<S["captures"], T>,
  ): ProgramAt<P, Taking<S, T>>;
}

/** The commands that are good in any phase. */
export interface SmtpCommandVerbs<P extends ProgramPhase, S extends ProgramState> {
  /**
   * Sends one line as a command.
   *
   * @param line The line; its holes are filled with what was captured, or their samples.
   * @returns The program with it, in the same phase whatever the command.
   */
  command<const T extends string>(
    line: T & AgreeingText<S["captures"], T>,
  ): ProgramAt<P, Taking<S, T>>;
  /**
   * NOOP.
   *
   * @returns The program with it.
   */
  noop(): ProgramAt<P, S>;
  /**
   * VRFY.
   *
   * @param who The user or mailbox.
   * @returns The program with it.
   */
  vrfy<const T extends string>(who: T & AgreeingText<S["captures"], T>): ProgramAt<P, Taking<S, T>>;
  /**
   * EXPN.
   *
   * @param list The list.
   * @returns The program with it.
   */
  expn<const T extends string>(
    list: T & AgreeingText<S["captures"], T>,
  ): ProgramAt<P, Taking<S, T>>;
  /**
   * HELP.
   *
   * @param topic What about.
   * @returns The program with it.
   */
  help<const T extends string>(
    topic?: T & AgreeingText<S["captures"], T>,
  ): ProgramAt<P, Taking<S, T>>;
  /**
   * QUIT.
   *
   * @returns The program with it.
   */
  quit(): ProgramAt<P, S>;
}

/** What is good in any phase of SMTP. */
export interface SmtpAnytime<P extends ProgramPhase, S extends ProgramState>
  extends
    RunnableProgram<P, S>,
    SmtpReplyVerbs<P, S>,
    SmtpCommandVerbs<P, S>,
    AnytimeVerbs<P, S>,
    Looping<P, S> {}

/** EHLO and HELO. */
export interface SmtpHelloVerbs<S extends ProgramState> {
  /**
   * EHLO.
   *
   * @param name Our name.
   * @returns The program after it.
   */
  ehlo<const T extends string>(
    name: T & AgreeingText<S["captures"], T>,
  ): ProgramAt<"ready", Taking<S, T>>;
  /**
   * HELO.
   *
   * @param name Our name.
   * @returns The program after it.
   */
  helo<const T extends string>(
    name: T & AgreeingText<S["captures"], T>,
  ): ProgramAt<"ready", Taking<S, T>>;
}

/** LHLO. */
export interface LmtpHelloVerbs<S extends ProgramState> {
  /**
   * LHLO.
   *
   * @param name Our name.
   * @returns The program after it.
   */
  lhlo<const T extends string>(
    name: T & AgreeingText<S["captures"], T>,
  ): ProgramAt<"ready", Taking<S, T>>;
}

/** How a session begins. */
export type HelloVerbs<S extends ProgramState> = S["protocol"] extends "lmtp" ? LmtpHelloVerbs<S>
  : SmtpHelloVerbs<S>;

/** MAIL. */
export interface MailVerb<Mail extends ProgramPhase, S extends ProgramState> {
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
  ): ProgramAt<Mail, Taking<S, T>>;
}

/** RCPT. */
export interface RcptVerb<Rcpt extends ProgramPhase, S extends ProgramState> {
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
  ): ProgramAt<Rcpt, Taking<S, T>>;
}

/** DATA with its content. */
export interface DataVerb<Sent extends ProgramPhase, S extends ProgramState> {
  /**
   * DATA: waits for 354, sends the content with its dots doubled, and the last dot. In a batch the
   * content is sent if a recipient was taken; if none was, the last dot alone.
   *
   * @param content The content, as it is, or as text in UTF-8.
   * @returns The program after it.
   * @throws {SyntaxError} If NUL is in it.
   */
  data(content: string | Uint8Array): ProgramAt<Sent, S>;
}

/** BDAT. */
export interface ChunkVerb<
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
  ): ProgramAt<Sent, S>;
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
  ): ProgramAt<More, S>;
}

/** RSET. */
export interface ResetVerb<Ready extends ProgramPhase, S extends ProgramState> {
  /**
   * RSET.
   *
   * @returns The program after it.
   */
  rset(): ProgramAt<Ready, S>;
}

/** What is offered. */
export interface CapabilityVerb<P extends ProgramPhase, S extends ProgramState> {
  /**
   * Says what the reply before must offer, and what not.
   *
   * @param wanted `has`: keywords with parameters, whose holes are captured. `not`: keywords, with
   * parameters or without.
   * @returns The program with it.
   */
  caps<const T extends string>(
    wanted: {
      readonly has?: readonly (T & AgreeingText<S["captures"], T>)[];
      readonly not?: readonly string[];
    },
  ): ProgramAt<P, Taking<S, T>>;
}

/** Several commands in one write. */
export interface BatchVerb<P extends BatchPhase, S extends ProgramState> {
  /**
   * Sends several commands in one write and hears the replies after it (RFC 2920). No hole is bound in
   * a loop inside of it.
   *
   * @param group Adds the commands, each with what its reply must be.
   * @returns The program after it.
   * @throws {RangeError} If a content stands behind many recipients who may be refused or not.
   * @throws {TypeError} If it gives another program than the one it was given.
   */
  batch<N extends AnyProgram & { readonly phase: BatchPhase }>(
    group: (program: ProgramAt<P, S>) => N,
  ): ProgramAt<PhaseAfterBatch[N["phase"]], StateOf<N>>;
}

/** After EHLO. */
export interface SmtpReady<S extends ProgramState>
  extends
    SmtpAnytime<"ready", S>,
    CapabilityVerb<"ready", S>,
    MailVerb<"mail", S>,
    ResetVerb<"ready", S>,
    BatchVerb<"batch ready", S> {
  /**
   * STARTTLS and, if the reply is positive, TLS.
   *
   * @returns The program after it: what was said before is forgotten, so that EHLO comes again.
   */
  startTls(): ProgramAt<"hello", S>;
  /**
   * AUTH, whatever its mechanism needs.
   *
   * @param mechanism The mechanism.
   * @param login User and password.
   * @returns The program after it.
   */
  auth(mechanism: PasswordMechanism, login: DialogueLogin): ProgramAt<"ready", S>;
}

/** After MAIL. */
export interface SmtpMail<S extends ProgramState>
  extends
    SmtpAnytime<"mail", S>,
    RcptVerb<"rcpt", S>,
    ResetVerb<"ready", S>,
    BatchVerb<"batch mail", S> {}

/** After RCPT. */
export interface SmtpRcpt<S extends ProgramState>
  extends
    SmtpAnytime<"rcpt", S>,
    RcptVerb<"rcpt", S>,
    DataVerb<"ready", S>,
    ChunkVerb<"ready", "chunks", S>,
    ResetVerb<"ready", S>,
    BatchVerb<"batch rcpt", S> {}

/** Between the chunks of a message. */
export interface SmtpChunks<S extends ProgramState>
  extends SmtpAnytime<"chunks", S>, ChunkVerb<"ready", "chunks", S>, ResetVerb<"ready", S> {}

/** Loops in a batch. */
export interface BatchLooping<P extends BatchPhase, S extends ProgramState> {
  /**
   * Says the same for each item, in the one write. No hole is bound in it.
   *
   * @param items The items, at least one.
   * @param turn Adds the calls of one turn.
   * @returns The program after the last turn.
   * @throws {RangeError} If there is no item.
   * @throws {TypeError} If a turn binds a hole.
   */
  each<T, N extends AnyProgram>(
    items: readonly T[],
    turn: (program: ProgramAt<P, S>, item: T, index: number) => N & OneMoreBatchTurn<P, S, N>,
  ): ProgramAt<N["phase"], StateOf<N>>;
}

/** Anything for a turn that binds no hole and after which another one can follow. */
export type OneMoreBatchTurn<P extends BatchPhase, S extends ProgramState, N extends AnyProgram> =
  & OneMoreTurn<P, N>
  & (keyof N["captures"] extends keyof S["captures"] ? unknown : never);

/** What is good in any phase of a batch. */
export interface BatchAnytime<P extends BatchPhase, S extends ProgramState>
  extends RunlessProgram<P, S>, SmtpReplyVerbs<P, S>, SmtpCommandVerbs<P, S>, BatchLooping<P, S> {}

/** In a batch, after EHLO. */
export interface BatchReady<S extends ProgramState>
  extends BatchAnytime<"batch ready", S>, MailVerb<"batch mail", S>, ResetVerb<"batch ready", S> {}

/** In a batch, after MAIL. */
export interface BatchMail<S extends ProgramState>
  extends BatchAnytime<"batch mail", S>, RcptVerb<"batch rcpt", S>, ResetVerb<"batch ready", S> {}

/** In a batch, after RCPT. */
export interface BatchRcpt<S extends ProgramState>
  extends
    BatchAnytime<"batch rcpt", S>,
    RcptVerb<"batch rcpt", S>,
    DataVerb<"batch sent", S>,
    ChunkVerb<"batch ready", "batch chunks", S>,
    ResetVerb<"batch ready", S> {}

/** In a batch, between the chunks of a message. */
export interface BatchChunks<S extends ProgramState>
  extends
    BatchAnytime<"batch chunks", S>,
    ChunkVerb<"batch ready", "batch chunks", S>,
    ResetVerb<"batch ready", S> {}

/** In a batch, after the content. */
export interface BatchSent<S extends ProgramState>
  extends RunlessProgram<"batch sent", S>, SmtpReplyVerbs<"batch sent", S> {}
