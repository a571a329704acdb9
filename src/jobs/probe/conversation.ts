/**
 * Speaks with one server, verb by verb, and notes what it sees. It judges nothing.
 *
 * Whatever the server does is noted and never thrown; what is thrown is an abort of the caller, or a
 * fault of ours.
 *
 * @module
 */

import { type AuthResult, SmtpAuthError, SmtpSession } from "../../smtp/mod.ts";
import { Course, type CourseOptions, Farewell } from "./course.ts";
import { deliver } from "./delivery.ts";
import { failureOf } from "./failure.ts";
import { namesOf } from "./login.ts";
import type { Observation } from "./observation.ts";
import { openConnection } from "./opening.ts";
import type { Plan } from "./plan.ts";

/** Codes to EHLO behind which a server may still know HELO. */
const NO_EHLO: ReadonlySet<number> = new Set([500, 501, 502, 504, 550]);

/** One conversation. */
export class Conversation {
  readonly #course: Course;
  #session: SmtpSession | undefined;
  #complete = false;

  /**
   * Prepares to speak.
   *
   * @param plan What to do.
   * @param options What it takes.
   */
  constructor(plan: Plan, options: CourseOptions) {
    this.#course = new Course(plan, options);
  }

  /** What was seen so far. */
  get seen(): Observation {
    return this.#course.seen;
  }

  /** Whether nothing was left out: neither by a failure nor by a stage to stop at. */
  get complete(): boolean {
    return this.#complete;
  }

  /**
   * Speaks until everything is done or nothing can be done any more.
   *
   * @throws {unknown} The reason of an abort, and what is wrong with us.
   */
  async run(): Promise<void> {
    try {
      await this.#converse();
      this.#complete = true;
    } catch (error) {
      if (!(error instanceof Farewell)) this.#note(error);
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
    await deliver(this.#course, session);
  }

  #note(error: unknown): void {
    const { signal, options, stage, recorder, seen } = this.#course;
    const aborted = options.signal?.aborted && error === options.signal.reason;
    const failure = aborted ? undefined : failureOf(
      signal.aborted ? signal.reason : error,
      stage,
      recorder,
      options.proxy !== undefined,
    );
    if (failure === undefined) {
      this.#session?.close();
      throw error;
    }
    seen.failure = failure;
    recorder.breakOff();
  }

  async #connect(): Promise<SmtpSession> {
    const { plan, options, signal, recorder } = this.#course;
    const tls = { hostname: plan.tlsName, caCerts: [...options.caCerts ?? []] };
    const connection = await openConnection(this.#course, tls);
    const session = new SmtpSession(connection, {
      protocol: plan.target.protocol,
      host: plan.target.host,
      tls,
      timers: plan.timers,
      name: plan.name,
      without: options.without,
      signal,
      onEvent: recorder.listen,
      ...(options.clock === undefined ? {} : { clock: options.clock }),
    });
    this.#session = session;
    if (plan.tls === "implicit") this.#afterTls();
    return session;
  }

  async #greet(session: SmtpSession): Promise<void> {
    this.#course.stage = "banner";
    this.#course.recorder.expectGreeting();
    const { code } = await session.readGreeting();
    if (code !== 220) throw new Farewell();
    this.#course.reached("banner");
  }

