/**
 * What stands between two lines of dashes at the top of a message.
 *
 * It is a small part of YAML in which everything is a text, a list of texts, or texts by name. What is
 * taken here means the same in YAML; what YAML could take for something else is refused, with a hint.
 *
 * @module
 */

/** A text, and the line on which it stands. */
export interface PlacedText {
  /** The text. */
  readonly text: string;
  /** The line, the first of the file is 1. */
  readonly line: number;
}

/** What a key may hold. */
export type FrontMatterValue =
  | { readonly kind: "text"; readonly value: PlacedText }
  | { readonly kind: "list"; readonly items: readonly PlacedText[] }
  | { readonly kind: "map"; readonly entries: readonly (readonly [PlacedText, PlacedText])[] };

/** A key and what it holds. */
export interface FrontMatterEntry {
  /** The key. */
  readonly key: PlacedText;
  /** What it holds. */
  readonly value: FrontMatterValue;
}

/** Front matter, and where the rest begins. */
export interface FrontMatter {
  /** The keys, each once, in their order. */
  readonly entries: readonly FrontMatterEntry[];
  /** What stands behind the second line of dashes. */
  readonly body: string;
}

/** Why a line cannot be taken. */
export class FrontMatterProblem extends Error {
  /** The line. */
  readonly line: number;

  /**
   * Says why.
   *
   * @param line The line.
   * @param reason Why.
   */
  constructor(line: number, reason: string) {
    super(reason);
    this.line = line;
  }
}

