/**
 * What a probe found, as data: `mailwright-probe/1`. Every output is a rendering of it.
 *
 * Fields may be added; none is renamed without a new schema number. What is not known is absent.
 *
 * @module
 */

/** Ok (and info) < warning < unknown < critical. */
export type Status = "ok" | "warning" | "critical" | "unknown";

/** How much a finding weighs. */
export type Severity = "info" | "warning" | "critical" | "unknown";

/**
 * What a probe may do.
 *
 * - `safe`: connect, EHLO or CAPA, TLS, and MAIL in the clear to see whether TLS is required.
 * - `login`: also a login with given credentials, and RCPT for given recipients; no message. A
 *   maildrop is listed, and nothing in it is read or marked.
 * - `send`: also one message.
 */
export type SafetyClass = "safe" | "login" | "send";

/** What is spoken. */
export type ProbeProtocol = "smtp" | "lmtp" | "pop3";

/** The stages of SMTP and LMTP, in order; `ehlo` is LHLO in LMTP. */
export type MailStage =
  | "tcp"
  | "banner"
  | "ehlo"
  | "clear"
  | "starttls"
  | "tls"
  | "ehlo2"
  | "auth"
  | "ehlo3"
  | "ask"
  | "mail"
  | "rcpt"
  | "data"
  | "dot"
  | "quit";

/** The stages of POP3, in order. */
export type MaildropStage =
  | "tcp"
  | "banner"
  | "capa"
  | "stls"
  | "tls"
  | "capa2"
  | "auth"
  | "capa3"
  | "stat"
  | "list"
  | "uidl"
  | "top"
  | "quit";

/** The stages of all protocols. */
export type StageName = MailStage | MaildropStage;

/** What a probe found. */
export interface ProbeRun {
  /** The shape of this object. */
  readonly schema: "mailwright-probe/1";
  /** When it started (ISO 8601). */
  readonly started: string;
  /** How long it took, in milliseconds. */
  readonly ms: number;
  /** The version of mailwright. */
  readonly version: string;
  /** What was asked for. */
  readonly request: ProbeRequest;
  /** The worst status of all targets. */
  readonly status: Status;
  /** The status as monitoring plugins say it. */
  readonly exitCode: 0 | 1 | 2 | 3;
  /** One result for each target, in their order. */
  readonly targets: readonly TargetResult[];
  /** All findings of all targets, worst first. */
  readonly findings: readonly Finding[];
}

/** What was asked for. */
export interface ProbeRequest {
  /** The targets as given, separated by blanks. */
  readonly target: string;
  /** How far the probe was allowed to go. */
  readonly class: SafetyClass;
  /** The batteries that were asked for. */
  readonly batteries: readonly string[];
}

/** What one server showed. */
export interface TargetResult {
  /** The server as the user named it; the path of a Unix socket. */
  readonly host: string;
  /** Its address; `null` where nothing answered, behind a proxy and for a Unix socket. */
  readonly ip: string | null;
  /** Its port; `null` for a Unix socket. */
  readonly port: number | null;
  /** What was spoken. */
  readonly protocol: ProbeProtocol;
  /** The worst finding. */
  readonly status: Status;
  /** The last stage that went well; `none` if there is none. */
  readonly reachedStage: StageName | "none";
  /** The stages that were tried, in order. */
  readonly stages: readonly Stage[];
  /** Who the server says it is. */
  readonly identity: Identity;
  /** What it offers, and when. */
  readonly capabilities: CapabilityMatrix;
  /** What TLS showed. */
  readonly tls?: TlsFacts;
  /** What is known about logins. */
  readonly auth?: AuthFacts;
  /** What became of each recipient, in their order. */
  readonly rcpt: readonly RecipientOutcome[];
  /** What became of all of them. */
  readonly delivery: "all" | "partial" | "none" | "untried";
  /** What became of the message, if one was to be sent. */
  readonly message?: MessageOutcome;
  /** What is particular to a server of POP3. */
  readonly pop3?: Pop3Facts;
  /** What came of the batteries. */
  readonly batteries: readonly BatteryOutcome[];
  /** What was said, secrets removed. */
  readonly transcript: readonly TranscriptLine[];
}

