/**
 * XOAUTH2 (Google's notation) and OAUTHBEARER (RFC 7628): an access token in place of a password. For
 * TLS only. A refusal comes as a challenge with JSON, which must be answered before the failure.
 *
 * @module
 */

import type { CredentialStore } from "./credential_store.ts";
import { checked } from "./credentials.ts";
import { broken, type Conversation, converse, type Outcome, refuse } from "./exchange.ts";
import type { SaslClient, SaslMechanism, SaslMessage, SaslServer } from "./mechanism.ts";
import { EMPTY, fromUtf8, utf8 } from "./octets.ts";
import { redactor } from "./redact.ts";
import { fromSaslName, toSaslName } from "./sasl_name.ts";
import { Secret } from "./secret.ts";

// RFC 7628 section 3.1: what stands between the parts, and ends a failed exchange.
const SEPARATOR = "\x01";

/** Who logs in with an access token. */
export interface OauthLogin {
  /** The user name, mostly a mail address. */
  readonly user: string;
  /** The access token, as the authorization server gave it. */
  readonly token: Secret;
}

/** Who logs in with OAUTHBEARER, and where. */
export interface OauthBearerOptions extends OauthLogin {
  /** The host name the connection was made to. */
  readonly host?: string;
  /** The port the connection was made to. */
  readonly port?: number;
}

/**
 * The client's end of XOAUTH2.
 *
 * @param options Who logs in.
 * @returns The mechanism.
 * @throws {TypeError} If a value is empty or cannot be sent.
 *
 * @example Usage
 * ```ts
 * import { Secret, xoauth2 } from "@mailwright/mailwright/sasl";
 * import { equal } from "node:assert/strict";
 *
 * const client = xoauth2({ user: "a@mail.example", token: new Secret("ya29.vF9") }).start();
 * const message = await client.initial();
 * equal(
 *   new TextDecoder().decode(message?.bytes),
 *   "user=a@mail.example\x01auth=Bearer ya29.vF9\x01\x01",
 * );
 * equal(message?.shown, "${xoauth2 user token}");
 * ```
 */
export function xoauth2(options: OauthLogin): SaslMechanism {
  const user = checkedPart("user", options.user);
  const token = checkedToken(options.token);
  return bearer("XOAUTH2", options.token, {
    first: {
      bytes: utf8(`user=${user}\x01auth=Bearer ${token}\x01\x01`),
      shown: "${xoauth2 user token}",
    },
    last: { bytes: EMPTY, shown: "" },
  });
}

/**
 * The client's end of OAUTHBEARER.
 *
 * @param options Who logs in, and where.
 * @returns The mechanism.
 * @throws {TypeError} If a value is empty or cannot be sent.
 *
 * @example Usage
 * ```ts
 * import { oauthBearer, Secret } from "@mailwright/mailwright/sasl";
 * import { equal } from "node:assert/strict";
 *
 * const token = new Secret("ya29.vF9");
 * const client = oauthBearer({ user: "a@mail.example", token, host: "mail.example", port: 587 }).start();
 * equal(
 *   new TextDecoder().decode((await client.initial())?.bytes),
 *   "n,a=a@mail.example,\x01host=mail.example\x01port=587\x01auth=Bearer ya29.vF9\x01\x01",
 * );
 * ```
 */
export function oauthBearer(options: OauthBearerOptions): SaslMechanism {
  const parts = [`n,a=${toSaslName(checkedPart("user", options.user))},`];
  if (options.host !== undefined) parts.push(`host=${checkedPart("host", options.host)}`);
  if (options.port !== undefined) parts.push(`port=${options.port}`);
  parts.push(`auth=Bearer ${checkedToken(options.token)}`, "", "");
  return bearer("OAUTHBEARER", options.token, {
    first: { bytes: utf8(parts.join(SEPARATOR)), shown: "${hidden}" },
    last: { bytes: utf8(SEPARATOR), shown: "${hidden}" },
  });
}

function bearer(
  name: string,
  token: Secret,
  messages: { readonly first: SaslMessage; readonly last: SaslMessage },
): SaslMechanism {
  const redact = redactor(token);
  const start = (): SaslClient => {
    const client: { -readonly [Key in keyof SaslClient]: SaslClient[Key] } = {
      initial: () => Promise.resolve(messages.first),
      answer(challenge) {
        if (client.failure !== undefined) {
          return Promise.reject(broken(name, "the server asks again after the failure"));
        }
        client.failure = redact(plainJson(new TextDecoder().decode(challenge)));
        return Promise.resolve(messages.last);
      },
      finish() {},
    };
    return client;
  };
  return { name, exposesSecret: true, start, redact };
}

