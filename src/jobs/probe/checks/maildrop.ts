/**
 * Checks of what is particular to servers of POP3: what they say of themselves, and whether their
 * listings can be worked with.
 *
 * @module
 */

import type { Contradiction } from "../../../pop3/mod.ts";
import type { Evidence } from "../result.ts";
import { type Check, fact, type Hit, lineAt, replyOf, said, type Sight } from "./check.ts";

/** A policy that keeps messages for fewer days leaves no time for a holiday of a week. */
const SHORT_DAYS = 7;
/** What is wrong with every message of a large maildrop is not told for each. */
const MOST_EVIDENCE = 5;

const DISAGREEING: readonly Contradiction["kind"][] = [
  ...["count", "octets", "stat-octets", "uid-missing", "uid-unlisted"] as const,
];

/** Facts about a listing, the first of many. */
function facts(record: string, texts: readonly string[]): Hit | undefined {
  if (texts.length === 0) return undefined;
  const evidence: Evidence[] = texts.slice(0, MOST_EVIDENCE).map((text) => ({ record, text }));
  const more = texts.length - MOST_EVIDENCE;
  if (more > 0) evidence.push({ record, text: `and ${more} more like it` });
  return { evidence };
}

function contradictions({ seen }: Sight, ...kinds: readonly Contradiction["kind"][]): string[] {
  return (seen.pop3.snapshot?.contradictions ?? [])
    .filter(({ kind }) => kinds.includes(kind))
    .map(({ text }) => text);
}

