/**
 * Findings as data: every check in one list, and one function that looks.
 *
 * @module
 */

import { CERTIFICATE } from "./checks/certificate.ts";
import type { Check, Hit, Sight } from "./checks/check.ts";
import { HELLO } from "./checks/hello.ts";
import { LOGIN } from "./checks/login.ts";
import { MAIL } from "./checks/mail.ts";
import { MAILDROP } from "./checks/maildrop.ts";
import { REACH } from "./checks/reach.ts";
import { REPLIES } from "./checks/replies.ts";
import { TLS } from "./checks/tls.ts";
import { UNTRIED } from "./checks/untried.ts";
import type { Finding } from "./result.ts";

/** The checks of SMTP and LMTP, in the order of the stages. */
const OF_MAIL: readonly Check[] = [
  ...[...REACH, ...HELLO, ...REPLIES, ...TLS, ...CERTIFICATE],
  ...[...LOGIN, ...MAIL, ...UNTRIED],
];
/** The checks of POP3. */
const OF_MAILDROPS: readonly Check[] = [
  ...[...REACH, ...REPLIES, ...TLS, ...CERTIFICATE],
  ...[...LOGIN, ...MAILDROP, ...UNTRIED],
];

/** All checks. */
export const CHECKS: readonly Check[] = [...new Set([...OF_MAIL, ...OF_MAILDROPS])];

/**
 * Looks for findings.
 *
 * @param sight What to look at.
 * @returns The findings, in the order of the checks.
 */
export function lookForFindings(sight: Sight): Finding[] {
  const checks = sight.plan.target.protocol === "pop3" ? OF_MAILDROPS : OF_MAIL;
  return checks.flatMap((check) => hitsOf(check, sight).map((hit) => findingOf(check, hit, sight)));
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