/** What came of one battery of checks. */
export interface BatteryOutcome {
  /** Which battery. */
  readonly id: string;
  /** The worst it found. */
  readonly status: Status;
  /** How many trials it made. */
  readonly trials: number;
}

/** One stage: from its first command to its last reply. */
export interface Stage {
  /** Which. */
  readonly name: StageName;
  /** When it began, in milliseconds since the start of the run. */
  readonly at: number;
  /** How long the server took, in milliseconds; of several replies, the sum. */
  readonly ms: number;
  /** The octets that were sent, inside TLS. */
  readonly bytesSent: number;
  /** The octets that came, inside TLS. */
  readonly bytesReceived: number;
  /** The replies, in order. */
  readonly replies: readonly StageReply[];
  /** Whether it went well. */
  readonly ok: boolean;
  /** `banner`: when its first octet came, in milliseconds since the connection was there. */
  readonly firstOctetMs?: number;
  /** `banner`: how long the server let us wait, if that was more than a second. */
  readonly greetDelayMs?: number;
  /** Whether a reply came in pieces about 40 ms apart: small writes, not load. */
  readonly smallWrites?: boolean;
}

/** One reply. */
export interface StageReply {
  /** What it answers, secrets removed; empty for the greeting, `.` for content. */
  readonly to: string;
  /** The number of its first line in the transcript. */
  readonly line: number;
  /** Whether it is positive, or asks to go on. */
  readonly ok: boolean;
  /** SMTP: its code. */
  readonly code?: number;
  /** SMTP: its enhanced status code. */
  readonly enhanced?: string;
  /** POP3: its response code (RFC 2449 section 8), such as `AUTH` or `SYS/TEMP`. */
  readonly responseCode?: string;
  /** What it says, line by line; of a listing, what stands in its first line. */
  readonly text: string;
  /** How long it took, in milliseconds; in a pipelined batch, since the reply before. */
  readonly ms: number;
  /** Whether it answers a command that was sent before the reply before it had come. */
  readonly pipelined?: true;
}

/** Who the server says it is. */
export interface Identity {
  /** The name in its greeting. */
  readonly banner?: string;
  /** The name in its reply to EHLO. */
  readonly ehlo?: string;
  /** What comes of comparing them. */
  readonly verdict: "match" | "differs" | "unnamed";
}

/** What a server offers at each phase: lines of keyword and parameters. */
export interface CapabilityMatrix {
  /** Before TLS. */
  readonly clear?: readonly string[];
  /** Inside TLS. */
  readonly tls?: readonly string[];
  /** After the login. */
  readonly authenticated?: readonly string[];
  /** Keywords of the last phase that the first one lacks. */
  readonly gained: readonly string[];
  /** Keywords of the first phase that the last one lacks. */
  readonly lost: readonly string[];
}

/** A version of TLS that this platform can speak. */
export type TlsVersion = "1.2" | "1.3";

/** What somebody who enforces a policy would say. */
export type Verdict = "pass" | "fail" | "absent" | "unchecked";

/** What TLS showed. */
export interface TlsFacts {
  /** How it began. */
  readonly mode: "implicit" | "starttls" | "stls";
  /** The version that both sides chose. */
  readonly version: string;
  /** The cipher that both sides chose. */
  readonly cipher: string;
  /** Whether all is well with the certificate: trust, dates and name. */
  readonly authorized: boolean;
  /** Why not. */
  readonly reason?: string;
  /** Whether somebody we trust has signed it; `unknown` where its dates forbid to tell. */
  readonly trust: "trusted" | "self-signed" | "untrusted" | "incomplete" | "unknown";
  /** The name that was expected. */
  readonly expectedName: string;
  /** Whether the certificate is for that name. */
  readonly nameMatches: boolean;
  /** The names and addresses that it is for. */
  readonly names: readonly string[];
  /** The server's certificate first, then its issuers, as far as they are known. */
  readonly chain: readonly CertificateFacts[];
  /** How many whole days are left until the first of them ends; negative afterwards. */
  readonly daysLeft: number;
  /** Which versions the server speaks, as far as it was seen. */
  readonly versions: { readonly [version in TlsVersion]?: boolean };
  /** Whether a sender that insists would send here. */
  readonly strictSender: {
    /** One that insists on a valid certificate of a public authority. */
    readonly webpki?: boolean;
    /** One that follows MTA-STS. */
    readonly mtaSts: Verdict;
    /** One that follows DANE. */
    readonly dane: Verdict;
  };
}

