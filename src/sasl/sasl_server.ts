/**
 * The server's end by name.
 *
 * @module
 */

import { anonymousServer } from "./anonymous.ts";
import { cramMd5Server, type CramMd5ServerOptions } from "./cram_md5.ts";
import type { CredentialStore } from "./credential_store.ts";
import { externalServer } from "./external.ts";
import { loginServer } from "./login.ts";
import type { SaslServer } from "./mechanism.ts";
import { oauthBearerServer, xoauth2Server } from "./oauth.ts";
import { plainServer } from "./plain.ts";
import { scramServer, type ScramServerOptions } from "./scram.ts";

/** How the server's ends are set. */
export interface SaslServerOptions extends CramMd5ServerOptions, ScramServerOptions {
  /** Who the client certificate or the socket says it is; without it EXTERNAL is not available. */
  readonly external?: string;
  /**
   * Whether anybody may come in with ANONYMOUS.
   *
   * @default {false}
   */
  readonly anonymous?: boolean;
}

type Maker = (store: CredentialStore, options: SaslServerOptions) => SaslServer | undefined;

// A Map, for the name comes from a client: "constructor" is no mechanism.
const MAKERS: ReadonlyMap<string, Maker> = new Map<string, Maker>([
  ["SCRAM-SHA-512", (store, options) => scramServer("SHA-512", store, options)],
  ["SCRAM-SHA-256", (store, options) => scramServer("SHA-256", store, options)],
  ["SCRAM-SHA-1", (store, options) => scramServer("SHA-1", store, options)],
  ["CRAM-MD5", cramMd5Server],
  ["PLAIN", plainServer],
  ["LOGIN", loginServer],
  ["XOAUTH2", (store) => store.token && xoauth2Server(store)],
  ["OAUTHBEARER", (store) => store.token && oauthBearerServer(store)],
  ["EXTERNAL", (store, { external }) => external ? externalServer(external, store) : undefined],
  ["ANONYMOUS", (_store, { anonymous }) => anonymous ? anonymousServer() : undefined],
]);

/** The names of all mechanisms here, strongest first. */
export const SASL_MECHANISMS: readonly string[] = [...MAKERS.keys()];

/**
 * The server's end of a mechanism, for one exchange.
 *
 * @param name The name, in any case.
 * @param store Who may log in.
 * @param options How the mechanisms are set.
 * @returns The server's end; `undefined` if there is no such mechanism or it is not available.
 *
 * @example Usage
 * ```ts
 * import { SASL_MECHANISMS, saslServer } from "@mailwright/mailwright/sasl";
 * import { deepEqual } from "node:assert/strict";
 *
 * const store = { password: () => undefined };
 * // What a server may offer before TLS:
 * const offered = SASL_MECHANISMS.filter((name) => saslServer(name, store)?.exposesSecret === false);
 * deepEqual(offered, ["SCRAM-SHA-512", "SCRAM-SHA-256", "SCRAM-SHA-1", "CRAM-MD5"]);
 * ```
 */
export function saslServer(
  name: string,
  store: CredentialStore,
  options: SaslServerOptions = {},
): SaslServer | undefined {
  return MAKERS.get(name.toUpperCase())?.(store, options);
}
