/**
 * PLAIN (RFC 4616): everything in one message, in clear. For TLS only.
 *
 * @module
 */

import type { CredentialStore } from "./credential_store.ts";
import { checked, checkedAndPrepared, type PasswordLogin } from "./credentials.ts";
import { admitPassword, type Conversation, converse, oneMessage, refuse } from "./exchange.ts";
import type { SaslMechanism, SaslServer } from "./mechanism.ts";
import { EMPTY, fromUtf8, utf8 } from "./octets.ts";
import { redactor } from "./redact.ts";

/** Who logs in with PLAIN. */
export interface PlainOptions extends PasswordLogin {
  /**
   * Whom to act as.
   *
   * @default The user.
   */
  readonly authorize?: string;
}

/**
 * The client's end of PLAIN.
 *
 * @param options Who logs in.
 * @returns The mechanism.
 * @throws {TypeError} If a value is empty or cannot be sent.
 *
 * @example Usage
 * ```ts
 * import { plain, Secret } from "@mailwright/mailwright/sasl";
 * import { equal } from "node:assert/strict";
 *
 * const client = plain({ user: "tim", password: new Secret("tanstaaftanstaaf") }).start();
 * const message = await client.initial();
 * equal(new TextDecoder().decode(message?.bytes), "\0tim\0tanstaaftanstaaf");
 * equal(message?.shown, "${plain user pass}");
 * ```
 */
export function plain(options: PlainOptions): SaslMechanism {
  const user = checkedAndPrepared("user", options.user);
  const password = checkedAndPrepared("password", options.password.expose());
  const authorize = options.authorize === undefined ? "" : checked("authorize", options.authorize);
  return {
    name: "PLAIN",
    exposesSecret: true,
    start: () =>
      oneMessage("PLAIN", {
        bytes: utf8(`${authorize}\0${user}\0${password}`),
        shown: authorize === "" ? "${plain user pass}" : "${hidden}",
      }),
    redact: redactor(options.password),
  };
}

/**
 * The server's end of PLAIN.
 *
 * @param store Who may log in.
 * @returns The server's end of one exchange.
 *
 * @example Usage
 * ```ts
 * import { plainServer, Secret } from "@mailwright/mailwright/sasl";
 * import { deepEqual } from "node:assert/strict";
 *
 * const server = plainServer({
 *   password: (user) => user === "tim" ? new Secret("tanstaaftanstaaf") : undefined,
 * });
 * const response = new TextEncoder().encode("\0tim\0tanstaaftanstaaf");
 * deepEqual(await server.step(response), { kind: "success", user: "tim" });
 * ```
 */
export function plainServer(store: CredentialStore): SaslServer {
  return converse("PLAIN", true, async function* (initial): Conversation {
    const words = fromUtf8(initial ?? (yield EMPTY))?.split("\0") ?? [];
    const [authorize, user, password] = words;
    if (
      authorize === undefined || user === undefined || password === undefined || words.length > 3
    ) {
      return refuse("the response is not of the form of RFC 4616");
    }
    return await admitPassword(store, { user, password, authorize });
  });
}
