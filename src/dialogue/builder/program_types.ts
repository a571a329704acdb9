/**
 * What the compiler knows of a program: what it captures, how it can end, whether it can be written.
 *
 * @module
 */

import type { Acceptor, Connection } from "../../wire/mod.ts";
import type { RunDialogueOptions, ServeDialogueOptions } from "../options.ts";
import type { DialogueResult } from "../result.ts";
import type { Dialogue, DialogueProtocol } from "../step.ts";
import type { CapturedValues, Captures, CapturesWith, LoopedCaptures } from "./captures.ts";

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

/** What is known of a program while it is built. */
export interface ProgramState {
  /** What is spoken. */
  readonly protocol: DialogueProtocol;
  /** What its holes take. */
  readonly captures: Captures;
  /** The names of its outcomes. */
  readonly outcome: string;
  /** Whether it can be written as text. */
  readonly serialisable: boolean;
}

/** A program of which nothing is said yet. */
export interface EmptyState<Protocol extends DialogueProtocol> {
  /** What is spoken. */
  readonly protocol: Protocol;
  /** No holes. */
  readonly captures: Readonly<Record<never, never>>;
  /** No outcome. */
  readonly outcome: never;
  /** It is text. */
  readonly serialisable: true;
}

/** A program with one more text, whose holes it takes. */
export interface Taking<S extends ProgramState, T extends string> {
  /** What is spoken. */
  readonly protocol: S["protocol"];
  /** What its holes take. */
  readonly captures: CapturesWith<S["captures"], T>;
  /** The names of its outcomes. */
  readonly outcome: S["outcome"];
  /** Whether it can be written as text. */
  readonly serialisable: S["serialisable"];
}

/** A program with more outcomes. */
export interface Ending<S extends ProgramState, O extends string> {
  /** What is spoken. */
  readonly protocol: S["protocol"];
  /** What its holes take. */
  readonly captures: S["captures"];
  /** The names of its outcomes. */
  readonly outcome: S["outcome"] | O;
  /** Whether it can be written as text. */
  readonly serialisable: S["serialisable"];
}

/** A program with a function in it, which no text can hold. */
export interface Live<S extends ProgramState> {
  /** What is spoken. */
  readonly protocol: S["protocol"];
  /** What its holes take. */
  readonly captures: S["captures"];
  /** The names of its outcomes. */
  readonly outcome: S["outcome"];
  /** It is no text any more. */
  readonly serialisable: false;
}

/** A program after a loop whose turns end as another. */
export interface Looped<S extends ProgramState, N extends AnyProgram> {
  /** What is spoken. */
  readonly protocol: S["protocol"];
  /** What its holes take. */
  readonly captures: LoopedCaptures<S["captures"], N["captures"]>;
  /** The names of its outcomes. */
  readonly outcome: N["outcomes"][number];
  /** Whether it can be written as text. */
  readonly serialisable: N["serialisable"];
}

/** What is known of a program from its properties. */
export interface StateOf<N extends AnyProgram> {
  /** What is spoken. */
  readonly protocol: N["protocol"];
  /** What its holes take. */
  readonly captures: N["captures"];
  /** The names of its outcomes. */
  readonly outcome: N["outcomes"][number];
  /** Whether it can be written as text. */
  readonly serialisable: N["serialisable"];
}

/** Any program, in any phase. */
export interface AnyProgram {
  /** What is spoken. */
  readonly protocol: DialogueProtocol;
  /** Where the session is, if all went well. */
  readonly phase: ProgramPhase;
  /** What its holes take, by their names. */
  readonly captures: Captures;
  /** The names of its outcomes. */
  readonly outcomes: readonly string[];
  /** Whether it can be written as text: no function is in it. */
  readonly serialisable: boolean;
}

/** How a program is run. */
export interface RunProgramOptions extends RunDialogueOptions {
  /** Whether the messages that `eachMessage` chooses are left alone. @default {false} */
  readonly dryRun?: boolean;
}

/** What came of a program, whatever it was. */
export interface ProgramResult<S extends ProgramState>
  extends Omit<DialogueResult, "vars" | "outcome"> {
  /** What the holes took, as far as it came. */
  readonly vars: Partial<CapturedValues<S["captures"]>>;
  /** The name of what came of it, if it came so far. */
  readonly outcome?: S["outcome"];
}

/** What came of a program that passed: every hole has its value. */
export interface PassedProgram<S extends ProgramState>
  extends Omit<DialogueResult, "vars" | "outcome"> {
  /** That it passed. */
  readonly status: "passed";
  /** What the holes took. */
  readonly vars: CapturedValues<S["captures"]>;
  /** The name of what came of it; none if no reply has names. */
  readonly outcome: [S["outcome"]] extends [never] ? undefined : S["outcome"];
}

