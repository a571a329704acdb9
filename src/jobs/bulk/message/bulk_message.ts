/**
 * The message of a job, compiled: from a row to octets and envelope.
 *
 * @module
 */

import {
  type Address,
  addressHeader,
  type CompiledMessage,
  compileMessage,
  type ComposedMessage,
  createHeader,
  type DkimSigner,
  formatDate,
  formatMessageId,
  type Header,
  idHeader,
  parseAddress,
  parseHeaderBlock,
  parseMailbox,
  Sha256,
  Template,
  type TemplateField,
} from "../../../message/mod.ts";
import type { OutgoingMessage, RcptParameters } from "../../../smtp/mod.ts";
import type { ClaimedRow } from "../journal/journal.ts";
import type { WrittenSpec } from "./message_spec.ts";

/** A file that goes along with a message. */
export interface StoredAttachment {
  /** Its name, as readers see it. */
  readonly filename: string;
  /** Its octets. */
  readonly base64: string;
}

/** A message with everything that belongs to it, as plain JSON: what a journal keeps of it. */
export type StoredMessage =
  | Omit<WrittenSpec, "attachments"> & {
    /** What is attached. */
    readonly attachments: readonly StoredAttachment[];
  }
  | {
    /** It goes to everybody as it is. */
    readonly kind: "raw";
    /** The address in From. */
    readonly from: string;
    /** Its octets. */
    readonly base64: string;
  };

/** When the sender wants to be told what became of a message (RFC 3461). */
export type NoticeWord = "success" | "failure" | "delay" | "never";

/** How the messages of a job are made. */
export interface BulkMessageOptions {
  /** What makes the job the one it is: identifiers of messages depend on it. */
  readonly fingerprint: string;
  /** The return path; `null` for none. @default The address of From. */
  readonly sender?: string | null;
  /** Where people unsubscribe: links, perhaps with placeholders. */
  readonly listUnsubscribe?: readonly string[];
  /** Signs each message. */
  readonly signer?: DkimSigner;
  /** When to ask for notices. */
  readonly dsn?: readonly NoticeWord[];
  /** Whether addresses beyond ASCII may be written. @default {false} */
  readonly smtpUtf8?: boolean;
  /** Whether BDAT is used where it is offered. @default {false} */
  readonly chunking?: boolean;
}

/** Who gets a message, and what is put into it. */
export interface MessageTarget {
  /** The address. */
  readonly recipient: string;
  /** The fields of the template. */
  readonly fields: Readonly<Record<string, string>>;
  /** Its Date, in milliseconds since 1970. */
  readonly dateMs: number;
}

/** The message of a job. */
export class BulkMessage {
  /** The fields that it names, each once. */
  readonly fields: readonly TemplateField[];
  readonly #options: BulkMessageOptions;
  readonly #sender: string | null;
  readonly #domain: string;
  readonly #message: CompiledMessage | RawMessage;

