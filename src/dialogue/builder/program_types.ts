/**
 * What the compiler knows of a program: what it captures, how it can end, whether it can be written.
 *
 * @module
 */

import type { Acceptor, Connection } from "../../wire/mod.ts";
import type { RunDialogueOptions, ServeDialogueOptions } from "../options.ts";
import type { DialogueReply, DialogueResult } from "../result.ts";
import type { Dialogue, DialogueProtocol, ReplyLevel } from "../step.ts";
import type { CapturedValues, Captures, CapturesWith, LoopedCaptures } from "./captures.ts";
import type { BatchPhase, ProgramAt, ProgramPhase } from "./phases.ts";

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

/** What is said of the reply before it. */
export interface ReplySettings<P extends ProgramPhase, S extends ProgramState> {
  /**
   * Sets the time limit of the reply before.
   *
   * @param time The limit.
   * @returns The program with it.
   */
  within(time: TimeText): ProgramAt<P, S>;
  /**
   * Sets how strictly the reply before is compared.
   *
   * @param level The level.
   * @returns The program with it.
   */
  match(level: ReplyLevel): ProgramAt<P, S>;
  /**
   * Names the reply before in reports.
   *
   * @param name The name.
   * @returns The program with it.
   */
  label(name: string): ProgramAt<P, S>;
}

/** What passes without a word, what is done by functions, and what can be sent as it is. */
export interface AnytimeVerbs<P extends ProgramPhase, S extends ProgramState> {
  /**
   * Sends octets as they are. No reply is expected unless `expect` follows, once for each.
   *
   * @param octets The octets, or a text in UTF-8.
   * @returns The program with them.
   */
  raw(octets: string | Uint8Array): ProgramAt<P, S>;
  /**
   * The client waits. Before anything else is said, it waits for so long before the greeting.
   *
   * @param time How long.
   * @returns The program with it.
   */
  pause(time: TimeText): ProgramAt<P, S>;
  /**
   * The server must say nothing for so long. Before anything else is said: before the greeting.
   *
   * @param time How long.
   * @returns The program with it.
   */
  silence(time: TimeText): ProgramAt<P, S>;
  /**
   * The server must close the connection.
   *
   * @returns The program with it.
   */
  expectClose(): ProgramAt<P, S>;
  /**
   * Looks at the reply before, when it was heard. The program is no text any more.
   *
   * @param look What looks. What it throws ends the run.
   * @returns The program with it.
   */
  tap(look: (reply: DialogueReply) => void | Promise<void>): ProgramAt<P, Live<S>>;
}

/** Loops. */
export interface Looping<P extends ProgramPhase, S extends ProgramState> {
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
    turn: (program: ProgramAt<P, S>, item: T, index: number) => N & OneMoreTurn<P, N>,
  ): ProgramAt<N["phase"], Looped<S, N>>;
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
