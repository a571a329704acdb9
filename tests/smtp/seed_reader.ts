/**
 * Reads the sessions of the founding pages: just enough of their three notations to play them.
 *
 * @module
 */

/** A line that one end says. */
export interface SeedLine {
  readonly end: "C" | "S";
  readonly text: string;
}

const REPLY = /^\d{3}(?:[ -]|$)/;

/**
 * Reads a session in which `>` marks both ends, as in telnet.
 *
 * @param page The page.
 */
export function readMarked(page: string): SeedLine[] {
  const said = page.split("\n").flatMap((line) => {
    const text = /^\s*>(.*)$/.exec(line)?.[1]?.replaceAll("\u00a0", " ");
    return text === undefined || /^(?:telnet|Connected|Escape) /.test(text) ? [] : [text];
  });
  return bothEnds(said);
}

/**
 * Reads a session in the notation of RFC 821: `S:` is the client.
 *
 * @param page The page.
 */
export function readSenderReceiver(page: string): SeedLine[] {
  return page.split("\n").flatMap((line): SeedLine[] => {
    const [, mark, text] = /^\s*([SR]): (.*?) *$/.exec(line) ?? [];
    if (text === undefined) return [];
    return [{ end: mark === "S" ? "C" : "S", text: text === "<CRLF>.<CRLF>" ? "." : text }];
  });
}

/**
 * Reads the first session of a page with remarks behind dashes.
 *
 * @param page The page.
 * @param failing Whether the answer in parentheses is taken in place of the one before it.
 */
export function readRemarked(page: string, failing: boolean = false): SeedLine[] {
  const lines = page.slice(page.indexOf("---220"), page.indexOf("Connection closed")).split("\n");
  const said: string[] = [];
  let content = false;
  for (const line of lines) {
    if (content) {
      said.push(line);
      content = line !== ".";
      continue;
    }
    // The remark; then what is left of a layout in front.
    const text = line.replace(/ ?-{5,}.*$/, "").replace(/^[-=]+/, "").trimEnd();
    const alternative = /^\((5.*)$/.exec(text)?.[1];
    if (alternative !== undefined && failing) return bothEnds([...said.slice(0, -1), alternative]);
    if (text === "" || /[^ -~]/.test(text) || text.startsWith("(")) continue;
    said.push(text);
    content = text.startsWith("354");
  }
  return bothEnds(said);
}

function bothEnds(said: readonly string[]): SeedLine[] {
  let content = false;
  return said.map((text): SeedLine => {
    const end = !content && REPLY.test(text) ? "S" : "C";
    if (end === "S") content = text.startsWith("354");
    else if (text === ".") content = false;
    return { end, text };
  });
}

/**
 * Makes a script for the scripted server: what the page's client says, in our spelling.
 *
 * @param lines The session.
 */
export function toScript(lines: readonly SeedLine[]): string {
  let content = false;
  return lines.map(({ end, text }) => {
    if (end === "S") {
      content = text.startsWith("354");
      return `S: ${text}`;
    }
    if (text === ".") content = false;
    return content ? `C~ ${text.trimEnd()}` : ours(text);
  }).join("\n");
}

/** Commands are compared by verb and argument; parameters of extensions may follow. */
function ours(command: string): string {
  const [, verb, ...paths] =
    /^(mail from|rcpt to): ?(?:\[(.*?)\]\(.*\)|<(.*)>|(\S+))$/i.exec(command) ?? [];
  if (verb !== undefined) {
    const address = paths.find((path) => path !== undefined) ?? "";
    return `C~ ${verb.toUpperCase()}:<${address.replace(/@.*/, (domain) => domain.toLowerCase())}>`;
  }
  const plain = /^(?:helo|ehlo|auth login|data|quit)(?= |$)/i.exec(command)?.[0] ?? "";
  return `C: ${plain.toUpperCase()}${command.slice(plain.length)}`;
}

/**
 * The content of the session's mail, dots taken away.
 *
 * @param lines The session.
 */
export function contentOf(lines: readonly SeedLine[]): string {
  const begin = lines.findIndex(({ text }) => text.startsWith("354")) + 1;
  const end = lines.findIndex(({ text }, index) => index >= begin && text === ".");
  return lines.slice(begin, end).map(({ text }) => `${text.replace(/^\./, "")}\r\n`).join("");
}
