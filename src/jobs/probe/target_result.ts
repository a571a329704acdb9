/**
 * What was seen of one server, put together to its result.
 *
 * @module
 */

import type { Receipt, SmtpReply } from "../../smtp/mod.ts";
import type { Observation, Offer } from "./observation.ts";
import type { Plan } from "./plan.ts";
import { pop3Facts } from "./pop3_facts.ts";
import type { Recorder } from "./recorder.ts";
import type {
  AuthFacts,
  CapabilityMatrix,
  Identity,
  RecipientOutcome,
  StageName,
  StageReply,
  TargetResult,
} from "./result.ts";

/**
 * Puts a result together.
 *
 * @param plan What was to be done.
 * @param conversation What was seen, and whether nothing was left out.
 * @param recorder What was said.
 * @returns The result without its status, which follows from the findings.
 */
export function describeTarget(
  plan: Plan,
  { seen, complete }: { readonly seen: Observation; readonly complete: boolean },
  recorder: Recorder,
): Omit<TargetResult, "status"> {
  const { host, port, protocol } = plan.target;
  const rcpt = recipientOutcomes(plan, recorder, seen.receipt);
  const auth = authFacts(seen);
  const { receipt } = seen;
  return {
    host,
    ip: seen.ip,
    port,
    protocol,
    reachedStage: reachedStage(recorder, complete),
    stages: recorder.stages,
    identity: identityOf(recorder),
    capabilities: capabilityMatrix(seen.offered),
    ...(seen.judgement === undefined ? {} : { tls: seen.judgement.facts }),
    ...(auth === undefined ? {} : { auth }),
    rcpt,
    delivery: deliveryOf(rcpt, receipt),
    ...(receipt === undefined ? {} : {
      message: {
        outcome: receipt.outcome,
        octets: receipt.octets,
        ...(receipt.queueId === undefined ? {} : { queueId: receipt.queueId }),
      },
    }),
    ...(protocol === "pop3" ? { pop3: pop3Facts(seen.pop3) } : {}),
    batteries: [],
    transcript: recorder.transcript,
  };
}

/** QUIT is said after failures too, so it counts only where nothing was left out. */
function reachedStage({ stages }: Recorder, complete: boolean): StageName | "none" {
  return stages.findLast(({ name, ok }) => ok && (complete || name !== "quit"))?.name ?? "none";
}

function identityOf(recorder: Recorder): Identity {
  const banner = nameIn(recorder.find("banner")?.replies[0]);
  const ehlo = nameIn(recorder.find("ehlo")?.replies.at(-1));
  const same = banner?.toLowerCase() === ehlo?.toLowerCase();
  return {
    ...(banner === undefined ? {} : { banner }),
    ...(ehlo === undefined ? {} : { ehlo }),
    verdict: banner === undefined ? "unnamed" : ehlo === undefined || same ? "match" : "differs",
  };
}

/** The first word, if it is a domain with a dot or an address literal. */
function nameIn(reply: StageReply | undefined): string | undefined {
  if (!reply?.ok) return undefined;
  const [word = ""] = reply.text.split(/\s/, 1);
  return /^(?:[a-z0-9_](?:[a-z0-9_-]*\.)+[a-z0-9-]+\.?|localhost|\[[0-9a-z:.]+\])$/i.test(word)
    ? word
    : undefined;
}

function capabilityMatrix(offered: Observation["offered"]): CapabilityMatrix {
  const { clear, tls, authenticated } = offered;
  const phases = [clear, tls, authenticated].filter((phase) => phase !== undefined);
  const first = phases[0];
  const last = phases.at(-1);
  return {
    ...(clear === undefined ? {} : { clear: clear.lines }),
    ...(tls === undefined ? {} : { tls: tls.lines }),
    ...(authenticated === undefined ? {} : { authenticated: authenticated.lines }),
    gained: missingIn(first, last),
    lost: missingIn(last, first),
  };
}

/** Keywords of one set that another lacks. */
function missingIn(set: Offer | undefined, other: Offer | undefined): string[] {
  return (other?.lines ?? []).map((line) => line.split(" ", 1)[0] ?? "")
    .filter((keyword) => !set?.has(keyword));
}

function authFacts({ offered, login }: Observation): AuthFacts | undefined {
  const offeredClear = offered.clear?.logins ?? [];
  const offeredTls = offered.tls?.logins ?? [];
  if (offeredClear.length + offeredTls.length === 0 && login === undefined) return undefined;
  return {
    offeredClear,
    offeredTls,
    ...(login?.used === undefined ? {} : { used: login.used }),
    ...(login === undefined ? {} : { ok: login.ok }),
  };
}

function recipientOutcomes(
  { to, target }: Plan,
  recorder: Recorder,
  receipt: Receipt | undefined,
): RecipientOutcome[] {
  const replies = recorder.find("rcpt")?.replies ?? [];
  const lmtp = target.protocol === "lmtp";
  const finals = lmtp && receipt !== undefined ? finalReplies(receipt) : undefined;
  return replies.flatMap((reply, index) => {
    const address = to[index]?.toString();
    if (address === undefined) return [];
    const { code, enhanced, text } = finals?.get(address) ?? reply;
    if (code === undefined) return [];
    return [{
      address,
      code,
      ...(enhanced === undefined ? {} : { enhanced: `${enhanced}` }),
      text,
      ms: reply.ms,
      outcome: code < 400 ? "accepted" : code < 500 ? "deferred" : "refused",
    }];
  });
}

/** LMTP answers the content once for each recipient; that is what counts. */
function finalReplies({ accepted, rejected }: Receipt): ReadonlyMap<string, SmtpReply> {
  const finals = new Map<string, SmtpReply>();
  for (const { recipient, final } of accepted) {
    if (final !== undefined) finals.set(`${recipient}`, final);
  }
  for (const { recipient, reply } of rejected) {
    if (reply !== undefined) finals.set(`${recipient}`, reply);
  }
  return finals;
}

function deliveryOf(
  rcpt: readonly RecipientOutcome[],
  receipt: Receipt | undefined,
): TargetResult["delivery"] {
  if (rcpt.length === 0) return "untried";
  // All were taken at RCPT, and then the message was not.
  if (receipt !== undefined && receipt.accepted.length === 0) return "none";
  const accepted = rcpt.filter(({ outcome }) => outcome === "accepted").length;
  return accepted === rcpt.length ? "all" : accepted > 0 ? "partial" : "none";
}
