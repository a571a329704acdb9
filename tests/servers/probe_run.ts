/**
 * The probe as a user runs it: a process of its own with the permissions that it names itself.
 *
 * @module
 */
import { deepEqual, equal } from "node:assert/strict";
import type { ProbeRun } from "../../src/jobs/mod.ts";
import { breaches } from "../jobs/probe/schema.ts";
import { run } from "./process.ts";

/** The script. */
export const SCRIPT: string = new URL("../../scripts/probe.ts", import.meta.url).pathname;
/** The certificates of the harness are made for two days. */
export const YOUNG: readonly string[] = ["--cert-warn", "1h", "--cert-crit", "1h"];

/** How a run of the script went. */
export interface Probed {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs the probe with exactly the permissions that it says it needs. */
export async function probe(args: readonly string[], stdin: string = ""): Promise<Probed> {
  const deno = ["run", "--no-prompt", "--quiet", "--no-config"];
  const asked = await run("deno", [...deno, SCRIPT, ...args, "--permissions"]);
  const grants = asked.stdout.trim().split(" ");
  const { code, stdout, stderr } = await run("deno", [...deno, ...grants, SCRIPT, ...args], {
    stdin,
    env: { NO_COLOR: "1" },
    mayFail: true,
  });
  return { code, out: stdout, err: stderr };
}

/** The same, and its result with the names of what it found. */
export async function result(args: readonly string[], stdin?: string): Promise<
  ProbeRun & {
    readonly ids: readonly string[];
  }
> {
  const { code, out, err } = await probe([...args, "--json"], stdin);
  equal(err, "");
  const run: ProbeRun = JSON.parse(out);
  deepEqual(await breaches(run), []);
  equal(code, run.exitCode);
  const ids = run.findings.filter(({ severity }) => severity !== "info").map(({ id }) => id);
  return { ...run, ids };
}
