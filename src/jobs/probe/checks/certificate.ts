/**
 * Checks of certificates: when, for whom, by whom.
 *
 * @module
 */

import type { CertificateFacts, Evidence, Severity } from "../result.ts";
import { byRole, type Check, fact, type Hit, type Sight } from "./check.ts";

function days(count: number): string {
  return `${count} ${Math.abs(count) === 1 ? "day" : "days"}`;
}

/** Certificates of the chain as evidence. */
function records(chain: readonly CertificateFacts[], text: (of: CertificateFacts) => string): Hit {
  return {
    evidence: chain.map((of): Evidence => ({
      record: `certificate ${of.subject}`,
      text: text(of),
    })),
  };
}

/** The certificates of the chain for which something holds. */
function chainWhere(
  { seen: { judgement } }: Sight,
  holds: (of: CertificateFacts) => boolean,
  text: (of: CertificateFacts) => string,
): Hit | undefined {
  const found = judgement?.facts.chain.filter(holds) ?? [];
  return found.length === 0 ? undefined : records(found, text);
}

/** Senders to port 25 rarely check; users' programs do. */
const BY_ROLE: (sight: Sight) => Severity = byRole("warning", "critical");

/** Checks of certificates. */
export const CERTIFICATE: readonly Check[] = [
  {
    id: "cert.expired",
    stage: "tls",
    severity: "critical",
    when: (sight) =>
      chainWhere(
        sight,
        ({ notAfter }) => Date.parse(notAfter) < sight.now,
        ({ notAfter }) => `it ended on ${notAfter}`,
      ),
    fix: "Renew the certificate, and let renewal run by itself 30 days before the end",
  },
  {
    id: "cert.expiry",
    stage: "tls",
    severity: ({ plan: { limits }, result: { tls } }) =>
      (tls?.daysLeft ?? Infinity) < limits.certCritDays ? "critical" : "warning",
    when: ({ plan: { limits }, result: { tls } }) => {
      const limit = Math.max(limits.certWarnDays, limits.certCritDays);
      if (tls === undefined || tls.daysLeft < 0 || tls.daysLeft >= limit) return undefined;
      const ends = tls.chain.map(({ notAfter }) => notAfter).toSorted()[0];
      return fact("certificate", `notAfter ${ends}, ${days(tls.daysLeft)} left`);
    },
    fix: "Renew the certificate; renewal should run 30 days before the end",
  },
  {
    id: "cert.not-yet-valid",
    stage: "tls",
    severity: "critical",
    when: (sight) =>
      chainWhere(
        sight,
        ({ notBefore }) => Date.parse(notBefore) > sight.now,
        ({ notBefore }) => `it begins on ${notBefore}`,
      ),
    fix: "Check the clocks of both machines, and then who made the certificate",
  },
  {
    id: "cert.name",
    stage: "tls",
    severity: BY_ROLE,
    when: ({ result: { tls } }) =>
      tls === undefined || tls.nameMatches ? undefined : fact(
        "certificate",
        `it is for ${tls.names.join(", ") || "no name (a common name does not count)"}, ` +
          `not for ${tls.expectedName}`,
      ),
    fix:
      "Get a certificate with this name as a subject alternative name, or name the one it is for with --tls-name",
  },
  {
    id: "cert.untrusted",
    stage: "tls",
    severity: BY_ROLE,
    when: ({ result: { tls } }) => {
      if (tls?.trust === "untrusted") {
        return fact("certificate", `nobody we trust has signed it: ${tls.chain.at(-1)?.issuer}`);
      }
      const inTime = tls !== undefined && tls.reason?.startsWith("the platform") === true;
      return inTime ? fact("certificate", tls.reason ?? "") : undefined;
    },
    fix: "Get a certificate of a public authority, or trust this one's with --tls-ca",
  },
  {
    id: "cert.self-signed",
    stage: "tls",
    severity: BY_ROLE,
    when: ({ result: { tls } }) =>
      tls?.trust === "self-signed"
        ? fact("certificate", `${tls.chain[0]?.subject} is signed by itself`)
        : undefined,
    fix: "Get a certificate of a public authority; free ones renew by themselves",
  },
  {
    id: "cert.chain-incomplete",
    stage: "tls",
    severity: BY_ROLE,
    when: ({ result: { tls } }) =>
      tls?.trust === "incomplete"
        ? fact(
          "certificate",
          `the certificate of its issuer was not sent: ${tls.chain.at(-1)?.issuer}`,
        )
        : undefined,
    fix: "Let the server send the whole chain: its certificate, then the intermediate ones",
  },
  {
    id: "cert.weak-key",
    stage: "tls",
    severity: BY_ROLE,
    when: ({ seen: { judgement } }) => {
      const weak = judgement?.chain.filter(({ weakKey }) => weakKey) ?? [];
      return weak.length === 0 ? undefined : records(weak, ({ key }) => `its key is ${key}`);
    },
    fix: "Make a new key: EC P-256, or RSA with 2048 bits and more (RFC 9325)",
  },
];
