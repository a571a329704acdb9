/**
 * What a session is told when it begins.
 *
 * @module
 */

import type { Clock, TranscriptListener } from "../wire/mod.ts";
import type { CapabilityLists } from "./capabilities.ts";
import type { Intervene } from "./intervention.ts";
import type { ReceiverLimits } from "./limits.ts";

/** What the engine is told besides connection and backend; all of it settled. */
export interface SessionSettings {
  readonly protocol: "smtp" | "lmtp";
  readonly limits: ReceiverLimits;
  readonly capabilities: CapabilityLists;
  readonly strict: boolean;
  readonly requires: "nothing" | "tls" | "login";
  readonly intervene: Intervene | undefined;
  readonly signal: AbortSignal | undefined;
  readonly clock: Clock | undefined;
  readonly onEvent: TranscriptListener | undefined;
}
