/**
 * Checks of TLS: whether it is offered, whether it works, whether it is insisted on.
 *
 * @module
 */

import { byRole, type Check, fact, failed, lineAt, replyOf, said, type Sight } from "./check.ts";

/** What a middlebox puts in the place of the word STARTTLS. */
const OVERWRITTEN = /^250[ -]X{4,}[A-Z]?$/;

/** Whether the server could have offered STARTTLS and did not. */
function isAbsent({ plan, seen }: Sight): boolean {
  const { clear } = seen.offered;
  return plan.tls !== "none" && plan.tls !== "implicit" && clear !== undefined &&
    !clear.has("STARTTLS");
}

function overwritten({ result: { transcript } }: Sight): number {
  return transcript.findIndex(({ end, text }) => end === "S" && OVERWRITTEN.test(text)) + 1;
}

/** Checks of TLS itself; those of certificates stand apart. */
export const TLS: readonly Check[] = [
  {
    id: "tls.not-offered",
    stage: "ehlo",
    severity: (sight) =>
      sight.plan.tls === "if-offered"
        ? "info"
        : sight.plan.tls === "required"
        ? "critical"
        : sight.plan.target.role === "lmtp"
        ? "info"
        : byRole("warning", "critical")(sight),
    when: (sight) =>
      isAbsent(sight) && overwritten(sight) === 0
        ? fact("EHLO", "STARTTLS is not offered")
        : undefined,
    fix: "Give the server a certificate and switch STARTTLS on",
  },
  {
    id: "tls.stripped",
    stage: "ehlo",
    severity: byRole("warning", "critical"),
    when: (sight) =>
      isAbsent(sight) && overwritten(sight) > 0
        ? { evidence: [lineAt(sight, overwritten(sight))] }
        : undefined,
    fix: "Switch off the SMTP inspection of the firewall on the way: it takes the offer of TLS out",
  },
  {
    id: "tls.not-required",
    stage: "clear",
    severity: byRole("info", "warning"),
    when: (sight) => {
      const reply = sight.result.stages.find(({ name }) => name === "clear")?.replies[0];
      return reply !== undefined && reply.code < 300 ? said(sight, reply) : undefined;
    },
    fix: ({ plan }) =>
      plan.target.role === "submission"
        ? "Let the server answer 530 to MAIL and AUTH until TLS is on"
        : "Nothing: on port 25 mail from senders without TLS is usually wanted",
  },
  {
    id: "tls.refused",
    stage: "starttls",
    severity: "critical",
    when: (sight) => {
      const reply = replyOf(sight, "starttls");
      return reply !== undefined && reply.code !== 220 && reply.code !== 421
        ? said(sight, reply)
        : undefined;
    },
    fix: "Look at the server's certificate and key: STARTTLS is offered and then refused",
  },
  {
    id: "tls.neither-1.2-nor-1.3",
    stage: "tls",
    severity: "critical",
    when: (sight) =>
      sight.seen.failure?.tls === "no-common-version" && sight.plan.tlsVersions.length === 2
        ? failed(sight, "tls")
        : undefined,
    fix: "Let the server speak TLS 1.2 or 1.3 with a modern cipher (RFC 9325)",
  },
  {
    id: "tls.unchecked",
    stage: "tls",
    severity: "unknown",
    when: (sight) => sight.seen.failure?.tls === "unsupported" ? failed(sight, "tls") : undefined,
    fix: "Use a newer Deno",
  },
  {
    id: "tls.handshake",
    stage: "tls",
    severity: "critical",
    when: (sight) => {
      const why = sight.seen.failure?.tls;
      const apart = why === "unsupported" ||
        (why === "no-common-version" && sight.plan.tlsVersions.length === 2);
      return apart ? undefined : failed(sight, "tls");
    },
    fix: ({ plan, seen }) => {
      if (seen.failure?.tls === "no-common-version") {
        return "Offer another version with --tls-version, or let the server speak this one";
      }
      if (seen.failure?.tls === "bad-certificate") {
        return "Show a certificate of ours with --tls-cert and --tls-key";
      }
      return plan.tls === "implicit"
        ? "Use smtp:// or submission:// if this port begins in the clear, or look into the server's log"
        : "Look into the server's log: it offers STARTTLS and the handshake does not come about";
    },
  },
  {
    id: "tls.only-1.2",
    stage: "tls",
    severity: "info",
    when: ({ result: { tls } }) =>
      tls?.versions["1.2"] === true && tls.versions["1.3"] === false
        ? fact("TLS", `${tls.version} was chosen although 1.3 was offered`)
        : undefined,
    fix: "Let the server speak TLS 1.3 too",
  },
  {
    id: "tls.injection",
    stage: "starttls",
    severity: "critical",
    when: (sight) => failed(sight, "injection"),
    fix:
      "Find out who adds plain octets behind the answer to STARTTLS: somebody on the way, or the server",
  },
  {
    id: "tls.capabilities-unchanged",
    stage: "ehlo2",
    severity: "info",
    when: ({ result: { capabilities: { clear, tls } } }) => {
      if (clear === undefined || tls === undefined) return undefined;
      if (tls.includes("STARTTLS")) return fact("EHLO", "STARTTLS is offered inside TLS as well");
      return clear.toSorted().join() === tls.toSorted().join()
        ? fact("EHLO", "the same is offered before and inside TLS")
        : undefined;
    },
    fix: "Expected is that STARTTLS disappears inside TLS, and that AUTH appears",
  },
];
