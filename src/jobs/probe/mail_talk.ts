/**
 * What is said to a server of SMTP or LMTP.
 *
 * @module
 */

import { SmtpSession } from "../../smtp/mod.ts";
import { type Course, Farewell } from "./course.ts";
import { deliver } from "./delivery.ts";
import { logIn } from "./logging_in.ts";
import type { Offer } from "./observation.ts";
import { openConnection, sessionOptions } from "./opening.ts";
import type { Talk } from "./talk.ts";

/** Codes to EHLO behind which a server may still know HELO. */
const NO_EHLO: ReadonlySet<number> = new Set([500, 501, 502, 504, 550]);

/** A session of SMTP or LMTP. */
export class MailTalk implements Talk {
  readonly #course: Course;
  #session: SmtpSession | undefined;

  /**
   * Prepares to speak.
   *
   * @param course What to do, and how far it has come.
   */
  constructor(course: Course) {
    this.#course = course;
  }

  async speak(): Promise<void> {
    const session = await this.#connect();
    await this.#greet(session);
    await this.#hello(session, "ehlo");
    await this.#secure(session);
    await this.#login(session);
    await this.#ask(session);
    await deliver(this.#course, session);
  }

  async #connect(): Promise<SmtpSession> {
    const { plan } = this.#course;
    const session = new SmtpSession(await openConnection(this.#course), {
      ...sessionOptions(this.#course),
      protocol: plan.target.protocol === "lmtp" ? "lmtp" : "smtp",
      timers: plan.timers,
      name: plan.name,
    });
    this.#session = session;
    if (plan.tls === "implicit") this.#course.secured();
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
      this.#course.seen.heloOnly = true;
      reply = await session.helo();
    }
    this.#course.orFarewell(reply);
    const phase = session.connection.security === "clear" ? "clear" : "tls";
    this.#course.seen.offered[phase] = offerOf(session);
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
      this.#course.secured();
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

  async #login(session: SmtpSession): Promise<void> {
    const loggedIn = await logIn(this.#course, {
      security: session.connection.security,
      offered: session.capabilities.auth,
      attempt: (attempt, allowCleartextAuth) => session.auth(attempt, { allowCleartextAuth }),
      // The mechanism is not wanted, or too weak: that says nothing about the password.
      isAboutTheWay: ({ code }) => code === 504 || code === 534,
    });
    if (loggedIn) await this.#helloAgain(session);
  }

  /** What a server offers may depend on who asks. One that minds is not asked again. */
  async #helloAgain(session: SmtpSession): Promise<void> {
    this.#course.begin("ehlo3");
    const lmtp = this.#course.plan.hello === "LHLO";
    const reply = lmtp ? await session.lhlo() : await session.ehlo();
    this.#course.checkClosing(reply);
    if (reply.ok) this.#course.seen.offered.authenticated = offerOf(session);
    this.#course.reached("ehlo3");
  }

  async #ask(session: SmtpSession): Promise<void> {
    if (this.#course.plan.ask.length === 0) return;
    this.#course.begin("ask");
    for (const line of this.#course.plan.ask) {
      this.#course.checkClosing(await session.command(line));
    }
    this.#course.reached("ask");
  }

  async leave(): Promise<void> {
    const session = this.#session;
    if (session?.usable && this.#course.options.leave !== "drop") {
      this.#course.begin("quit");
      await session.quit();
    }
    this.close();
  }

  close(): void {
    this.#session?.close();
  }
}

function offerOf({ offered }: SmtpSession): Offer {
  return { lines: offered.lines, logins: offered.auth, has: (keyword) => offered.has(keyword) };
}
