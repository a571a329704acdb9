/**
 * sasl: who we are. Both ends of each mechanism, and the choice between them; it knows no network.
 * It imports nothing of the other folders.
 *
 * RFC 4422 (framework), 4616 (PLAIN), 2195 (CRAM-MD5), 5802 and 7677 (SCRAM), 7628 (OAUTHBEARER),
 * 4505 (ANONYMOUS), 4013 (SASLprep).
 *
 * @example A whole exchange, both ends
 * ```ts
 * import { negotiate, saslServer, Secret } from "@mailwright/mailwright/sasl";
 * import { deepEqual, ok } from "node:assert/strict";
 *
 * const password = new Secret("pencil");
 * const [best] = negotiate(["PLAIN", "SCRAM-SHA-256"], { user: "tim", password }, { secure: true });
 * ok(best);
 * const client = best.start();
 * const server = saslServer(best.name, { password: () => password });
 * ok(server);
 *
 * let step = await server.step((await client.initial())?.bytes);
 * while (step.kind === "challenge") step = await server.step((await client.answer(step.bytes)).bytes);
 * client.finish();
 * deepEqual(step, { kind: "success", user: "tim" });
 * ```
 *
 * @module
 */

export * from "./anonymous.ts";
export * from "./apop.ts";
export * from "./cram_md5.ts";
export { type CredentialStore, sameSecret } from "./credential_store.ts";
export type { PasswordLogin } from "./credentials.ts";
export * from "./external.ts";
export * from "./login.ts";
export * from "./md5.ts";
export * from "./mechanism.ts";
export * from "./negotiate.ts";
export * from "./oauth.ts";
export * from "./plain.ts";
export * from "./redact.ts";
export * from "./sasl_server.ts";
export * from "./scram.ts";
export type { ScramHash } from "./scram_keys.ts";
export * from "./secret.ts";
