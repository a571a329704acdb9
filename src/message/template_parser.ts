/**
 * The syntax of templates: text to nodes.
 *
 * @module
 */

import { TemplateError } from "./errors.ts";
import type { Escape, ValuePlace } from "./value_place.ts";

/** Where something stands, from 1. */
export interface TemplatePlace {
  readonly line: number;
  readonly column: number;
}

/** A field that is named somewhere; an empty path is the item of a list itself. */
export interface TemplatePath {
  readonly path: readonly string[];
  readonly place: TemplatePlace;
}

/** One piece of a template. */
export type TemplateNode =
  | { readonly kind: "literal"; readonly index: number }
  | TemplatePath & {
    readonly kind: "value";
    /** What stands for it where it is missing or empty. */
    readonly fallback: string | undefined;
    readonly escape: Escape;
  }
  | TemplatePath & {
    readonly kind: "section";
    readonly inverted: boolean;
    readonly nodes: readonly TemplateNode[];
  };

/** A template, parsed. */
export interface ParsedTemplate {
  readonly nodes: readonly TemplateNode[];
  readonly literals: readonly string[];
  readonly fields:
    readonly (TemplatePlace & { readonly name: string; readonly optional: boolean })[];
}

const NAME = /^[\p{L}\p{N}_](?:[\p{L}\p{N}\p{M}_ .-]*[\p{L}\p{N}\p{M}_-])?$/u;
/** Names that reach into the language, whatever the row holds (T-I30). */
const LANGUAGE_NAMES: ReadonlySet<string> = new Set(["__proto__", "constructor", "prototype"]);
const MAX_DEPTH = 20;

const asIs: Escape = (value) => value;

/** How a template is parsed. */
export interface ParserOptions {
  /** Follows what stands around values; without it they are written as they are. */
  readonly place: ValuePlace | undefined;
  /** What the template is called in errors. */
  readonly name: string;
}

/** Parses a template. */
export function parseTemplate(
  source: string,
  options: ParserOptions,
): ParsedTemplate {
  return new TemplateParser(source, options).parse();
}

interface OpenSection extends TemplatePath {
  readonly name: string;
  readonly inverted: boolean;
  readonly nodes: TemplateNode[];
  /** Where it began: a kind of place, and a mark of it. */
  readonly kind: string | undefined;
  readonly mark: unknown;
}

/** A placeholder: what its sign says, and what stands in it. */
interface Tag {
  readonly sign: string;
  readonly content: string;
  readonly start: number;
  readonly end: number;
}

class TemplateParser {
  readonly #source: string;
  readonly #name: string;
  readonly #around: ValuePlace | undefined;
  readonly #literals: string[] = [];
  readonly #fields = new Map<string, { place: TemplatePlace; optional: boolean }>();
  readonly #sections: OpenSection[] = [];
  #nodes: TemplateNode[] = [];
  #at = 0;
  /** The line of the last place that was asked for; places are asked for in their order. */
  #line = 1;
  #lineStart = 0;
  #nextLine: number;

  constructor(source: string, { place, name }: ParserOptions) {
    this.#source = source;
    this.#name = name;
    this.#around = place;
    this.#nextLine = this.#lineAfter(0);
    if (!source.isWellFormed()) this.#fail(0, "the text holds half a character");
  }

