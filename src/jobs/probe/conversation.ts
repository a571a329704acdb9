/**
 * Speaks with one server, verb by verb, and notes what it sees. It judges nothing.
 *
 * Whatever the server does is noted and never thrown; what is thrown is an abort of the caller, or a
 * fault of ours.
 *
 * @module
 */

import {
  type AuthResult,
  type Capabilities,
  type Receipt,
  receiptOf,
  SmtpAuthError,
  SmtpLocalError,
  type SmtpReply,
  SmtpSession,
} from "../../smtp/mod.ts";
import { type Connection, dial, systemClock, TimeoutError, TlsError } from "../../wire/mod.ts";
import { toPem } from "./certificate.ts";
import { type Failure, failureOf } from "./failure.ts";
import { type Judgement, judgePeer, type Peer } from "./judgement.ts";
import { namesOf } from "./login.ts";
import { MeteredConnection } from "./meter.ts";
import type { ProbeOptions } from "./options.ts";
import type { StartTlsLooking } from "./peer_certificate.ts";
import type { Plan } from "./plan.ts";
import type { Recorder } from "./recorder.ts";
import type { StageName } from "./result.ts";

/** Something that was asked for and could not be tried. */
export interface Skipped {
  /** What it would have been. */
  readonly stage: StageName;
  /** Why not. */
  readonly why: string;
}

/** What was seen, beside the transcript and the stages. */
export interface Observation {
  /** The server's address. */
  ip: string | null;
  /** What ended the conversation early. */
  failure?: Failure;
  /** What TLS showed. */
  judgement?: Judgement;
  /** Whether the server knows HELO only. */
  heloOnly: boolean;
  /** What is offered, by phase. */
  readonly offered: { clear?: Capabilities; tls?: Capabilities; authenticated?: Capabilities };
  /** What came of the login; `failure` is what the server said inside the exchange. */
  login?: { readonly used?: string; readonly ok: boolean; readonly text?: string };
  /** Why no mechanism could be used. */
  unusable?: string;
  /** What became of the message. */
  receipt?: Receipt;
  /** What was asked for and could not be tried. */
  readonly skipped: Skipped[];
}

/** What a conversation needs beside its plan. */
export interface ConversationOptions {
  /** What the probe was told. */
  readonly options: ProbeOptions;
  /** Where all that is said goes. */
  readonly recorder: Recorder;
  /** Ends the conversation: the caller's signal and the limit of the run. */
  readonly signal: AbortSignal;
  /** The clock's wall time. */
  readonly now: () => number;
  /** Hears the presented chain, as PEM. */
  readonly onChain: (pem: string) => void;
}

/** Codes to EHLO behind which a server may still know HELO. */
const NO_EHLO: ReadonlySet<number> = new Set([500, 501, 502, 504, 550]);
/** Since when `node:tls` tells the truth about a handshake. */
const LEAST_DENO = [2, 7, 14] as const;

/** The end of the conversation in good order: the stage to stop at, or nothing more to do. */
class Farewell {}

/** One conversation. */
export class Conversation {
  /** What was seen so far. */
  readonly seen: Observation = { ip: null, heloOnly: false, offered: {}, skipped: [] };
  readonly #plan: Plan;
  readonly #context: ConversationOptions;
  readonly #recorder: Recorder;
  #session: SmtpSession | undefined;
  #startTls: StartTlsLooking | undefined;
  #stage: StageName = "tcp";

  /**
   * Prepares to speak.
   *
   * @param plan What to do.
   * @param context What it takes.
   */
  constructor(plan: Plan, context: ConversationOptions) {
    this.#plan = plan;
    this.#context = context;
    this.#recorder = context.recorder;
  }

  /** Whether nothing was left out: neither by a failure nor by a stage to stop at. */
  complete = false;

  /**
   * Speaks until everything is done or nothing can be done any more.
   *
   * @throws {unknown} The reason of an abort, and what is wrong with us.
   */
  async run(): Promise<void> {
    try {
      await this.#converse();
      this.complete = true;
    } catch (error) {
      this.#note(error);
    }
    await this.#leave();
  }