/** One certificate. */
export interface CertificateFacts {
  /** Whose it is. */
  readonly subject: string;
  /** Who signed it. */
  readonly issuer: string;
  /** The first moment of its validity (ISO 8601). */
  readonly notBefore: string;
  /** The last one. */
  readonly notAfter: string;
  /** Its key: `EC P-256`, `RSA 2048`. */
  readonly key: string;
  /** How it is signed. */
  readonly signature?: string;
  /** Its fingerprint. */
  readonly sha256: string;
}

/** What is known about logins. */
export interface AuthFacts {
  /** The mechanisms that were offered before TLS; in POP3 with `USER` and `APOP`. */
  readonly offeredClear: readonly string[];
  /** The mechanisms that were offered inside TLS. */
  readonly offeredTls: readonly string[];
  /** The mechanism that was used. */
  readonly used?: string;
  /** Whether the login succeeded. */
  readonly ok?: boolean;
}

/** What is particular to a server of POP3. */
export interface Pop3Facts {
  /** Whether it answers CAPA (RFC 2449). */
  readonly capa: boolean;
  /** Whether its greeting has a stamp, so that APOP may be used. */
  readonly apop: boolean;
  /** What software it says it is. */
  readonly implementation?: string;
  /** For how many days messages are kept at least; with 0, retrieved ones may be gone at once. */
  readonly expire?: { readonly days: number | "never"; readonly perUser: boolean };
  /** How many seconds there are between two logins of a user. */
  readonly loginDelay?: { readonly seconds: number; readonly perUser: boolean };
  /** Whether commands may be sent without waiting. */
  readonly pipelining: boolean;
  /** Whether refusals have response codes (RESP-CODES). */
  readonly responseCodes: boolean;
  /** Whether a wrong password has one (AUTH-RESP-CODE, RFC 3206). */
  readonly authResponseCode: boolean;
  /** Whether the header of a message may hold UTF-8 (RFC 6856). */
  readonly utf8: boolean;
  /** What is in the maildrop, after a login. */
  readonly maildrop?: MaildropFacts;
}

/** What is in a maildrop, as its listings say. */
export interface MaildropFacts {
  /** How many messages STAT counts. */
  readonly messages: number;
  /** Their octets, if STAT has a usable number. */
  readonly octets?: number;
  /** How many messages LIST has. */
  readonly listed?: number;
  /**
   * Unique-ids: all are `valid`, some are `invalid`, some messages share one (`duplicate`), or there
   * are none (`missing`).
   */
  readonly uidl?: "valid" | "invalid" | "duplicate" | "missing";
}

/** What became of one recipient. */
export interface RecipientOutcome {
  /** The recipient. */
  readonly address: string;
  /** The code that decided: that of RCPT, in LMTP that behind the content. */
  readonly code: number;
  /** Its enhanced status code. */
  readonly enhanced?: string;
  /** What the server said. */
  readonly text: string;
  /** How long it took, in milliseconds. */
  readonly ms: number;
  /** What it comes to. */
  readonly outcome: "accepted" | "deferred" | "refused";
}

/** What became of the message. */
export interface MessageOutcome {
  /** As in a receipt of a session. */
  readonly outcome: "accepted" | "partial" | "deferred" | "refused" | "in-doubt" | "not-sent";
  /** Its octets, as written. */
  readonly octets: number;
  /** The server's own name for it. */
  readonly queueId?: string;
}