/** Checks of POP3. */
export const MAILDROP: readonly Check[] = [
  {
    id: "pop3.capa-missing",
    stage: "capa",
    severity: "info",
    when: (sight) => {
      const reply = replyOf(sight, "capa");
      return reply?.ok === false && sight.result.pop3?.capa === false
        ? said(sight, reply)
        : undefined;
    },
    fix: "Let the server answer CAPA (RFC 2449): clients can only guess what it knows",
  },
  {
    id: "pop3.apop-weak",
    stage: "banner",
    severity: "info",
    when: (sight) => {
      const reply = replyOf(sight, "banner");
      return sight.seen.pop3.apop && sight.plan.tls !== "implicit" && reply !== undefined
        ? said(sight, reply)
        : undefined;
    },
    fix: "Switch APOP off: without TLS its digest gives the password away (CVE-2007-1558)",
  },
  {
    id: "pop3.expire-short",
    stage: "capa",
    severity: ({ seen: { pop3, offered } }) =>
      // Before the login it is the least of all users (RFC 2449 section 6.7).
      pop3.capabilities?.expire?.perUser && offered.authenticated === undefined
        ? "info"
        : "warning",
    when: (sight) => {
      const { days, perUser = false } = sight.seen.pop3.capabilities?.expire ?? {};
      if (typeof days !== "number" || days >= SHORT_DAYS) return undefined;
      const whose = perUser && sight.seen.offered.authenticated === undefined
        ? " for some users"
        : "";
      return atLast(
        sight,
        days === 0
          ? `EXPIRE 0: retrieved messages may be gone${whose} as soon as the session ends`
          : `EXPIRE ${days}: messages may be gone${whose} after ${days} day${days > 1 ? "s" : ""}`,
      );
    },
    fix: "Keep a copy of everything that is retrieved: this server does not keep mail",
  },
  {
    id: "pop3.login-delay",
    stage: "capa",
    severity: "info",
    when: (sight) => {
      const hits: Hit[] = [];
      const { seconds, perUser } = sight.seen.pop3.capabilities?.loginDelay ?? {};
      if (seconds !== undefined && seconds > 0) {
        const most = perUser && sight.seen.offered.authenticated === undefined ? " at most" : "";
        hits.push(
          atLast(
            sight,
            `LOGIN-DELAY ${seconds}: a user may log in again after${most} ${seconds} s`,
          ),
        );
      }
      // That nobody could log in leaves open whether the login is in order.
      hits.push(...refusedBy(sight, "LOGIN-DELAY"));
      return hits;
    },
    fix: "Log in less often than that: an earlier login is refused, whatever the password",
  },
  {
    id: "pop3.in-use",
    stage: "auth",
    severity: "unknown",
    when: (sight) => refusedBy(sight, "IN-USE"),
    fix: "Try again when the other session has ended: a maildrop is open once at a time",
  },
  {
    id: "pop3.listing-failed",
    stage: "list",
    severity: "critical",
    when: ({ seen: { pop3: { unlisted } } }) =>
      unlisted === undefined
        ? undefined
        : { ...fact(unlisted.command, unlisted.message), stage: stageOf(unlisted.command) },
    fix: "Look into the server's log: it takes the login and cannot say what is in the maildrop",
  },
  {
    id: "pop3.stat-list-mismatch",
    stage: "list",
    severity: "warning",
    when: (sight) => {
      const { stat, listed } = sight.seen.pop3;
      const apart = stat !== undefined && listed !== undefined && stat.count !== listed
        ? [`STAT has ${stat.count} messages, LIST ${listed}`]
        : [];
      return facts("listings", [...apart, ...contradictions(sight, ...DISAGREEING)]);
    },
    fix: "Rebuild the index of the maildrop: clients that trust these numbers miss messages",
  },
  {
    id: "pop3.list-gaps",
    stage: "list",
    severity: "info",
    when: (sight) => facts("LIST", contradictions(sight, "beyond-count", "order")),
    fix: "Nothing; clients must take the numbers from LIST and not count to that of STAT",
  },
  {
    id: "pop3.uidl-missing",
    stage: "uidl",
    severity: "warning",
    when: (sight) => {
      const { snapshot, capabilities } = sight.seen.pop3;
      const reply = replyOf(sight, "uidl");
      if (reply?.ok === false) return said(sight, reply);
      return snapshot === undefined && capabilities !== undefined && !capabilities.has("UIDL")
        ? atLast(sight, "UIDL is not offered")
        : undefined;
    },
    fix: "Switch UIDL on: without it no client knows which messages it has seen",
  },
  {
    id: "pop3.uidl-duplicate",
    stage: "uidl",
    severity: "warning",
    when: ({ seen: { pop3: { snapshot } } }) =>
      facts(
        "UIDL",
        [...snapshot?.duplicates ?? []].map(([uid, numbers]) =>
          `"${uid}" is the unique-id of the messages ${numbers.join(", ")}`
        ),
      ),
    fix: "Let every message have a unique-id of its own: clients take these for one message",
  },
  {
    id: "pop3.uidl-syntax",
    stage: "uidl",
    severity: "warning",
    when: (sight) => {
      const { uidlError } = sight.seen.pop3.snapshot ?? {};
      const unreadable = uidlError?.reply.ok ? [uidlError.message] : [];
      return facts("UIDL", [...unreadable, ...contradictions(sight, "uid-invalid")]);
    },
    fix: "Let unique-ids be 1 to 70 visible characters of ASCII (RFC 1939 section 7)",
  },
  {
    id: "pop3.top-refused",
    stage: "top",
    severity: "warning",
    when: (sight) => {
      const reply = replyOf(sight, "top");
      return reply?.ok === false ? said(sight, reply) : undefined;
    },
    fix: "Switch TOP on: without it a client must retrieve a message to see its header",
  },
  {
    id: "pop3.top-untried",
    stage: "top",
    severity: "unknown",
    when: ({ seen: { pop3: { untouched } } }) =>
      untouched === undefined ? undefined : fact("TOP", untouched),
    fix: "Leave --touch out, or use a maildrop with a message that may be touched",
  },
];

/** What was offered, at the phase where it was last asked for. */
function atLast(sight: Sight, text: string): Hit {
  const { clear, tls, authenticated } = sight.seen.offered;
  if (authenticated !== undefined) return { ...fact("CAPA", text), stage: "capa3" };
  const inside = tls !== undefined && clear !== undefined;
  return { ...fact("CAPA", text), stage: inside ? "capa2" : "capa" };
}

/** A login that was refused for a reason that has nothing to do with the password. */
function refusedBy(sight: Sight, code: string): Hit[] {
  const reply = replyOf(sight, "auth");
  if (reply === undefined || reply.ok || reply.responseCode !== code) return [];
  return [{ evidence: [lineAt(sight, reply.line)], stage: "auth", severity: "unknown" }];
}

function stageOf(command: string): "stat" | "list" {
  return command === "STAT" ? "stat" : "list";
}
