/**
 * Logging in: AUTH (RFC 5034), USER and PASS, APOP; what is tried, in which order, and when to stop.
 *
 * @module
 */

import {
  apopStamp,
  type Credentials,
  negotiate,
  type NegotiateOptions,
  type PasswordLogin,
  redactor,
  type SaslClient,
  type SaslMechanism,
  type SaslMessage,
  type Secret,
  whyNoMechanism,
} from "../sasl/mod.ts";
import type { Pop3Capabilities } from "./capabilities.ts";
import { apop, auth, authResponse, pass, type Pop3Command, user } from "./commands.ts";
import { Pop3AuthError } from "./errors.ts";
import type { Exchange } from "./exchange.ts";
import type { Pop3Reply } from "./reply.ts";

/** How to log in. */
export interface Pop3AuthOptions {
  /**
   * Whether a password or token may go over a connection that is not verified TLS.
   *
   * @default {false}
   */
  readonly allowCleartextAuth?: boolean | undefined;
  /** The weakest password mechanism to use; USER with PASS counts as LOGIN. */
  readonly minMechanism?: string | undefined;
}

/** What came of logging in. */
export interface Pop3AuthResult {
  /** The server's last word. */
  readonly reply: Pop3Reply;
  /** The ways that were tried, in order: mechanisms, `USER` (with PASS), `APOP`. The last one decided. */
  readonly tried: readonly string[];
  /** What the server said about the failure inside the exchange (OAuth error JSON). */
  readonly failure?: string;
}

/** What is known before a login. */
export interface LoginSituation {
  /** Where to speak. */
  readonly exchange: Exchange;
  /** What the server offers now. */
  readonly capabilities: Pop3Capabilities;
  /** The text of the greeting, which may hold APOP's stamp. */
  readonly greeting: string;
  /** Whether the connection is verified TLS. */
  readonly secure: boolean;
}

/** After so many challenges an exchange is given up (T-A04). */
const MAX_ROUNDS = 10;

/** The ways that are commands of POP3 and no mechanisms. */
const OWN_WAYS: ReadonlySet<string> = new Set(["USER", "APOP"]);

/** One way to log in. */
interface Way {
  /** The mechanism, `USER` or `APOP`. */
  readonly name: string;
  /** Whether the server has got more than the name of a mechanism. */
  readonly answered: boolean;
  /** Tries it; `tried` holds its name and those before, for errors. */
  run(tried: readonly string[]): Promise<Attempt>;
}

/** What came of one way. */
interface Attempt {
  readonly reply: Pop3Reply;
  readonly failure?: string | undefined;
}

/**
 * Logs in by AUTH, with the strongest mechanism that both sides know.
 *
 * @param situation Where, and what is known.
 * @param given Credentials, or the one mechanism to use.
 * @param options What is allowed.
 * @returns The last reply, and what was tried.
 * @throws {Pop3AuthError} If no mechanism can be used, or a server did not prove itself.
 */
export function authenticate(
  situation: LoginSituation,
  given: Credentials | SaslMechanism,
  options: Pop3AuthOptions,
): Promise<Pop3AuthResult> {
  const { capabilities, exchange } = situation;
  const offered = offeredFor(capabilities, given);
  const conditions = conditionsOf(situation, options);
  return tryAll(
    situation,
    negotiate(offered, given, conditions).map((mechanism) => new SaslWay(exchange, mechanism)),
    whyNoMechanism(offered, given, conditions),
  );
}

/**
 * Logs in as well as it can be done: by AUTH, else by USER and PASS. APOP and USER can be chosen by
 * their names among the `mechanisms`; APOP is never tried without.
 *
 * @param situation Where, and what is known.
 * @param given Credentials, or the one mechanism to use.
 * @param options What is allowed.
 * @returns The last reply, and what was tried.
 * @throws {Pop3AuthError} If there is no way, or a server did not prove itself.
 */
