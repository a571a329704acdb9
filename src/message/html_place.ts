/**
 * Where in HTML a placeholder stands, and how a value is written there so that it stays a value.
 *
 * The reader follows the tags of a template, as far as that decides how to escape. It is no checker
 * of HTML.
 *
 * @module
 */

import { type Escape, UnfitValue, type ValuePlace } from "./value_place.ts";

type State =
  | "text"
  | "open" // behind "<"
  | "tag name"
  | "tag"
  | "attribute name"
  | "value" // behind "="
  | "double quotes"
  | "single quotes"
  | "no quotes"
  | "comment"
  | "declaration"
  | "raw text"; // in script and style

const BLANK = /[\t\n\f\r ]/;
/** Attributes that hold a link. */
const LINKS: ReadonlySet<string> = new Set([
  ...["href", "src", "action", "formaction", "background", "cite", "data", "longdesc", "poster"],
  ...["xlink:href", "manifest", "usemap"],
]);
const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** Writes text so that HTML reads the same text, also in quotes. */
export function escapeHtml(value: string): string {
  if (!/[&<>"']/.test(value)) return value;
  return value.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? "");
}

const SAFE_SCHEME = /^(?:https?|mailto|tel|sms|cid):/i;
/** What ends the scheme of a link, or shows that there is none. */
const SCHEME_END = /[:/?#]/;

/**
 * The begin of a link: a scheme that runs nothing, or none for sure. A mere word, or nothing, could
 * become a scheme by what comes behind it.
 */
function escapeLink(value: string): string {
  if (!SAFE_SCHEME.test(value) && !/^[/?#]/.test(value)) {
    throw new UnfitValue("is no link of http, https, mailto, tel, sms or cid");
  }
  return escapePath(value);
}

/** A part of a link; what is escaped already stays so. */
function escapePath(value: string): string {
  return escapeHtml(value.replace(/[^!#-;=?-Z[\]_a-z~]/gu, encodeURIComponent));
}

/** A value that must not leave its place in a link: a name, or a value of the query. */
function escapeQuery(value: string): string {
  return escapeHtml(encodeURIComponent(value));
}

/** Reads the HTML between placeholders. */
export class HtmlPlace implements ValuePlace {
  #state: State = "text";
  #closing = false;
  #tag = "";
  #attribute = "";
  /** What of a link was read: nothing, a word that may be its scheme, or what comes behind that. */
  #link: "start" | "word" | "path" | "query" | "unsafe scheme" = "start";

  /** What tells two places apart, where one section begins and ends. */
  get kind(): string {
    const state = this.#state;
    if (state.endsWith("quotes")) return `${state} of ${this.#attribute}`;
    return state === "tag name" || state === "attribute name" ? "tag" : state;
  }

  /** Reads what stands up to the next placeholder. */
  read(html: string): void {
    for (let at = 0; at < html.length; at++) at = this.#step(html, at);
  }

  /** How to escape a value here, or why none can stand here. */
  escape(): Escape | string {
    switch (this.#state) {
      case "text":
      case "comment": // nothing that is escaped can end it
        return escapeHtml;
      case "double quotes":
      case "single quotes":
        return this.#escapeInQuotes();
      case "raw text":
        return `in <${this.#tag}> no value is safe`;
      case "value":
      case "no quotes":
        return "the value of an attribute stands in quotes";
      default:
        return "in a tag a value stands only in the quotes of an attribute";
    }
  }

  /** A value has been put here. */
  passValue(): void {
    if (this.#link === "start") this.#link = "path"; // behind a value that was looked at
  }

  /** Something to come back to, where a section begins. */
  mark(): unknown {
    return this.#link;
  }

  /** The section from a mark up to here may not be there. */
  mayLack(mark: unknown): void {
    if (this.#link === "unsafe scheme") return;
    if (mark === "start" || mark === "word") this.#link = mark;
  }

  #escapeInQuotes(): Escape | string {
    const name = this.#attribute;
    if (/^on|^(?:style|srcset|srcdoc)$/.test(name)) {
      return `in the attribute ${name} no value is safe`;
    }
    if (!LINKS.has(name)) return escapeHtml;
    switch (this.#link) {
      case "start":
        return escapeLink;
      case "path":
        return escapePath;
      case "unsafe scheme":
        return "in a link of this scheme no value is safe";
      default:
        return escapeQuery;
    }
  }

  /** Takes one character, or more at once; gives the index of the last one taken. */
  #step(html: string, at: number): number {
    const character = html[at] as string; // at is below the length
    switch (this.#state) {
      case "text": {
        const tag = html.indexOf("<", at);
        if (tag >= 0) this.#state = "open";
        return tag < 0 ? html.length : tag;
      }
      case "open":
        return this.#open(html, at, character);
      case "tag name":
        if (character === ">") this.#endTag();
        else if (BLANK.test(character) || character === "/") this.#state = "tag";
        else this.#tag += character.toLowerCase();
        return at;
      case "tag":
        if (character === ">") this.#endTag();
        else if (character === "=") this.#state = "value";
        else if (!BLANK.test(character) && character !== "/") {
          this.#state = "attribute name";
          this.#attribute = character.toLowerCase();
        }
        return at;
      case "attribute name":
        if (character === ">") this.#endTag();
        else if (character === "=") this.#state = "value";
        else if (character === "/") this.#state = "tag";
        else if (BLANK.test(character)) this.#state = "tag";
        else this.#attribute += character.toLowerCase();
        return at;
      case "value":
        this.#link = "start";
        if (character === '"') this.#state = "double quotes";
        else if (character === "'") this.#state = "single quotes";
        else if (character === ">") this.#endTag();
        else if (!BLANK.test(character)) this.#state = "no quotes";
        return at;
      case "double quotes":
        return this.#quoted(html, at, '"');
      case "single quotes":
        return this.#quoted(html, at, "'");
      case "no quotes":
        if (character === ">") this.#endTag();
        else if (BLANK.test(character)) this.#state = "tag";
        return at;
      case "comment":
        return this.#skipPast(html, at, /--!?>/g, "text");
      case "declaration":
        return this.#skipPast(html, at, />/g, "text");
      case "raw text":
        this.#closing = true;
        return this.#skipPast(html, at, new RegExp(`</${this.#tag}`, "gi"), "tag");
    }
  }

  #open(html: string, at: number, character: string): number {
    if (html.startsWith("!--", at)) {
      this.#state = "comment";
      return at; // "<!-->" is a whole one
    }
    this.#closing = character === "/";
    this.#tag = "";
    if (character === "!" || character === "?") this.#state = "declaration";
    else if (character === "/") this.#state = "tag name";
    else if (/[a-z]/i.test(character)) {
      this.#state = "tag name";
      this.#tag = character.toLowerCase();
    } else this.#state = "text";
    return character === "<" ? at - 1 : at;
  }

  #quoted(html: string, at: number, quote: string): number {
    const end = html.indexOf(quote, at);
    const part = html.slice(at, end < 0 ? html.length : end);
    this.#readLink(part);
    if (end < 0) return html.length;
    this.#state = "tag";
    return end;
  }

  #readLink(part: string): void {
    const first = this.#link === "start" || this.#link === "word";
    if (first && !SCHEME_END.test(part)) {
      if (part.trim() !== "") this.#link = "word";
    } else if (this.#link === "word" && /^[^/?#]*:/.test(part)) this.#link = "unsafe scheme";
    else if (
      this.#link === "start" && /^[^/?#]*:/.test(part) && !SAFE_SCHEME.test(part.trimStart())
    ) {
      this.#link = "unsafe scheme";
    } else if (/[?#]/.test(part)) this.#link = "query";
    else if (first) this.#link = "path";
  }

  /** Goes on behind a pattern. */
  #skipPast(html: string, at: number, end: RegExp, next: State): number {
    end.lastIndex = at;
    if (!end.test(html)) return html.length;
    this.#state = next;
    return end.lastIndex - 1;
  }

  #endTag(): void {
    const raw = !this.#closing && (this.#tag === "script" || this.#tag === "style");
    this.#state = raw ? "raw text" : "text";
  }
}