/** JSON without needless escapes, behind which a token could hide; other text as it is. */
function plainJson(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text));
  } catch {
    return text; // Not JSON: what the server said is still worth reading.
  }
}

function checkedPart(what: string, value: string): string {
  // deno-lint-ignore no-control-regex -- refusing control characters is what it is for
  if (/[\x01-\x1f\x7f]/.test(checked(what, value))) {
    throw new TypeError(`Cannot use the ${what}: it holds a control character`);
  }
  return value;
}

function checkedToken(token: Secret): string {
  // RFC 6749 appendix A.12 has visible ASCII; a blank would end the value (RFC 6750 section 2.1).
  if (!/^[\x21-\x7e]*$/.test(checked("token", token.expose()))) {
    throw new TypeError("Cannot use the token: it holds something else than visible ASCII");
  }
  return token.expose();
}

/**
 * The server's end of XOAUTH2.
 *
 * @param store Who may log in; without a `token` method nobody.
 * @returns The server's end of one exchange.
 *
 * @example Usage
 * ```ts
 * import { sameSecret, Secret, xoauth2Server } from "@mailwright/mailwright/sasl";
 * import { deepEqual } from "node:assert/strict";
 *
 * const server = xoauth2Server({
 *   password: () => undefined,
 *   token: (_user, token) => sameSecret(token, new Secret("ya29.vF9")),
 * });
 * const response = new TextEncoder().encode("user=tim\x01auth=Bearer ya29.vF9\x01\x01");
 * deepEqual(await server.step(response), { kind: "success", user: "tim" });
 * ```
 */
export function xoauth2Server(store: CredentialStore): SaslServer {
  return bearerServer("XOAUTH2", store, `{"status":"401","schemes":"bearer"}`, ([first = ""]) => {
    return first.startsWith("user=") ? first.slice("user=".length) : undefined;
  });
}

/**
 * The server's end of OAUTHBEARER.
 *
 * @param store Who may log in; without a `token` method nobody.
 * @returns The server's end of one exchange.
 *
 * @example Usage
 * ```ts
 * import { oauthBearerServer, sameSecret, Secret } from "@mailwright/mailwright/sasl";
 * import { deepEqual } from "node:assert/strict";
 *
 * const server = oauthBearerServer({
 *   password: () => undefined,
 *   token: (_user, token) => sameSecret(token, new Secret("ya29.vF9")),
 * });
 * const response = new TextEncoder().encode("n,a=tim,\x01auth=Bearer ya29.vF9\x01\x01");
 * deepEqual(await server.step(response), { kind: "success", user: "tim" });
 * ```
 */
export function oauthBearerServer(store: CredentialStore): SaslServer {
  return bearerServer("OAUTHBEARER", store, `{"status":"invalid_token"}`, ([first = ""]) => {
    const name = /^[ny],a=([^,]+),$/.exec(first)?.[1];
    return name === undefined ? undefined : fromSaslName(name);
  });
}

function bearerServer(
  name: string,
  store: CredentialStore,
  error: string,
  userOf: (parts: readonly string[]) => string | undefined,
): SaslServer {
  const check = async (response: Uint8Array): Promise<Outcome> => {
    const parts = fromUtf8(response)?.split(SEPARATOR) ?? [];
    const user = userOf(parts);
    // RFC 6750 section 2.1; the scheme is case-insensitive.
    const token = parts.map((part) => /^auth=bearer +([\x21-\x7e]+)$/i.exec(part)?.[1])
      .find((found) => found !== undefined);
    const complete = parts.at(-1) === "" && parts.at(-2) === "";
    if (user === undefined || token === undefined || !complete) {
      return refuse("the response is not of the form of the mechanism");
    }
    const valid = await store.token?.(user, new Secret(token));
    return valid ? { kind: "success", user } : refuse("wrong user or token");
  };
  return converse(name, true, async function* (initial): Conversation {
    const outcome = await check(initial ?? (yield EMPTY));
    // RFC 7628 section 3.2.3: why goes first as a challenge; whatever the answer, the exchange fails.
    if (outcome.kind === "failure") yield utf8(error);
    return outcome;
  });
}
