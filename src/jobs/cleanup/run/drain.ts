/**
 * Where the octets of a message go while it is retrieved.
 *
 * @module
 */

import { type ParsedHeader, Sha256 } from "../../../message/mod.ts";
import type { ArchivedCopy } from "../archive/archive.ts";
import type { CleanupRun } from "./cleanup_run.ts";
import { dayOf } from "../rules/message_age.ts";
import type { PlanItem } from "../plan/plan.ts";

/** What a message has left behind. */
export interface Drained {
  /** Its copy, which is durable behind the next barrier. */
  readonly copy?: ArchivedCopy;
  /** SHA-256 of its octets, where no archive counts it. */
  readonly sha256?: string;
}

/** Where the octets of a message go. */
export interface Drain {
  /** Takes octets. */
  write(octets: Uint8Array): Promise<void> | void;
  /** There are no more. */
  finish(): Promise<Drained>;
  /** Forgets the message. */
  abort(): Promise<void>;
}

/**
 * Whether the place where a message goes is an archive of the policy.
 *
 * @param name The place, as the plan names it.
 * @returns Whether it is.
 */
export function isArchive(name: string): boolean {
  return name !== "index-only" && name !== "none";
}

/**
 * Opens the place where a message goes.
 *
 * @param run The run.
 * @param item The message in the plan.
 * @param header Its header.
 * @returns The place.
 * @throws {ArchiveError} If there is no room.
 */
export async function openDrain(
  { archives, policy: { age }, clock }: CleanupRun,
  { archive }: PlanItem,
  header: ParsedHeader,
): Promise<Drain> {
  if (!isArchive(archive)) {
    const sum = new Sha256();
    return {
      write: (octets) => void sum.update(octets),
      finish: () => Promise.resolve({ sha256: sum.digest().toHex() }),
      abort: () => Promise.resolve(),
    };
  }
  const writer = await archives.get(archive).begin(dayOf(header, age, clock.now()));
  return {
    write: (octets) => writer.write(octets),
    finish: async () => ({ copy: await writer.finish() }),
    abort: () => writer.abort(),
  };
}