/** A program and what is known of it. */
export interface RunlessProgram<P extends ProgramPhase, S extends ProgramState> extends AnyProgram {
  /** What is spoken. */
  readonly protocol: S["protocol"];
  /** Where the session is, if all went well. */
  readonly phase: P;
  /** What its holes take, by their names. */
  readonly captures: S["captures"];
  /** The names of its outcomes. */
  readonly outcomes: readonly S["outcome"][];
  /** Whether it can be written as text: no function is in it. */
  readonly serialisable: S["serialisable"];
}

/** A program that can be run. Nothing happens before that, and it can be run again. */
export interface RunnableProgram<P extends ProgramPhase, S extends ProgramState>
  extends RunlessProgram<P, S> {
  /**
   * Runs the program as the client.
   *
   * @param options The server, secrets, limits.
   * @returns What came of it.
   * @throws {DialogueError} If it fails, unless `throwOnFailure` is false.
   */
  run(options: RunProgramOptions & { readonly throwOnFailure?: true }): Promise<PassedProgram<S>>;
  /**
   * Runs the program as the client, whatever comes of it.
   *
   * @param options The server, secrets, limits.
   * @returns What came of it.
   * @throws {DialogueError} If it fails, unless `throwOnFailure` is false.
   */
  run(options: RunProgramOptions): Promise<ProgramResult<S>>;
}

/** What only a program without functions has. */
export interface SerialisableProgram<S extends ProgramState> {
  /**
   * The program as data. Its places count the calls: the greeting is in line 1.
   *
   * @returns The dialogue.
   */
  toDialogue(): Dialogue;
  /**
   * The program as text, which `parseDialogue` reads.
   *
   * @returns The text.
   * @throws {TypeError} If no text says the same, for example because a command ends in a blank.
   */
  toText(): string;
  /**
   * Plays the program as the server, once for each connection.
   *
   * @param over Something that accepts connections, or one connection.
   * @param options Secrets, limits, how many sessions.
   * @returns What came of each connection.
   * @throws {DialogueError} If one fails, unless `throwOnFailure` is false.
   */
  serve(
    over: Acceptor | Connection,
    options?: ServeDialogueOptions & { readonly throwOnFailure?: true },
  ): Promise<readonly PassedProgram<S>[]>;
  /**
   * Plays the program as the server, once for each connection, whatever comes of it.
   *
   * @param over Something that accepts connections, or one connection.
   * @param options Secrets, limits, how many sessions.
   * @returns What came of each connection.
   * @throws {DialogueError} If one fails, unless `throwOnFailure` is false.
   */
  serve(
    over: Acceptor | Connection,
    options: ServeDialogueOptions,
  ): Promise<readonly ProgramResult<S>[]>;
}

/** What a program has besides its phase: all of a text's, unless a function is in it. */
export type TextOf<P extends ProgramPhase, S extends ProgramState> = P extends BatchPhase ? unknown
  : S["serialisable"] extends true ? SerialisableProgram<S>
  : unknown;

/** A secret by its name; its value is given when the program runs. */
export interface DialogueSecret {
  /** Its name in the dialogue, and in the option `secrets`. */
  readonly name: string;
  /** What self-play and a server take for it. */
  readonly sample?: string;
}

/** A login. */
export interface DialogueLogin {
  /** Who logs in. */
  readonly user: string;
  /** The password or token. */
  readonly password: DialogueSecret;
}

/** A login by a mechanism of SASL that needs a password or a token. */
export type PasswordMechanism =
  | "PLAIN"
  | "LOGIN"
  | "CRAM-MD5"
  | "SCRAM-SHA-1"
  | "SCRAM-SHA-256"
  | "SCRAM-SHA-512"
  | "XOAUTH2"
  | "OAUTHBEARER";

/** A time as text, `150ms`, `2s` or `5m`. */
export type TimeText = `${number}${"ms" | "s" | "m"}`;

/** Programs by their phase and state: says what a call gives. The phases are the one of its kind. */
export interface ProgramFamily {
  /** The phase that is asked for. */
  readonly phase: unknown;
  /** The state that is asked for. */
  readonly state: unknown;
  /** The program that has both. */
  readonly program: unknown;
}

/** The program of a family that a call gives. */
export type Next<F extends ProgramFamily, P extends ProgramPhase, S extends ProgramState> =
  (F & { readonly phase: P; readonly state: S })["program"];