  parse(): ParsedTemplate {
    for (let tag = this.#next(); tag !== undefined; tag = this.#next()) {
      if ("#^/!".includes(tag.sign) && tag.sign !== "") this.#block(tag);
      else if (tag.sign === ">" || tag.sign === "=") {
        this.#fail(tag.start, `"{{${tag.sign}" is not supported: templates are one text`);
      } else this.#value(tag);
    }
    this.#literal(this.#source.length);
    const open = this.#sections.at(-1);
    if (open !== undefined) this.#failAt(open.place, `the section "${open.name}" is not closed`);
    const fields = [...this.#fields].map(([name, { place, optional }]) => ({
      name,
      optional,
      ...place,
    }));
    return { nodes: this.#nodes, literals: this.#literals, fields };
  }

  #next(): Tag | undefined {
    const start = this.#source.indexOf("{{", this.#at);
    if (start < 0) return undefined;
    const triple = this.#source[start + 2] === "{";
    const close = triple ? "}}}" : "}}";
    const end = this.#source.indexOf(close, start + 2);
    if (end < 0) this.#fail(start, `"${close}" is missing`);
    const inside = this.#source.slice(start + 2, end).trimStart();
    const sign = /^[#^/!>=&{]/.exec(inside)?.[0] ?? "";
    const content = inside.slice(sign.length).trim();
    return { sign, content, start, end: end + close.length };
  }

  /** The text up to an index becomes a piece. */
  #literal(end: number): void {
    const text = this.#source.slice(this.#at, end);
    if (text === "") return;
    this.#around?.read(text);
    this.#nodes.push({ kind: "literal", index: this.#literals.push(text) - 1 });
  }

  #value({ sign, content, start, end }: Tag): void {
    this.#literal(start);
    this.#at = end;
    const bar = content.indexOf("|");
    const name = bar < 0 ? content : content.slice(0, bar).trimEnd();
    const fallback = bar < 0 ? undefined : content.slice(bar + 1).trimStart();
    const place = this.#place(start);
    const path = this.#path(name, start);
    const raw = sign === "&" || sign === "{";
    const escape = raw ? asIs : this.#around?.escape() ?? asIs;
    if (typeof escape === "string") {
      this.#fail(start, `${escape}; {{{${name}}}} writes it as it is`);
    }
    this.#around?.passValue();
    this.#nodes.push({ kind: "value", path, place, fallback, escape });
    this.#note(name, place, fallback !== undefined);
  }

  /** A comment, or the begin or end of a section: on a line of its own it takes the line with it. */
  #block({ sign, content, start, end }: Tag): void {
    const lineStart = start - this.#place(start).column + 1;
    const lineEnd = /[\t ]*(?:\r?\n|$)/y;
    lineEnd.lastIndex = end;
    const alone = this.#at <= lineStart && lineEnd.test(this.#source) &&
      /^[\t ]*$/.test(this.#source.slice(lineStart, start));
    this.#literal(alone ? lineStart : start);
    this.#at = alone ? lineEnd.lastIndex : end;
    if (sign === "/") this.#close(content, start);
    else if (sign !== "!") this.#open(content, start, sign === "^");
  }

  #open(name: string, start: number, inverted: boolean): void {
    if (this.#sections.length === MAX_DEPTH) {
      this.#fail(start, `sections are nested deeper than ${MAX_DEPTH}`);
    }
    const place = this.#place(start);
    const path = this.#path(name, start);
    this.#note(name, place, false);
    this.#sections.push({
      name,
      path,
      place,
      inverted,
      nodes: this.#nodes,
      kind: this.#around?.kind,
      mark: this.#around?.mark(),
    });
    this.#nodes = [];
  }

  #close(name: string, start: number): void {
    const open = this.#sections.pop();
    if (open?.name !== name) {
      this.#fail(start, `"{{/${name}}}" closes no section of that name`);
    }
    if (this.#around?.kind !== open.kind) {
      this.#fail(start, `the section "${name}" ends in another place of the HTML than it began`);
    }
    this.#around?.mayLack(open.mark);
    const { path, place, inverted } = open;
    const section = { kind: "section", path, place, inverted, nodes: this.#nodes } as const;
    this.#nodes = open.nodes;
    this.#nodes.push(section);
  }

  #path(name: string, start: number): readonly string[] {
    if (name === ".") return [];
    const path = name.split(".");
    if (!NAME.test(name) || path.includes("")) {
      this.#fail(start, `${JSON.stringify(name)} is no name of a field`);
    }
    const language = path.find((part) => LANGUAGE_NAMES.has(part));
    if (language !== undefined) this.#fail(start, `"${language}" cannot be a field`);
    return path;
  }

  /** Inside of a section a name may be one of an item, so only those outside are told. */
  #note(name: string, place: TemplatePlace, optional: boolean): void {
    if (name === "." || this.#sections.length > 0) return;
    const known = this.#fields.get(name);
    if (known === undefined) this.#fields.set(name, { place, optional });
    else if (!optional) known.optional = false;
  }

  #place(index: number): TemplatePlace {
    while (this.#nextLine <= index) {
      this.#line++;
      this.#lineStart = this.#nextLine;
      this.#nextLine = this.#lineAfter(this.#nextLine);
    }
    return { line: this.#line, column: index - this.#lineStart + 1 };
  }

  #lineAfter(index: number): number {
    const end = this.#source.indexOf("\n", index);
    return end < 0 ? Infinity : end + 1;
  }

  #fail(index: number, reason: string): never {
    this.#failAt(this.#place(index), reason);
  }

  #failAt(place: TemplatePlace, reason: string): never {
    throw new TemplateError(this.#name, reason, place);
  }
}
