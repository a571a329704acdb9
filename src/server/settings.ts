/**
 * What a session is told when it begins.
 *
 * @module
 */

import type { Clock, TranscriptListener } from "../wire/mod.ts";
import type { CapabilityLists } from "./capabilities.ts";
import type { Intervene } from "./intervention.ts";
import type { MaildropLimits, ReceiverLimits, SessionLimits } from "./limits.ts";

/** What every engine is told besides connection and backend; all of it settled. */
export interface CommonSettings {
  readonly limits: SessionLimits;
  readonly capabilities: CapabilityLists;
  readonly strict: boolean;
  readonly intervene: Intervene | undefined;
  readonly signal: AbortSignal | undefined;
  readonly clock: Clock | undefined;
  readonly onEvent: TranscriptListener | undefined;
}

/** What the engine of SMTP is told. */
export interface SessionSettings extends CommonSettings {
  readonly protocol: "smtp" | "lmtp";
  readonly limits: ReceiverLimits;
  readonly requires: "nothing" | "tls" | "login";
}

/** What the engine of POP3 is told. */
export interface MaildropSettings extends CommonSettings {
  readonly limits: MaildropLimits;
  /** What APOP digests; without it there is no APOP. */
  readonly stamp: string | undefined;
}
