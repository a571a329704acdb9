/**
 * What a job was made of, as hashes: whether anything has changed since (T-B28, T-I36).
 *
 * @module
 */

import { Sha256 } from "../../../message/mod.ts";
import type { StoredMessage } from "./bulk_message.ts";

/** What a job is made of. */
export interface JobIdentity {
  /** Its name. */
  readonly name: string;
  /** SHA-256 of the list, hexadecimal. */
  readonly listHash: string;
  /** The message. */
  readonly message: StoredMessage;
  /** Whatever else shapes the messages. */
  readonly more: readonly string[];
}

/** The hashes of a job. */
export interface JobHashes {
  /** Of everything. */
  readonly fingerprint: string;
  /** Of the message and what is attached. */
  readonly contentHash: string;
}

/**
 * Hashes octets piece by piece.
 *
 * @param octets The octets.
 * @returns SHA-256, hexadecimal.
 */
export async function hashOctets(
  octets: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): Promise<string> {
  const hash = new Sha256();
  for await (const piece of octets) hash.update(piece);
  return hash.digest().toHex();
}

/**
 * Hashes what a job is made of.
 *
 * @param identity What it is made of.
 * @returns The hashes.
 *
 * @example Usage
 * ```ts
 * import { hashJob } from "@mailwright/mailwright/jobs";
 * import { equal, notEqual } from "node:assert/strict";
 *
 * const message = { kind: "raw", from: "news@here.example", base64: "" } as const;
 * const one = hashJob({ name: "welcome", listHash: "aa", message, more: [] });
 * const two = hashJob({ name: "welcome", listHash: "bb", message, more: [] });
 * equal(one.contentHash, two.contentHash);
 * notEqual(one.fingerprint, two.fingerprint);
 * ```
 */
export function hashJob({ name, listHash, message, more }: JobIdentity): JobHashes {
  const contentHash = hashTexts(partsOf(message));
  return { contentHash, fingerprint: hashTexts([name, listHash, contentHash, ...more]) };
}

/** All that a message says, in an order that is always the same. */
function partsOf(message: StoredMessage): string[] {
  if (message.kind === "raw") return ["raw", message.base64];
  const { from, subject, replyTo = "", text, html, attachments, headers } = message;
  return [
    ...["written", from, subject, replyTo, text, `${html !== undefined}`, html ?? ""],
    ...[`${attachments.length}`, ...attachments.flatMap((each) => [each.filename, each.base64])],
    ...headers.flat(),
  ];
}

/** JSON keeps the texts apart, whatever they hold. */
function hashTexts(texts: readonly string[]): string {
  return new Sha256().update(new TextEncoder().encode(JSON.stringify(texts))).digest().toHex();
}
