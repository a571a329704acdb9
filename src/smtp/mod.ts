/**
 * smtp: the client's end of SMTP and LMTP: replies, commands, sessions, deliveries, a pool.
 * It imports wire, sasl and message.
 *
 * RFC 5321, 2033 (LMTP), 2920 (PIPELINING), 3030 (CHUNKING), 3207 (STARTTLS), 4954 (AUTH), 3461 (DSN),
 * 1870 (SIZE), 6531 (SMTPUTF8), 8689 (REQUIRETLS), 9422 (LIMITS), 1985 (ETRN), 2645 (ATRN).
 *
 * @module
 */

export * from "./answers.ts";
export type { AuthOptions, AuthResult } from "./authentication.ts";
export * from "./capabilities.ts";
export { checkHelloName } from "./commands.ts";
export {
  type MailParameters,
  type OtherParameter,
  type RcptParameters,
  xtext,
} from "./parameters.ts";
export * from "./connect.ts";
export type { Content, ContentOptions, KnownContent, KnownStream } from "./content.ts";
export type { DeliveryOptions, MessageSource, OutgoingMessage } from "./delivery.ts";
export * from "./enhanced_status.ts";
export type { Envelope, Recipient, RecipientPolicy } from "./envelope.ts";
export { receiptOf } from "./error_receipt.ts";
export * from "./errors.ts";
export * from "./limiter.ts";
export * from "./receipt.ts";
export { parseReply, type ReplyClass, SmtpReply } from "./reply.ts";
export * from "./reply_codes.ts";
export * from "./pool.ts";
export type { PoolOptions } from "./pool_options.ts";
export {
  type AskOptions,
  type CallOptions,
  type RawOptions,
  type SendOptions,
  type SessionOptions,
  SmtpSession,
  type Turned,
} from "./session.ts";
export * from "./timers.ts";
export * from "./url.ts";
export {
  anonymous,
  type Credentials,
  external,
  negotiate,
  oauthBearer,
  redactor,
  type SaslMechanism,
  Secret,
  xoauth2,
} from "../sasl/mod.ts";
