/**
 * A message for many people: what is the same for all is encoded once.
 *
 * @module
 */

import type { Address } from "./address.ts";
import { type BodyTemplate, compiled, CompiledBody } from "./compiled_body.ts";
import type { ComposedMessage } from "./composed.ts";
import type { ComposeOptions } from "./compose.ts";
import { formatDate } from "./date.ts";
import { type Header, textHeader } from "./header.ts";
import { addressHeader, createHeader, headerKind, idHeader } from "./header_field.ts";
import type { Mailbox } from "./mailbox.ts";
import {
  checkFurther,
  checkUtf8,
  type MailboxLike,
  MIME_VERSION,
  recipients,
  toMailbox,
  toMailboxes,
} from "./message_header.ts";
import { linesOf } from "./mime.ts";
import type { Template, TemplateData, TemplateField } from "./template.ts";

/** A field whose value is a template. */
export interface HeaderTemplate {
  /** The name. */
  readonly name: string;
  /** The value, as people write it. */
  readonly value: string | Template;
}

/** What the messages say; texts are templates. */
export interface MessageTemplate extends BodyTemplate {
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
  readonly #cc: readonly Mailbox[];
  readonly #bcc: readonly Mailbox[];
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
    this.#bcc = toMailboxes(template.bcc);
    this.#smtpUtf8 = options.smtpUtf8 ?? false;

    const author = [addressHeader("From", [from])];
    if (replyTo.length > 0) author.push(addressHeader("Reply-To", replyTo));
    const copies = this.#cc.length > 0 ? [addressHeader("Cc", this.#cc)] : [];
    checkUtf8([...author, ...copies], this.#smtpUtf8);
    this.#utf8 = [...author, ...copies].some(({ utf8 }) => utf8);
    this.#author = linesOf(author);
    this.#copies = linesOf(copies);

    const further = template.headers ?? [];
    checkFurther(further);
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
      envelope: { from: this.#from, to: recipients(to, this.#cc, this.#bcc) },
    });
  }

  /** What never changes is checked and written at once. */
  #line({ name, template }: { readonly name: string; readonly template: Template }): Line {
    if (!template.constant) return (data) => createHeader(name, template.render(data));
    const header = createHeader(name, template.render({}));
    checkUtf8([header], this.#smtpUtf8);
    return header.utf8 ? () => header : header.line;
  }
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
