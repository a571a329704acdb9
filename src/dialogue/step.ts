/**
 * The one form behind text, builder, importers and recordings: a dialogue as plain data. It can be
 * written as JSON (bytes as base64) and read back the same.
 *
 * @module
 */

/** The end that opened the connection (`C`), or the one that accepted it (`S`). */
export type End = "C" | "S";

/** Which protocol a dialogue speaks. */
export type DialogueProtocol = "smtp" | "lmtp" | "pop3";

/** Where something stands in a file. Lines and columns begin with 1; columns count characters. */
export interface Position {
  /** The file, as it was named; `""` for what was not read from one. */
  readonly file: string;
  /** The line. */
  readonly line: number;
  /** The column. */
  readonly column: number;
}

/** How strictly `S:` lines are compared, the loosest first. */
export type ReplyLevel = "class" | "code" | "enhanced" | "text" | "bytes";

/** How strictly `C:` lines are compared, the loosest first. */
export type CommandLevel = "verb" | "args" | "text" | "bytes";

/** How strictly lines are compared. */
export interface Match {
  /** What the server says. @default {"code"} */
  readonly server: ReplyLevel;
  /** What the client says. @default {"args"} */
  readonly client: CommandLevel;
}

/** A value that is encoded into a line, and decoded from it. */
export type Codec =
  /** Base64 of a value. */
  | { readonly codec: "b64"; readonly name: string }
  /** The one answer of SASL PLAIN. */
  | { readonly codec: "plain"; readonly user: string; readonly secret: string }
  /** The one answer of XOAUTH2. */
  | { readonly codec: "xoauth2"; readonly user: string; readonly secret: string }
  /** The answer of CRAM-MD5 to a challenge that was captured. */
  | {
    readonly codec: "cram";
    readonly challenge: string;
    readonly user: string;
    readonly secret: string;
  }
  /** The digest of APOP over a stamp that was captured. */
  | { readonly codec: "apop"; readonly stamp: string; readonly secret: string }
  /** How many octets the next bytes step has. */
  | { readonly codec: "len" }
  /** A text, several times. */
  | { readonly codec: "repeat"; readonly count: number; readonly text: string };

/** A piece of a line. */
export type TemplatePart =
  | { readonly kind: "text"; readonly text: string }
  /** A hole that binds its name, or must agree with it. `int`: digits only. */
  | {
    readonly kind: "hole";
    readonly name: string;
    readonly int: boolean;
    readonly sample?: string;
  }
  /** A hole that fits anything and keeps nothing: `${_}`. */
  | { readonly kind: "any"; readonly sample?: string }
  | { readonly kind: "codec"; readonly value: Codec; readonly sample?: string };

/** A line with holes. Neighbouring texts are one part, and no part is an empty text. */
export type Template = readonly TemplatePart[];

/**
 * The code of a reply: `250`, a class as `2xx`, or one of several. POP3: `+OK`, `-ERR` or `+`. Further
 * lines of a POP3 reply have none.
 */
export type CodePattern = readonly string[];

/** One line of a reply. */
export type ReplyLine =
  /**
   * A written line (`S:`), or one that may be missing (`S?`). `more`: a hyphen follows the code; in
   * POP3, on the first line: a body was written, even an empty one. Its last line, the lone dot, is
   * not one of the lines. `text`: nothing if nothing follows the code.
   */
  | {
    readonly kind: "line";
    readonly at: Position;
    readonly optional: boolean;
    readonly code: CodePattern;
    readonly more: boolean;
    readonly text?: Template;
  }
  /** A line that fits a pattern (`S~`). */
  | {
    readonly kind: "pattern";
    readonly at: Position;
    readonly pattern: string;
    readonly sample?: string;
  }
  /** Any further lines (`S*`). */
  | { readonly kind: "rest"; readonly at: Position };

/** What every step has. */
export interface StepBase {
  /** Where it stands. */
  readonly at: Position;
  /** Its name in reports (`@step label=x`). */
  readonly label?: string;
  /** Its time limit, in milliseconds (`@step within=T`). */
  readonly within?: number;
  /** How strictly it is compared (`@step match=L`). */
  readonly match?: ReplyLevel | CommandLevel;
  /** Whether the run goes on after it failed (`@step soft`). */
  readonly soft?: boolean;
  /** How long after the step before it came, in milliseconds, when it was recorded (`#+12ms`). */
  readonly after?: number;
}

/** One line and CRLF. `content`: inside a message, as it is on the wire, the lone dot included. */
export interface LineStep extends StepBase {
  /** Which step it is. */
  readonly kind: "line";
  /** The end whose it is. */
  readonly end: End;
  /** What is said. */
  readonly template: Template;
  /** Whether it stands in a message. */
  readonly content: boolean;
}

/** One whole reply. */
export interface ReplyStep extends StepBase {
  /** Which step it is. */
  readonly kind: "reply";
  /** The end whose it is. */
  readonly end: End;
  /** Its lines. */
  readonly lines: readonly ReplyLine[];
  /** Keywords and texts that must not be in it (`S!`). */
  readonly forbid: readonly string[];
}

