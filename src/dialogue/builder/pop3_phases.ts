/**
 * The calls of POP3 in each phase.
 *
 * @module
 */

import type { AgreeingText } from "./captures.ts";
import type {
  DialogueLogin,
  DialogueSecret,
  Live,
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

/** An indicator of POP3. */
export type Pop3Expectation = "+OK" | "-ERR";

/** Indicators and what each means for the program: the value is the outcome of the run. */
export type Pop3Outcomes = {
  readonly [
    /** What an indicator means. */
    indicator in Pop3Expectation
  ]?: string;
};

/** A message of the maildrop. */
export interface MessageChoice {
  /** Its number in this session. */
  readonly number: number;
  /** Its size in octets. */
  readonly size: number;
}

/** What is said of a reply of POP3. */
export type Pop3ReplyVerbs<
  F extends ProgramFamily,
  P extends ProgramPhase,
  S extends ProgramState,
> = ReplyVerbs<F, P, S, Pop3Expectation, Pop3Outcomes>;

/** What is good in any phase of POP3, QUIT apart. */
export interface Pop3Anytime<
  F extends ProgramFamily,
  P extends ProgramPhase,
  S extends ProgramState,
> extends
  RunnableProgram<P, S>,
  Pop3ReplyVerbs<F, P, S>,
  CommandVerb<F, P, S>,
  AnytimeVerbs<F, P, S>,
  Looping<F, P, S> {}

/** QUIT, and what the server offers. */
export interface Pop3OpenVerbs<
  F extends ProgramFamily,
  P extends ProgramPhase,
  S extends ProgramState,
> extends CapabilityVerb<F, P, S> {
  /**
   * CAPA.
   *
   * @returns The program with it.
   */
  capa(): Next<F, P, S>;
  /**
   * QUIT.
   *
   * @returns The program after it.
   */
  quit(): Next<F, "closed", S>;
}

/** Before the login. */
export interface Pop3Authorization<F extends ProgramFamily, S extends ProgramState>
  extends Pop3Anytime<F, "authorization", S>, Pop3OpenVerbs<F, "authorization", S> {
  /**
   * STLS and, if the reply is positive, TLS.
   *
   * @returns The program after it.
   */
  startTls(): Next<F, "authorization", S>;
  /**
   * USER: the first half of a login.
   *
   * @param name The user.
   * @returns The program with it.
   */
  user<const T extends string>(
    name: T & AgreeingText<S["captures"], T>,
  ): Next<F, "authorization", Taking<S, T>>;
  /**
   * PASS: the second half of a login.
   *
   * @param password The password.
   * @returns The program after it.
   */
  pass(password: DialogueSecret): Next<F, "transaction", S>;
  /**
   * APOP: a login by a digest of the greeting's stamp.
   *
   * @param login User and password, and the hole that took the stamp.
   * @returns The program after it.
   */
  apop(
    login: DialogueLogin & { readonly stamp: keyof S["captures"] & string },
  ): Next<F, "transaction", S>;
  /**
   * AUTH, whatever its mechanism needs.
   *
   * @param mechanism The mechanism.
   * @param login User and password.
   * @returns The program after it.
   */
  auth(mechanism: PasswordMechanism, login: DialogueLogin): Next<F, "transaction", S>;
}

/** The commands on a maildrop. */
export interface MaildropVerbs<
  F extends ProgramFamily,
  P extends ProgramPhase,
  S extends ProgramState,
> extends ResetVerb<F, P, S> {
  /**
   * STAT.
   *
   * @returns The program with it.
   */
  stat(): Next<F, P, S>;
  /**
   * LIST.
   *
   * @param number One message; all of them without it.
   * @returns The program with it.
   */
  list(number?: number): Next<F, P, S>;
  /**
   * UIDL.
   *
   * @param number One message; all of them without it.
   * @returns The program with it.
   */
  uidl(number?: number): Next<F, P, S>;
  /**
   * RETR.
   *
   * @param number The message.
   * @returns The program with it.
   */
  retr(number: number): Next<F, P, S>;
  /**
   * TOP.
   *
   * @param number The message.
   * @param lines How many lines of its body.
   * @returns The program with it.
   */
  top(number: number, lines: number): Next<F, P, S>;
  /**
   * DELE. Nothing is deleted before QUIT.
   *
   * @param number The message.
   * @returns The program with it.
   */
  dele(number: number): Next<F, P, S>;
  /**
   * NOOP.
   *
   * @returns The program with it.
   */
  noop(): Next<F, P, S>;
  /**
   * Says which lines the reply before has: after LIST, UIDL, RETR, TOP or CAPA.
   *
   * @param lines The lines, whose holes are captured.
   * @returns The program with it.
   */
  lines<const T extends string>(
    lines: readonly (T & AgreeingText<S["captures"], T>)[],
  ): Next<F, P, Taking<S, T>>;
}

/** After the login. */
export interface Pop3Transaction<F extends ProgramFamily, S extends ProgramState>
  extends
    Pop3Anytime<F, "transaction", S>,
    Pop3OpenVerbs<F, "transaction", S>,
    MaildropVerbs<F, "transaction", S>,
    BatchVerb<F, "batch transaction", S> {
  /**
   * LIST, and DELE for each message that is chosen. The program is no text any more.
   *
   * @param choose Says for each message whether it stays. What it throws ends the run.
   * @returns The program with it.
   */
  eachMessage(
    choose: (message: MessageChoice) => "keep" | "dele" | Promise<"keep" | "dele">,
  ): Next<F, "transaction", Live<S>>;
}

/** After QUIT. */
export interface Pop3Closed<F extends ProgramFamily, S extends ProgramState>
  extends Pop3Anytime<F, "closed", S> {}

/** In a batch, after the login. */
export interface Pop3Batch<F extends ProgramFamily, S extends ProgramState>
  extends
    RunlessProgram<"batch transaction", S>,
    Pop3ReplyVerbs<F, "batch transaction", S>,
    CommandVerb<F, "batch transaction", S>,
    MaildropVerbs<F, "batch transaction", S>,
    BatchLooping<F, "batch transaction", S> {}
