/**
 * How dialogues are played.
 *
 * @module
 */

import type { Secret } from "../sasl/mod.ts";
import type { Clock, Connection, DialOptions, StartTlsOptions, Target } from "../wire/mod.ts";
import type { TranscriptListener } from "../wire/mod.ts";
import type { DialogueReply, DialogueResult } from "./result.ts";
import type { Match, Step } from "./step.ts";

/** What holds for every way to play a dialogue. */
export interface PlayOptions {
  /** Holes that are bound from the beginning; they come before those of the file. @default {{}} */
  readonly vars?: Readonly<Record<string, string>>;
  /** The secrets, by their names in the dialogue. @default {{}} */
  readonly secrets?: Readonly<Record<string, Secret>>;
  /** How strictly lines are compared, instead of what the file says. */
  readonly match?: Partial<Match>;
  /** The limit for each reply and line, in milliseconds, instead of what the file says. */
  readonly timeout?: number;
  /** The limit for the whole, in milliseconds. @default {900_000} */
  readonly total?: number;
  /** Whether a failed expectation is noted and the dialogue goes on. @default {false} */
  readonly keepGoing?: boolean;
  /** Which arm of an alternative is taken where this end speaks first in it. */
  readonly outcome?: string;
  /** The most that is sent and, in one body, received, in octets. @default {67_108_864} */
  readonly maxBytes?: number;
  /** Reads the file of a `C<` or `S<` step, by its path as written. Without it such a step fails. */
  readonly readFile?: (path: string) => Promise<Uint8Array>;
  /**
   * Hears each step that was played, with all replies up to there. Steps that it gives are played
   * before the next one of the dialogue.
   */
  readonly onStep?: (
    step: Step,
    replies: readonly DialogueReply[],
  ) => readonly Step[] | undefined | Promise<readonly Step[] | undefined>;
  /** What times go by. @default {systemClock} */
  readonly clock?: Clock;
  /** Ends it: the promise rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /** Hears what is said, without secrets. */
  readonly onEvent?: TranscriptListener;
  /** Whether the promise rejects with a {@linkcode DialogueError} if it fails. @default {true} */
  readonly throwOnFailure?: boolean;
}

/** How a dialogue is played as the client. */
export interface RunDialogueOptions extends PlayOptions {
  /**
   * The server: a URL (`smtp://` `submission://` `smtps://` `lmtp://` `pop3://` `pop3s://` `unix:PATH`),
   * `host`, `host:port`, or a target. TLS from the first octet only with `smtps://` and `pop3s://` and
   * their ports; any other TLS is a step of the dialogue.
   */
  readonly to?: string | Target;
  /** A connection, instead of `to`. It is closed at the end. */
  readonly connection?: Connection;
  /** How the connection is made: trusted roots, the name in the certificate, a proxy. */
  readonly tls?: Partial<StartTlsOptions> & Pick<DialOptions, "proxy">;
  /** Whether the limits are those of RFC 5321 section 4.5.3.2. @default {false} */
  readonly patient?: boolean;
  /** Whether secrets are sent where others can read them. @default {false} */
  readonly cleartextAuth?: boolean;
  /** What EHLO says before a fragment. @default {"localhost"} */
  readonly helloName?: string;
}

/** How a dialogue is played as the server. */
export interface ServeDialogueOptions extends PlayOptions {
  /** How many connections are served. @default {1} */
  readonly sessions?: number;
  /** Whether each connection begins with TLS (`smtps`, `pop3s`); a listener brings its certificate. @default {false} */
  readonly implicitTls?: boolean;
  /** Whether what is said waits as long as it did when it was recorded. @default {false} */
  readonly timing?: boolean;
  /** Whether the lines that may be missing (`S?`) are said. @default {false} */
  readonly optional?: boolean;
  /** Whether each connection gets the next arm of an alternative. @default {false} */
  readonly rotate?: boolean;
  /** Hears each result when its connection is over. */
  readonly onResult?: (result: DialogueResult) => void;
}

/** How a dialogue is played with itself. */
export interface SelfPlayOptions
  extends Omit<ServeDialogueOptions, "sessions" | "implicitTls" | "rotate"> {
  /** The most octets that one read gives, at both ends. @default {Infinity} */
  readonly chunk?: number;
}

/** What came of a dialogue that was played with itself. */
export interface BothResults {
  /** The end that opened the connection. */
  readonly client: DialogueResult;
  /** The end that accepted it. */
  readonly server: DialogueResult;
}
