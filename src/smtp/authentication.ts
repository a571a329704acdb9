/**
 * The AUTH exchange (RFC 4954): initial response or not, challenges, and a way out.
 *
 * @module
 */

import {
  type Credentials,
  negotiate,
  type SaslClient,
  type SaslMechanism,
  type SaslMessage,
  whyNoMechanism,
} from "../sasl/mod.ts";
import { WireLine } from "../wire/mod.ts";
import { auth, type Command } from "./commands.ts";
import { SmtpAuthError } from "./errors.ts";
import type { Exchange } from "./exchange.ts";
import type { SmtpReply } from "./reply.ts";

/** How to log in. */
export interface AuthOptions {
  /**
   * Whether a password or token may go over a connection that is not verified TLS.
   *
   * @default {false}
   */
  readonly allowCleartextAuth?: boolean | undefined;
  /** The weakest password mechanism to use. */
  readonly minMechanism?: string | undefined;
}

/** What came of logging in. */
export interface AuthResult {
  /** The server's last word. */
  readonly reply: SmtpReply;
  /** The mechanisms that were tried, in order; the last one decided. */
  readonly tried: readonly string[];
  /** What the server said about the failure inside the exchange (OAuth error JSON). */
  readonly failure?: string;
}

/** After so many challenges an exchange is given up (T-A04). */
const MAX_ROUNDS = 10;
/** A longer line is split: AUTH alone, then the response (RFC 4954 section 4, S77). */
const MAX_AUTH_LINE = 512;
/** The longest response that a server has to take, CRLF included (RFC 4954 section 4). */
const MAX_RESPONSE = 12_288;

/**
 * Logs in with the strongest mechanism that both sides know. A mechanism that the server does not know
 * after all, finds too weak or opens with nonsense gives way to the next; a refused credential does
 * not, for repetition locks people out (S82).
 *
 * @param exchange Where to speak.
 * @param offered The mechanisms that the server offers now.
 * @param given Credentials, or the one mechanism to use.
 * @param secure Whether the connection is verified TLS.
 * @param options What is allowed.
 * @returns The last reply, and what was tried.
 * @throws {SmtpAuthError} If no mechanism can be used, or a server did not prove itself.
 */
export async function authenticate(
  exchange: Exchange,
  offered: readonly string[],
  given: Credentials | SaslMechanism,
  secure: boolean,
  options: AuthOptions,
): Promise<AuthResult> {
  const conditions = {
    secure,
    allowCleartextAuth: options.allowCleartextAuth ?? false,
    ...(options.minMechanism === undefined ? {} : { minMechanism: options.minMechanism }),
  };
  const tried: string[] = [];
  let last: (() => AuthResult) | undefined;
  for (const mechanism of negotiate(offered, given, conditions)) {
    tried.push(mechanism.name);
    // Some servers quote a password back (T-A08).
    if (mechanism.redact !== undefined) exchange.channel.censor((line) => redact(line, mechanism));
    const attempt = new Attempt(exchange, mechanism, tried);
    try {
      const result = await attempt.run();
      // 504: it does not know this one after all. 534: too weak for this user (RFC 4954 section 6).
      if (result.reply.code !== 504 && result.reply.code !== 534) return result;
      last = () => result;
    } catch (error) {
      // Nonsense in the first challenge may be meant to talk us down; in TLS it is only a bad server.
      if (attempt.answered || !secure || exchange.dead) throw error;
      last = () => {
        throw error;
      };
    }
  }
  if (last !== undefined) return last();
  throw new SmtpAuthError(
    `Cannot log in to "${exchange.host}": ${
      whyNoMechanism(offered, given, conditions) ?? "there is no mechanism"
    }`,
  );
}

/** Takes the secret out of a line; the code stays, whatever the password is. */
function redact(line: string, mechanism: SaslMechanism): string {
  const code = /^\d{3}(?:[ -]|$)/.exec(line)?.[0] ?? "";
  const text = line.slice(code.length);
  return code + (mechanism.redact?.(text) ?? text);
}

/** One attempt with one mechanism. */
class Attempt {
  /** Whether the server has got more than the name of the mechanism. */
  answered = false;
  readonly #exchange: Exchange;
  readonly #mechanism: SaslMechanism;
  readonly #tried: readonly string[];

  constructor(exchange: Exchange, mechanism: SaslMechanism, tried: readonly string[]) {
    this.#exchange = exchange;
    this.#mechanism = mechanism;
    this.#tried = tried;
  }

