/**
 * The calls that sessions of all protocols have.
 *
 * @module
 */

import type { DialogueReply } from "../result.ts";
import type { ReplyLevel } from "../step.ts";
import type { AgreeingText } from "./captures.ts";
import type {
  AnyProgram,
  BatchPhase,
  Ending,
  Live,
  Looped,
  Next,
  PhaseAfterBatch,
  ProgramFamily,
  ProgramPhase,
  ProgramState,
  StateOf,
  Taking,
  TimeText,
} from "./program_types.ts";

/** What is said of the reply before it. */
export interface ReplySettings<
  F extends ProgramFamily,
  P extends ProgramPhase,
  S extends ProgramState,
> {
  /**
   * Sets the time limit of the reply before.
   *
   * @param time The limit.
   * @returns The program with it.
   */
  within(time: TimeText): Next<F, P, S>;
  /**
   * Sets how strictly the reply before is compared.
   *
   * @param level The level.
   * @returns The program with it.
   */
  match(level: ReplyLevel): Next<F, P, S>;
  /**
   * Names the reply before in reports.
   *
   * @param name The name.
   * @returns The program with it.
   */
  label(name: string): Next<F, P, S>;
}

/** What is said of a reply, in the codes of its protocol. */
export interface ReplyVerbs<
  F extends ProgramFamily,
  P extends ProgramPhase,
  S extends ProgramState,
  Code,
  Outcomes,
> extends ReplySettings<F, P, S> {
  /**
   * Says what the reply before must be. After octets, and after content for several recipients of LMTP,
   * once for each reply. After `data` it is about the reply to the content, or about a refusal of DATA.
   *
   * @param code The code, or several; of POP3 the indicator.
   * @param text How its text begins; its holes are captured.
   * @returns The program with it.
   */
  expect<const T extends string>(
    code: Code | readonly Code[],
    text?: T & AgreeingText<S["captures"], T>,
  ): Next<F, P, Taking<S, T>>;
  /**
   * Names what each reply means: `{ 235: "ok", 535: "badPassword" }`, `{ "+OK": "ok" }`.
   *
   * @param outcomes The names by code; the result has the one that came.
   * @param text How its text begins; its holes are captured.
   * @returns The program with it.
   */
  expect<const M extends Outcomes, const T extends string>(
    outcomes: M,
    text?: T & AgreeingText<S["captures"], T>,
  ): Next<F, P, Taking<Ending<S, Extract<M[keyof M], string>>, T>>;
  /**
   * Says what the reply before should be: another one is noted as a failure, and the run goes on.
   *
   * @param code The code, or several.
   * @param text How its text begins; its holes are captured.
   * @returns The program with it.
   */
  soft<const T extends string>(
    code: Code | readonly Code[],
    text?: T & AgreeingText<S["captures"], T>,
  ): Next<F, P, Taking<S, T>>;
}

/** Any command. */
export interface CommandVerb<
  F extends ProgramFamily,
  P extends ProgramPhase,
  S extends ProgramState,
> {
  /**
   * Sends one line as a command.
   *
   * @param line The line; its holes are filled with what was captured, or their samples.
   * @returns The program with it, in the same phase whatever the command.
   */
  command<const T extends string>(
    line: T & AgreeingText<S["captures"], T>,
  ): Next<F, P, Taking<S, T>>;
}

/** What passes without a word, what is done by functions, and what can be sent as it is. */
export interface AnytimeVerbs<
  F extends ProgramFamily,
  P extends ProgramPhase,
  S extends ProgramState,
> {
  /**
   * Sends octets as they are. No reply is expected unless `expect` follows, once for each.
   *
   * @param octets The octets, or a text in UTF-8.
   * @returns The program with them.
   */
  raw(octets: string | Uint8Array): Next<F, P, S>;
  /**
   * The client waits. Before anything else is said, it waits for so long before the greeting.
   *
   * @param time How long.
   * @returns The program with it.
   */
  pause(time: TimeText): Next<F, P, S>;
  /**
   * The server must say nothing for so long. Before anything else is said: before the greeting.
   *
   * @param time How long.
   * @returns The program with it.
   */
  silence(time: TimeText): Next<F, P, S>;
  /**
   * The server must close the connection.
   *
   * @returns The program with it.
   */
  expectClose(): Next<F, P, S>;
  /**
   * Looks at the reply before, when it was heard. The program is no text any more.
   *
   * @param look What looks. What it throws ends the run.
   * @returns The program with it.
   */
  tap(look: (reply: DialogueReply) => void | Promise<void>): Next<F, P, Live<S>>;
}

