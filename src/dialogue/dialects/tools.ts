/**
 * What programs show of a session: swaks, and curl with `-v`.
 *
 * @module
 */

import type { SourceLine } from "../text/parse_source.ts";
import { Scribe } from "./scribe.ts";
import type { FoundSession } from "./session.ts";

const SWAKS_CLIENT = /^ (?:\*|-|~|\*\*| )> ?(.*)$/s;
const SWAKS_SERVER = /^(?:<(?:-|~|\*|\*\*|~\*) |<[-~*]{1,2}| {2}<) {0,2}(.*)$/s;
const SWAKS_TLS = /^(?: ~>|<~)/;

/** Reads what swaks shows. */
export function importSwaks(lines: readonly SourceLine[]): readonly FoundSession[] {
  const pages = new Pages();
  for (const { text, at } of lines) {
    const client = SWAKS_CLIENT.exec(text)?.[1];
    const server = client === undefined ? SWAKS_SERVER.exec(text)?.[1] : undefined;
    if (client === undefined && server === undefined) {
      if (/^=== Trying /.test(text)) pages.end();
      else if (text.trim() !== "") pages.scribe.note(at, "what swaks says itself was left away");
      continue;
    }
    const { scribe } = pages;
    if (scribe.beforeTls && SWAKS_TLS.test(text)) scribe.event("tls", at);
    if (client !== undefined) scribe.command(client, at);
    else scribe.reply(server ?? "", at);
    if (/^<(?:\*|~\*)/.test(text)) scribe.note(at, "swaks did not expect this reply");
  }
  pages.end();
  return pages.sessions;
}

/** Reads what `curl -v` shows. */
export function importCurl(lines: readonly SourceLine[]): readonly FoundSession[] {
  const pages = new Pages();
  for (const { text, at } of lines) {
    const [, mark, said = ""] = /^([<>*{}]) (.*)$/s.exec(text) ?? [];
    const { scribe } = pages;
    if (mark === ">") {
      scribe.command(said, at);
    } else if (mark === "<") {
      if (scribe.inContent) scribe.anyContent(at);
      scribe.reply(said, at);
    } else if (mark === "*" && /^ *Trying /.test(said)) {
      if (scribe.begun) pages.end();
    } else if (scribe.beforeTls && /SSL connection|TLS handshake|\(OUT\), TLS/i.test(said)) {
      scribe.event("tls", at);
    } else if (text.trim() !== "") {
      scribe.note(at, "what curl says itself was left away");
    }
  }
  pages.end();
  return pages.sessions;
}

/** The sessions of one page. */
class Pages {
  readonly sessions: FoundSession[] = [];
  scribe = new Scribe();

  /** Ends a session and begins another one. */
  end(): void {
    const session = this.scribe.finish();
    if (session !== undefined) this.sessions.push(session);
    this.scribe = new Scribe();
  }
}
