/**
 * What is said to a server of POP3. A maildrop is looked at and left as it was: RETR, DELE and RSET are
 * never said.
 *
 * @module
 */

import {
  apopStamp,
  type MsgNo,
  Pop3LocalError,
  Pop3ReplyError,
  Pop3Session,
  type Pop3Timers,
} from "../../pop3/mod.ts";
import { type Course, Farewell } from "./course.ts";
import { logIn } from "./logging_in.ts";
import { type Attempt, namesOf } from "./login.ts";
import { openConnection, sessionOptions } from "./opening.ts";
import type { Plan } from "./plan.ts";
import type { Talk } from "./talk.ts";

/** A session of POP3. */
export class MaildropTalk implements Talk {
  readonly #course: Course;
  #session: Pop3Session | undefined;

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
    const { security } = session.connection;
    await this.#capa(session, "capa", security === "clear" ? "clear" : "tls");
    await this.#secure(session);
    if (await this.#login(session)) await this.#look(session);
  }

  async #connect(): Promise<Pop3Session> {
    const { plan } = this.#course;
    const session = new Pop3Session(await openConnection(this.#course), {
      ...sessionOptions(this.#course),
      timers: timersOf(plan),
    });
    this.#session = session;
    if (plan.tls === "implicit") this.#course.secured();
    return session;
  }

  async #greet(session: Pop3Session): Promise<void> {
    this.#course.stage = "banner";
    this.#course.recorder.expectGreeting();
    const greeting = await session.readGreeting();
    this.#course.orFarewell(greeting);
    this.#course.seen.pop3.apop = apopStamp(greeting.rest) !== undefined;
    this.#course.reached("banner");
  }

  /** Without CAPA a server may know the rest all the same (RFC 1939 is older than RFC 2449). */
  async #capa(
    session: Pop3Session,
    stage: "capa" | "capa2" | "capa3",
    phase: "clear" | "tls" | "authenticated",
  ): Promise<void> {
    this.#course.begin(stage);
    const { ok } = await session.capa();
    const { offered } = session;
    if (ok) {
      const { seen } = this.#course;
      seen.pop3.capabilities = offered;
      seen.offered[phase] = {
        lines: offered.lines,
        logins: [
          ...offered.sasl,
          ...(offered.has("USER") ? ["USER"] : []),
          ...(seen.pop3.apop ? ["APOP"] : []),
        ],
        has: (keyword) => offered.has(keyword),
      };
    }
    this.#course.reached(stage);
  }

  async #secure(session: Pop3Session): Promise<void> {
    const { tls } = this.#course.plan;
    if (tls === "none" || session.connection.security !== "clear") return;
    const { capabilities } = session;
    // Nothing is lost by asking a server that has not said what it offers.
    const worthTrying = capabilities.has("STLS") || (!capabilities.known && tls !== "if-offered");
    if (worthTrying) {
      this.#course.begin("stls");
      const reply = await session.stls();
      if (reply.ok) {
        this.#course.secured();
        return await this.#capa(session, "capa2", "tls");
      }
    }
    if (tls === "required" || (tls === "if-offered" && worthTrying)) throw new Farewell();
  }

  #login(session: Pop3Session): Promise<boolean> {
    const offered = waysOf(session, this.#course.seen.pop3.apop);
    return logIn(this.#course, {
      security: session.connection.security,
      offered,
      attempt: (attempt, allowCleartextAuth) =>
        session.login(narrowed(attempt, offered), { allowCleartextAuth }),
      isAboutTheWay: () => false, // the session goes through the ways of an attempt by itself
    });
  }

  /** Lists what is there, and touches nothing that was not asked for. */
  async #look(session: Pop3Session): Promise<void> {
    await this.#capa(session, "capa3", "authenticated");
    const { plan: { stop, touch }, options } = this.#course;
    if (stop === "stat" || stop === "list") return await this.#count(session);
    this.#course.stage = "stat";
    if (!options.pipelining) session.mask("PIPELINING");
    else if (!session.capabilities.pipelining) {
      throw new Pop3LocalError("Cannot try PIPELINING: the server does not offer it");
    }
    const numbers = await this.#list(session);
    if (touch) await this.#touch(session, numbers);
  }

  /** TOP about one message; never where a server may take that for the time to remove it. */
  async #touch(session: Pop3Session, [first]: readonly MsgNo[]): Promise<void> {
    const { pop3 } = this.#course.seen;
    if (pop3.snapshot === undefined) return;
    if (first === undefined) {
      pop3.untouched = "there is no message to ask about";
    } else if (pop3.capabilities?.expire?.days === 0) {
      pop3.untouched = "EXPIRE 0: a server may remove the message that was asked about";
    } else {
      this.#course.begin("top");
      await session.top(first, 0);
      this.#course.reached("top");
    }
  }

  /** STAT and LIST one by one, to stop behind them. */
  async #count(session: Pop3Session): Promise<void> {
    const { pop3 } = this.#course.seen;
    this.#course.begin("stat");
    const stat = await session.stat();
    if (stat.ok) pop3.stat = stat.value;
    else pop3.unlisted = stat.error;
    this.#course.reached("stat");
    this.#course.begin("list");
    const list = await session.list();
    if (list.ok) pop3.listed = list.value.length;
    else pop3.unlisted ??= list.error;
    this.#course.reached("list");
  }

  async #list(session: Pop3Session): Promise<readonly MsgNo[]> {
    const { recorder, seen: { pop3 } } = this.#course;
    recorder.following = true;
    try {
      pop3.snapshot = await session.snapshot();
    } catch (error) {
      this.#course.stage = recorder.awaited ?? "stat";
      if (!(error instanceof Pop3ReplyError)) throw error;
      pop3.unlisted = error;
    } finally {
      recorder.following = false;
    }
    this.#course.reached("uidl");
    return pop3.snapshot?.numbers ?? [];
  }

  async leave(): Promise<void> {
    const session = this.#session;
    const { options } = this.#course;
    if (session?.usable && options.leave !== "drop") {
      this.#course.begin("quit");
      try {
        await session.quit();
      } catch {
        options.signal?.throwIfAborted();
        // Gone without a farewell: nothing was marked, so nothing depends on it.
      }
    }
    this.close();
  }

  close(): void {
    this.#session?.close();
  }
}

/** The ways to log in; one that says nothing of itself is taken to know USER (RFC 1939 section 7). */
function waysOf({ capabilities }: Pop3Session, apop: boolean): readonly string[] {
  const user = capabilities.has("USER") || !capabilities.known;
  return [...capabilities.sasl, ...(user ? ["USER"] : []), ...(apop ? ["APOP"] : [])];
}

/** Credentials with those ways only that are offered: what is not would be tried by its name. */
function narrowed(attempt: Attempt, offered: readonly string[]): Attempt {
  if ("start" in attempt) return attempt;
  return { ...attempt, mechanisms: namesOf(attempt).filter((name) => offered.includes(name)) };
}

function timersOf(
  { timers: { connect, greeting, handshake, command, final, quit } }: Plan,
): Pop3Timers {
  return {
    connect,
    greeting,
    handshake,
    login: command,
    reply: command,
    read: command,
    listing: final,
    message: final,
    quit,
  };
}
