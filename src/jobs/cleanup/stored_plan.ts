/**
 * A plan as a file: what somebody approves is what is carried out.
 *
 * @module
 */

import type { CleanupPlan } from "./plan.ts";

/** A plan that was made for a mailbox and a policy. */
export interface StoredPlan extends CleanupPlan {
  /** What this is. */
  readonly schema: "mailwright-cleanup-plan/1";
  /** Whose mailbox it is for. */
  readonly account: string;
  /** SHA-256 of the policy, hexadecimal. */
  readonly policyDigest: string;
  /** Whether replaced unique-ids and missing messages were fine with whoever made it. */
  readonly acceptChurn: boolean;
  /** What somebody should know before approving it. */
  readonly warnings: readonly string[];
}
