/**
 * SCRAM (RFC 5802, RFC 7677): both ends prove that they know the password, and neither says it.
 *
 * Without channel binding: the `-PLUS` names are other mechanisms.
 *
 * @module
 */

import { type CredentialStore, NOBODY, passwordOf } from "./credential_store.ts";
import { checked, checkedAndPrepared, type PasswordLogin } from "./credentials.ts";
import { admit, broken, type Conversation, converse, refuse, WRONG } from "./exchange.ts";
import type { SaslClient, SaslError, SaslMechanism, SaslMessage, SaslServer } from "./mechanism.ts";
import { randomNonce, randomSalt } from "./random.ts";
import { EMPTY, fromBase64, fromUtf8, sameOctets, utf8 } from "./octets.ts";
import { prepare } from "./prepare.ts";
import { redactor } from "./redact.ts";
import { fromSaslName, toSaslName } from "./sasl_name.ts";
import { saltedPassword, type ScramHash, scramProofs } from "./scram_keys.ts";

/** RFC 7677 section 4 asks for this many at least; fewer make a stolen exchange cheap to crack. */
const FEWEST_ITERATIONS = 4096;
/** More would let a server burn our time (T-A05). */
const MOST_ITERATIONS = 1_000_000;

// RFC 5802 section 7: visible ASCII but the comma.
const NONCE = /^[\x21-\x2b\x2d-\x7e]+$/;
const SERVER_FIRST = /^r=([\x21-\x2b\x2d-\x7e]+),s=([^,]+),i=([1-9][0-9]*)(?:,.*)?$/;
const CLIENT_FIRST = /^([ny],(?:a=([^,]+))?,)(n=([^,]+),r=([\x21-\x2b\x2d-\x7e]+)(?:,.*)?)$/;
// "m" is reserved: whoever does not understand it must not go on.
const MANDATORY = /(?:^|,)m=/;

/** Who logs in with SCRAM. */
export interface ScramOptions extends PasswordLogin {
  /**
   * Whom to act as.
   *
   * @default The user.
   */
  readonly authorize?: string;
  /**
   * Makes the client's nonce: visible ASCII without a comma, never the same twice.
   *
   * @default 18 random octets in base64.
   */
  readonly nonce?: () => string;
}

/**
 * The client's end of SCRAM. The mechanism keeps the key of the last salt it saw, so that further
 * exchanges with one server do not pay for the iterations again.
 *
 * @param hash The hash function; the name is `SCRAM-` and this.
 * @param options Who logs in.
 * @returns The mechanism.
 * @throws {TypeError} If a value is empty or cannot be sent.
 *
 * @example Usage
 * ```ts
 * import { scram, Secret } from "@mailwright/mailwright/sasl";
 * import { equal } from "node:assert/strict";
 *
 * const password = new Secret("pencil");
 * const mechanism = scram("SHA-256", { user: "user", password, nonce: () => "rOprNGfwEbeRWgbNEkqO" });
 * const message = await mechanism.start().initial();
 * equal(new TextDecoder().decode(message?.bytes), "n,,n=user,r=rOprNGfwEbeRWgbNEkqO");
 * ```
 */
export function scram(hash: ScramHash, options: ScramOptions): SaslMechanism {
  const user = checkedAndPrepared("user", options.user);
  const password = checkedAndPrepared("password", options.password.expose());
  const authorize = options.authorize === undefined
    ? ""
    : `a=${toSaslName(checked("authorize", options.authorize))}`;
  let last: { readonly id: string; readonly key: Promise<CryptoKey> } | undefined;
  const account: Account = {
    name: `SCRAM-${hash}`,
    hash,
    header: `n,${authorize},`,
    user: toSaslName(user),
    salted(salt, iterations) {
      const id = `${iterations},${salt.toBase64()}`;
      if (last?.id !== id) last = { id, key: saltedPassword(hash, password, { salt, iterations }) };
      return last.key;
    },
  };
  return {
    name: account.name,
    exposesSecret: false,
    start: () => new ScramClient(account, (options.nonce ?? randomNonce)()),
    redact: redactor(options.password),
  };
}

/** What all exchanges of a mechanism share. */
interface Account {
  readonly name: string;
  readonly hash: ScramHash;
  /** The GS2 header (RFC 5801): no channel binding, and whom to act as. */
  readonly header: string;
  readonly user: string;
  salted(salt: Uint8Array<ArrayBuffer>, iterations: number): Promise<CryptoKey>;
}

/** One exchange: our nonce, their salt, our proof, their signature. */
class ScramClient implements SaslClient {
  readonly #account: Account;
  readonly #nonce: string;
  #awaits: "server-first" | "server-final" | "nothing" = "server-first";
  #signature: Uint8Array = EMPTY;
  #proved = false;

  constructor(account: Account, nonce: string) {
    if (!NONCE.test(nonce)) {
      throw new TypeError("Cannot use the nonce: it is not visible ASCII without a comma");
    }
    this.#account = account;
    this.#nonce = nonce;
  }