  async run(): Promise<AuthResult> {
    let client = this.#mechanism.start();
    const initial = await client.initial();
    let reply = await this.#begin(client, initial);
    // Some servers know LOGIN only without an initial response (S78).
    const again = initial !== undefined && this.#mechanism.name === "LOGIN" &&
      (reply.code === 501 || reply.code === 504);
    if (again) {
      client = this.#mechanism.start();
      const opening = await this.#say(auth(this.#mechanism.name));
      reply = await this.#converse(client, opening, await client.initial());
    }
    const { failure } = client;
    return { reply, tried: [...this.#tried], ...(failure === undefined ? {} : { failure }) };
  }

  async #begin(client: SaslClient, initial: SaslMessage | undefined): Promise<SmtpReply> {
    const { name } = this.#mechanism;
    if (initial === undefined) return await this.#converse(client, await this.#say(auth(name)));
    const empty = initial.bytes.length === 0; // it must not look like none (RFC 4954 section 4)
    const response = empty ? "=" : this.#encode(initial);
    if (name.length + response.length + 8 > MAX_AUTH_LINE) {
      return await this.#converse(client, await this.#say(auth(name)), initial);
    }
    this.answered = true;
    const shown = empty ? "=" : initial.shown;
    return await this.#converse(client, await this.#say(auth(name, response, shown)));
  }

  /** Answers challenges until the server has decided. `first` waits for an empty challenge. */
  async #converse(
    client: SaslClient,
    opening: SmtpReply,
    first?: SaslMessage,
  ): Promise<SmtpReply> {
    let reply = opening;
    let message = first;
    for (let round = 0; reply.code === 334; round++) {
      if (round === MAX_ROUNDS) {
        throw this.#exchange.fail(await this.#cancel("the server asks without end"));
      }
      let response: WireLine;
      try {
        message ??= await client.answer(this.#decode(reply));
        response = new WireLine(this.#encode(message), { shown: message.shown });
      } catch (error) {
        throw await this.#cancel(error instanceof Error ? error.message : String(error), error);
      }
      this.answered = true;
      reply = await this.#say({ verb: "AUTH", line: response, timer: "command" });
      message = undefined;
    }
    // Whatever else is positive answers something else (T-R16).
    if (reply.class === "continue" || (reply.ok && reply.code !== 235)) {
      throw this.#exchange.misplaced("AUTH", reply);
    }
    if (reply.ok) this.#finish(client, reply);
    return reply;
  }

  /** A success counts only if the mechanism agrees: with SCRAM the server must have proved itself. */
  #finish(client: SaslClient, reply: SmtpReply): void {
    try {
      client.finish();
    } catch (error) {
      const why = error instanceof Error ? error.message : error;
      throw this.#exchange.fail(
        new SmtpAuthError(`Cannot trust the login at "${this.#exchange.host}": ${why}`, {
          cause: error,
          tried: [...this.#tried],
          reply,
        }),
      );
    }
  }

  #decode(reply: SmtpReply): Uint8Array {
    const text = this.#exchange.lastLine.slice(4).trim();
    try {
      // fromBase64 passes over blanks, which have no place here (RFC 4648 section 3.3).
      if (reply.lines.length > 1 || /\s/.test(text)) throw new SyntaxError("it holds blanks");
      return Uint8Array.fromBase64(text, { lastChunkHandling: "strict" });
    } catch (error) {
      // LOGIN answers by order, whatever the prompt says (S75, T-A03); elsewhere it has to be read.
      if (this.#mechanism.ignoresChallenges) return new Uint8Array(0);
      throw new SyntaxError("the challenge is no base64", { cause: error });
    }
  }

  #encode({ bytes }: SaslMessage): string {
    const text = bytes.toBase64();
    if (text.length + 2 > MAX_RESPONSE) {
      throw new SmtpAuthError(
        `Cannot log in to "${this.#exchange.host}" by ${this.#mechanism.name}: the response has ` +
          `${text.length} characters, and ${MAX_RESPONSE - 2} are the most`,
        { tried: [...this.#tried] },
      );
    }
    return text;
  }

  /** RFC 4954 section 4: "*" cancels, 501 answers it, and the session goes on. */
  async #cancel(why: string, cause?: unknown): Promise<unknown> {
    const reply = await this.#say({ verb: "AUTH", line: new WireLine("*"), timer: "command" });
    const error = new SmtpAuthError(
      `Cannot log in to "${this.#exchange.host}" by ${this.#mechanism.name}: ${why}`,
      { ...(cause === undefined ? {} : { cause }), tried: [...this.#tried], reply },
    );
    return reply.ok || reply.class === "continue" ? this.#exchange.fail(error) : error;
  }

  #say(command: Command): Promise<SmtpReply> {
    return this.#exchange.say(command);
  }
}