  async #hello(session: SmtpSession, stage: "ehlo" | "ehlo2"): Promise<void> {
    this.#course.begin(stage);
    const { hello } = this.#course.plan;
    let reply = hello === "LHLO"
      ? await session.lhlo()
      : hello === "HELO"
      ? await session.helo()
      : await session.ehlo();
    if (hello === "EHLO" && NO_EHLO.has(reply.code)) {
      this.seen.heloOnly = true;
      reply = await session.helo();
    }
    this.#course.orFarewell(reply);
    const phase = session.connection.security === "clear" ? "clear" : "tls";
    this.seen.offered[phase] = session.offered;
    this.#course.reached(stage);
  }

  async #secure(session: SmtpSession): Promise<void> {
    const { tls } = this.#course.plan;
    if (tls === "none" || session.connection.security !== "clear") return;
    if (!session.capabilities.has("STARTTLS")) {
      if (tls === "required") throw new Farewell();
      return;
    }
    await this.#mailInClear(session);
    this.#course.begin("starttls");
    const reply = await session.startTls();
    if (reply.code === 220) {
      this.#afterTls();
      return await this.#hello(session, "ehlo2");
    }
    this.#course.checkClosing(reply);
    if (tls !== "opportunistic") throw new Farewell();
  }

  /** Whether mail would be taken without TLS: only MAIL tells, for EHLO says nothing about it. */
  async #mailInClear(session: SmtpSession): Promise<void> {
    const { target, hello, from } = this.#course.plan;
    if (target.role === "lmtp" || hello !== "EHLO") return;
    this.#course.begin("clear");
    const reply = await session.mail(from);
    if (reply.ok) await session.rset();
    this.#course.checkClosing(reply);
  }

  #afterTls(): void {
    const { plan, options } = this.#course;
    this.#course.stage = "tls";
    const trusted = this.seen.judgement?.facts.authorized ?? true;
    if (!trusted && options.tlsVerify) {
      if (plan.login.length > 0) this.#course.skip("auth", "the certificate ends the run");
      if (plan.to.length > 0) this.#course.skip("rcpt", "the certificate ends the run");
      throw new Farewell();
    }
    this.#course.reached("tls");
  }

  async #login(session: SmtpSession): Promise<void> {
    const { plan, options } = this.#course;
    if (plan.login.length === 0) return;
    const { ifOffered = false, allowCleartext = false } = options.login ?? {};
    const offered = session.capabilities.auth;
    const { security } = session.connection;
    this.#course.stage = "auth";
    if (offered.length === 0 && ifOffered) return;
    if (security === "unverified") {
      return this.#course.skip("auth", "the certificate is not in order");
    }
    if (offered.length === 0) this.#unusable("the server offers no login");
    if (security === "clear" && !allowCleartext) {
      this.#unusable("there is no TLS, and a login in the clear was not allowed");
    }
    const { reply, tried, failure } = await this.#authenticate(session, allowCleartext);
    const used = tried.at(-1);
    this.seen.login = {
      ok: reply.ok,
      ...(used === undefined ? {} : { used }),
      ...(failure === undefined ? {} : { text: failure }),
    };
    this.#course.orFarewell(reply);
    this.#course.reached("auth");
    await this.#helloAgain(session);
  }

  /** Tries the ways to log in until one is not just unsuitable. */
  async #authenticate(session: SmtpSession, allowCleartextAuth: boolean): Promise<AuthResult> {
    const offered = session.capabilities.auth;
    let result: AuthResult | undefined;
    let against = `the server offers ${offered.join(", ")}`;
    for (const attempt of this.#course.plan.login) {
      if (!namesOf(attempt).some((name) => offered.includes(name))) continue;
      this.#course.begin("auth");
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

  /** What a server offers may depend on who asks. One that minds is not asked again. */
  async #helloAgain(session: SmtpSession): Promise<void> {
    this.#course.begin("ehlo3");
    const lmtp = this.#course.plan.hello === "LHLO";
    const reply = lmtp ? await session.lhlo() : await session.ehlo();
    this.#course.checkClosing(reply);
    if (reply.ok) this.seen.offered.authenticated = session.offered;
    this.#course.reached("ehlo3");
  }

  #unusable(why: string): never {
    this.seen.unusable = why;
    throw new Farewell();
  }

  async #ask(session: SmtpSession): Promise<void> {
    if (this.#course.plan.ask.length === 0) return;
    this.#course.begin("ask");
    for (const line of this.#course.plan.ask) {
      this.#course.checkClosing(await session.command(line));
    }
    this.#course.reached("ask");
  }

  async #leave(): Promise<void> {
    const session = this.#session;
    if (session?.usable && this.#course.options.leave !== "drop") {
      this.#course.begin("quit");
      await session.quit();
    }
    session?.close();
  }
}
