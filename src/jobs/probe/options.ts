/**
 * What a probe may be told.
 *
 * @module
 */

import type { Address } from "../../message/mod.ts";
import type { OtherParameter, Secret } from "../../smtp/mod.ts";
import type {
  ClientCertificate,
  Clock,
  Connection,
  DialOptions,
  Target,
  TranscriptEvent,
} from "../../wire/mod.ts";
import type { SeenOctets } from "./render/octets.ts";
import type {
  Finding,
  ProbeProtocol,
  SafetyClass,
  Stage,
  StageName,
  TargetResult,
  TlsVersion,
  TranscriptLine,
} from "./result.ts";

/**
 * How TLS is used.
 *
 * - `required`: STARTTLS (in POP3 STLS), or the run ends.
 * - `if-offered`: STARTTLS if it is offered, and then it must work.
 * - `opportunistic`: STARTTLS if it is offered; that it is not, or is refused, is a finding.
 * - `implicit`: from the first octet.
 * - `none`: never.
 */
export type ProbeTls = "required" | "if-offered" | "opportunistic" | "implicit" | "none";

/** How the session would be recorded in `Received:` (RFC 3848). */
export type ProtocolWord =
  | "smtp"
  | "esmtp"
  | "esmtps"
  | "esmtpa"
  | "esmtpsa"
  | "lmtp"
  | "lmtps"
  | "lmtpa"
  | "lmtpsa";

/** Who logs in. */
export interface ProbeLogin {
  /** The user name. */
  readonly user?: string | undefined;
  /** The password. */
  readonly password?: Secret | undefined;
  /** An OAuth access token. */
  readonly token?: Secret | undefined;
  /**
   * The only mechanisms to use, in this order; in POP3 also `USER` and `APOP`.
   *
   * @default All that fit, strongest first; never `APOP`.
   */
  readonly mechanisms?: readonly string[] | undefined;
  /** Goes on without a login where none is offered. @default {false} */
  readonly ifOffered?: boolean | undefined;
  /** Whether the login may go over a connection without TLS. @default {false} */
  readonly allowCleartext?: boolean | undefined;
}

/** A message that the probe writes itself. */
export interface ProbeMessage {
  /** What it is about. */
  readonly subject?: string | undefined;
  /** Its text. */
  readonly body?: string | undefined;
  /** Further header fields, `Name: value`. */
  readonly headers?: readonly string[] | undefined;
}

/** What is slow, and what ends soon. */
export interface ProbeLimits {
  /** Milliseconds from which a stage, or `total`, is a warning. */
  readonly warn?: Readonly<Record<string, number>> | undefined;
  /** Milliseconds from which a stage, or `total`, is critical. */
  readonly crit?: Readonly<Record<string, number>> | undefined;
  /** Days before the end of a certificate from which it is a warning. @default {21} */
  readonly certWarnDays?: number | undefined;
  /** Days before the end of a certificate from which it is critical. @default {7} */
  readonly certCritDays?: number | undefined;
  /** What it means if some recipients are refused, and not all. @default {"warning"} */
  readonly partial?: "warning" | "critical" | "ok" | undefined;
}

/** What happens during a run. All of it names its server. */
export type ProbeEvent =
  & { readonly host: string; readonly ip: string | null; readonly port: number | null }
  & (
    | { readonly type: "target" }
    | { readonly type: "begin"; readonly stage: StageName }
    | { readonly type: "line"; readonly number: number; readonly line: TranscriptLine }
    /** The same with the octets of content. */
    | { readonly type: "said"; readonly said: TranscriptEvent }
    /** One read or one write. The octets are valid until the listener returns. */
    | { readonly type: "octets"; readonly octets: SeenOctets }
    | { readonly type: "chain"; readonly pem: string }
    | { readonly type: "stage"; readonly stage: Stage }
    | { readonly type: "finding"; readonly finding: Finding }
    | { readonly type: "end"; readonly result: TargetResult }
  );

