/**
 * The verbs, and what each of them is called with.
 *
 * @module
 */

import type { FormatTarget, SecretSource } from "../../src/cli/mod.ts";
import type { DialogueDialect, DialogueMatch, DialogueProtocol } from "../../src/dialogue/mod.ts";

/** The name of the script. */
export const NAME = "dialogue";

/** The forms of a report. */
export const FORMATS = ["text", "json", "tap", "junit", "github"] as const;

/** A form of a report. */
export type ReportFormat = typeof FORMATS[number];

/** The forms that `convert` writes. */
export const FORMS = ["dialogue", "typescript", "json", "markdown"] as const;

/** A form that `convert` writes. */
export type Form = typeof FORMS[number];

/** A variable that is bound from the beginning. */
export type Variable = readonly [name: string, value: string];

/** A secret, and where it comes from. */
export type NamedSource = readonly [name: string, source: SecretSource];

/** What every verb takes. */
export interface AnyCall {
  /** Whether only the grants of this call are told. */
  readonly permissions?: boolean;
}

/** What reads files. */
export interface FileCall extends AnyCall {
  /** The folder out of which no path of a file leads. */
  readonly root?: string;
}

/** What reports results. */
export interface ReportCall {
  /** The forms, and where they go. */
  readonly format?: FormatTarget<ReportFormat>[];
  /** Short for `--format json`. */
  readonly json?: boolean;
}

/** What plays dialogues. */
export interface PlayCall extends FileCall, ReportCall {
  /** Variables. */
  readonly var?: Variable[];
  /** Secrets. */
  readonly secret?: NamedSource[];
  /** How strictly lines are compared. */
  readonly match?: Partial<DialogueMatch>;
  /** The limit of each wait, in milliseconds. */
  readonly timeout?: number;
  /** The limit of each dialogue, in milliseconds. */
  readonly total?: number;
  /** Whether a failed expectation does not end it. */
  readonly keepGoing?: boolean;
  /** The arm that is taken where this end chooses. */
  readonly outcome?: string;
  /** The dialogues whose names hold this. */
  readonly filter?: string;
  /** The most that is sent, in octets. */
  readonly maxBytes?: number;
  /** Whether what lint finds in a page is mended first. */
  readonly repair?: boolean;
}

/** What keeps what was said. */
export interface KeepCall {
  /** Where what is said is written, as lines of JSON; `-` shows it. */
  readonly transcript?: string;
  /** Where it is written as a dialogue. */
  readonly saveDialogue?: string;
  /** Whether an existing file is replaced. */
  readonly force?: boolean;
}

/** How TLS is made. */
export interface TlsCall {
  /** A file with another authority to trust. */
  readonly tlsCa?: string;
  /** The name that the certificate must be for. */
  readonly tlsName?: string;
}

/** Who a server is inside TLS. */
export interface IdentityCall {
  /** A file with its certificate. */
  readonly cert?: string;
  /** A file with its private key. */
  readonly key?: string;
}

/** `run`. */
export interface RunCall extends PlayCall, KeepCall, TlsCall {
  /** The servers, one for each protocol. */
  readonly to: string[];
  /** Whether limits are those of RFC 5321. */
  readonly patient?: boolean;
  /** How many files at the same time. */
  readonly jobs: number;
  /** Whether secrets are sent where others can read them. */
  readonly cleartextAuth?: boolean;
}

/** `serve`. */
export interface ServeCall extends PlayCall, KeepCall, IdentityCall {
  /** Where to listen. */
  readonly listen: ListenAddress;
  /** How many connections; 0 for all that come. */
  readonly sessions: number;
  /** Whether recorded times are kept. */
  readonly timing?: boolean;
  /** Whether lines that may be missing are said. */
  readonly optional?: boolean;
  /** Whether each connection gets the next arm. */
  readonly rotate?: boolean;
  /** Whether the sandbox serves, and the file's rules override it. */
  readonly over?: boolean;
}

