/**
 * Signing mail in the name of a domain (RFC 6376, RFC 8301, RFC 8463).
 *
 * @module
 */

import { Composed, type ComposedMessage } from "./composed.ts";
import { describeContent } from "./content.ts";
import {
  BodyHash,
  canonicalField,
  type Canonicalization,
  type RawField,
  rawFields,
} from "./dkim_canonical.ts";
import type { DkimKey } from "./dkim_key.ts";
import { DkimError } from "./errors.ts";
import { toAscii } from "./idna.ts";
import { Streamed, type StreamedMessage } from "./streamed.ts";
import { joinedAll } from "./transfer_encoding.ts";

/** In whose name is signed: the public key stands in the name service under selector and domain. */
export interface DkimIdentity {
  /** The domain that takes responsibility. */
  readonly domain: string;
  /** The name of the key in that domain. */
  readonly selector: string;
  /** The private key. */
  readonly key: DkimKey;
}

/** What a signature covers. */
export interface DkimOptions {
  /** What may happen to the header on the way. @default {"relaxed"} */
  readonly headerForm?: Canonicalization;
  /** What may happen to the body on the way. @default {"relaxed"} */
  readonly bodyForm?: Canonicalization;
  /** Names of further fields that are signed where they are there. */
  readonly headers?: readonly string[];
  /** How long a signature is good, in seconds, from the time given to `sign`. @default For ever. */
  readonly expiresAfterSeconds?: number;
}

/** When a message is signed. */
export interface DkimSignOptions {
  /** The time that is written, in milliseconds since 1970. @default None. */
  readonly timeMs?: number;
}

// Signed once more than they are there: nobody can add one (section 8.15).
const SEALED = ["from", "reply-to", "subject", "to", "cc"] as const;
/** Sealed where they are there: a mailing list may add them where they are not. */
const SEALED_IF_THERE: ReadonlySet<string> = new Set([
  ...["sender", "date", "message-id", "in-reply-to", "references"],
  ...["mime-version", "content-type", "content-transfer-encoding"],
]);
/** Signed where they are there (section 5.4.1, RFC 8058 section 4). */
const SIGNED: ReadonlySet<string> = new Set([
  ...["content-id", "content-description", "list-id", "list-help", "list-unsubscribe"],
  ...["list-unsubscribe-post", "list-subscribe", "list-post", "list-owner", "list-archive"],
  ...["resent-date", "resent-from", "resent-sender", "resent-to", "resent-cc", "resent-message-id"],
  ...["auto-submitted", "precedence", "feedback-id"],
]);
/** Section 5.4.2: what changes on the way, or is no part of what the author says. */
const NEVER: ReadonlySet<string> = new Set(["dkim-signature", "return-path", "received", "bcc"]);

