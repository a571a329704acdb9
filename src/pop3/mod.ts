/**
 * pop3: the client's end of POP3: replies, commands, sessions, listings.
 * It imports wire, sasl and message.
 *
 * RFC 1939, 2449 (CAPA, response codes, PIPELINING), 2595 (STLS), 3206 (SYS and AUTH response codes),
 * 5034 (AUTH), 6856 (UTF8, LANG), 8314 (TLS).
 *
 * @module
 */

export type { Pop3Answer, Pop3Item } from "./answer.ts";
export type { Pop3AuthOptions, Pop3AuthResult } from "./authentication.ts";
export * from "./capabilities.ts";
export * from "./connect.ts";
export * from "./errors.ts";
export type {
  Contradiction,
  ListedMessage,
  ListedSize,
  ListedUid,
  Pop3Snapshot,
  Pop3Stat,
} from "./listing.ts";
export type { Pop3Message } from "./message.ts";
export type { MsgNo } from "./message_number.ts";
export * from "./outcome.ts";
export { parsePop3Reply, Pop3Reply } from "./reply.ts";
export * from "./session.ts";
export type {
  CommitOptions,
  Pop3CallOptions,
  Pop3Limits,
  Pop3RawAnswer,
  Pop3SessionOptions,
  Pop3WindowOptions,
} from "./session_options.ts";
export * from "./timers.ts";
export type { MessageTop } from "./top.ts";
export * from "./url.ts";
export { type Credentials, Secret } from "../sasl/mod.ts";
