/**
 * What a sandbox is like.
 *
 * @module
 */

import {
  type CapabilityLists,
  capabilityLists,
  type ReceiverLimits,
  SASL_MECHANISMS,
} from "../server/mod.ts";
import type { Clock, TranscriptListener } from "../wire/mod.ts";
import type { SandboxFault } from "./faults.ts";
import type { ServerIdentity } from "./listener.ts";
import type { EtrnTarget, SandboxUser } from "./sandbox_backend.ts";

/** What a sandbox is like. Everything has a default: an empty one takes all mail. */
export interface SandboxOptions {
  /** Who may log in: a password, or more. @default {{}} */
  readonly users?: Readonly<Record<string, string | SandboxUser>>;
  /** Who exists. Without this list, everybody does. */
  readonly recipients?: readonly string[];
  /** Lists for EXPN, by name. @default {{}} */
  readonly lists?: Readonly<Record<string, readonly string[]>>;
  /** Where the nodes of ETRN get their mail, by `host`, `@domain` or `#queue`. @default {{}} */
  readonly nodes?: Readonly<Record<string, EtrnTarget>>;
  /** What is offered in some states, instead of {@linkcode SANDBOX_CAPABILITIES}. */
  readonly capabilities?: Partial<CapabilityLists>;
  /** What MAIL needs first. @default {"nothing"} */
  readonly requires?: "nothing" | "tls" | "login";
  /** Whether lone CR and LF are refused and paths must be exact. @default {true} */
  readonly strict?: boolean;
  /** Limits of each session. */
  readonly limits?: Partial<ReceiverLimits>;
  /** How many octets of each message are kept; all are counted. @default {Infinity} */
  readonly keepOctets?: number;
  /** What goes wrong. @default {[]} */
  readonly faults?: readonly SandboxFault[];
  /** An address of loopback. @default {"127.0.0.1"} */
  readonly hostname?: string;
  /** Ports; a free one where none is given. */
  readonly ports?: { readonly smtp?: number; readonly smtps?: number; readonly lmtp?: number };
  /** Who the server is inside TLS. By default a certificate for localhost, 127.0.0.1 and ::1. */
  readonly identity?: ServerIdentity;
  /** Hears what is said on all connections; secrets are gone. */
  readonly onEvent?: TranscriptListener;
  /** The clock of all limits and pauses. @default {systemClock} */
  readonly clock?: Clock;
}

/** What the sandbox offers: everything that the library speaks. */
export const SANDBOX_CAPABILITIES: CapabilityLists = capabilityLists({
  size: 1024 ** 3,
  startTls: true,
  mechanisms: SASL_MECHANISMS.filter((name) => name !== "EXTERNAL" && name !== "ANONYMOUS"),
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
