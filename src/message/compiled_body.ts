/**
 * The body of a message for many people: attachments are encoded once, texts are spliced.
 *
 * @module
 */

import { Composed, type ComposedMessage } from "./composed.ts";
import {
  assembled,
  type BodyFields,
  type Enclosures,
  enclosuresOf,
  octetsOf,
} from "./message_body.ts";
import type { ComposedEnvelope } from "./message_header.ts";
import { linesOf, type Part, partOf } from "./mime.ts";
import { type SplicedOctets, SplicedText } from "./spliced_text.ts";
import { Template, type TemplateData, type TemplateKind } from "./template.ts";
import { type EncodeOptions, encodeText, type TextOptions } from "./text_body.ts";
import { joinedAll } from "./transfer_encoding.ts";

/** What the body of the messages says; texts are templates. */
export interface BodyTemplate extends Pick<BodyFields, "flowed" | "attachments" | "inline"> {
  /** The text. */
  readonly text?: string | Template;
  /** The same as HTML; a {@linkcode Template} of this kind. */
  readonly html?: string | Template;
}

const encoder = new TextEncoder();
/** Strings up to this length are written faster by hand. */
const SHORT = 32;

/** The header of one message. */
export interface RowHeader {
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
export class CompiledBody {
  /** Its templates. */
  readonly templates: readonly Template[];
  readonly #plain: Part | SplicedText | undefined;
  readonly #rich: Part | SplicedText | undefined;
  readonly #enclosures: Enclosures;
  /** By how the texts are encoded; there are few ways, and most jobs need one. */
  readonly #plans = new Map<string, BodyPlan>();
  /** The body, where no row changes it. */
  readonly #fixed: { headerText: string; bytes: Uint8Array; eightBit: boolean } | undefined;

  constructor(template: BodyTemplate, options: EncodeOptions) {
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

  /** Fills it in and puts it behind a header. */
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
    const octets = octetsOf(body.pieces);
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

/** Compiles a template, if that is not done. */
export function compiled(source: string | Template, kind: TemplateKind, name: string): Template {
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

/** Writes octets or ASCII and gives the index behind them. */
function write(bytes: Uint8Array, at: number, chunk: Uint8Array | string): number {
  if (typeof chunk !== "string") bytes.set(chunk, at);
  else if (chunk.length > SHORT) encoder.encodeInto(chunk, bytes.subarray(at));
  else for (let i = 0; i < chunk.length; i++) bytes[at + i] = chunk.charCodeAt(i);
  return at + chunk.length;
}
