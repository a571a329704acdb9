/**
 * The options of a cleanup with all defaults.
 *
 * @module
 */

import { type Clock, systemClock } from "../../wire/mod.ts";
import { denoFileStore } from "../deno_file_store.ts";
import type { FileStore } from "../file_store.ts";
import { checkPolicy } from "./policy/check_policy.ts";
import { CleanupError } from "./cleanup_error.ts";
import {
  type CleanupLimits,
  type CleanupOptions,
  type CleanupProgress,
  DEFAULT_CLEANUP_LIMITS,
} from "./cleanup_options.ts";
import type { Policy } from "./policy/policy.ts";

/** The options of a cleanup with all defaults. */
export interface JobSettings {
  /** Whose mailbox it is; empty if nobody knows, and then no server is asked. */
  readonly account: string;
  /** The folder of the job. */
  readonly folder: string;
  /** The folder that paths of archives begin at. */
  readonly base: string;
  /** Makes sessions. */
  readonly connect: CleanupOptions["connect"];
  /** The files. */
  readonly store: FileStore;
  /** The time. */
  readonly clock: Clock;
  /** Ends what is being done. */
  readonly signal: AbortSignal | undefined;
  /** How it is cut into pieces. */
  readonly limits: CleanupLimits;
  /** Hears how far it is. */
  readonly progress: (progress: CleanupProgress) => void;
  /**
   * The policy.
   *
   * @throws {CleanupError} If there is none.
   */
  readonly policy: Policy;
}

/**
 * Fills in defaults.
 *
 * @param options The options.
 * @param owner Whose mailbox the folder is of, as its journal tells.
 * @returns The settings.
 * @throws {CleanupError} If the folder is of another mailbox, or it is not known of which.
 * @throws {PolicyError} If something is wrong with the policy.
 */
export function settingsOf(options: CleanupOptions, owner: string | undefined): JobSettings {
  const { account = owner, folder } = options;
  if (owner !== undefined && account !== owner) {
    throw new CleanupError("usage", `Cannot use "${folder}" for "${account}": it is of "${owner}"`);
  }
  if (account === undefined && options.connect !== undefined) {
    throw new CleanupError("usage", `Cannot use "${folder}": expected the option \`account\``);
  }
  const policy = options.policy && checkPolicy(options.policy);
  return {
    account: account ?? "",
    folder,
    base: options.base ?? ".",
    connect: options.connect,
    store: options.store ?? denoFileStore,
    clock: options.clock ?? systemClock,
    signal: options.signal,
    limits: { ...DEFAULT_CLEANUP_LIMITS, ...options.limits },
    progress: options.onProgress ?? (() => {}),
    get policy() {
      if (policy !== undefined) return policy;
      throw new CleanupError(
        "usage",
        "Cannot clean up without a policy: expected the option `policy`",
      );
    },
  };
}
