/**
 * A message for many people: what is the same for all is encoded once.
 *
 * @module
 */

import type { Address } from "./address.ts";
import { Composed, type ComposedMessage } from "./composed.ts";
import type { ComposeOptions } from "./compose.ts";
import { formatDate } from "./date.ts";
import { type Header, textHeader } from "./header.ts";
import { addressHeader, createHeader, headerKind, idHeader } from "./header_field.ts";
import { assembled, type BodyFields, type Enclosures, enclosuresOf } from "./message_body.ts";
import {
  checkFurther,
  checkUtf8,
  type ComposedEnvelope,
  type MailboxLike,
  MIME_VERSION,
  recipients,
  toMailbox,
  toMailboxes,
} from "./message_header.ts";
import { linesOf, type Part, partOf } from "./mime.ts";
import { type SplicedOctets, SplicedText } from "./spliced_text.ts";
import { Template, type TemplateData, type TemplateField, type TemplateKind } from "./template.ts";
import { encodeText, type TextOptions } from "./text_body.ts";
import { joinedAll } from "./transfer_encoding.ts";

/** A field whose value is a template. */
export interface HeaderTemplate {
  /** The name. */
  readonly name: string;
  /** The value, as people write it. */
  readonly value: string | Template;
}

/** What the messages say; texts are templates. */
export interface MessageTemplate extends Pick<BodyFields, "flowed" | "attachments" | "inline"> {
  /** Who writes. */
  readonly from: MailboxLike;
  /** Where answers go. */
  readonly replyTo?: MailboxLike | readonly MailboxLike[];
  /** Who else reads each of them. */
  readonly cc?: MailboxLike | readonly MailboxLike[];
  /** Who gets each of them without being named. */
  readonly bcc?: MailboxLike | readonly MailboxLike[];
  /** What they are about. */
  readonly subject: string | Template;
  /** The text. */
  readonly text?: string | Template;
  /** The same as HTML; a {@linkcode Template} of this kind. */
  readonly html?: string | Template;
  /** Further fields, in their order. */
  readonly headers?: readonly HeaderTemplate[];
  /** The program that writes. */
  readonly userAgent?: string;
}

/** What is said in one of the messages. */
export interface MessageRow {
  /** Whom it is addressed to. */
  readonly to: MailboxLike | readonly MailboxLike[];
  /** What stands for the placeholders: own properties alone. */
  readonly fields: TemplateData;
  /** When it was written: a date, or milliseconds since 1970. */
  readonly date: Date | number;
  /** How many minutes the writer's clock is ahead of UTC. @default {0} */
  readonly offsetMinutes?: number;
  /** The identifier, angle brackets included. */
  readonly messageId: string;
}

const encoder = new TextEncoder();
/** Strings up to this length are written faster by hand. */
const SHORT = 32;

/**
 * Compiles a message: templates are parsed, and attachments and all that no row changes is encoded.
 *
 * @param template What the messages say.
 * @param options What the server takes; without them they suit every server.
 * @returns The message, to be filled in.
 * @throws {TemplateError} If a template is none.
 * @throws {AddressError | HeaderError | SyntaxError | TypeError} As `compose()` does.
 *
 * @example Usage
 * ```ts
 * import { compileMessage } from "@mailwright/mailwright/message";
 * import { match, throws } from "node:assert/strict";
 *
 * const welcome = compileMessage({
 *   from: "Ann <ann@mail.example>",
 *   subject: "Welcome, {{name}}",
 *   text: "Dear {{name}},\n\nyour {{fruit|fruit}} have arrived.\n",
 * });
 * const { bytes } = welcome.render({
 *   to: "bob@mail.example",
 *   fields: { name: "Bob" },
 *   date: Date.UTC(2025, 10, 21),
 *   messageId: "<welcome.1@mail.example>",
 * });
 * match(new TextDecoder().decode(bytes), /^Subject: Welcome, Bob\r$/m);
 * ```
 */
export function compileMessage(
  template: MessageTemplate,
  options: ComposeOptions = {},
): CompiledMessage {
  return new CompiledMessage(template, options);
}

/** A field, or what makes one of a row. */
type Line = string | ((data: TemplateData) => Header);

/** A message that can be filled in. */
export class CompiledMessage {
  /** The fields that its templates name, each once. */
  readonly fields: readonly TemplateField[];
  readonly #smtpUtf8: boolean;
  readonly #from: Address;
  readonly #alwaysTo: readonly Address[];
  readonly #cc: ReturnType<typeof toMailboxes>;
  /** What stands between Date and To, and between To and Message-ID. */
  readonly #author: string;
  readonly #copies: string;
  readonly #utf8: boolean;
  /** Subject and further fields. */
  readonly #lines: readonly Line[];
  readonly #body: CompiledBody;

