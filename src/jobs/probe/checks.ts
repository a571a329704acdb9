/**
 * Findings as data: every check in one list, and one function that looks.
 *
 * @module
 */

import { CERTIFICATE } from "./checks/certificate.ts";
import type { Check, Hit, Sight } from "./checks/check.ts";
import { MAIL } from "./checks/mail.ts";
import { REACH } from "./checks/reach.ts";
import { REPLIES } from "./checks/replies.ts";
import { TLS } from "./checks/tls.ts";
import type { Finding } from "./result.ts";

/** All checks, in the order of the stages. */
export const CHECKS: readonly Check[] = [...REACH, ...REPLIES, ...TLS, ...CERTIFICATE, ...MAIL];

/**
 * Looks for findings.
 *
 * @param sight What to look at.
 * @returns The findings, in the order of the checks.
 */
export function lookForFindings(sight: Sight): Finding[] {
  return CHECKS.flatMap((check) => hitsOf(check, sight).map((hit) => findingOf(check, hit, sight)));
}

function hitsOf(check: Check, sight: Sight): readonly Hit[] {
  const hits = check.when(sight);
  if (hits === undefined) return [];
  return "evidence" in hits ? [hits] : hits;
}

function findingOf({ id, stage, severity, fix }: Check, hit: Hit, sight: Sight): Finding {
  const { host, ip, port, protocol } = sight.result;
  return {
    host,
    ip,
    port,
    protocol,
    stage: hit.stage ?? stage,
    id,
    severity: hit.severity ?? (typeof severity === "function" ? severity(sight) : severity),
    evidence: hit.evidence,
    fix: typeof fix === "function" ? fix(sight) : fix,
  };
}
