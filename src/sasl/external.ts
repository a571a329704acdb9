/**
 * EXTERNAL (RFC 4422 appendix A): the proof lies outside, in a client certificate or a Unix socket.
 *
 * @module
 */

import type { CredentialStore } from "./credential_store.ts";
import { checked } from "./credentials.ts";
import { admit, type Conversation, converse, oneMessage, refuse } from "./exchange.ts";
import type { SaslMechanism, SaslServer } from "./mechanism.ts";
import { EMPTY, fromUtf8, utf8 } from "./octets.ts";

/** Whom EXTERNAL asks to be. */
export interface ExternalOptions {
  /**
   * Whom to act as.
   *
   * @default Whoever the server sees in the certificate.
   */
  readonly authorize?: string;
}

/**
 * The client's end of EXTERNAL.
 *
 * @param options Whom to act as.
 * @returns The mechanism.
 * @throws {TypeError} If the identity is empty or cannot be sent.
 *
 * @example Usage
 * ```ts
 * import { external } from "@mailwright/mailwright/sasl";
 * import { equal } from "node:assert/strict";
 *
 * equal((await external().start().initial())?.bytes.length, 0);
 * ```
 */
export function external(options: ExternalOptions = {}): SaslMechanism {
  const authorize = options.authorize === undefined ? "" : checked("authorize", options.authorize);
  return {
    name: "EXTERNAL",
    exposesSecret: false,
    start: () => oneMessage("EXTERNAL", { bytes: utf8(authorize), shown: "${hidden}" }),
  };
}

/**
 * The server's end of EXTERNAL.
 *
 * @param user Who the certificate or the socket says it is.
 * @param store Says whether they may act as another; without one they may not.
 * @returns The server's end of one exchange.
 *
 * @example Usage
 * ```ts
 * import { externalServer } from "@mailwright/mailwright/sasl";
 * import { deepEqual } from "node:assert/strict";
 *
 * const server = externalServer("tim");
 * deepEqual(await server.step(new Uint8Array()), { kind: "success", user: "tim" });
 * ```
 */
export function externalServer(
  user: string,
  store: Pick<CredentialStore, "mayActAs"> = {},
): SaslServer {
  return converse("EXTERNAL", false, async function* (initial): Conversation {
    const authorize = fromUtf8(initial ?? (yield EMPTY));
    if (authorize === undefined || authorize.includes("\0")) {
      return refuse("the response is not of the form of RFC 4422");
    }
    return await admit(store, user, authorize);
  });
}
