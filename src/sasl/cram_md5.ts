/**
 * CRAM-MD5 (RFC 2195): a keyed digest of the server's challenge. The password does not travel, but who
 * listens can try passwords against what does.
 *
 * @module
 */

import { type CredentialStore, NOBODY, passwordOf } from "./credential_store.ts";
import { checked, type PasswordLogin } from "./credentials.ts";
import { broken, type Conversation, converse, refuse, WRONG } from "./exchange.ts";
import { hmacMd5 } from "./md5.ts";
import type { SaslMechanism, SaslServer } from "./mechanism.ts";
import { randomNonce } from "./random.ts";
import { fromUtf8, sameOctets, utf8 } from "./octets.ts";
import { redactor } from "./redact.ts";

// RFC 2195 section 2: "corresponds in syntax to that of an RFC 822 'msg-id'". Signing anything else
// would make us sign whatever a false server likes (T-A06).
const MSG_ID = /^<[\x21-\x3b\x3d\x3f\x41-\x7e]+@[\x21-\x3b\x3d\x3f\x41-\x7e]+>$/;

/**
 * The client's end of CRAM-MD5.
 *
 * @param options Who logs in.
 * @returns The mechanism.
 * @throws {TypeError} If a value is empty or cannot be sent.
 *
 * @example Usage
 * ```ts
 * import { cramMd5, Secret } from "@mailwright/mailwright/sasl";
 * import { equal } from "node:assert/strict";
 *
 * const client = cramMd5({ user: "tim", password: new Secret("tanstaaftanstaaf") }).start();
 * const challenge = "<1896.697170952@postoffice.reston.mci.net>";
 * const { bytes } = await client.answer(new TextEncoder().encode(challenge));
 * equal(new TextDecoder().decode(bytes), "tim b913a602c7eda7a495b4e6e7334d3890");
 * ```
 */
export function cramMd5(options: PasswordLogin): SaslMechanism {
  const user = checked("user", options.user);
  const password = utf8(checked("password", options.password.expose()));
  return {
    name: "CRAM-MD5",
    exposesSecret: false,
    start() {
      let answered = false;
      return {
        initial: () => Promise.resolve(undefined),
        async answer(challenge) {
          if (answered) throw broken("CRAM-MD5", "the server asks again after the digest");
          if (!MSG_ID.test(fromUtf8(challenge) ?? "")) {
            throw broken("CRAM-MD5", "the challenge is no message identifier");
          }
          answered = true;
          const digest = await hmacMd5(password, challenge);
          return {
            bytes: utf8(`${user} ${digest.toHex()}`),
            shown: "${cram challenge user pass}",
          };
        },
        finish() {
          if (!answered) throw broken("CRAM-MD5", "the server never asked for the digest");
        },
      };
    },
    redact: redactor(options.password),
  };
}

/** How the server's end of CRAM-MD5 makes its challenge. */
export interface CramMd5ServerOptions {
  /**
   * The name after the `@`.
   *
   * @default {"localhost"}
   */
  readonly host?: string;
  /**
   * Makes the part before the `@`, never the same twice.
   *
   * @default 18 random octets in base64.
   */
  readonly nonce?: () => string;
}

/**
 * The server's end of CRAM-MD5.
 *
 * @param store Who may log in.
 * @param options How the challenge is made.
 * @returns The server's end of one exchange.
 *
 * @example Usage
 * ```ts
 * import { cramMd5, cramMd5Server, Secret } from "@mailwright/mailwright/sasl";
 * import { deepEqual, ok } from "node:assert/strict";
 *
 * const password = new Secret("tanstaaftanstaaf");
 * const server = cramMd5Server({ password: () => password }, { host: "mail.example" });
 * const step = await server.step(undefined);
 * ok(step.kind === "challenge");
 * const { bytes } = await cramMd5({ user: "tim", password }).start().answer(step.bytes);
 * deepEqual(await server.step(bytes), { kind: "success", user: "tim" });
 * ```
 */
export function cramMd5Server(
  store: CredentialStore,
  options: CramMd5ServerOptions = {},
): SaslServer {
  const { host = "localhost", nonce = randomNonce } = options;
  return converse("CRAM-MD5", false, async function* (initial): Conversation {
    if (initial !== undefined) return refuse("the mechanism has no initial response");
    const challenge = utf8(`<${nonce()}@${host}>`);
    const response = fromUtf8(yield challenge) ?? "";
    // A user may hold blanks, a digest not.
    const blank = response.lastIndexOf(" ");
    const user = response.slice(0, Math.max(blank, 0));
    const stored = await passwordOf(store, user);
    const digest = await hmacMd5(utf8((stored ?? NOBODY).expose()), challenge);
    const same = sameOctets(utf8(digest.toHex()), utf8(response.slice(blank + 1)));
    return same && stored !== undefined ? { kind: "success", user } : WRONG;
  });
}