/** What a probe may be told. Whatever is absent is not done. */
export interface ProbeOptions {
  /** How far it may go. @default `login` with `login` or `to`, else `safe`. */
  readonly class?: SafetyClass | undefined;
  /** The stage to stop behind. @default {"quit"} */
  readonly stop?: StageName | undefined;
  /** Whether to say QUIT at the end, or just to close. @default {"quit"} */
  readonly leave?: "quit" | "drop" | undefined;
  /** Commands to ask before a mail: VRFY, EXPN, HELP, ETRN, NOOP, with their arguments. */
  readonly ask?: readonly string[] | undefined;
  /** The word of RFC 3848 that the session must deserve. */
  readonly protocol?: ProtocolWord | undefined;
  /** Our name in EHLO. @default The address literal of our end. */
  readonly name?: string | undefined;
  /** Keywords and mechanisms (`AUTH LOGIN`) to act without, as if they were not offered. */
  readonly without?: readonly string[] | undefined;
  /** Sends the message pipelined; in POP3, asks for all listings at once. @default {false} */
  readonly pipelining?: boolean | undefined;
  /** Sends the message by BDAT. @default {false} */
  readonly chunking?: boolean | undefined;
  /** How TLS is used. @default `implicit` where the target says so, `none` for Unix sockets, else `opportunistic`. */
  readonly tls?: ProbeTls | undefined;
  /** The name that the certificate must be for, and SNI. @default The host. */
  readonly tlsName?: string | undefined;
  /** Further trusted roots, PEM. */
  readonly caCerts?: readonly string[] | undefined;
  /** Shown if the server asks for one. */
  readonly clientCertificate?: ClientCertificate | undefined;
  /** Ends the run at a certificate that is not what it should be. @default {false} */
  readonly tlsVerify?: boolean | undefined;
  /** The versions to offer. @default Both. */
  readonly tlsVersions?: readonly TlsVersion[] | undefined;
  /** Who logs in. */
  readonly login?: ProbeLogin | undefined;
  /**
   * POP3: also asks for the header of one message by TOP, which some servers take for reading it.
   *
   * @default {false}
   */
  readonly touch?: boolean | undefined;
  /** The sender; `null` is `<>`. */
  readonly from?: Address | string | null | undefined;
  /** The recipients. */
  readonly to?: readonly (Address | string)[] | undefined;
  /** Parameters of MAIL. */
  readonly mailParameters?: readonly OtherParameter[] | undefined;
  /** Parameters of each RCPT. */
  readonly rcptParameters?: readonly OtherParameter[] | undefined;
  /** What to send in class `send`: a whole message, or what to write into one. */
  readonly message?: Uint8Array | ProbeMessage | undefined;
  /** `socks5://host:port` or `http://host:port`. */
  readonly proxy?: string | undefined;
  /** Which kind of address to use of a name. */
  readonly family?: 4 | 6 | undefined;
  /** Our own address. */
  readonly localAddress?: string | undefined;
  /** Our own port. */
  readonly localPort?: number | undefined;
  /** The limit of each wait but the one after the content, in milliseconds. @default {30_000}, connect 10 s */
  readonly timeoutMs?: number | undefined;
  /** Waits as long as RFC 5321 asks a sender to. @default {false} */
  readonly patient?: boolean | undefined;
  /** The limit of each target, in milliseconds. @default {600_000}, patient 30 min */
  readonly totalMs?: number | undefined;
  /** What is slow, and what ends soon. */
  readonly limits?: ProbeLimits | undefined;
  /** Shows what is sent during the login, secrets included. @default {false} */
  readonly reveal?: boolean | undefined;
  /** What time goes by. */
  readonly clock?: Clock | undefined;
  /** Ends the run; it then rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /** Hears what happens. */
  readonly onEvent?: ((event: ProbeEvent) => void) | undefined;
  /** Takes the place of the dialler; it is also told what will be spoken, and whether TLS is first. */
  readonly dial?:
    | ((
      target: Target,
      options: DialOptions & { readonly protocol: ProbeProtocol; readonly implicitTls: boolean },
    ) => Promise<Connection>)
    | undefined;
}
