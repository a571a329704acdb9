/**
 * The envelope of a message: who sends it, to whom, and what the parameters of MAIL and RCPT ask for.
 *
 * @module
 */

/** What MAIL said. */
export interface EnvelopeSender {
  /** The mailbox; empty for `<>`. */
  readonly address: string;
  /** SIZE: the octets the client expects to send (RFC 1870). */
  readonly size?: number;
  /** BODY (RFC 6152, RFC 3030). */
  readonly body?: "7BIT" | "8BITMIME" | "BINARYMIME";
  /** SMTPUTF8 (RFC 6531). */
  readonly smtpUtf8?: true;
  /** RET: how much a report of failure gives back (RFC 3461). */
  readonly return?: "FULL" | "HDRS";
  /** ENVID, decoded (RFC 3461). */
  readonly envelopeId?: string;
  /** AUTH, decoded: who the client says wrote it; empty for `<>` (RFC 4954 section 5). */
  readonly auth?: string;
  /** REQUIRETLS (RFC 8689). */
  readonly requireTls?: true;
  /** HOLDFOR, in seconds (RFC 4865). */
  readonly holdFor?: number;
  /** HOLDUNTIL, a date and time of RFC 3339 (RFC 4865). */
  readonly holdUntil?: string;
  /** BY (RFC 2852). */
  readonly deliverBy?: {
    /** Seconds from now; negative if the time is over. */
    readonly seconds: number;
    /** `R`: give it back if late; `N`: only tell. */
    readonly mode: "R" | "N";
    /** `T`: trace it. */
    readonly trace: boolean;
  };
  /** MT-PRIORITY, -9 to 9 (RFC 6710). */
  readonly priority?: number;
  /** Parameters the engine does not know, but whose keyword is offered. */
  readonly others?: Readonly<Record<string, string>>;
}

/** What one RCPT said. */
export interface EnvelopeRecipient {
  /** The mailbox; `Postmaster` may stand without a domain. */
  readonly address: string;
  /** NOTIFY: which reports are asked for (RFC 3461). */
  readonly notify?: readonly ("NEVER" | "SUCCESS" | "FAILURE" | "DELAY")[];
  /** ORCPT: the first address, decoded (RFC 3461). */
  readonly originalRecipient?: {
    /** The kind of address, for example `rfc822`. */
    readonly type: string;
    /** The address. */
    readonly address: string;
  };
  /** Parameters the engine does not know, but whose keyword is offered. */
  readonly others?: Readonly<Record<string, string>>;
}

/** The envelope of a message whose content is about to come. */
export interface ReceivedEnvelope {
  /** What MAIL said. */
  readonly sender: EnvelopeSender;
  /** What the accepted RCPTs said, in their order. */
  readonly recipients: readonly EnvelopeRecipient[];
}
