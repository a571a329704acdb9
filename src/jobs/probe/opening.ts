/**
 * The way to a server: a connection that is listened to, and TLS whose other end is judged.
 *
 * @module
 */

import {
  type Clock,
  type Connection,
  dial,
  type StartTlsOptions,
  systemClock,
  TimeoutError,
  TlsError,
  type TranscriptListener,
} from "../../wire/mod.ts";
import { toPem } from "./certificate.ts";
import type { Course } from "./course.ts";
import { judgePeer, type Peer } from "./judgement.ts";
import { MeteredConnection } from "./meter.ts";
import type { StartTlsLooking } from "./peer_certificate.ts";
import { WORDS } from "./words.ts";

/** Since when `node:tls` tells the truth about a handshake. */
const LEAST_DENO = [2, 7, 14] as const;

/** What sessions of all protocols take. */
export interface CommonSessionOptions {
  readonly host: string;
  readonly tls: StartTlsOptions;
  readonly without: readonly string[] | undefined;
  readonly signal: AbortSignal;
  readonly onEvent: TranscriptListener;
  readonly clock?: Clock;
}

/**
 * What the session of a course takes, whatever it speaks.
 *
 * @param course What to do.
 * @returns The options.
 */
export function sessionOptions(course: Course): CommonSessionOptions {
  const { plan: { target }, options: { without, clock }, signal, recorder } = course;
  return {
    host: target.host,
    tls: tlsOptions(course),
    without,
    signal,
    onEvent: recorder.listen,
    ...(clock === undefined ? {} : { clock }),
  };
}

/** The name to expect, and roots to trust. */
function tlsOptions({ plan, options }: Course): StartTlsOptions {
  return { hostname: plan.tlsName, caCerts: [...options.caCerts ?? []] };
}

/**
 * Opens a connection, with TLS if it begins with it.
 *
 * @param course Where to, and how.
 * @returns The connection; every octet that goes through it is counted.
 * @throws {WireError} If it does not come about.
 */
export async function openConnection(course: Course): Promise<Connection> {
  const { plan, recorder, seen, options } = course;
  const start = plan.tls === "none" ? undefined : await loadTls();
  const plain = await recorder.measure("tcp", () => dialTarget(course));
  const { remote } = plain;
  if (remote.transport === "tcp" && options.proxy === undefined) seen.ip = remote.hostname;
  const metered = new MeteredConnection(plain, recorder, (below, { hostname }) => {
    course.reached(WORDS[plan.target.protocol].upgrade);
    course.stage = "tls";
    return recorder.measure("tls", () => look(course, start, below, hostname));
  });
  if (plan.stop === "tcp") plain.close(); // there is no session yet that would
  course.reached("tcp");
  if (plan.tls !== "implicit") return metered;
  return await limited(course, plain, () => metered.startTls(tlsOptions(course)));
}

async function dialTarget({ plan, options, signal }: Course): Promise<Connection> {
  const { target: { address }, timers } = plan;
  const { clock, proxy, family, localAddress, localPort } = options;
  const common = {
    signal,
    timeoutMs: timers.connect,
    ...(clock === undefined ? {} : { clock }),
  };
  if (options.dial !== undefined) {
    const { target: { protocol }, tls } = plan;
    return await options.dial(address, {
      ...common,
      proxy,
      protocol,
      implicitTls: tls === "implicit",
    });
  }
  const chosen = family !== undefined || localAddress !== undefined || localPort !== undefined;
  if (!chosen || "path" in address) return await dial(address, { ...common, proxy });
  const { connectFrom } = await import("./peer_certificate.ts");
  return await connectFrom(address, { ...common, family, localAddress, localPort });
}

/** TLS on an open connection, whose other end is judged. */
async function look(
  { options, plan, seen, now, onChain }: Course,
  start: StartTlsLooking | undefined,
  plain: Connection,
  hostname: string,
): Promise<Connection> {
  // The in-memory pair has TLS of its own, without certificates.
  if (plain.remote.transport === "memory") return await plain.startTls({ hostname });
  if (start === undefined) throw tooOld();
  const judge = async (peer: Peer): Promise<boolean> => {
    onChain(peer.chain.map(toPem).join(""));
    seen.judgement = await judgePeer(peer, {
      mode: plan.tls === "implicit" ? "implicit" : WORDS[plan.target.protocol].upgrade,
      hostname,
      ownRoots: options.caCerts !== undefined,
      offered: plan.tlsVersions,
      now: now(),
    });
    return seen.judgement.facts.authorized;
  };
  return await start(plain, { hostname, caCerts: options.caCerts ?? [] }, {
    versions: plan.tlsVersions,
    clientCertificate: options.clientCertificate,
    judge,
  });
}

/** Before there is a session to watch the time, closing the connection ends what is done on it. */
async function limited<T>(
  { plan, options: { clock = systemClock }, signal }: Course,
  connection: Connection,
  work: () => Promise<T>,
): Promise<T> {
  const ms = plan.timers.handshake;
  const done = new AbortController();
  let reason: unknown;
  const stop = (why: unknown): void => {
    reason ??= why;
    connection.close();
  };
  const abort = (): void => stop(signal.reason);
  signal.addEventListener("abort", abort, { once: true });
  const timer = clock.sleep(ms, { signal: done.signal, background: true }).then(
    () => stop(new TimeoutError("TLS handshake", ms)),
    () => {}, // done in time
  );
  try {
    return await work();
  } catch (error) {
    throw reason ?? error;
  } finally {
    signal.removeEventListener("abort", abort);
    done.abort();
    await timer;
  }
}

/** Loads what starts TLS, unless this Deno is too old for it. */
async function loadTls(): Promise<StartTlsLooking | undefined> {
  const [major = 0, minor = 0, patch = 0] = Deno.version.deno.split(/[.-]/).map(Number);
  const [a, b, c] = LEAST_DENO;
  const old = major !== a ? major < a : minor !== b ? minor < b : patch < c;
  return old ? undefined : await (await import("./peer_certificate.ts")).loadTls();
}

function tooOld(): TlsError {
  return new TlsError(
    `Cannot look at the certificate with Deno ${Deno.version.deno}: ${LEAST_DENO.join(".")} or ` +
      "later is needed",
    { failure: "unsupported" },
  );
}
