/**
 * A plan as a file: what somebody approves is what is carried out.
 *
 * @module
 */

import { joinPath } from "../../file_path.ts";
import type { FileStore } from "../../file_store.ts";
import { CleanupError } from "../cleanup_error.ts";
import { writing } from "../failure.ts";
import { type CleanupPlan, digestOf, type PlanItem } from "./plan.ts";
import type { Policy } from "../policy/policy.ts";
import { fieldsIn, type Reader } from "../journal/stored_value.ts";
import { writeWhole } from "../write_whole.ts";

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
  /** SHA-256 of all the rest, hexadecimal: it is carried out just as it was made. */
  readonly seal: string;
}

const SCHEMA = "mailwright-cleanup-plan/1";
/** Less of an id is a guess. */
const ID = /^[0-9a-f]{8,64}$/;
/** What became of a plan is in its report; a large mailbox has large plans, and each night has one. */
const MOST_AGE_MS = 7 * 86_400_000;
const FILE = /^plan-([0-9a-f]{64})\.json$/;

/** The plans in the folder of a job. */
export class PlanFolder {
  readonly #store: FileStore;
  readonly #folder: string;

  /** Nothing is read yet. */
  constructor(store: FileStore, folder: string) {
    this.#store = store;
    this.#folder = folder;
  }

  /** Writes a plan; one that was made before and is the same is replaced. Old ones are removed. */
  async put(plan: StoredPlan): Promise<void> {
    const path = this.#path(plan.planId);
    await writing(path, () => writeWhole(this.#store, path, plan));
    try {
      await this.#removeOld(Date.parse(plan.madeAt) - MOST_AGE_MS);
    } catch {
      // The plan is written; the next one tries again.
    }
  }

  async #removeOld(beforeMs: number): Promise<void> {
    for (const { planId, expiresAt } of await this.all()) {
      if (Date.parse(expiresAt) < beforeMs) await this.#store.remove(this.#path(planId));
    }
  }

  /** All plans, the newest first. What cannot be read is left out. */
  async all(): Promise<readonly StoredPlan[]> {
    const plans: StoredPlan[] = [];
    for (const { name } of await this.#store.list(this.#folder)) {
      const [, planId] = FILE.exec(name) ?? [];
      if (planId === undefined) continue;
      try {
        plans.push(await this.get(planId));
      } catch (error) {
        if (!(error instanceof CleanupError)) throw error;
      }
    }
    return plans.toSorted((one, other) => Date.parse(other.madeAt) - Date.parse(one.madeAt));
  }

  /**
   * Finds a plan.
   *
   * @param prefix Its id, or the first 8 digits at least.
   * @returns The plan, just as it was made.
   * @throws {CleanupError} If it is not there, is not the only one, or was altered.
   */
  async find(prefix: string): Promise<StoredPlan> {
    const refuse = (seen: string) =>
      new CleanupError("plan", `Cannot use plan "${prefix}": ${seen}`);
    if (!ID.test(prefix)) {
      throw refuse("expected the id of a plan, or its first 8 digits at least");
    }
    const names = (await this.#store.list(this.#folder)).map(({ name }) => name);
    const [planId, other] = names.flatMap((name) => FILE.exec(name)?.[1] ?? [])
      .filter((id) => id.startsWith(prefix));
    if (planId === undefined) throw refuse(`"${this.#folder}" does not have it`);
    if (other !== undefined) throw refuse("several plans begin with it");
    return await this.get(planId);
  }

  /**
   * Reads a plan.
   *
   * @param planId The plan; its file is there.
   * @returns The plan, just as it was made.
   * @throws {CleanupError} If its file is not whole, or was altered.
   */
  async get(planId: string): Promise<StoredPlan> {
    const path = this.#path(planId);
    const refuse = (seen: string, cause?: unknown): CleanupError =>
      new CleanupError("plan", `Cannot use plan "${planId}": ${seen}, make a new one: ${path}`, {
        cause,
      });
    const octets = await this.#store.read(path);
    if (octets === undefined) throw refuse("its file is gone");
    let plan: StoredPlan;
    try {
      const value: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(octets));
      checkPlan(fieldsIn(value, "plan"));
      plan = value as StoredPlan; // All that a run rests on has just been checked.
    } catch (cause) {
      throw refuse("its file cannot be read", cause);
    }
    const { seal, ...rest } = plan;
    if (plan.planId !== planId || await digestOf(rest) !== seal) {
      throw refuse("its file was altered");
    }
    return plan;
  }

  #path(planId: string): string {
    return joinPath(this.#folder, `plan-${planId}.json`);
  }
}

/**
 * Makes a plan one for a mailbox and a policy.
 *
 * @param plan The plan.
 * @param about What it is for.
 * @returns The plan as it is stored.
 */
export async function storedPlan(
  plan: CleanupPlan,
  about: Omit<StoredPlan, keyof CleanupPlan | "schema" | "seal">,
): Promise<StoredPlan> {
  const sealed = { schema: SCHEMA, ...about, ...plan } as const;
  return { ...sealed, seal: await digestOf(sealed) };
}

/**
 * Identifies a policy, functions by their text.
 *
 * @param policy The policy, with all defaults.
 * @returns SHA-256, hexadecimal.
 */
export function policyDigestOf(policy: Policy): Promise<string> {
  return digestOf(
    policy,
    (value) => typeof value === "function" ? { function: `${value}` } : value,
  );
}

/** Checks the part of a plan that a run rests on. */
function checkPlan(from: Reader): void {
  from.word("schema", { [SCHEMA]: true });
  from.hash("planId");
  from.hash("snapshotDigest");
  from.text("account");
  from.hash("policyDigest");
  from.hash("seal");
  from.truth("acceptChurn");
  from.instant("madeAt");
  from.instant("expiresAt");
  from.list("items", checkItem);
  from.list("trips", (trip) => trip.text("guard"));
  from.list("kept", () => {});
  from.texts("warnings");
}

function checkItem(from: Reader): Pick<PlanItem, "uid"> {
  from.count("size");
  from.hash("headerHash");
  from.text("rule");
  from.text("archive");
  from.list("evidence", (each) => each.text("fact"));
  return { uid: from.text("uid") };
}
