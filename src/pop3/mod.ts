/**
 * pop3: the client's end of POP3: replies, commands, sessions, listings.
 * It imports wire, sasl and message.
 *
 * RFC 1939, 2449 (CAPA, response codes, PIPELINING), 2595 (STLS), 3206 (SYS and AUTH response codes),
 * 5034 (AUTH), 6856 (UTF8, LANG), 8314 (TLS).
 *
 * @example Retrieve and delete
 * ```ts
 * import { connectPop3, memoryPair, pop3CapabilityLists, Secret, servePop3 } from "@mailwright/mailwright";
 * import { deepEqual, equal, ok } from "node:assert/strict";
 *
 * // A server in memory; `url: "pop3s://mail.example"` in place of `connection` is the usual way.
 * const content = new TextEncoder().encode("Subject: Hello\r\n\r\nHello Ann\r\n");
 * const mail = { uid: "a1", size: content.length, read: () => [content] };
 * const removed: string[] = [];
 * const [connection, theirs] = memoryPair();
 * const served = servePop3(theirs, {
 *   hostname: "pop.example",
 *   credentials: { password: (user) => user === "ann" ? new Secret("pencil") : undefined },
 *   open: () => ({ messages: [mail], update: () => removed.push(mail.uid) - 1, close() {} }),
 * }, { capabilities: pop3CapabilityLists({ startTls: true, mechanisms: ["SCRAM-SHA-256"] }) });
 *
 * const auth = { user: "ann", password: new Secret("pencil") };
 * await using session = await connectPop3({ connection, auth });
 * const { messages, numbers } = await session.snapshot();
 * deepEqual(messages.map(({ uid, size }) => `${uid} ${size}`), ["a1 29"]);
 * for await (const item of session.retrieve(numbers)) {
 *   ok(item.ok);
 *   deepEqual(await item.value.bytes(), content);
 * }
 * await session.markDeleted(numbers);
 * deepEqual(removed, []); // nothing is deleted before commit()
 * equal((await session.commit()).kind, "committed");
 * equal(await served, "quit");
 * deepEqual(removed, ["a1"]);
 * ```
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
export { apopStamp, type Credentials, Secret } from "../sasl/mod.ts";