const SELECTOR = /^[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?(?:\.[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?)*$/i;
const NAME = /^[!-9<-~]+$/;
const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Signs messages, each by all of its identities. */
export class DkimSigner {
  readonly #identities: readonly DkimIdentity[];
  readonly #headerForm: Canonicalization;
  readonly #bodyForm: Canonicalization;
  readonly #names: ReadonlySet<string>;
  readonly #expiresAfter: number | undefined;
  /** Messages that share a body share its hash. */
  readonly #hashes = new WeakMap<Uint8Array, string>();

  /**
   * Makes one.
   *
   * @param identities In whose names: one, or one for each algorithm.
   * @param options What a signature covers.
   * @throws {DkimError | AddressError} If a domain, a selector or a name is none.
   *
   * @example Usage
   * ```ts
   * import { compose, DkimKey, DkimSigner } from "@mailwright/mailwright/message";
   * import { match } from "node:assert/strict";
   *
   * const key = await DkimKey.fromPem(
   *   "-----BEGIN PRIVATE KEY-----\n" +
   *     "MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n" +
   *     "-----END PRIVATE KEY-----\n",
   * );
   * const signer = new DkimSigner([{ domain: "mail.example", selector: "one", key }]);
   * const message = await signer.sign(compose({
   *   from: "ann@mail.example",
   *   to: "bob@mail.example",
   *   subject: "Lunch",
   *   text: "At noon?\n",
   *   date: Date.UTC(2025, 10, 21),
   *   messageId: "<1@mail.example>",
   * }));
   * match(new TextDecoder().decode(message.header), /^DKIM-Signature: v=1; a=ed25519-sha256;/);
   * ```
   */
  constructor(identities: readonly DkimIdentity[], options: DkimOptions = {}) {
    if (identities.length === 0) throw new DkimError("nobody signs");
    this.#identities = identities.map(({ domain, selector, key }) => {
      if (!SELECTOR.test(selector)) throw new DkimError("the selector is no name in a domain");
      return { domain: toAscii(domain), selector, key };
    });
    this.#headerForm = options.headerForm ?? "relaxed";
    this.#bodyForm = options.bodyForm ?? "relaxed";
    this.#names = new Set(
      options.headers?.map((name) => {
        const lower = name.toLowerCase();
        if (NAME.test(name) && !NEVER.has(lower)) return lower;
        throw new DkimError(`the field ${JSON.stringify(name)} is not to be signed`);
      }),
    );
    const seconds = options.expiresAfterSeconds;
    if (seconds !== undefined && !(Number.isSafeInteger(seconds) && seconds > 0)) {
      throw new DkimError("a signature expires after a whole number of seconds");
    }
    this.#expiresAfter = seconds;
  }

  /** Signs a composed message. */
  sign(message: ComposedMessage, options?: DkimSignOptions): Promise<ComposedMessage>;
  /** Signs a message that is sent as a stream: it is read once for this, so it must be replayable. */
  sign(message: StreamedMessage, options?: DkimSignOptions): Promise<StreamedMessage>;
  /** Signs a raw message. */
  sign(message: Uint8Array, options?: DkimSignOptions): Promise<Uint8Array>;
  /**
   * Signs a message: what is given back has the signatures at its top.
   *
   * @param message A message. It must not be changed afterwards.
   * @param options When it is signed.
   * @returns The same message, signed.
   * @throws {DkimError} If it cannot be signed so that the signature would hold.
   */
  async sign(
    message: ComposedMessage | StreamedMessage | Uint8Array,
    options: DkimSignOptions = {},
  ): Promise<ComposedMessage | StreamedMessage | Uint8Array> {
    if (message instanceof Uint8Array) {
      const { header, body } = cut(message);
      const fields = await this.#signatures(header, this.#hashOf(body), options);
      return joinedAll([encoder.encode(fields), message]);
    }
    const { utf8Headers, eightBit, envelope } = message;
    const header = textOf(message.header);
    if ("bytes" in message) {
      const fields = await this.#signatures(header, this.#hashOf(message.body), options);
      const headerText = fields + header.slice(0, -2); // the empty line is added again
      return new Composed({
        headerText,
        utf8Headers,
        body: { bytes: message.body, eightBit },
        envelope,
      });
    }
    if (!(message instanceof Streamed)) throw new DkimError("it was not composed here");
    if (!message.replayable) {
      throw new DkimError("a stream can be read once; give a function that opens it");
    }
    const hash = new BodyHash(this.#bodyForm);
    for await (const chunk of message.body) hash.push(chunk);
    const fields = await this.#signatures(header, hash.digest(), options);
    return message.withHeader(encoder.encode(fields + header));
  }

  #hashOf(body: Uint8Array): string {
    const known = this.#hashes.get(body);
    if (known !== undefined) return known;
    const hash = new BodyHash(this.#bodyForm);
    hash.push(body);
    const digest = hash.digest();
    this.#hashes.set(body, digest);
    return digest;
  }

  async #signatures(header: string, bodyHash: string, options: DkimSignOptions): Promise<string> {
    const signed = this.#signed(rawFields(header));
    const canonical = signed.fields.map((field) => canonicalField(field, this.#headerForm)).join(
      "",
    );
    const times = this.#times(options);
    const fields = await Promise.all(this.#identities.map(async ({ domain, selector, key }) => {
      const text = `DKIM-Signature: v=1; a=${key.algorithm};` +
        ` c=${this.#headerForm}/${this.#bodyForm};\r\n d=${domain};\r\n s=${selector};${times}\r\n` +
        ` h=${signed.names};\r\n bh=${bodyHash};\r\n b=`;
      const own = canonicalField({ name: "dkim-signature", text }, this.#headerForm);
      // Section 3.7: the signature itself comes last, without a value and without a line end.
      const covered = canonical + own.replace(/\r\n$/, "");
      const signature = await key.sign(encoder.encode(covered));
      return `${text}${signature.toBase64().replace(/.{70}(?=.)/g, "$&\r\n  ")}\r\n`;
    }));
    return fields.join("");
  }

  /** What is signed: each name as often as the field is there, from the last one up; some once more. */
  #signed(fields: readonly RawField[]): { names: string; fields: RawField[] } {
    const byName = Map.groupBy(fields, ({ name }) => name);
    if (byName.get("from")?.length !== 1) throw new DkimError("it has not exactly one From");
    const names: string[] = [];
    const chosen: RawField[] = [];
    for (const [name, all] of byName) {
      const sealed = (SEALED as readonly string[]).includes(name) || SEALED_IF_THERE.has(name);
      if (!sealed && !SIGNED.has(name) && !this.#names.has(name)) continue;
      chosen.push(...all.toReversed());
      names.push(Array(all.length + (sealed ? 1 : 0)).fill(name).join(":"));
    }
    names.push(...SEALED.filter((name) => !byName.has(name)));
    const lines = names.join(":").match(/.{1,68}(?::|$)/g) ?? [];
    return { names: lines.join("\r\n  "), fields: chosen };
  }

  #times({ timeMs }: DkimSignOptions): string {
    if (timeMs === undefined) {
      if (this.#expiresAfter === undefined) return "";
      throw new DkimError("a signature that expires needs the time");
    }
    const seconds = Math.floor(timeMs / 1000);
    if (!Number.isSafeInteger(seconds) || seconds < 0) throw new DkimError("the time is none");
    const end = this.#expiresAfter === undefined ? "" : ` x=${seconds + this.#expiresAfter};`;
    return ` t=${seconds};${end}`;
  }
}

/** Header and body of a raw message, which goes over the wire as it is. */
function cut(bytes: Uint8Array): { header: string; body: Uint8Array } {
  const { bareCr, bareLf, nul } = describeContent(bytes);
  if (bareCr || bareLf || nul) {
    throw new DkimError("its lines do not all end in CRLF, or it holds NUL, and would be changed");
  }
  let end = 0;
  while (end < bytes.length && !(bytes[end] === 13 && bytes[end + 1] === 10)) {
    const lf = bytes.indexOf(10, end);
    end = lf < 0 ? bytes.length : lf + 1;
  }
  return { header: textOf(bytes.subarray(0, end)), body: bytes.subarray(end + 2) };
}

function textOf(header: Uint8Array): string {
  try {
    return decoder.decode(header);
  } catch (cause) {
    throw new DkimError("its header is not UTF-8", { cause });
  }
}
