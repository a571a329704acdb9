/**
 * Checks of TLS: whether it is offered, whether it works, whether it is insisted on.
 *
 * @module
 */

import {
  atHello,
  byRole,
  type Check,
  fact,
  failed,
  lineAt,
  replyOf,
  said,
  type Sight,
  wordsOf,
} from "./check.ts";

/** Whether the server could have offered TLS and did not, or knew nothing of offers and of TLS. */
function isAbsent(sight: Sight): boolean {
  const { plan, seen } = sight;
  const { clear } = seen.offered;
  if (plan.tls === "none" || plan.tls === "implicit") return false;
  const { startTls, upgrade } = wordsOf(sight);
  if (clear !== undefined) return !clear.has(startTls);
  return replyOf(sight, upgrade)?.ok === false;
}

function overwritten(sight: Sight): number {
  const { overwritten } = wordsOf(sight);
  return sight.result.transcript
    .findIndex(({ end, text }) => end === "S" && overwritten.test(text)) + 1;
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
        ? atHello(sight, `${wordsOf(sight).startTls} is not offered`)
        : undefined,
    fix: (sight) => `Give the server a certificate and switch ${wordsOf(sight).startTls} on`,
  },
  {
    id: "tls.stripped",
    stage: "ehlo",
    severity: byRole("warning", "critical"),
    when: (sight) =>
      isAbsent(sight) && overwritten(sight) > 0
        ? { evidence: [lineAt(sight, overwritten(sight))], stage: wordsOf(sight).phases.clear }
        : undefined,
    fix: (sight) =>
      `Switch off the ${wordsOf(sight).name} inspection of the firewall on the way: ` +
      "it takes the offer of TLS out",
  },
  {
    id: "tls.not-required",
    stage: "clear",
    severity: byRole("info", "warning"),
    when: (sight) => {
      const reply = sight.result.stages.find(({ name }) => name === "clear")?.replies[0];
      return reply?.ok ? said(sight, reply) : undefined;
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
      const { upgrade } = wordsOf(sight);
      const reply = replyOf(sight, upgrade);
      if (reply === undefined || reply.code === 421 || isAbsent(sight)) return undefined;
      const consent = reply.code === undefined ? reply.ok : reply.code === 220;
      return consent ? undefined : { ...said(sight, reply), stage: upgrade };
    },
    fix: (sight) =>
      `Look at the server's certificate and key: ${
        wordsOf(sight).startTls
      } is offered and then refused`,
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
    fix: (sight) => {
      const { plan, seen } = sight;
      const { plain, startTls } = wordsOf(sight);
      if (seen.failure?.tls === "no-common-version") {
        return "Offer another version with --tls-version, or let the server speak this one";
      }
      if (seen.failure?.tls === "bad-certificate") {
        return "Show a certificate of ours with --tls-cert and --tls-key";
      }
      return plan.tls === "implicit"
        ? `Use ${plain} if this port begins in the clear, or look into the server's log`
        : `Look into the server's log: it offers ${startTls} and the handshake does not come about`;
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
    fix: (sight) =>
      `Find out who adds plain octets behind the answer to ${wordsOf(sight).startTls}: ` +
      "somebody on the way, or the server",
  },
  {
    id: "tls.capabilities-unchanged",
    stage: "ehlo2",
    severity: "info",
    when: (sight) => {
      const { clear, tls } = sight.result.capabilities;
      const { startTls } = wordsOf(sight);
      if (clear === undefined || tls === undefined) return undefined;
      if (tls.includes(startTls)) {
        return atHello(sight, `${startTls} is offered inside TLS as well`, "tls");
      }
      return clear.toSorted().join() === tls.toSorted().join()
        ? atHello(sight, "the same is offered before and inside TLS", "tls")
        : undefined;
    },
    fix: (sight) =>
      `Expected is that ${wordsOf(sight).startTls} disappears inside TLS, and that logins appear`,
  },
];
