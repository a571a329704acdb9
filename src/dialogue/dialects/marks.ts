/**
 * The notations of the RFCs: `C:` and `S:` (RFC 5321, 1939, 3207, 4954), also `P:` (RFC 2645); `S:` for
 * the client with `R:` for the server (RFC 821, 3030); `>>>` and `<<<` (RFC 3461).
 *
 * @module
 */

import type { SourceLine } from "../text/parse_source.ts";
import type { Position } from "../step.ts";
import { Scribe } from "./scribe.ts";
import { type FoundSession, plainBlanks } from "./session.ts";

/** Who stands before the colon: an end, both, or a role. */
type Speaker = "C" | "S" | "both" | "sender" | "receiver";

/** What a page has at a place. */
type Item =
  | { readonly kind: "said"; readonly who: Speaker; text: string; readonly at: Position }
  | { readonly kind: "tls"; readonly at: Position }
  | { readonly kind: "prose"; readonly at: Position }
  | { readonly kind: "page"; readonly at: Position };

/** Blanks, a mark, and what is said. Two marks at once stand for both ends. */
const LETTERS = /^( *)(?:(C|S|R|P)(?: ?\(\d+\))?|C *& *S): ?(.*)$/;
const ARROWS = /^( *)(>>>|<<<)(?: (.*))?$/;
/** The longest line that is put together again. */
const MAX_FOLDED = 4096;
const PAGE = /\f|\[Page \d+\]\s*$|^RFC \d+ .*\b\d{4}\s*$|^[A-Z][a-z]+ \d{4} +RFC \d+\s*$/;

/** How lines are marked, and whose marks they are. */
interface Marks {
  readonly form: RegExp;
  readonly who: Readonly<Record<string, Speaker>>;
}

const RFC5321: Marks = { form: LETTERS, who: { C: "C", S: "S", P: "S", R: "S" } };
const RFC821: Marks = {
  form: LETTERS,
  who: { S: "sender", R: "receiver", C: "receiver", P: "receiver" },
};
const RFC3461: Marks = { form: ARROWS, who: { ">>>": "C", "<<<": "S" } };

/** Reads `C:` and `S:`. */
export function importRfc5321(lines: readonly SourceLine[]): readonly FoundSession[] {
  return importMarks(lines, RFC5321);
}

/** Reads `S:` and `R:`, where `S:` is the client. */
export function importRfc821(lines: readonly SourceLine[]): readonly FoundSession[] {
  return importMarks(lines, RFC821);
}

/** Reads `>>>` and `<<<`. */
export function importRfc3461(lines: readonly SourceLine[]): readonly FoundSession[] {
  return importMarks(lines, RFC3461);
}

function importMarks(lines: readonly SourceLine[], marks: Marks): readonly FoundSession[] {
  const sessions: FoundSession[] = [];
  let scribe = new Scribe();
  const end = () => {
    const session = scribe.finish();
    if (session !== undefined) sessions.push(session);
    scribe = new Scribe();
  };
  for (const item of itemsOf(lines, marks)) {
    if (item.kind === "prose") {
      if (scribe.begun) end();
    } else if (item.kind === "page") {
      scribe.note(item.at, "what is no line of the session was left away");
    } else if (item.kind === "tls") {
      scribe.event("tls", item.at);
    } else {
      const text = item.text.trim();
      const closing = /^<.*clos.*>$/i.test(text);
      const reply = item.who === "S" || item.who === "receiver";
      const greets = reply && /^(?:220[ -]|\+OK .*ready)/i.test(text) && !scribe.waiting;
      if (
        scribe.begun &&
        ((scribe.over && !closing) || (greets && !scribe.inContent && !scribe.inReply))
      ) {
        end();
      }
      take(scribe, item);
    }
  }
  end();
  return sessions;
}

