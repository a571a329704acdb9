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

/**
 * Logs in with the strongest mechanism that both sides know; a mechanism that the server finds too
 * weak or does not know gives way to the next, a refused credential does not (S82).
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
  const mechanisms = negotiate(offered, given, conditions);
  const tried: string[] = [];
  let result: AuthResult | undefined;
  for (const mechanism of mechanisms) {
    tried.push(mechanism.name);
    // Some servers quote a password back (T-A08).
    if (mechanism.redact !== undefined) {
      exchange.channel.censor((text) => mechanism.redact?.(text) ?? text);
    }
    result = await new AuthExchange(exchange, mechanism, tried).run();
    // 504: it does not know this one after all. 534: too weak for this user (RFC 4954 section 6).
    if (result.reply.code !== 504 && result.reply.code !== 534) break;
  }
  if (result !== undefined) return result;
  throw new SmtpAuthError(
    `Cannot log in to "${exchange.host}": ${
      whyNoMechanism(offered, given, conditions) ?? "there is no mechanism"
    }`,
  );
}

/** One exchange with one mechanism. */
class AuthExchange {
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
    return { reply, tried: this.#tried, ...(failure === undefined ? {} : { failure }) };
  }

  async #begin(client: SaslClient, initial: SaslMessage | undefined): Promise<SmtpReply> {
    const { name } = this.#mechanism;
    if (initial === undefined) return await this.#converse(client, await this.#say(auth(name)));
    const response = initial.bytes.length === 0 ? "=" : initial.bytes.toBase64();
    if (name.length + response.length + 8 > MAX_AUTH_LINE) {
      return await this.#converse(client, await this.#say(auth(name)), initial);
    }
    return await this.#converse(client, await this.#say(auth(name, response, initial.shown)));
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
      if (round === MAX_ROUNDS) return await this.#cancel("the server asks without end");
      try {
        message ??= await client.answer(this.#decode(reply));
      } catch (error) {
        return await this.#cancel(error instanceof Error ? error.message : String(error), error);
      }
      reply = await this.#say(response(message));
      message = undefined;
    }
    if (reply.ok) this.#finish(client, reply);
    return reply;
  }

  /** A success counts only if the mechanism agrees: with SCRAM the server must have proved itself. */
  #finish(client: SaslClient, reply: SmtpReply): void {
    try {
      client.finish();
    } catch (error) {
      throw this.#exchange.fail(
        new SmtpAuthError(
          `Cannot trust the login at "${this.#exchange.host}": ${
            error instanceof Error ? error.message : error
          }`,
          { cause: error, tried: this.#tried, reply },
        ),
      );
    }
  }

  #decode(reply: SmtpReply): Uint8Array {
    const text = reply.lines[0]?.trim() ?? "";
    try {
      return Uint8Array.fromBase64(text, { lastChunkHandling: "strict" });
    } catch (error) {
      // LOGIN answers by order, whatever the prompt says (S75, T-A03); elsewhere it has to be read.
      if (this.#mechanism.ignoresChallenges) return new Uint8Array(0);
      throw new SyntaxError("the challenge is no base64", { cause: error });
    }
  }

  /** RFC 4954 section 4: "*" cancels, 501 answers it, and the session goes on. */
  async #cancel(why: string, cause?: unknown): Promise<never> {
    const reply = await this.#say({
      verb: "AUTH",
      line: new WireLine("*"),
      timer: "command",
    });
    const error = new SmtpAuthError(
      `Cannot log in to "${this.#exchange.host}" by ${this.#mechanism.name}: ${why}`,
      { cause, tried: this.#tried, reply },
    );
    if (reply.code === 334 || reply.ok) throw this.#exchange.fail(error);
    throw error;
  }

  #say(command: Command): Promise<SmtpReply> {
    return this.#exchange.say(command);
  }
}

function response({ bytes, shown }: SaslMessage): Command {
  return { verb: "AUTH", line: new WireLine(bytes.toBase64(), { shown }), timer: "command" };
}