export async function logIn(
  situation: LoginSituation,
  given: Credentials | SaslMechanism,
  options: Pop3AuthOptions,
): Promise<Pop3AuthResult> {
  if ("start" in given) return await authenticate(situation, given, options);
  const { capabilities, exchange } = situation;
  const ways: Way[] = [];
  const against: string[] = [];
  const consider = (name: string, why: string | undefined, run: Way["run"]): void => {
    if (why === undefined) ways.push({ name, answered: true, run });
    else against.push(`${name} ${why}`);
  };
  for (const wanted of given.mechanisms ?? [undefined]) {
    const name = wanted?.toUpperCase();
    if (name === "USER") {
      consider("USER", unsafe(situation, options), () => userPass(exchange, given));
    } else if (name === "APOP") {
      const stamp = apopStamp(situation.greeting);
      const why = stamp === undefined ? "is not offered" : unsafe(situation, options);
      consider("APOP", why, async () => ({
        reply: await sayApop(exchange, given, stamp ?? ""),
      }));
    } else {
      const narrowed = wanted === undefined ? given : { ...given, mechanisms: [wanted] };
      const conditions = conditionsOf(situation, options);
      const found = negotiate(capabilities.sasl, narrowed, conditions);
      ways.push(...found.map((mechanism) => new SaslWay(exchange, mechanism)));
      const why = whyNoMechanism(capabilities.sasl, narrowed, conditions);
      if (why !== undefined) against.push(why);
    }
  }
  // Servers without CAPA know USER all the same (RFC 1939 section 7).
  if (given.mechanisms === undefined && (capabilities.has("USER") || !capabilities.known)) {
    consider("USER", unsafe(situation, options), () => userPass(exchange, given));
  }
  return await tryAll(situation, ways, against.join(", "));
}

/**
 * Makes sure that credentials can be sent, before anything is (T-A13).
 *
 * @param given Credentials.
 * @param options What is allowed.
 * @throws {SyntaxError} If user or password holds a control character.
 * @throws {TypeError} If one of them is empty or cannot be sent for another reason.
 * @throws {RangeError} If a mechanism or `minMechanism` is unknown.
 */
export function checkCredentials(given: Credentials, options: Pop3AuthOptions): void {
  user(given.user);
  pass(given.password);
  const { mechanisms: wanted, ...login } = given;
  const mechanisms = wanted?.filter((name) => !OWN_WAYS.has(name.toUpperCase()));
  if (mechanisms?.length === 0 && wanted?.length !== 0) return;
  const { minMechanism } = options;
  negotiate([], mechanisms === undefined ? login : { ...login, mechanisms }, {
    secure: true,
    ...(minMechanism === undefined ? {} : { minMechanism }),
  });
}

function conditionsOf({ secure }: LoginSituation, options: Pop3AuthOptions): NegotiateOptions {
  return {
    secure,
    allowCleartextAuth: options.allowCleartextAuth ?? false,
    ...(options.minMechanism === undefined ? {} : { minMechanism: options.minMechanism }),
  };
}

/** A server that says nothing of itself may know what is asked for by name. */
function offeredFor(
  capabilities: Pop3Capabilities,
  given: Credentials | SaslMechanism,
): readonly string[] {
  if (capabilities.known) return capabilities.sasl;
  return "start" in given ? [given.name] : given.mechanisms ?? [];
}

/** What speaks against a password, or a weak digest of it, here. */
function unsafe({ secure }: LoginSituation, options: Pop3AuthOptions): string | undefined {
  const { allowCleartextAuth = false, minMechanism = "LOGIN" } = options;
  if (minMechanism.toUpperCase() !== "LOGIN") return `is weaker than ${minMechanism}`;
  if (secure || allowCleartextAuth) return undefined;
  return "would endanger the password on a connection in clear";
}

async function tryAll(
  { exchange, secure }: LoginSituation,
  ways: readonly Way[],
  against: string = "",
): Promise<Pop3AuthResult> {
  const tried: string[] = [];
  for (const way of ways) {
    tried.push(way.name);
    const last = tried.length === ways.length;
    try {
      const { reply, failure } = await way.run(tried);
      // A refused credential is not tried in another way: that is how accounts get locked. A refusal
      // with a response code is about the account too.
      const next = !reply.ok && !way.answered && reply.code === undefined;
      if (next && !last) continue;
      return { reply, tried, ...(failure === undefined ? {} : { failure }) };
    } catch (error) {
      // Nonsense in the first challenge may be meant to talk us down; in TLS it is only a bad server.
      if (last || way.answered || !secure || exchange.dead) throw error;
    }
  }
  throw new Pop3AuthError(
    `Cannot log in to "${exchange.host}": ${against === "" ? "there is no way to" : against}`,
  );
}

/**
 * Says PASS.
 *
 * @param exchange Where to speak.
 * @param password The password.
 * @returns The reply.
 */
export async function sayPass(exchange: Exchange, password: Secret): Promise<Pop3Reply> {
  const command = pass(password);
  censor(exchange, password);
  return await exchange.say(command);
}

/**
 * Says APOP.
 *
 * @param exchange Where to speak.
 * @param given User and password.
 * @param stamp The stamp of the greeting.
 * @returns The reply.
 */
export async function sayApop(
  exchange: Exchange,
  { user: name, password }: PasswordLogin,
  stamp: string,
): Promise<Pop3Reply> {
  const command = await apop(name, stamp, password);
  censor(exchange, password);
  return await exchange.say(command);
}