function itemsOf(
  lines: readonly SourceLine[],
  { form, who }: Marks,
): readonly Item[] {
  const items: Item[] = [];
  let indent: number | undefined;
  // The header of a page goes on up to a blank line, an aside up to its parenthesis.
  let header = false;
  let aside = false;
  for (const { text: raw, at } of lines) {
    const plain = plainBlanks(raw);
    const marked = form.exec(plain);
    if (PAGE.test(raw)) {
      items.push({ kind: "page", at });
      indent = undefined;
      header = true;
    } else if (marked !== null) {
      header = aside = false;
      const [, blanks = "", mark] = marked;
      // What is said keeps its own blanks: they may be content.
      const text = raw.slice(plain.length - (marked[3] ?? "").length);
      items.push({
        kind: "said",
        who: mark === undefined ? "both" : who[mark] ?? "both",
        text,
        at,
      });
      indent = blanks.length;
    } else if (plain.trim() === "") {
      indent = undefined;
      header = aside = false;
    } else if (header || aside || /^ *\(/.test(plain)) {
      items.push({ kind: "page", at });
      aside = !header && !/\)\s*$/.test(plain);
    } else {
      const last = items.at(-1);
      // What is longer is no line of mail that was folded.
      const short = last?.kind === "said" && last.text.length < MAX_FOLDED;
      const deeper = short && indent !== undefined && plain.search(/\S/) > indent;
      if (/^\W*TLS negotiation\b/i.test(plain)) {
        items.push({ kind: "tls", at });
        indent = 0;
      } else if (last?.kind === "tls" && indent === 0) continue; // the rest of its description
      else if (plain.trim() === "...") items.push({ kind: "page", at });
      else if (deeper && last?.kind === "said") last.text = joined(last.text, plain.trim());
      else {
        items.push({ kind: "prose", at });
        indent = undefined;
      }
    }
  }
  return items;
}

/** A folded line; base64 goes on without a blank. */
function joined(text: string, more: string): string {
  const base64 = /^[A-Za-z0-9+/]+={0,2}$/.test(more) && /^[A-Za-z0-9+/]{40}$/.test(text.slice(-40));
  return base64 ? text + more : `${text.trimEnd()} ${more}`;
}

function take(scribe: Scribe, { who, text, at }: Item & { readonly kind: "said" }): void {
  const commands = scribe.replies === "S" ? "C" : "S";
  const end = who === "sender" || who === "both"
    ? commands
    : who === "receiver"
    ? scribe.replies
    : who;
  const trimmed = text.trim();
  if (scribe.inChunk && end !== scribe.replies) {
    if (/^\(.+\)$/.test(trimmed)) scribe.someChunk(trimmed, at);
    else scribe.command(text, at);
  } else if (/^<CRLF> ?\.(?: ?<CRLF>)?$|^\. ?<CRLF>$/.test(trimmed)) {
    scribe.said(end, ".", at);
  } else if (/^<.+>$/.test(trimmed) && (who === "both" || !scribe.inContent)) {
    event(scribe, trimmed, end, at);
  } else if (end === scribe.replies && /^\.{3}$/.test(trimmed)) {
    scribe.rest(at);
  } else {
    scribe.said(end, text, at);
  }
}

/** What stands between angle brackets (RFC 1939, 2595, 3207, 2645). */
function event(scribe: Scribe, text: string, end: "C" | "S", at: Position): void {
  if (/negotiat.*TLS|TLS.*negotiat|starts? TLS|^<tls>$/i.test(text) && !/check/i.test(text)) {
    scribe.event("tls", at);
  } else if (/^<clos/i.test(text)) scribe.event("close", at, end);
  else if (/^<drop>$/i.test(text)) scribe.event("drop", at, end);
  else if (/^<turn>$/i.test(text)) scribe.event("turn", at);
  else if (/wait|open|check|continue/i.test(text)) {
    scribe.note(at, "an event that --to or --listen makes was left away");
  } else if (end === scribe.replies) scribe.rest(at);
  else scribe.note(at, "a description was left away");
}
