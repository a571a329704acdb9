/**
 * Templates: mustache without code (mustache(5)), strict about what is missing.
 *
 * A template is compiled once and filled in one pass. What a value holds is never looked at for
 * placeholders, and only own properties of a row are fields.
 *
 * @module
 */

import { TemplateError } from "./errors.ts";
import { LinksPlace, LIST_PLACE } from "./header_place.ts";
import { HtmlPlace } from "./html_place.ts";
import { UnfitValue, type ValuePlace } from "./value_place.ts";
import { parseTemplate, type TemplateNode, type TemplatePath } from "./template_parser.ts";

/** What a template is filled with: a row, whose own properties are the fields. */
export type TemplateData = Readonly<Record<string, unknown>>;

/** What a template is. */
export type TemplateKind = "text" | "html" | "links" | "list";

/** How a template is read. */
export interface TemplateOptions {
  /**
   * What it is. In `html` a value is escaped as its place needs it. In `links`, as List-Unsubscribe
   * holds them, it is a whole link or escaped as a part of one. In a `list`, of addresses or ids, it
   * must not hold what would begin another item. @default {"text"}
   */
  readonly kind?: TemplateKind;
  /** What it is called in errors. @default {"template"} */
  readonly name?: string;
}

/** A field that a template names. */
export interface TemplateField {
  /** The name, with dots where it is a property of a property. */
  readonly name: string;
  /** The line where it is named first, from 1. */
  readonly line: number;
  /** The column, from 1. */
  readonly column: number;
  /** Whether each place has a default, so that it may be missing. */
  readonly optional: boolean;
}

/** Takes the pieces of a filled template in their order. */
export interface TemplateSink {
  /** A piece that stands in the template, by its index in `literals`. */
  literal(index: number): void;
  /** A value, escaped. */
  value(text: string): void;
}

const PLACES: Readonly<Record<TemplateKind, () => ValuePlace | undefined>> = {
  text: () => undefined,
  html: () => new HtmlPlace(),
  links: () => new LinksPlace(),
  list: () => LIST_PLACE,
};

/** A compiled template. */
export class Template {
  /** What it is. */
  readonly kind: TemplateKind;
  /** What stands in the template, between placeholders. */
  readonly literals: readonly string[];
  /** The fields that it names outside of sections, each once. */
  readonly fields: readonly TemplateField[];
  readonly #nodes: readonly TemplateNode[];
  readonly #name: string;

  /**
   * Compiles a template.
   *
   * `{{field}}` is a value, `{{field|default}}` one that may be missing or empty, `{{{field}}}` and
   * `{{&field}}` one that is not escaped in HTML, `{{! … }}` a comment. `{{#field}}…{{/field}}` stands
   * for each item of a list, or where the field is not empty, `{{^field}}…{{/field}}` where it is.
   *
   * @param source The template.
   * @param options How it is read.
   * @throws {TemplateError} If it is outside of the syntax, or a value would not be safe in its place.
   *
   * @example Usage
   * ```ts
   * import { Template } from "@mailwright/mailwright/message";
   * import { equal, throws } from "node:assert/strict";
   *
   * const template = new Template("Dear {{name|friend}}, you owe {{sum}}.");
   * equal(template.render({ name: "Ann", sum: 7 }), "Dear Ann, you owe 7.");
   * equal(template.render({ name: "", sum: "{{name}}" }), "Dear friend, you owe {{name}}.");
   * throws(() => template.render({ name: "Ann" }), { name: "TemplateError", line: 1, column: 31 });
   * ```
   */
  constructor(source: string, options: TemplateOptions = {}) {
    const { kind = "text", name = "template" } = options;
    const { nodes, literals, fields } = parseTemplate(source, { place: PLACES[kind](), name });
    this.kind = kind;
    this.#name = name;
    this.#nodes = nodes;
    this.literals = literals;
    this.fields = fields;
  }

  /** Whether it has no placeholders, so that every row gives the same. */
  get constant(): boolean {
    return this.#nodes.every(({ kind }) => kind === "literal");
  }

  /**
   * Fills the template.
   *
   * @param data The row.
   * @returns The text.
   * @throws {TemplateError} If a field is missing or empty and has no default, or is no text.
   */
  render(data: TemplateData): string {
    let text = "";
    this.write(data, {
      literal: (index) => text += this.literals[index],
      value: (value) => text += value,
    });
    return text;
  }

  /**
   * Fills the template piece by piece.
   *
   * @param data The row.
   * @param sink Takes the pieces.
   * @throws {TemplateError} As {@linkcode Template.render}.
   */
  write(data: TemplateData, sink: TemplateSink): void {
    this.#write(this.#nodes, [data], sink);
  }

  #write(nodes: readonly TemplateNode[], frames: readonly unknown[], sink: TemplateSink): void {
    for (const node of nodes) {
      if (node.kind === "literal") sink.literal(node.index);
      else if (node.kind === "value") sink.value(this.#value(node, frames));
      else this.#section(node, frames, sink);
    }
  }

  #value(
    node: TemplateNode & { readonly kind: "value" },
    frames: readonly unknown[],
  ): string {
    const found = lookUp(frames, node.path);
    const given = found === undefined || found === null ? "" : this.#text(found, node);
    // An empty greeting is a mistake, however it comes about.
    const text = given.trim() === "" ? node.fallback : given;
    if (text === undefined) {
      throw this.#unfit(node, found === undefined ? "is missing" : "is empty");
    }
    try {
      return node.escape(text);
    } catch (error) {
      if (error instanceof UnfitValue) throw this.#unfit(node, error.message);
      throw error;
    }
  }

  #text(value: unknown, path: TemplatePath): string {
    if (typeof value === "string") {
      if (value.isWellFormed()) return value;
      throw this.#unfit(path, "holds half a character");
    }
    const type = typeof value;
    if (type === "boolean" || type === "bigint" || Number.isFinite(value)) return String(value);
    throw this.#unfit(path, "is no text");
  }

  #section(
    node: TemplateNode & { readonly kind: "section" },
    frames: readonly unknown[],
    sink: TemplateSink,
  ): void {
    const found = lookUp(frames, node.path);
    if (found === undefined) throw this.#unfit(node, "is missing");
    const empty = typeof found === "string" ? found.trim() === "" : !found;
    const items: readonly unknown[] = Array.isArray(found) ? found : empty ? [] : [found];
    if (node.inverted) {
      if (items.length === 0) this.#write(node.nodes, frames, sink);
    } else for (const item of items) this.#write(node.nodes, [...frames, item], sink);
  }

  #unfit(path: TemplatePath, reason: string): TemplateError {
    const field = path.path.join(".") || ".";
    return new TemplateError(this.#name, `the field "${field}" ${reason}`, {
      ...path.place,
      field,
    });
  }
}

/** The innermost thing of that name; `undefined` if there is none. */
function lookUp(frames: readonly unknown[], [first, ...others]: readonly string[]): unknown {
  if (first === undefined) return frames.at(-1);
  const frame = frames.findLast((each) => own(each, first) !== undefined);
  let value = own(frame, first);
  for (const name of others) value = own(value, name);
  return value;
}

/** An own property of an object that is no list: nothing of the language itself is a field. */
function own(value: unknown, name: string): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  return Object.hasOwn(value, name) ? (value as TemplateData)[name] : undefined; // an object
}
