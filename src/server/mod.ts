/**
 * server: protocol engines for the other end, over any connection; no sockets.
 * It may import wire, sasl and message.
 *
 * RFC 1939 (POP3) with 2449 (CAPA), 2595 (STLS), 3206 (AUTH-RESP-CODE), 5034 (AUTH), 6856 (UTF8, LANG);
 * RFC 5321 (SMTP), 2033 (LMTP), 3207 (STARTTLS), 4954 (AUTH), 3030 (BDAT), 2920 (PIPELINING),
 * 1985 (ETRN), 2645 (ATRN), and the parameters of 1870, 2852, 3461, 4865, 6152, 6531, 6710, 8689, 9422.
 *
 * @example Usage
 * ```ts
 * import { Channel, memoryPair } from "@mailwright/mailwright/wire";
 * import { serveSmtp, type SmtpBackend } from "@mailwright/mailwright/server";
 * import { equal } from "node:assert/strict";
 *
 * const away: SmtpBackend = {
 *   hostname: "mx.example",
 *   connected: () => ({ code: 421, text: "mx.example Back on Monday" }),
 *   recipient: () => undefined,
 *   message: () => Promise.reject(new Error("Nobody gets as far as this")),
 * };
 * const [ours, theirs] = memoryPair();
 * const served = serveSmtp(theirs, away);
 * equal((await new Channel(ours).readLine())?.text, "421 mx.example Back on Monday");
 * equal(await served, "dismissed");
 * ```
 *
 * @module
 */

export * from "./backend.ts";
export * from "./envelope.ts";
export * from "./errors.ts";
export * from "./intervention.ts";
export * from "./limits.ts";
export * from "./pop3_backend.ts";
export * from "./pop3_capabilities.ts";
export * from "./pop3_errors.ts";
export * from "./pop3_maildrop.ts";
export * from "./smtp_receiver.ts";
export { type CapabilityLists, capabilityLists, type CapabilityOptions } from "./capabilities.ts";
export type { OfferState } from "./capabilities.ts";
export type { Pop3ServerReply } from "./pop3_reply.ts";
export type { ServerReply } from "./reply.ts";
export type { SessionEnd } from "./answer.ts";
export {
  type CredentialStore,
  sameSecret,
  SASL_MECHANISMS,
  type SaslServerOptions,
  Secret,
} from "../sasl/mod.ts";