/** An address of this machine itself. */
export interface ListenAddress {
  /** The address. */
  readonly hostname: string;
  /** The port; 0 for a free one. */
  readonly port: number;
  /** What is spoken there, if that was said. */
  readonly protocol?: DialogueProtocol;
  /** Whether everything is inside TLS. */
  readonly tls: boolean;
}

/** `record`. */
export interface RecordCall extends AnyCall, KeepCall, TlsCall, IdentityCall {
  /** The server. */
  readonly to?: string;
  /** Where to listen, and the server behind it. */
  readonly proxy?: ProxyWay;
  /** The file, or for a proxy the folder. */
  readonly output?: string;
  /** Whether times are kept. */
  readonly times?: boolean;
  /** Whether secrets are written down. */
  readonly reveal?: boolean;
  /** How many connections a proxy takes; 0 for all that come. */
  readonly sessions: number;
  /** Secrets for `.auth`. */
  readonly secret?: NamedSource[];
  /** Variables for `.auth`. */
  readonly var?: Variable[];
  /** The limit of each wait, in milliseconds. */
  readonly timeout?: number;
  /** Whether secrets are sent where others can read them. */
  readonly cleartextAuth?: boolean;
}

/** From where to where a proxy goes. */
export interface ProxyWay {
  /** Where it listens. */
  readonly listen: ListenAddress;
  /** The server. */
  readonly to: string;
}

/** `check`. */
export type CheckCall = Pick<
  PlayCall,
  "root" | "format" | "json" | "var" | "match" | "filter" | "repair"
>;

/** `dry`. */
export interface DryCall extends FileCall {
  /** Whose part it is. */
  readonly as: "client" | "server";
  /** Variables. */
  readonly var?: Variable[];
  /** The dialogues whose names hold this. */
  readonly filter?: string;
}

/** `lint`. */
export interface LintCall extends FileCall, ReportCall {
  /** Whether warnings count as errors. */
  readonly strict?: boolean;
}

/** `fmt`. */
export interface FmtCall extends FileCall {
  /** Whether files are looked at only. */
  readonly check?: boolean;
  /** Whether `@auth` and `@include` are written out. */
  readonly expand?: boolean;
  /** A transcript whose texts become those that are expected. */
  readonly promote?: string;
}

/** `convert`. */
export interface ConvertCall extends FileCall {
  /** The file or folder to write. */
  readonly output?: string;
  /** The notation that is read. */
  readonly from?: DialogueDialect;
  /** The form that is written. */
  readonly into?: Form;
  /** Whether what lint finds is mended. */
  readonly repair?: boolean;
  /** Whether names, dates and ids become holes. */
  readonly portable?: boolean;
  /** Whether what one server says for itself is left out. */
  readonly anyServer?: boolean;
  /** Whether existing files are replaced. */
  readonly force?: boolean;
}

/** Any of them, when only its grants are told. */
export type PermissionsCall =
  & Partial<
    & Omit<RunCall, "to">
    & Omit<ServeCall, "sessions">
    & Omit<RecordCall, "to" | "sessions">
    & FmtCall
    & ConvertCall
  >
  & {
    /** The verb. */
    readonly verb: string;
    /** The servers. */
    readonly to?: string | readonly string[];
    /** The transcript of `check`. */
    readonly stored?: string;
  };

/** What each verb does. */
export interface Verbs {
  /** Tells the grants of a call, in the place of what it does. */
  permissions(call: PermissionsCall, files: readonly string[]): Promise<void>;
  /** Plays the client. */
  run(call: RunCall, files: readonly string[]): Promise<void>;
  /** Plays the server. */
  serve(call: ServeCall, file: string): Promise<void>;
  /** Writes a session down. */
  record(call: RecordCall): Promise<void>;
  /** Judges a session that is over. */
  check(call: CheckCall, file: string, transcript: string): Promise<void>;
  /** Shows what would be said. */
  dry(call: DryCall, file: string): Promise<void>;
  /** Looks for mistakes. */
  lint(call: LintCall, files: readonly string[]): Promise<void>;
  /** Lays files out. */
  fmt(call: FmtCall, files: readonly string[]): Promise<void>;
  /** Writes dialogues in another form. */
  convert(call: ConvertCall, file: string): Promise<void>;
}
