/**
 * Paths, domains and nodes as they stand in commands (RFC 5321 section 4.1.2).
 *
 * The grammar is the server's own. The expressions have no nested repetition that could be read in two
 * ways, so they run in linear time.
 *
 * @module
 */

/** The longest parts, in octets (RFC 5321 section 4.5.3.1). */
const LOCAL_OCTETS = 64;
const DOMAIN_OCTETS = 255;

const WIDE = "[^\\x00-\\x7f]";
const ATEXT = `(?:[A-Za-z0-9!#$%&'*+/=?^_\`{|}~-]|${WIDE})`;
const DOT_STRING = `${ATEXT}+(?:\\.${ATEXT}+)*`;
const QUOTED = `"(?:[ !#-[\\]-~]|${WIDE}|\\\\[ -~])*"`;
const LABEL = `(?:[A-Za-z0-9]|${WIDE})(?:-*(?:[A-Za-z0-9]|${WIDE}))*`;
const DOMAIN = `${LABEL}(?:\\.${LABEL})*`;
const LITERAL = "\\[(?:\\d{1,3}(?:\\.\\d{1,3}){3}|[A-Za-z0-9-]*[A-Za-z0-9]:[!-Z^-~]+)\\]";
const MAILBOX = `(?<local>${DOT_STRING}|${QUOTED})@(?<domain>${DOMAIN}|${LITERAL})`;

// RFC 5321 appendix C: a source route is accepted and ignored.
const PATH = new RegExp(`^<(?:@${DOMAIN}(?:,@${DOMAIN})*:)?(?<address>${MAILBOX})>`, "u");
const BARE = new RegExp(`^(?<address>${MAILBOX})`, "u");
const HOST = new RegExp(`^(?:${DOMAIN}|${LITERAL})$`, "u");

/** A path and what follows it in the line. */
export interface ReadPath {
  /** The mailbox without brackets and route; empty for `<>`. */
  readonly address: string;
  /** The rest of the line. */
  readonly rest: string;
}

/** How a path may look. */
export interface PathOptions {
  /** Whether `<>` is a path here. */
  readonly mayBeEmpty?: boolean;
  /** Whether `<Postmaster>` needs no domain here. */
  readonly postmaster?: boolean;
  /** Whether the brackets may be missing, and a blank may stand before. */
  readonly lenient?: boolean;
}

/**
 * Reads the path at the start of a text.
 *
 * @param text What follows `FROM:` or `TO:`.
 * @param options What counts as a path.
 * @returns The path; `undefined` if there is none.
 */
export function readPath(text: string, options: PathOptions = {}): ReadPath | undefined {
  const { mayBeEmpty = false, postmaster = false, lenient = false } = options;
  const given = lenient ? text.trimStart() : text;
  if (mayBeEmpty && given.startsWith("<>")) return { address: "", rest: given.slice(2) };
  const alone = postmaster ? /^<(postmaster)>/i.exec(given) : null;
  if (alone?.[1] !== undefined) return { address: alone[1], rest: given.slice(alone[0].length) };
  const match = PATH.exec(given) ?? (lenient ? BARE.exec(given) : null);
  const { address = "", local = "", domain = "" } = match?.groups ?? {};
  if (match === null || octets(local) > LOCAL_OCTETS || octets(domain) > DOMAIN_OCTETS) {
    return undefined;
  }
  return { address, rest: given.slice(match[0].length) };
}

/**
 * Whether a text is the name of a host: a domain or an address literal.
 *
 * @param text The text.
 */
export function isHost(text: string): boolean {
  return octets(text) <= DOMAIN_OCTETS && HOST.test(text);
}

/** Whether a text has characters that only SMTPUTF8 allows. */
export function isWide(text: string): boolean {
  return /[^\x20-\x7e]/.test(text);
}

function octets(text: string): number {
  return new TextEncoder().encode(text).length;
}