const KEY = /^([A-Za-z][\w-]*):(?:[ ]+(.*))?$/;
const ITEM = /^ *-(?: +(.*))?$/;
const DASHES = /^---[ \t]*$/;
// What begins something else than a plain text in YAML, or is read as no text at all.
const NO_PLAIN_TEXT = /^[-?:](?: |$)|^[[\]{},&*#!|>'"%@`]|: |:$| #/;
const QUOTE_IT = "put it into double quotes";

/**
 * Reads front matter.
 *
 * @param source The file. Its first line is `---`.
 * @returns The keys, and the rest of the file.
 * @throws {FrontMatterProblem} If a line is outside of the syntax.
 */
export function readFrontMatter(source: string): FrontMatter {
  const lines = source.split("\n").map((line) => line.replace(/\r$/, ""));
  if (!DASHES.test(lines[0] ?? "")) {
    throw new FrontMatterProblem(1, 'expected "---", then "from:" and "subject:", then "---"');
  }
  const end = lines.findIndex((line, at) => at > 0 && DASHES.test(line));
  if (end < 0) throw new FrontMatterProblem(1, 'the second "---" is missing');
  const reader = new BlockReader(lines.slice(0, end));
  const entries = [...reader.entries()];
  return { entries, body: source.split("\n").slice(end + 1).join("\n") };
}

class BlockReader {
  readonly #lines: readonly string[];
  #at = 1;

  constructor(lines: readonly string[]) {
    this.#lines = lines;
  }

  *entries(): Generator<FrontMatterEntry> {
    const seen = new Set<string>();
    for (; this.#at < this.#lines.length; this.#at++) {
      if (this.#isBlank()) continue;
      const line = this.#at + 1;
      const [, key, rest = ""] = KEY.exec(this.#text()) ?? [];
      if (key === undefined) throw new FrontMatterProblem(line, 'expected "key: value"');
      if (seen.has(key)) throw new FrontMatterProblem(line, `"${key}" is there already`);
      seen.add(key);
      const text = rest.trim();
      const value = text === "" ? this.#block(line) : this.#value(text, line);
      yield { key: { text: key, line }, value };
    }
  }

  /** The indented lines below a key without a value. */
  #block(line: number): FrontMatterValue {
    const items: PlacedText[] = [];
    const entries: (readonly [PlacedText, PlacedText])[] = [];
    let indent: number | undefined;
    while (this.#at + 1 < this.#lines.length) {
      const next = this.#lines[this.#at + 1] ?? "";
      const own = next.length - next.trimStart().length;
      const item = ITEM.exec(next);
      if (next.trim() !== "" && !next.trimStart().startsWith("#")) {
        // A list may stand below its key without being indented.
        if (own === 0 && item === null) break;
        indent ??= own;
        if (own !== indent || next.slice(0, own).includes("\t")) {
          throw new FrontMatterProblem(this.#at + 2, "it is not indented by as many blanks");
        }
        this.#take(next.trimStart(), this.#at + 2, { items, entries });
      }
      this.#at++;
    }
    if (items.length > 0) return { kind: "list", items };
    if (entries.length > 0) return { kind: "map", entries };
    throw new FrontMatterProblem(line, "it has no value");
  }

  #take(
    text: string,
    line: number,
    into: { items: PlacedText[]; entries: (readonly [PlacedText, PlacedText])[] },
  ): void {
    const item = ITEM.exec(text);
    if (item !== null) {
      if (into.entries.length > 0) throw new FrontMatterProblem(line, 'expected "name: value"');
      into.items.push({ text: scalar((item[1] ?? "").trim(), line), line });
      return;
    }
    const [, name, value = ""] = /^([^\s:"'#&*!?{}[\]|>%@`,-][^\s:]*):(?:[ ]+(.*))?$/.exec(text) ??
      [];
    if (name === undefined || into.items.length > 0) {
      throw new FrontMatterProblem(line, 'expected "name: value"');
    }
    if (value.trim() === "") throw new FrontMatterProblem(line, "it has no value");
    into.entries.push([{ text: name, line }, { text: scalar(value.trim(), line), line }]);
  }

  #value(text: string, line: number): FrontMatterValue {
    if (text.startsWith("[")) return { kind: "list", items: flowList(text, line) };
    return { kind: "text", value: { text: scalar(text, line), line } };
  }

  #text(): string {
    return this.#lines[this.#at] ?? "";
  }

  #isBlank(): boolean {
    return /^\s*(#.*)?$/.test(this.#text());
  }
}

/** `[a.pdf, "b, c.pdf"]` */
function flowList(text: string, line: number): PlacedText[] {
  if (!text.endsWith("]")) throw new FrontMatterProblem(line, 'a list ends in "]"');
  const inside = text.slice(1, -1).trim();
  if (inside === "") return [];
  const items = inside.match(/"(?:[^"\\]|\\.)*"|'(?:[^']|'')*'|[^,"']+|,|./g) ?? [];
  const texts: PlacedText[] = [];
  items.map((item) => item.trim()).filter((item) => item !== "").forEach((item, at) => {
    if ((item === ",") !== (at % 2 === 1)) {
      throw new FrontMatterProblem(line, "items of a list are separated by one comma each");
    }
    if (item !== ",") texts.push({ text: scalar(item, line), line });
  });
  return texts;
}

function scalar(text: string, line: number): string {
  if (text.startsWith('"')) return doubleQuoted(text, line);
  if (text.startsWith("'")) {
    if (!/^'(?:[^']|'')*'$/.test(text)) {
      throw new FrontMatterProblem(line, "the quoted text does not end where the line ends");
    }
    return text.slice(1, -1).replaceAll("''", "'");
  }
  if (text === "") throw new FrontMatterProblem(line, "it has no value");
  if (NO_PLAIN_TEXT.test(text)) {
    throw new FrontMatterProblem(line, `YAML reads this as something else: ${QUOTE_IT}`);
  }
  if (/^(?:~|null)$/i.test(text)) {
    throw new FrontMatterProblem(line, `this is no text: ${QUOTE_IT}`);
  }
  return text;
}

/** The escapes of YAML that JSON has, too. */
function doubleQuoted(text: string, line: number): string {
  try {
    const value: unknown = JSON.parse(text.replaceAll("\t", "\\t"));
    if (typeof value === "string") return value;
  } catch {
    // Told below.
  }
  throw new FrontMatterProblem(
    line,
    'the quoted text does not end where the line ends, or holds more than \\", \\\\ and \\u0000',
  );
}
