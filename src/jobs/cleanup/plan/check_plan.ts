/**
 * Whether a plan that somebody has approved may still be carried out.
 *
 * @module
 */

import { CleanupError } from "../cleanup_error.ts";
import type { JobSettings } from "../job_settings.ts";
import { policyDigestOf, type StoredPlan } from "./stored_plan.ts";

/**
 * Checks that a plan is of this mailbox, this policy and this hour.
 *
 * @param plan The plan, just as it was made.
 * @param settings The options of the job.
 * @throws {CleanupError} If it must not be carried out.
 */
export async function checkPlan(
  plan: StoredPlan,
  { account, policy, clock }: Pick<JobSettings, "account" | "policy" | "clock">,
): Promise<void> {
  const refuse = (seen: string): CleanupError =>
    new CleanupError("plan", `Cannot carry out plan "${plan.planId}": ${seen}`);
  if (plan.account !== account) throw refuse(`it is for "${plan.account}"`);
  if (plan.policyDigest !== await policyDigestOf(policy)) {
    throw refuse("the policy is another one; make a new plan");
  }
  const nowMs = clock.now();
  if (nowMs > Date.parse(plan.expiresAt)) {
    throw refuse(`it was good until ${plan.expiresAt}; make a new plan`);
  }
  if (nowMs < Date.parse(plan.madeAt)) {
    throw refuse(`it was made at ${plan.madeAt}, later than now`);
  }
  refuseTrips(plan);
}

/**
 * Refuses a plan over which a guard has tripped.
 *
 * @param plan The plan.
 * @throws {CleanupError} With all guards that have.
 */
export function refuseTrips({ planId, trips }: StoredPlan): void {
  if (trips.length === 0) return;
  const seen = trips.map(({ text }) => text).join(" – ");
  throw new CleanupError("guard", `Cannot carry out plan "${planId}": ${seen}`, { trips });
}
