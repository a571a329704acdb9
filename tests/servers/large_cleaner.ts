/**
 * A program that moves one large message to an archive and tells what memory that took: a process of
 * its own, as large_reader.ts.
 *
 * @module
 */

import { connectPop3, Secret } from "@mailwright/mailwright/pop3";
import { definePolicy, eml, openCleanup, remove, size } from "../../src/jobs/mod.ts";
import { type LargeOrder, peak } from "./large_reader.ts";

/** What the program reads as JSON. */
export interface LargeCleaning extends Omit<LargeOrder, "file"> {
  /** Where archive and journal go. */
  readonly folder: string;
}

/** What it prints as JSON. */
export interface LargeCleaned {
  /** The most memory that the process has ever had. */
  readonly peak: number;
  /** Where the copy is, in the folder. */
  readonly path: string;
  /** How many messages are gone. */
  readonly verified: number;
}

async function clean(order: LargeCleaning): Promise<Omit<LargeCleaned, "peak">> {
  const { url, caPem, user, password, folder } = order;
  const auth = { user, password: new Secret(password) };
  await using job = await openCleanup({
    ...{ account: user, base: folder, folder: `${folder}/job` },
    connect: () => connectPop3({ url, caCerts: [caPem], auth }),
    policy: definePolicy({
      rules: [remove("large", size.over("50MB"), { archive: "large" })],
      guards: { maxFraction: 1, keepAtLeast: 0 },
      archives: { large: eml("archive") },
    }),
  });
  const report = await job.apply((await job.plan()).planId);
  return { path: report.items[0]?.copy?.path ?? "", verified: report.counts.verified };
}

if (import.meta.main) {
  const done = await clean(await new Response(Deno.stdin.readable).json());
  const report: LargeCleaned = { ...done, peak: await peak() };
  await Deno.stdout.write(new TextEncoder().encode(JSON.stringify(report)));
}