  /**
   * Compiles it.
   *
   * @param message The message.
   * @param options How its messages are made.
   * @throws {SyntaxError | TypeError} If it cannot be written, whatever the row.
   */
  constructor(message: StoredMessage, options: BulkMessageOptions) {
    this.#options = options;
    const { address } = parseMailbox(message.from);
    this.#domain = address.domain;
    this.#sender = options.sender === undefined ? address.toString() : options.sender;
    if (this.#sender !== null) parseAddress(this.#sender);
    const links = unsubscribing(options.listUnsubscribe ?? []);
    this.#message = message.kind === "raw"
      ? new RawMessage(Uint8Array.fromBase64(message.base64), links)
      : compiled(message, links, options);
    this.fields = this.#message.fields;
  }

  /**
   * Makes the message of a row, without a signature. The same row gives the same octets, always.
   *
   * @param row The row.
   * @returns The message.
   * @throws {SyntaxError | RangeError} If a field is missing or does not fit where it stands.
   */
  render(row: MessageTarget): Uint8Array {
    const made = this.#make(row);
    return made instanceof Uint8Array ? made : made.bytes;
  }

  /**
   * Makes the message of a row, signed, with its envelope.
   *
   * @param row The row.
   * @returns What is sent.
   * @throws {unknown} As {@linkcode BulkMessage.render}, and what the signer throws.
   */
  async outgoing(row: Omit<ClaimedRow, "id" | "line" | "attempt">): Promise<OutgoingMessage> {
    const { recipient, firstClaimMs: dateMs, fields } = row;
    const made = this.#make({ recipient, fields, dateMs });
    const { dsn = [], chunking = false, signer } = this.#options;
    const address = parseAddress(recipient, { allowLiterals: true });
    const to = dsn.length === 0 ? address : {
      address,
      parameters: { notify: noticesOf(dsn), orcpt: { address: recipient } },
    };
    const notices = { ret: "HDRS", envid: this.#idOf(recipient) } as const;
    return {
      envelope: {
        from: this.#sender,
        to: [to],
        policy: "any",
        ...(dsn.length > 0 && { parameters: notices }),
      },
      content: signer === undefined ? made : await signed(signer, made, dateMs),
      chunking,
    };
  }

  #make({ recipient, fields, dateMs: date }: MessageTarget): ComposedMessage | Uint8Array {
    const messageId = formatMessageId(this.#idOf(recipient), this.#domain);
    const to = parseAddress(recipient, { allowLiterals: true });
    return this.#message.render({ to, fields, date, messageId });
  }

  /** The same for a recipient of a job, however often it is asked (T-B25). */
  #idOf(recipient: string): string {
    const { key } = parseAddress(recipient, { allowLiterals: true });
    const text = `${this.#options.fingerprint}\n${key}`;
    return new Sha256().update(new TextEncoder().encode(text)).digest().toHex().slice(0, 32);
  }
}

/** Messages that were compiled here share the hash of a body that is the same for all. */
async function signed(
  signer: DkimSigner,
  message: ComposedMessage | Uint8Array,
  timeMs: number,
): Promise<ComposedMessage | Uint8Array> {
  return message instanceof Uint8Array
    ? await signer.sign(message, { timeMs })
    : await signer.sign(message, { timeMs });
}

/** RFC 3461 section 4.1: NEVER stands alone. */
function noticesOf(words: readonly NoticeWord[]): RcptParameters["notify"] & object | "NEVER" {
  if (words.includes("never")) {
    if (words.length === 1) return "NEVER";
    throw new SyntaxError('Cannot ask for notices: "never" stands alone');
  }
  return words.map((word) => word.toUpperCase() as "SUCCESS" | "FAILURE" | "DELAY");
}

/** RFC 2369, and RFC 8058 where one click is enough: only an https link can be asked so. */
function unsubscribing(links: readonly string[]): (readonly [string, string])[] {
  if (links.length === 0) return [];
  for (const link of links) {
    if (!/^(?:https?:\/\/|mailto:)/i.test(link)) {
      throw new SyntaxError(`Cannot use the link "${link}": expected https://, http:// or mailto:`);
    }
  }
  const list = links.map((link) => `<${link}>`).join(", ");
  const oneClick = links.some((link) => /^https:/i.test(link));
  return [
    ["List-Unsubscribe", list],
    ...(oneClick ? [["List-Unsubscribe-Post", "List-Unsubscribe=One-Click"] as const] : []),
  ];
}

function compiled(
  message: StoredMessage & { readonly kind: "written" },
  links: readonly (readonly [string, string])[],
  { smtpUtf8 = false }: BulkMessageOptions,
): CompiledMessage {
  const { from, subject, replyTo, text, html, attachments, headers } = message;
  refuseSecond(headers.map(([name]) => name), links);
  return compileMessage({
    from,
    subject,
    ...(replyTo !== undefined && { replyTo }),
    ...(text.trim() !== "" && { text }),
    ...(html !== undefined && { html }),
    attachments: attachments.map(({ filename, base64 }) => ({
      filename,
      content: Uint8Array.fromBase64(base64),
    })),
    headers: [...headers, ...links].map(([name, value]) => ({ name, value })),
  }, { smtpUtf8 });
}

function refuseSecond(
  names: readonly string[],
  links: readonly (readonly [string, string])[],
): void {
  for (const [name] of links) {
    if (names.some((each) => each.toLowerCase() === name.toLowerCase())) {
      throw new SyntaxError(`Cannot add "${name}": the message has it already`);
    }
  }
}

/** What differs from row to row. */
interface RawRow {
  readonly to: Address;
  readonly date: number;
  readonly messageId: string;
  readonly fields: Readonly<Record<string, string>>;
}

/** A message that goes to everybody as it is; what it lacks of its header is put on top. */
class RawMessage {
  readonly fields: readonly TemplateField[];
  readonly #octets: Uint8Array;
  readonly #has: ReadonlySet<string>;
  readonly #links: readonly (readonly [string, Template])[];

  constructor(octets: Uint8Array, links: readonly (readonly [string, string])[]) {
    this.#octets = octets;
    const names = parseHeaderBlock(octets, { complete: true }).fields.map(({ name }) => name);
    this.#has = new Set(names.map((name) => name.toLowerCase()));
    refuseSecond(names, links);
    this.#links = links.map(([name, value]) => {
      const kind = name === "List-Unsubscribe" ? "links" : "text";
      return [name, new Template(value, { kind, name: `header ${name}` })] as const;
    });
    this.fields = this.#links.flatMap(([, template]) => template.fields);
  }

  render({ to, date, messageId, fields }: RawRow): Uint8Array {
    const top: Header[] = this.#links.map(([name, template]) =>
      createHeader(name, template.render(fields))
    );
    if (!this.#has.has("message-id")) top.push(idHeader("Message-ID", [messageId]));
    if (!this.#has.has("to")) top.push(addressHeader("To", [to]));
    const lines = top.map(({ line }) => line).join("") +
      (this.#has.has("date") ? "" : `Date: ${formatDate(date)}\r\n`);
    const head = new TextEncoder().encode(lines);
    const bytes = new Uint8Array(head.length + this.#octets.length);
    bytes.set(head);
    bytes.set(this.#octets, head.length);
    return bytes;
  }
}
