/**
 * The lines of a dialogue that an importer writes, and what it notes beside them.
 *
 * @module
 */

import type { SourceLine } from "../text/parse_source.ts";
import type { End, Position } from "../step.ts";
import type { ImportNote } from "./session.ts";

/** Who says a line, whichever end that is. */
export type Role = "commands" | "replies";

/** A dialogue that is being written. */
export class Script {
  /** Its lines. */
  readonly lines: SourceLine[] = [];
  /** The end that replies. */
  replies: End = "S";
  readonly #notes: ImportNote[] = [];
  #first: number | undefined;
  #last = 0;

  /** The first and the last line of the page that belong to it. */
  get range(): readonly [first: number, last: number] {
    return [this.#first ?? this.#last, this.#last];
  }

  /** What was noted; what stands behind the session is not its business. */
  get notes(): readonly ImportNote[] {
    return this.#notes.filter(({ at }) => at.line <= this.#last);
  }

  /** The end that has a role. */
  end(role: Role): End {
    return (role === "replies") === (this.replies === "S") ? "S" : "C";
  }

  /** Notes something. */
  note(at: Position, text: string): void {
    this.#notes.push({ at, text });
  }

  /** Adds a line as `C: text`. */
  say(role: Role, text: string, at: Position): void {
    this.write(`${this.end(role)}:${text === "" ? "" : ` ${text}`}`, at);
  }

  /** Adds a line with another sign behind its mark, as `C*`. */
  sign(role: Role, text: string, at: Position): void {
    this.write(`${this.end(role)}${text}`, at);
  }

  /** Adds a line as it is. */
  write(text: string, at: Position): void {
    this.lines.push({ text, at });
    this.see(at);
  }

  /** Writes a line anew, and gives it. */
  rewrite(index: number, change: (text: string) => string): string {
    const line = this.lines[index];
    if (line === undefined) return "";
    const text = change(line.text);
    this.lines[index] = { ...line, text };
    return text;
  }

  /** A line of the page belongs to the session. */
  see(at: Position): void {
    this.#first ??= at.line;
    this.#last = Math.max(this.#last, at.line);
  }

  /** Turns the roles. */
  turn(): void {
    this.replies = this.end("commands");
  }
}