  get #bare(): string {
    return `n=${this.#account.user},r=${this.#nonce}`;
  }

  initial(): Promise<SaslMessage> {
    return Promise.resolve(hidden(this.#account.header + this.#bare));
  }

  async answer(challenge: Uint8Array): Promise<SaslMessage> {
    const awaits = this.#awaits;
    // Whatever goes wrong from here, this exchange takes no second try.
    this.#awaits = "nothing";
    const text = fromUtf8(challenge);
    if (text === undefined) throw this.#broken("the challenge is not UTF-8");
    if (awaits === "nothing") throw this.#broken("the server asks again after all was said");
    return awaits === "server-first" ? await this.#prove(text) : this.#verify(text);
  }

  finish(): void {
    if (!this.#proved) throw this.#broken("the server did not prove that it knows the password");
  }

  async #prove(serverFirst: string): Promise<SaslMessage> {
    if (MANDATORY.test(serverFirst)) throw this.#broken("the server demands an unknown extension");
    const [, nonce = "", salt64 = "", count] = SERVER_FIRST.exec(serverFirst) ?? [];
    const salt = fromBase64(salt64);
    const iterations = Number(count);
    if (count === undefined || salt === undefined) {
      throw this.#broken("the first message of the server is not of the form of RFC 5802");
    }
    if (!nonce.startsWith(this.#nonce) || nonce.length === this.#nonce.length) {
      throw this.#broken("the nonce of the server does not extend ours");
    }
    if (iterations < FEWEST_ITERATIONS || iterations > MOST_ITERATIONS) {
      throw this.#broken(
        `the iteration count is not between ${FEWEST_ITERATIONS} and ${MOST_ITERATIONS}`,
      );
    }
    const { hash, header } = this.#account;
    const final = `c=${utf8(header).toBase64()},r=${nonce}`;
    const key = await this.#account.salted(salt, iterations);
    const proofs = await scramProofs(hash, key, `${this.#bare},${serverFirst},${final}`);
    this.#signature = proofs.server;
    this.#awaits = "server-final";
    return hidden(`${final},p=${proofs.client.toBase64()}`);
  }

  #verify(serverFinal: string): SaslMessage {
    // The text of a server error is the server's and could be anything: it is not repeated.
    if (serverFinal.startsWith("e=")) throw this.#broken("the server reports an error");
    const verifier = fromBase64(/^v=([^,]+)(?:,.*)?$/.exec(serverFinal)?.[1] ?? "");
    if (verifier === undefined || !sameOctets(verifier, this.#signature)) {
      throw this.#broken("the signature of the server is wrong");
    }
    this.#proved = true;
    return hidden("");
  }

  #broken(seen: string): SaslError {
    return broken(this.#account.name, seen);
  }
}

function hidden(text: string): SaslMessage {
  return { bytes: utf8(text), shown: "${hidden}" };
}

/** How the server's end of SCRAM salts. */
export interface ScramServerOptions {
  /**
   * How often the password is hashed.
   *
   * @default {4096}
   */
  readonly iterations?: number;
  /**
   * Makes the server's part of the nonce.
   *
   * @default 18 random octets in base64.
   */
  readonly nonce?: () => string;
  /**
   * Makes the salt.
   *
   * @default 16 random octets.
   */
  readonly salt?: () => Uint8Array<ArrayBuffer>;
}

/**
 * The server's end of SCRAM.
 *
 * @param hash The hash function; the name is `SCRAM-` and this.
 * @param store Who may log in.
 * @param options How to salt.
 * @returns The server's end of one exchange.
 *
 * @example Usage
 * ```ts
 * import { scram, scramServer, Secret } from "@mailwright/mailwright/sasl";
 * import { deepEqual, ok } from "node:assert/strict";
 *
 * const password = new Secret("pencil");
 * const server = scramServer("SHA-256", { password: () => password });
 * const client = scram("SHA-256", { user: "tim", password }).start();
 * let step = await server.step((await client.initial())?.bytes);
 * while (step.kind === "challenge") step = await server.step((await client.answer(step.bytes)).bytes);
 * client.finish(); // The server has proved itself too.
 * deepEqual(step, { kind: "success", user: "tim" });
 * ```
 */
export function scramServer(
  hash: ScramHash,
  store: CredentialStore,
  options: ScramServerOptions = {},
): SaslServer {
  const { iterations = FEWEST_ITERATIONS, nonce = randomNonce, salt = randomSalt } = options;
  return converse(`SCRAM-${hash}`, false, async function* (initial): Conversation {
    const first = CLIENT_FIRST.exec(fromUtf8(initial ?? (yield EMPTY)) ?? "");
    const [, header = "", actAs = "", bare = "", name = "", clientNonce = ""] = first ?? [];
    const user = prepare(fromSaslName(name) ?? "");
    const authorize = fromSaslName(actAs);
    if (first === null || user === undefined || authorize === undefined || MANDATORY.test(bare)) {
      return refuse("the first message is not of the form of RFC 5802");
    }
    const password = prepare((await passwordOf(store, user))?.expose() ?? "");
    const salting = { salt: salt(), iterations };
    const joined = `r=${clientNonce}${nonce()}`;
    const serverFirst = `${joined},s=${salting.salt.toBase64()},i=${iterations}`;

    const final = fromUtf8(yield utf8(serverFirst)) ?? "";
    const withoutProof = final.slice(0, Math.max(final.lastIndexOf(",p="), 0));
    const expected = `c=${utf8(header).toBase64()},${joined}`;
    const proof = fromBase64(final.slice(withoutProof.length + ",p=".length));
    // Extensions may follow the nonce; what they are is not ours to know.
    if (!`${withoutProof},`.startsWith(`${expected},`) || proof === undefined) {
      return refuse("the final message is not of the form of RFC 5802");
    }
    const key = await saltedPassword(hash, password ?? NOBODY.expose(), salting);
    const proofs = await scramProofs(hash, key, `${bare},${serverFirst},${withoutProof}`);
    if (!sameOctets(proof, proofs.client) || password === undefined) return WRONG;
    // SMTP and POP3 have no data with success, so the signature is one more challenge (RFC 4422 3.1).
    yield utf8(`v=${proofs.server.toBase64()}`);
    return await admit(store, user, authorize);
  });
}
