/**
 * What a sandbox is like.
 *
 * @module
 */

import {
  type CapabilityLists,
  capabilityLists,
  type MaildropLimits,
  pop3CapabilityLists,
  type ReceiverLimits,
  SASL_MECHANISMS,
  type SaslServerOptions,
} from "../server/mod.ts";
import type { Clock, TranscriptListener } from "../wire/mod.ts";
import type { SandboxFault } from "./faults.ts";
import type { ServerIdentity } from "./listener.ts";
import type { MaildropQuirks } from "./quirks.ts";
import type { EtrnTarget } from "./sandbox_backend.ts";
import type { SandboxUsers } from "./users.ts";

/** What a sandbox is like. Everything has a default: an empty one takes all mail. */
export interface SandboxOptions {
  /** Who may log in: a password, or more. @default {{}} */
  readonly users?: SandboxUsers;
  /**
   * How the mechanisms of AUTH are set. EXTERNAL, for whom a certificate would name, and ANONYMOUS are
   * offered once they are set here. @default {{}}
   */
  readonly sasl?: SaslServerOptions;
  /** Who exists. Without this list, everybody does. */
  readonly recipients?: readonly string[];
  /** Lists for EXPN, by name. @default {{}} */
  readonly lists?: Readonly<Record<string, readonly string[]>>;
  /** Where the nodes of ETRN get their mail, by `host`, `@domain` or `#queue`. @default {{}} */
  readonly nodes?: Readonly<Record<string, EtrnTarget>>;
  /** What SMTP and LMTP offer in some states, instead of {@linkcode SANDBOX_CAPABILITIES}. */
  readonly capabilities?: Partial<CapabilityLists>;
  /** What MAIL needs first. @default {"nothing"} */
  readonly requires?: "nothing" | "tls" | "login";
  /** Whether lone CR and LF are refused and paths must be exact. @default {true} */
  readonly strict?: boolean;
  /** Limits of each session of SMTP and LMTP. */
  readonly limits?: Partial<ReceiverLimits>;
  /** How many octets of each message are kept; all are counted. @default {Infinity} */
  readonly keepOctets?: number;
  /** What goes wrong. @default {[]} */
  readonly faults?: readonly SandboxFault[];
  /** An address of loopback. @default {"127.0.0.1"} */
  readonly hostname?: string;
  /** What the POP3 side is like. */
  readonly pop3?: SandboxPop3Options;
  /** Ports; a free one where none is given. */
  readonly ports?: Partial<SandboxPorts>;
  /** Who the server is inside TLS. By default a certificate for localhost, 127.0.0.1 and ::1. */
  readonly identity?: ServerIdentity;
  /** Hears what is said on all connections; secrets are gone. */
  readonly onEvent?: TranscriptListener;
  /** The clock of all limits and pauses. @default {systemClock} */
  readonly clock?: Clock;
}

/** What the POP3 side of a sandbox is like. */
export interface SandboxPop3Options {
  /**
   * What is offered in some states, instead of {@linkcode SANDBOX_POP3_CAPABILITIES}. A `LOGIN-DELAY` is
   * held to, and with `EXPIRE 0` QUIT removes what was retrieved.
   */
  readonly capabilities?: Partial<CapabilityLists>;
  /** Whether the greeting has a stamp, so that APOP may be used inside TLS. @default {true} */
  readonly apop?: boolean;
  /** Limits of each session. */
  readonly limits?: Partial<MaildropLimits>;
  /** What is odd about the maildrops. @default {{}} */
  readonly quirks?: MaildropQuirks;
}

/** The ports of a sandbox. */
export interface SandboxPorts {
  /** SMTP with STARTTLS. */
  readonly smtp: number;
  /** SMTP inside TLS. */
  readonly smtps: number;
  /** LMTP with STARTTLS. */
  readonly lmtp: number;
  /** POP3 with STLS. */
  readonly pop3: number;
  /** POP3 inside TLS. */
  readonly pop3s: number;
}

const MECHANISMS = SASL_MECHANISMS.filter((name) => name !== "EXTERNAL" && name !== "ANONYMOUS");

/** What the sandbox offers by SMTP: everything that the library speaks. */
export const SANDBOX_CAPABILITIES: CapabilityLists = capabilityLists({
  size: 1024 ** 3,
  startTls: true,
  mechanisms: MECHANISMS,
  more: [
    "DSN",
    "EXPN",
    "ETRN",
    "ATRN",
    "TURN",
    "DELIVERBY",
    "FUTURERELEASE 864000 2056-01-01T00:00:00Z",
    "MT-PRIORITY MIXER",
    "LIMITS RCPTMAX=1000",
  ],
});

/** What the sandbox offers by POP3: everything that the library speaks. */
export const SANDBOX_POP3_CAPABILITIES: CapabilityLists = pop3CapabilityLists({
  startTls: true,
  mechanisms: MECHANISMS,
});