async function userPass(exchange: Exchange, given: Credentials): Promise<Attempt> {
  pass(given.password); // refused now, if it cannot be sent
  const reply = await exchange.say(user(given.user));
  // Never in one write: whoever did not take the user must not get the password (P9).
  return { reply: reply.ok ? await sayPass(exchange, given.password) : reply };
}

/** Some servers quote a password back (T-A08). */
function censor(exchange: Exchange, password: Secret): void {
  exchange.censor(redactor(password));
}

/** AUTH with one mechanism. */
class SaslWay implements Way {
  readonly name: string;
  readonly #exchange: Exchange;
  readonly #mechanism: SaslMechanism;
  readonly #client: SaslClient;
  #tried: readonly string[] = [];
  #said = 0;

  constructor(exchange: Exchange, mechanism: SaslMechanism) {
    this.name = mechanism.name;
    this.#exchange = exchange;
    this.#mechanism = mechanism;
    this.#client = mechanism.start();
  }

  get answered(): boolean {
    return this.#said > 0;
  }

  async run(tried: readonly string[]): Promise<Attempt> {
    this.#tried = [...tried];
    const { redact } = this.#mechanism;
    if (redact !== undefined) this.#exchange.censor((text) => redact(text));
    return { reply: await this.#converse(), failure: this.#client.failure };
  }

  /** Answers challenges until the server has decided. */
  async #converse(): Promise<Pop3Reply> {
    // What does not fit the command, or cannot go with it, answers the first (empty) challenge.
    let message = await this.#client.initial();
    const withInitial = message === undefined ? undefined : this.#opening(message);
    if (withInitial !== undefined) {
      this.#said++;
      message = undefined;
    }
    let heard = await this.#exchange.converse(withInitial ?? this.#bare());
    for (let round = 0;; round++) {
      const challenge = typeof heard === "string" ? heard : this.#disguised(heard);
      if (challenge === undefined) break;
      if (round === MAX_ROUNDS) return await this.#cancel("the server asks without end");
      try {
        message ??= await this.#client.answer(this.#decode(challenge));
      } catch (error) {
        return await this.#cancel(error instanceof Error ? error.message : String(error), error);
      }
      const response = authResponse(message.bytes.toBase64(), message.shown);
      message = undefined;
      this.#said++;
      heard = await this.#exchange.converse(response);
    }
    const reply = heard as Pop3Reply; // a string is a challenge
    if (reply.ok) this.#finish(reply);
    return reply;
  }

  #bare(): Pop3Command {
    return auth(this.#mechanism.name) as Pop3Command; // too long only with a response
  }

  #opening({ bytes, shown }: SaslMessage): Pop3Command | undefined {
    const text = bytes.length === 0 ? "=" : bytes.toBase64();
    return auth(this.#mechanism.name, { text, shown });
  }

  /** `+OK` where the exchange cannot be over yet is a challenge in disguise (Q13). */
  #disguised(reply: Pop3Reply): string | undefined {
    const awaited = this.#mechanism.name === "LOGIN" ? 2 : 1;
    return reply.ok && this.#said < awaited ? this.#exchange.lastRest : undefined;
  }

  /** A success counts only if the mechanism agrees: with SCRAM the server must have proved itself. */
  #finish(reply: Pop3Reply): void {
    try {
      this.#client.finish();
    } catch (error) {
      throw this.#exchange.fail(
        new Pop3AuthError(
          `Cannot trust the login at "${this.#exchange.host}": ${
            error instanceof Error ? error.message : error
          }`,
          { cause: error, tried: this.#tried, reply },
        ),
      );
    }
  }

  #decode(challenge: string): Uint8Array {
    const text = challenge.trim();
    try {
      // fromBase64 passes over blanks, which have no place here (RFC 4648 section 3.3).
      if (/\s/.test(text)) throw new SyntaxError("it holds blanks");
      return Uint8Array.fromBase64(text, { lastChunkHandling: "strict" });
    } catch (error) {
      // LOGIN answers by order, whatever the prompt says (T-A03); elsewhere it has to be read.
      if (this.#mechanism.ignoresChallenges) return new Uint8Array(0);
      throw new SyntaxError("the challenge is no base64", { cause: error });
    }
  }

  /** RFC 5034 section 4: "*" cancels, `-ERR` answers it, and the session goes on. */
  async #cancel(why: string, cause?: unknown): Promise<never> {
    const reply = await this.#exchange.converse(authResponse("*", "*"));
    const answered = typeof reply === "string" ? undefined : reply;
    const error = new Pop3AuthError(
      `Cannot log in to "${this.#exchange.host}" by ${this.#mechanism.name}: ${why}`,
      { cause, tried: this.#tried, reply: answered },
    );
    if (answered === undefined || answered.ok) throw this.#exchange.fail(error);
    throw error;
  }
}