  /**
   * Compiles one, as {@linkcode compileMessage} does.
   *
   * @param template What the messages say.
   * @param options What the server takes.
   */
  constructor(template: MessageTemplate, options: ComposeOptions = {}) {
    const from = toMailbox(template.from);
    const replyTo = toMailboxes(template.replyTo);
    this.#from = from.address;
    this.#cc = toMailboxes(template.cc);
    this.#alwaysTo = toMailboxes(template.bcc).map(({ address }) => address);
    this.#smtpUtf8 = options.smtpUtf8 ?? false;

    const author = [addressHeader("From", [from])];
    if (replyTo.length > 0) author.push(addressHeader("Reply-To", replyTo));
    const copies = this.#cc.length > 0 ? [addressHeader("Cc", this.#cc)] : [];
    checkUtf8([...author, ...copies], this.#smtpUtf8);
    this.#utf8 = [...author, ...copies].some(({ utf8 }) => utf8);
    this.#author = linesOf(author);
    this.#copies = linesOf(copies);

    const further = template.headers ?? [];
    checkFurther(further.map(({ name }) => name));
    const texts = [
      { name: "Subject", template: compiled(template.subject, "text", "subject") },
      ...further.map(({ name, value }) => ({
        name,
        template: compiled(value, headerKind(name), `header ${name}`),
      })),
    ];
    const tail = template.userAgent === undefined
      ? [MIME_VERSION]
      : [textHeader("User-Agent", template.userAgent), MIME_VERSION];
    this.#lines = [...texts.map((text) => this.#line(text)), linesOf(tail)];
    this.#body = new CompiledBody(template, options);
    this.fields = allFields([...texts.map((text) => text.template), ...this.#body.templates]);
  }

  /**
   * Fills the message in. The same row gives the same octets.
   *
   * @param row What is said in it.
   * @returns The message; its body is one array for all rows where no placeholder stands in it.
   * @throws {TemplateError} If a field is missing or empty, or does not fit.
   * @throws {AddressError | HeaderError | RangeError} If a field of the header cannot be written.
   */
  render(row: MessageRow): ComposedMessage {
    const to = toMailboxes(row.to);
    const toLine = addressHeader("To", to);
    const variable = [toLine];
    let rest = "";
    for (const line of this.#lines) {
      if (typeof line === "string") rest += line;
      else {
        const header = line(row.fields);
        variable.push(header);
        rest += header.line;
      }
    }
    checkUtf8(variable, this.#smtpUtf8);
    const headerText = `Date: ${formatDate(Number(row.date), row.offsetMinutes)}\r\n` +
      this.#author + toLine.line + this.#copies +
      idHeader("Message-ID", [row.messageId]).line + rest;
    return this.#body.render(row.fields, {
      headerText,
      utf8Headers: this.#utf8 || variable.some(({ utf8 }) => utf8),
      envelope: { from: this.#from, to: this.#recipients(to) },
    });
  }

  #recipients(to: ReturnType<typeof toMailboxes>): readonly Address[] {
    const copies = [...this.#cc, ...this.#alwaysTo.map((address) => ({ address }))];
    return recipients(to, copies);
  }

  /** What never changes is checked and written at once. */
  #line({ name, template }: { readonly name: string; readonly template: Template }): Line {
    if (!template.constant) return (data) => createHeader(name, template.render(data));
    const header = createHeader(name, template.render({}));
    checkUtf8([header], this.#smtpUtf8);
    return header.utf8 ? () => header : header.line;
  }
}

/** The header of one message. */
interface RowHeader {
  readonly headerText: string;
  readonly utf8Headers: boolean;
  readonly envelope: ComposedEnvelope;
}

/** The body for one way to encode its texts; a number stands for a text. */
interface BodyPlan {
  readonly headerText: string;
  readonly pieces: readonly (Uint8Array | number)[];
  /** The octets that are always there. */
  readonly size: number;
  readonly eightBit: boolean;
}

/** The body of a message that can be filled in. */
class CompiledBody {
  readonly templates: readonly Template[];
  readonly #plain: Part | SplicedText | undefined;
  readonly #rich: Part | SplicedText | undefined;
  readonly #enclosures: Enclosures;
  /** By how the texts are encoded; there are few ways, and most jobs need one. */
  readonly #plans = new Map<string, BodyPlan>();
  /** The body, where no row changes it. */
  readonly #fixed: { headerText: string; bytes: Uint8Array; eightBit: boolean } | undefined;

  constructor(template: MessageTemplate, options: ComposeOptions) {
    const { text, html, flowed = false } = template;
    const plain = text === undefined ? undefined : compiled(text, "text", "text");
    const rich = html === undefined ? undefined : compiled(html, "html", "html");
    this.templates = [plain, rich].filter((each) => each !== undefined);
    this.#plain = plain && textPart(plain, { ...options, flowed });
    this.#rich = rich && textPart(rich, { ...options, html: true });
    this.#enclosures = enclosuresOf(template, options);
    const { headerText, pieces, eightBit } = this.#makePlan([]); // refuses a body without a text
    const octets = pieces.filter((piece) => piece instanceof Uint8Array);
    if (octets.length === pieces.length) {
      this.#fixed = { headerText, bytes: joinedAll(octets), eightBit };
    }
  }

  render(data: TemplateData, header: RowHeader): ComposedMessage {
    const { utf8Headers, envelope } = header;
    if (this.#fixed !== undefined) {
      const headerText = header.headerText + this.#fixed.headerText;
      return new Composed({ headerText, utf8Headers, envelope, body: this.#fixed });
    }
    const texts: SplicedOctets[] = [];
    for (const part of [this.#plain, this.#rich]) {
      if (part instanceof SplicedText) texts.push(part.splice(data));
    }
    const plan = this.#plan(texts);
    const head = `${header.headerText}${plan.headerText}\r\n`;
    // Where UTF-8 stands in it, characters are not octets.
    const lead = utf8Headers ? encoder.encode(head) : head;
    const size = texts.reduce((all, text) => all + text.size, lead.length + plan.size);
    const bytes = new Uint8Array(size);
    let at = write(bytes, 0, lead);
    for (const piece of plan.pieces) {
      if (typeof piece !== "number") at = write(bytes, at, piece);
      else for (const chunk of texts[piece]?.chunks ?? []) at = write(bytes, at, chunk);
    }
    const eightBit = utf8Headers || plan.eightBit;
    return new Filled(bytes, lead.length, { eightBit, utf8Headers, envelope });
  }

  #plan(texts: readonly SplicedOctets[]): BodyPlan {
    const key = texts.map(({ encoding }) => encoding.line).join("");
    let plan = this.#plans.get(key);
    if (plan === undefined) {
      plan = this.#makePlan(texts);
      this.#plans.set(key, plan);
    }
    return plan;
  }

  #makePlan(texts: readonly SplicedOctets[]): BodyPlan {
    const markers: Uint8Array[] = [];
    const partFor = (text: Part | SplicedText | undefined): Part[] => {
      if (text === undefined) return [];
      if (!(text instanceof SplicedText)) return [text];
      const encoding = texts[markers.length]?.encoding;
      const marker = new Uint8Array(0); // found again by its identity
      markers.push(marker);
      return [{
        headers: encoding === undefined ? [text.type] : [text.type, encoding],
        pieces: [marker],
        eightBit: encoding?.line.includes("8bit") ?? false,
        open: text.literals,
      }];
    };
    const body = assembled(partFor(this.#plain), partFor(this.#rich), this.#enclosures);
    const octets = body.pieces.filter((piece) => piece instanceof Uint8Array); // no stream was given
    return {
      headerText: linesOf(body.headers),
      pieces: octets.map((piece) => markers.includes(piece) ? markers.indexOf(piece) : piece),
      size: octets.reduce((all, { length }) => all + length, 0),
      eightBit: body.eightBit,
    };
  }
}

/** A message in one array. */
class Filled implements ComposedMessage {
  readonly bytes: Uint8Array;
  readonly eightBit: boolean;
  readonly utf8Headers: boolean;
  readonly envelope: ComposedEnvelope;
  readonly #bodyAt: number;

  constructor(
    bytes: Uint8Array,
    bodyAt: number,
    known: Pick<ComposedMessage, "eightBit" | "utf8Headers" | "envelope">,
  ) {
    this.bytes = bytes;
    this.#bodyAt = bodyAt;
    this.eightBit = known.eightBit;
    this.utf8Headers = known.utf8Headers;
    this.envelope = known.envelope;
  }

  get header(): Uint8Array {
    return this.bytes.subarray(0, this.#bodyAt);
  }

  get body(): Uint8Array {
    return this.bytes.subarray(this.#bodyAt);
  }
}

function compiled(source: string | Template, kind: TemplateKind, name: string): Template {
  if (typeof source === "string") return new Template(source, { kind, name });
  if (source.kind === kind) return source;
  throw new TypeError(
    `Cannot take a template of "${source.kind}" for ${name}: "${kind}" is wanted`,
  );
}

function textPart(template: Template, options: TextOptions): Part | SplicedText {
  return template.constant
    ? partOf(encodeText(template.render({}), options))
    : new SplicedText(template, options);
}

/** Each field once; it may be missing only where all templates allow that. */
function allFields(templates: readonly Template[]): TemplateField[] {
  const byName = new Map<string, TemplateField>();
  for (const field of templates.flatMap(({ fields }) => fields)) {
    const known = byName.get(field.name);
    if (known === undefined || known.optional && !field.optional) byName.set(field.name, field);
  }
  return [...byName.values()];
}

/** Writes octets or ASCII and gives the index behind them. */
function write(bytes: Uint8Array, at: number, chunk: Uint8Array | string): number {
  if (typeof chunk !== "string") bytes.set(chunk, at);
  else if (chunk.length > SHORT) encoder.encodeInto(chunk, bytes.subarray(at));
  else for (let i = 0; i < chunk.length; i++) bytes[at + i] = chunk.charCodeAt(i);
  return at + chunk.length;
}
