/**
 * LOGIN (never more than a draft): user, then password, each after a prompt. For TLS only.
 *
 * Prompts differ between servers, so they are answered by position and not read (T-A03): the password
 * never is the first answer.
 *
 * @module
 */

import type { CredentialStore } from "./credential_store.ts";
import { checked, type PasswordLogin } from "./credentials.ts";
import { admitPassword, broken, type Conversation, converse, refuse } from "./exchange.ts";
import type { SaslClient, SaslMechanism, SaslServer } from "./mechanism.ts";
import { fromUtf8, utf8 } from "./octets.ts";
import { redactor } from "./redact.ts";

/** Who logs in with LOGIN. */
export interface LoginOptions extends PasswordLogin {
  /**
   * Whether the user goes out with the command. It saves a round trip, but a server that passes over
   * it and prompts for the user gets the password there, and may log it as a name.
   *
   * @default {false}
   */
  readonly initialResponse?: boolean;
}

/**
 * The client's end of LOGIN.
 *
 * @param options Who logs in.
 * @returns The mechanism.
 * @throws {TypeError} If a value is empty or cannot be sent.
 *
 * @example Usage
 * ```ts
 * import { login, Secret } from "@mailwright/mailwright/sasl";
 * import { equal } from "node:assert/strict";
 *
 * const client = login({ user: "tim", password: new Secret("tanstaaftanstaaf") }).start();
 * equal(await client.initial(), undefined);
 * equal((await client.answer(new TextEncoder().encode("Username:"))).shown, "${b64 user}");
 * equal((await client.answer(new TextEncoder().encode("Password:"))).shown, "${b64 pass}");
 * ```
 */
export function login(options: LoginOptions): SaslMechanism {
  const user = utf8(checked("user", options.user));
  const password = utf8(checked("password", options.password.expose()));
  const answers = [
    { bytes: user, shown: "${b64 user}" },
    { bytes: password, shown: "${b64 pass}" },
  ];
  const begin = (): SaslClient => {
    const left = answers.values();
    return {
      initial: () => Promise.resolve(options.initialResponse ? left.next().value : undefined),
      answer() {
        const { value } = left.next();
        return value === undefined
          ? Promise.reject(broken("LOGIN", "the server asks again after user and password"))
          : Promise.resolve(value);
      },
      finish() {},
    };
  };
  return {
    name: "LOGIN",
    exposesSecret: true,
    ignoresChallenges: true,
    start: begin,
    redact: redactor(options.password),
  };
}

/**
 * The server's end of LOGIN.
 *
 * @param store Who may log in.
 * @returns The server's end of one exchange.
 *
 * @example Usage
 * ```ts
 * import { loginServer, Secret } from "@mailwright/mailwright/sasl";
 * import { deepEqual } from "node:assert/strict";
 *
 * const server = loginServer({ password: () => new Secret("tanstaaftanstaaf") });
 * await server.step(new TextEncoder().encode("tim"));
 * const end = await server.step(new TextEncoder().encode("tanstaaftanstaaf"));
 * deepEqual(end, { kind: "success", user: "tim" });
 * ```
 */
export function loginServer(store: CredentialStore): SaslServer {
  return converse("LOGIN", true, async function* (initial): Conversation {
    const user = fromUtf8(initial ?? (yield utf8("Username:")));
    const password = fromUtf8(yield utf8("Password:"));
    if (user === undefined || password === undefined) return refuse("a response is not UTF-8");
    return await admitPassword(store, { user, password, authorize: "" });
  });
}