/** Loops. */
export interface Looping<F extends ProgramFamily, P extends ProgramPhase, S extends ProgramState> {
  /**
   * Says the same for each item, one after the other. What holes take in a turn is local to it and
   * comes back as lists.
   *
   * @param items The items, at least one.
   * @param turn Adds the calls of one turn.
   * @returns The program after the last turn.
   * @throws {RangeError} If there is no item.
   * @throws {TypeError} If a turn gives another program than the one it was given.
   */
  each<T, N extends AnyProgram>(
    items: readonly T[],
    turn: (program: Next<F, P, S>, item: T, index: number) => N & OneMoreTurn<P, N>,
  ): Next<F, N["phase"], Looped<S, N>>;
}

/** The phases in which a turn that begins in a phase may end, so that another one can follow. */
export interface TurnEnds {
  /** Nothing was said. */
  readonly greeting: "greeting" | "hello" | "ready";
  /** After STARTTLS. */
  readonly hello: "hello" | "ready";
  /** After EHLO. */
  readonly ready: "ready";
  /** After MAIL. */
  readonly mail: "mail" | "rcpt";
  /** After RCPT. */
  readonly rcpt: "rcpt";
  /** Between chunks. */
  readonly chunks: "chunks";
  /** Before the login. */
  readonly authorization: "authorization";
  /** After the login. */
  readonly transaction: "transaction";
  /** After QUIT. */
  readonly closed: "closed";
  /** After EHLO, in a batch. */
  readonly "batch ready": "batch ready";
  /** After MAIL, in a batch. */
  readonly "batch mail": "batch mail" | "batch rcpt";
  /** After RCPT, in a batch. */
  readonly "batch rcpt": "batch rcpt";
  /** Between chunks, in a batch. */
  readonly "batch chunks": "batch chunks";
  /** After the content, which ends a batch. */
  readonly "batch sent": never;
  /** After the login, in a batch. */
  readonly "batch transaction": "batch transaction";
}

/** Anything for a turn after which another one can follow; for others nothing. */
export type OneMoreTurn<P extends ProgramPhase, N extends AnyProgram> = N["phase"] extends
  TurnEnds[P] ? unknown : never;

/** RSET. */
export interface ResetVerb<
  F extends ProgramFamily,
  Ready extends ProgramPhase,
  S extends ProgramState,
> {
  /**
   * RSET.
   *
   * @returns The program after it.
   */
  rset(): Next<F, Ready, S>;
}

/** What is offered. */
export interface CapabilityVerb<
  F extends ProgramFamily,
  P extends ProgramPhase,
  S extends ProgramState,
> {
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
  ): Next<F, P, Taking<S, T>>;
}

/** Several commands in one write. */
export interface BatchVerb<F extends ProgramFamily, P extends BatchPhase, S extends ProgramState> {
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
    group: (program: Next<F, P, S>) => N,
  ): Next<F, PhaseAfterBatch[N["phase"]], StateOf<N>>;
}

/** Loops in a batch. */
export interface BatchLooping<
  F extends ProgramFamily,
  P extends BatchPhase,
  S extends ProgramState,
> {
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
    turn: (program: Next<F, P, S>, item: T, index: number) => N & OneMoreBatchTurn<P, S, N>,
  ): Next<F, N["phase"], StateOf<N>>;
}

/** Anything for a turn that binds no hole and after which another one can follow. */
export type OneMoreBatchTurn<P extends BatchPhase, S extends ProgramState, N extends AnyProgram> =
  & OneMoreTurn<P, N>
  & (keyof N["captures"] extends keyof S["captures"] ? unknown : never);
