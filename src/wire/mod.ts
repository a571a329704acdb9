/**
 * wire: bytes in, bytes out. Connections, lines, dots, deadlines and the transcript of all of it.
 * It imports nothing of the other folders.
 *
 * RFC 5321 section 2.3.8 (lines) and 4.5.2 (dots), RFC 3207 (upgrade to TLS), RFC 1928 (SOCKS5),
 * RFC 9110 section 9.3.6 (HTTP CONNECT).
 *
 * @example Usage
 * ```ts
 * import { Channel, memoryPair, WireLine } from "@mailwright/mailwright/wire";
 * import { equal } from "node:assert/strict";
 *
 * const [ours, theirs] = memoryPair();
 * const client = new Channel(ours);
 * const server = new Channel(theirs, { end: "S" });
 * client.put(new WireLine("NOOP"));
 * await client.flush();
 * equal((await server.readLine())?.text, "NOOP");
 * client.close();
 * server.close();
 * ```
 *
 * @module
 */

export * from "./channel.ts";
export * from "./clock.ts";
export * from "./connection.ts";
export * from "./deadline.ts";
export * from "./dial.ts";
export * from "./dot_stuffing.ts";
export * from "./errors.ts";
export * from "./escape.ts";
export * from "./line_reader.ts";
export * from "./memory.ts";
export type { ReceivedLine } from "./received_line.ts";
export * from "./transcript.ts";
export * from "./wire_line.ts";