  async #converse(): Promise<void> {
    const session = await this.#connect();
    await this.#greet(session);
    await this.#hello(session, "ehlo");
    await this.#secure(session);
    await this.#login(session);
    await this.#ask(session);
    await this.#deliver(session);
  }

  #note(error: unknown): void {
    if (error instanceof Farewell) return;
    const { signal, options } = this.#context;
    if (options.signal?.aborted && error === options.signal.reason) throw this.#closing(error);
    const why = signal.aborted ? signal.reason : error;
    const proxied = options.proxy !== undefined;
    const failure = failureOf(why, this.#stage, this.#recorder, proxied);
    if (failure === undefined) throw this.#closing(error);
    this.seen.failure = failure;
    this.#recorder.breakOff();
  }

  #closing(error: unknown): unknown {
    this.#session?.close();
    return error;
  }

  async #connect(): Promise<SmtpSession> {
    const { target, tls, timers, name } = this.#plan;
    const { options, signal } = this.#context;
    const tlsOptions = { hostname: this.#plan.tlsName, caCerts: [...options.caCerts ?? []] };
    if (tls !== "none") this.#startTls = await loadTls();
    const plain = await this.#recorder.measure("tcp", () => this.#dial());
    const { remote } = plain;
    if (remote.transport === "tcp" && options.proxy === undefined) this.seen.ip = remote.hostname;
    const metered = new MeteredConnection(plain, this.#recorder, (below, { hostname }) => {
      this.#reached("starttls");
      this.#stage = "tls";
      return this.#recorder.measure("tls", () => this.#look(below, hostname));
    });
    const connection = tls === "implicit"
      ? await this.#limited(plain, timers.handshake, () => metered.startTls(tlsOptions))
      : metered;
    const session = new SmtpSession(connection, {
      protocol: target.protocol,
      host: target.host,
      tls: tlsOptions,
      timers,
      name,
      without: options.without,
      signal,
      onEvent: this.#recorder.listen,
      ...(options.clock === undefined ? {} : { clock: options.clock }),
    });
    this.#session = session;
    this.#reached("tcp");
    if (tls === "implicit") this.#afterTls();
    return session;
  }

  async #dial(): Promise<Connection> {
    const { target: { address }, timers } = this.#plan;
    const { options, signal } = this.#context;
    const { clock, proxy, family, localAddress, localPort } = options;
    const common = {
      signal,
      timeoutMs: timers.connect,
      ...(clock === undefined ? {} : { clock }),
    };
    const chosen = family !== undefined || localAddress !== undefined || localPort !== undefined;
    if (!chosen || "path" in address) {
      return await (options.dial ?? dial)(address, { ...common, proxy });
    }
    const { connectFrom } = await import("./peer_certificate.ts");
    return await connectFrom(address, { ...common, family, localAddress, localPort });
  }

  /** Before there is a session to watch the time, closing the connection ends what is done on it. */
  async #limited<T>(connection: Connection, ms: number, work: () => Promise<T>): Promise<T> {
    const { signal, options: { clock = systemClock } } = this.#context;
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

  /** TLS on an open connection, whose other end is judged. */
  async #look(plain: Connection, hostname: string): Promise<Connection> {
    const { options, now, onChain } = this.#context;
    const { tls, tlsVersions } = this.#plan;
    // The in-memory pair has TLS of its own, without certificates.
    if (plain.remote.transport === "memory") return await plain.startTls({ hostname });
    if (this.#startTls === undefined) throw tooOld();
    const judge = async (peer: Peer): Promise<boolean> => {
      onChain(peer.chain.map(toPem).join(""));
      this.seen.judgement = await judgePeer(peer, {
        mode: tls === "implicit" ? "implicit" : "starttls",
        hostname,
        ownRoots: options.caCerts !== undefined,
        offered: tlsVersions,
        now: now(),
      });
      return this.seen.judgement.facts.authorized;
    };
    return await this.#startTls(plain, { hostname, caCerts: options.caCerts ?? [] }, {
      versions: tlsVersions,
      clientCertificate: options.clientCertificate,
      judge,
    });
  }

  async #greet(session: SmtpSession): Promise<void> {
    this.#stage = "banner";
    this.#recorder.expectGreeting();
    const { code } = await session.readGreeting();
    if (code !== 220) throw new Farewell();
    this.#reached("banner");
  }

  async #hello(session: SmtpSession, stage: "ehlo" | "ehlo2" | "ehlo3"): Promise<void> {
    this.#begin(stage);
    const { hello } = this.#plan;
    let reply = hello === "LHLO"
      ? await session.lhlo()
      : hello === "HELO"
      ? await session.helo()
      : await session.ehlo();
    if (hello === "EHLO" && NO_EHLO.has(reply.code)) {
      this.seen.heloOnly = true;
      reply = await session.helo();
    }
    this.#orFarewell(reply);
    const secured = session.connection.security !== "clear";
    const phase = stage === "ehlo3" ? "authenticated" : secured ? "tls" : "clear";
    this.seen.offered[phase] = session.offered;
    this.#reached(stage);
  }

  async #secure(session: SmtpSession): Promise<void> {
    const { tls } = this.#plan;
    if (tls === "none" || session.connection.security !== "clear") return;
    if (!session.capabilities.has("STARTTLS")) {
      if (tls === "required") throw new Farewell();
      return;
    }
    await this.#mailInClear(session);
    this.#begin("starttls");
    const reply = await session.startTls();
    if (reply.code === 220) {
      this.#afterTls();
      return await this.#hello(session, "ehlo2");
    }
    if (tls === "opportunistic") return;
    throw new Farewell();
  }

  /** Whether mail would be taken without TLS: only MAIL tells, for EHLO says nothing about it. */
  async #mailInClear(session: SmtpSession): Promise<void> {
    if (this.#plan.target.role === "lmtp" || this.#plan.hello !== "EHLO") return;
    this.#begin("clear");
    const reply = await session.mail(this.#plan.from);
    if (reply.ok) await session.rset();
    this.#checkClosing(reply);
  }

  #afterTls(): void {
    this.#stage = "tls";
    const trusted = this.seen.judgement?.facts.authorized ?? true;
    if (!trusted && this.#context.options.tlsVerify) {
      if (this.#plan.login.length > 0) this.#skip("auth", "the certificate ends the run");
      if (this.#plan.to.length > 0) this.#skip("rcpt", "the certificate ends the run");
      throw new Farewell();
    }
    this.#reached("tls");
  }

  async #login(session: SmtpSession): Promise<void> {
    const { login } = this.#plan;
    if (login.length === 0) return;
    const { ifOffered = false, allowCleartext = false } = this.#context.options.login ?? {};
    const offered = session.capabilities.auth;
    const { security } = session.connection;
    this.#stage = "auth";
    if (offered.length === 0 && ifOffered) return;
    if (security === "unverified") return this.#skip("auth", "the certificate is not in order");
    if (offered.length === 0) this.#unusable("the server offers no login");
    if (security === "clear" && !allowCleartext) {
      this.#unusable("there is no TLS, and a login in the clear was not allowed");
    }
    const result = await this.#authenticate(session, allowCleartext);
    const used = result.tried.at(-1);
    this.seen.login = {
      ok: result.reply.ok,
      ...(used === undefined ? {} : { used }),
      ...(result.failure === undefined ? {} : { text: result.failure }),
    };
    this.#orFarewell(result.reply);
    this.#reached("auth");
    // What a server offers may depend on who asks.
    await this.#hello(session, "ehlo3");
  }

  /** Tries the ways to log in until one is not just unsuitable. */
  async #authenticate(session: SmtpSession, allowCleartextAuth: boolean): Promise<AuthResult> {
    const offered = session.capabilities.auth;
    let result: AuthResult | undefined;
    let against = `the server offers ${offered.join(", ")}`;
    for (const attempt of this.#plan.login) {
      if (!namesOf(attempt).some((name) => offered.includes(name))) continue;
      this.#begin("auth");
      try {
        result = await session.auth(attempt, { allowCleartextAuth });
      } catch (error) {
        if (!(error instanceof SmtpAuthError) || error.tried.length > 0) throw error;
        against = error.message;
        continue;
      }
      if (result.reply.code !== 504 && result.reply.code !== 534) break;
    }
    return result ?? this.#unusable(against);
  }

  #unusable(why: string): never {
    this.seen.unusable = why;
    throw new Farewell();
  }

  async #ask(session: SmtpSession): Promise<void> {
    if (this.#plan.ask.length === 0) return;
    this.#begin("ask");
    for (const line of this.#plan.ask) this.#checkClosing(await session.command(line));
    this.#reached("ask");
  }

  async #deliver(session: SmtpSession): Promise<void> {
    const { mail, to, content, stop } = this.#plan;
    if (!mail) return;
    if (content === undefined || stop === "mail" || stop === "rcpt" || stop === "data") {
      return await this.#envelope(session);
    }
    if (session.connection.security === "unverified") {
      this.#skip("dot", "the certificate is not in order");
      return await this.#envelope(session);
    }
    await this.#send(
      session,
      to.map((address) => ({
        address,
        ...(this.#plan.rcptParameters === undefined
          ? {}
          : { parameters: this.#plan.rcptParameters }),
      })),
    );
  }

  /** MAIL and RCPT without a message. */
  async #envelope(session: SmtpSession): Promise<void> {
    const { from, to, mailParameters, rcptParameters } = this.#plan;
    this.#begin("mail");
    const reply = await session.mail(from, mailParameters);
    this.#orFarewell(reply);
    this.#reached("mail");
    if (to.length > 0) {
      this.#begin("rcpt");
      let accepted = 0;
      for (const recipient of to) {
        const answer = await session.rcpt(recipient, rcptParameters);
        this.#checkClosing(answer);
        if (answer.ok) accepted++;
      }
      this.#reached("rcpt");
      if (this.#plan.stop === "data" && accepted > 0) await this.#dataAlone(session);
    }
    await session.rset();
  }

  /** DATA, and then nothing: only closing the connection keeps what follows from being content. */
  async #dataAlone(session: SmtpSession): Promise<void> {
    this.#begin("data");
    const farewell = new Farewell();
    // deno-lint-ignore require-yield -- its content is that there is none
    const nothing = async function* (): AsyncGenerator<Uint8Array> {
      await Promise.resolve();
      throw farewell;
    };
    await session.data(nothing());
    throw farewell;
  }

  async #send(
    session: SmtpSession,
    to: Parameters<SmtpSession["send"]>[0]["to"],
  ): Promise<void> {
    const { from, mailParameters, content = "" } = this.#plan;
    const { pipelining = false, chunking = false } = this.#context.options;
    this.#stage = "mail";
    for (const [wanted, keyword] of [[pipelining, "PIPELINING"], [chunking, "CHUNKING"]] as const) {
      if (wanted && !session.capabilities.has(keyword)) {
        throw new SmtpLocalError(`Cannot try ${keyword}: the server does not offer it`);
      }
    }
    if (!pipelining) session.mask("PIPELINING");
    this.#recorder.following = true;
    try {
      await session.send(
        {
          from,
          to,
          policy: "any",
          ...(mailParameters === undefined ? {} : { parameters: mailParameters }),
        },
        content,
        { chunking },
      );
    } catch (error) {
      this.#stage = this.#recorder.stages.at(-1)?.name ?? "mail";
      const receipt = receiptOf(error) ?? session.lastReceipt;
      if (receipt !== undefined) this.seen.receipt = receipt;
      throw error;
    } finally {
      this.#recorder.following = false;
    }
    if (session.lastReceipt !== undefined) this.seen.receipt = session.lastReceipt;
    this.#stage = "dot";
  }

  async #leave(): Promise<void> {
    const session = this.#session;
    if (session === undefined) return;
    if (session.usable && this.#context.options.leave !== "drop") {
      const before = this.#stage;
      this.#begin("quit");
      await session.quit();
      this.#stage = before;
    }
    session.close();
  }

  #begin(stage: StageName): void {
    this.#stage = stage;
    this.#recorder.begin(stage);
  }

  #reached(stage: StageName): void {
    if (this.#plan.stop === stage) throw new Farewell();
  }

  #orFarewell(reply: SmtpReply): void {
    if (!reply.ok) throw new Farewell();
  }

  /** 421 may answer anything; the server closes behind it. */
  #checkClosing(reply: SmtpReply): void {
    if (reply.code === 421) throw new Farewell();
  }

  #skip(stage: StageName, why: string): void {
    this.seen.skipped.push({ stage, why });
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
    `Cannot look at the certificate with Deno ${Deno.version.deno}: ${
      LEAST_DENO.join(".")
    } or later ` +
      "is needed",
    { failure: "unsupported" },
  );
}