/** One thing that happened on the connection; its number is its place, beginning with 1. */
export interface TranscriptLine {
  /** When, in milliseconds since the start of the run. */
  readonly at: number;
  /** Who did it: `C` is us. */
  readonly end: "C" | "S";
  /** Whether it went through TLS. */
  readonly tls: boolean;
  /** A line, octets of content, or a turn of the connection. */
  readonly kind: "line" | "content" | "open" | "tls" | "turn" | "close" | "note";
  /** What may be shown; control characters are as received. */
  readonly text: string;
  /** How many octets of content. */
  readonly octets?: number;
  /** Whether it is a refusal, or came unasked. */
  readonly unexpected?: true;
}

/** Something worth knowing. It stands alone: findings of many servers can be mixed. */
export interface Finding {
  /** The server as the user named it. */
  readonly host: string;
  /** Its address. */
  readonly ip: string | null;
  /** Its port. */
  readonly port: number | null;
  /** What was spoken. */
  readonly protocol: ProbeProtocol;
  /** Where it was seen. */
  readonly stage: StageName;
  /** What it is: a stable name. */
  readonly id: string;
  /** How much it weighs. */
  readonly severity: Severity;
  /** Where it can be seen. */
  readonly evidence: readonly Evidence[];
  /** What to do, in one sentence. */
  readonly fix: string;
}

/** A line of the transcript by its number, or a fact from elsewhere. */
export type Evidence =
  | { readonly line: number; readonly text: string }
  | { readonly record: string; readonly text: string };

/** From best to worst. */
const ORDER: readonly Status[] = ["ok", "warning", "unknown", "critical"];

const EXIT_CODES = { ok: 0, warning: 1, critical: 2, unknown: 3 } as const;

/**
 * The status that a finding of a severity means.
 *
 * @param severity How much it weighs.
 * @returns The status; `info` is `ok`.
 *
 * @example Usage
 * ```ts
 * import { statusOf } from "@mailwright/mailwright/jobs";
 * import { equal } from "node:assert/strict";
 *
 * equal(statusOf("info"), "ok");
 * equal(statusOf("critical"), "critical");
 * ```
 */
export function statusOf(severity: Severity): Status {
  return severity === "info" ? "ok" : severity;
}

/**
 * The worst of several.
 *
 * @param statuses Any number of them.
 * @returns The worst, `ok` of none.
 *
 * @example Usage
 * ```ts
 * import { worstStatus } from "@mailwright/mailwright/jobs";
 * import { equal } from "node:assert/strict";
 *
 * equal(worstStatus(["ok", "unknown", "warning"]), "unknown");
 * ```
 */
export function worstStatus(statuses: Iterable<Status>): Status {
  let worst = 0;
  for (const status of statuses) worst = Math.max(worst, ORDER.indexOf(status));
  return ORDER[worst] ?? "ok";
}

/**
 * The exit code of monitoring plugins.
 *
 * @param status The status.
 * @returns 0 to 3.
 *
 * @example Usage
 * ```ts
 * import { exitCodeOf } from "@mailwright/mailwright/jobs";
 * import { equal } from "node:assert/strict";
 *
 * equal(exitCodeOf("unknown"), 3);
 * ```
 */
export function exitCodeOf(status: Status): 0 | 1 | 2 | 3 {
  return EXIT_CODES[status];
}

/**
 * Findings in the order in which they are told: worst first, otherwise as they came.
 *
 * @param findings The findings.
 * @returns The same in order.
 *
 * @example Usage
 * ```ts
 * import { probe, worstFirst } from "@mailwright/mailwright/jobs";
 * import { deepEqual } from "node:assert/strict";
 *
 * const { findings } = await probe("smtp://127.0.0.1:1");
 * deepEqual(worstFirst(findings), findings);
 * ```
 */
export function worstFirst(findings: readonly Finding[]): Finding[] {
  const rank = ({ severity }: Finding): number =>
    severity === "info" ? -1 : ORDER.indexOf(severity);
  return findings.toSorted((a, b) => rank(b) - rank(a));
}
