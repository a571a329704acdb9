/**
 * What a SASL mechanism is (RFC 4422): first words, then answers to challenges. It knows no network,
 * and both ends of each mechanism live in one file.
 *
 * @module
 */

/** Octets that go to the server, and how a transcript shows them. */
export interface SaslMessage {
  /** The octets before base64. */
  readonly bytes: Uint8Array;
  /**
   * A dialogue hole: `${plain user pass}`, `${b64 user}`, `${b64 pass}`, `${cram challenge user pass}`,
   * `${xoauth2 user token}`, else `${hidden}`; empty for an empty line without a secret.
   */
  readonly shown: string;
}

/** One mechanism with its credentials: as often as needed, an exchange can be started. */
export interface SaslMechanism {
  /** The registered name, for example `SCRAM-SHA-256`. */
  readonly name: string;
  /** Whether who listens, or a false server, learns the password or token. It then needs verified TLS. */
  readonly exposesSecret: boolean;
  /**
   * Whether challenges are answered by position and not read (LOGIN): one that is no base64 then does
   * no harm.
   *
   * @default {false}
   */
  readonly ignoresChallenges?: boolean;
  /** Begins an exchange. */
  start(): SaslClient;
  /**
   * Takes every form of the secret out of what a server says, before it reaches an error or a log.
   *
   * @param text Text of the server.
   * @returns The text with `***` in place of the secret.
   */
  redact?(text: string): string;
}

/** The client's end of one exchange. */
export interface SaslClient {
  /**
   * The initial response, or `undefined` where the server speaks first (RFC 4422 section 3). Where it
   * does not fit the command, it answers the first (empty) challenge instead.
   */
  initial(): Promise<SaslMessage | undefined>;
  /**
   * Answers a challenge.
   *
   * @param challenge The decoded challenge.
   * @throws {SaslError} If the challenge is wrong; the exchange is then cancelled with `*`.
   */
  answer(challenge: Uint8Array): Promise<SaslMessage>;
  /**
   * Called when the server has reported success.
   *
   * @throws {SaslError} If the mechanism demands that the server proves itself and it has not.
   */
  finish(): void;
  /** What the server said about a failure inside the exchange (OAuth error JSON), without secrets. */
  readonly failure?: string;
}

/** What the server's end of an exchange says next. */
export type SaslStep =
  | { readonly kind: "challenge"; readonly bytes: Uint8Array }
  | { readonly kind: "success"; readonly user: string; readonly authorize?: string }
  | { readonly kind: "failure"; readonly reason: string };

/** The server's end of one exchange. */
export interface SaslServer {
  /** The registered name. */
  readonly name: string;
  /** Whether who listens learns the password or token: such a mechanism is offered over TLS only. */
  readonly exposesSecret: boolean;
  /**
   * Takes the next response of the client and says what follows.
   *
   * @param response The decoded response; `undefined` at the start when the client sent none.
   */
  step(response: Uint8Array | undefined): Promise<SaslStep>;
}

/**
 * An exchange that went wrong on our side: a bad challenge, or a server that did not prove itself.
 *
 * @example Usage
 * ```ts
 * import { cramMd5, Secret } from "@mailwright/mailwright/sasl";
 * import { rejects } from "node:assert/strict";
 *
 * const client = cramMd5({ user: "tim", password: new Secret("tanstaaftanstaaf") }).start();
 * await rejects(client.answer(new TextEncoder().encode("Rubbish")), { name: "SaslError" });
 * ```
 */
export class SaslError extends Error {
  /** The class name. */
  override readonly name = "SaslError";
  /** The mechanism. */
  readonly mechanism: string;

  /**
   * Makes the error.
   *
   * @param mechanism The mechanism.
   * @param message What was attempted and what was seen, without secrets.
   * @param options The cause.
   */
  constructor(mechanism: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.mechanism = mechanism;
  }
}