/** Any content lines before the lone dot (`C*`). */
export interface ContentStep extends StepBase {
  /** Which step it is. */
  readonly kind: "content";
  /** The end whose it is. */
  readonly end: End;
}

/**
 * Octets, or those of a file; its path is relative to the folder of the dialogue. `stuffed`: line
 * ends become CRLF, and leading dots are doubled.
 */
export interface BytesStep extends StepBase {
  /** Which step it is. */
  readonly kind: "bytes";
  /** The end whose it is. */
  readonly end: End;
  /** The octets, or their file. */
  readonly from: Uint8Array<ArrayBuffer> | { readonly path: string };
  /** Whether line ends and dots are made right. */
  readonly stuffed: boolean;
}

/** A whole SASL exchange but its last reply. */
export interface AuthStep extends StepBase {
  /** Which step it is. */
  readonly kind: "auth";
  /** The SASL mechanism. */
  readonly mechanism: string;
  /** The name of the hole with the user. */
  readonly user: string;
  /** The name of the secret. */
  readonly secret: string;
}

/** What happens to the connection at both ends: TLS begins, or the roles are exchanged. */
export interface EventStep extends StepBase {
  /** Which step it is. */
  readonly kind: "tls" | "turn";
}

/** What one end does to the connection. */
export interface ConnectionStep extends StepBase {
  /** Which step it is. */
  readonly kind: "open" | "close" | "drop";
  /** The end whose it is. */
  readonly end: End;
}

/**
 * Time passes. `pause`: the end waits before it goes on; `silence`: it says nothing for that long;
 * `delay`: it waits so long before each write from here on.
 */
export interface TimeStep extends StepBase {
  /** Which step it is. */
  readonly kind: "pause" | "silence" | "delay";
  /** The end whose it is. */
  readonly end: End;
  /** How long, in milliseconds. */
  readonly ms: number;
}

/** An end writes at most so many octets at once from here on; 0: as it likes. */
export interface ChunkStep extends StepBase {
  /** Which step it is. */
  readonly kind: "chunk";
  /** The end whose it is. */
  readonly end: End;
  /** How many octets at most. */
  readonly size: number;
}

/** The name of the arm that ran (`@outcome`). */
export interface OutcomeStep extends StepBase {
  /** Which step it is. */
  readonly kind: "outcome";
  /** Its name. */
  readonly name: string;
}

/** A part that runs several times (`@repeat`, `@each`), only if offered (`@when`), or one of many. */
export type BlockStep =
  & StepBase
  & { readonly kind: "block" }
  & (
    | { readonly how: "repeat"; readonly count: number; readonly arms: readonly [readonly Step[]] }
    | {
      readonly how: "each";
      readonly name: string;
      readonly values: readonly string[];
      readonly arms: readonly [readonly Step[]];
    }
    | {
      readonly how: "when";
      readonly capability: string;
      readonly arms: readonly [readonly Step[]];
    }
    | { readonly how: "alt"; readonly arms: readonly (readonly Step[])[] }
  );

/** A step of a dialogue. */
export type Step =
  | LineStep
  | ReplyStep
  | ContentStep
  | BytesStep
  | AuthStep
  | EventStep
  | ConnectionStep
  | TimeStep
  | ChunkStep
  | OutcomeStep
  | BlockStep;

/** A secret that a dialogue needs. Its value is never in it, only a sample for the other end. */
export interface SecretDeclaration {
  /** Its name. */
  readonly name: string;
  /** What self-play and a server take for it. */
  readonly sample?: string;
}

/** An override of a whole server (`@on`): what it does instead when a command comes. */
export interface OnRule {
  /** Where it stands. */
  readonly at: Position;
  /** The verb; `CONNECT` for the greeting, `.` for the end of content. */
  readonly verb: string;
  /** What the rest of the line must fit. */
  readonly pattern?: string;
  /** How often it acts; always if it is missing. */
  readonly times?: number;
  /** What the server does. */
  readonly action:
    | { readonly kind: "reply"; readonly text: string }
    | { readonly kind: "drop" | "close" | "silence" }
    | { readonly kind: "delay"; readonly ms: number };
}

/** A mail session, written down. */
export interface Dialogue {
  /** The form of this value. */
  readonly schema: "mailwright-dialogue/1";
  /** What is spoken. */
  readonly protocol: DialogueProtocol;
  /** Its name in reports. */
  readonly name: string;
  /** Holes that are bound from the beginning. */
  readonly vars: Readonly<Record<string, string>>;
  /** The secrets it needs. */
  readonly secrets: readonly SecretDeclaration[];
  /** How strictly lines are compared. */
  readonly match: Match;
  /** The time limit for each reply, in milliseconds; the engine's if it is missing. */
  readonly timeout?: number;
  /** Where that was written. */
  readonly timeoutAt?: Position;
  /** Capabilities without which it is skipped. */
  readonly require: readonly string[];
  /** Whether it begins inside a session. */
  readonly fragment: boolean;
  /** What is said. */
  readonly steps: readonly Step[];
  /** Overrides of a whole server. */
  readonly on: readonly OnRule[];
}
