/**
 * A large mailbox as people have it, to be cleaned up: mailing lists of many ages, big reports, notices,
 * copies, and messages with odd headers. And how it is told that nothing of it was lost.
 *
 * @module
 */
import { equal, ok } from "node:assert/strict";
import type { ArchivedCopy } from "../../src/jobs/mod.ts";
import type { FilledMail } from "../../src/sandbox/mod.ts";
import { listMail, mail } from "../scripts/cleanup/mails.ts";
import { list, withCrlf } from "./maildir.ts";

/** What goes; everything that is older than a quarter, once `400d` is `90d`. */
export const POLICY = `
[[rules]]
id = "copies"
do = "remove"
archive = "copies"
when.duplicateOf = { by = "content" }

[[rules]]
id = "lists"
do = "remove"
archive = "lists"
when.all = [ { age = ">400d" }, { header = "List-Id", exists = true } ]

[[rules]]
id = "notices"
do = "remove"
archive = "notices"
when.all = [ { age = ">30d" }, { from = { address = "notices@shop.example" } } ]

[[rules]]
id = "reports"
do = "remove"
archive = "reports"
when.all = [ { age = ">90d" }, { size = ">20kB" } ]

[guards]
maxDelete = 5000
maxFraction = 0.5

[archives]
copies = { eml = "archive/copies" }
lists = { maildir = "archive/lists/{yyyy}" }
notices = { mbox = "archive/notices-{yyyy}.mbox" }
reports = { eml = "archive/reports" }
`;

const FIXTURES = new URL("../fixtures/messages", import.meta.url).pathname;

/** Messages whose headers are odd. */
export async function oddMails(): Promise<Uint8Array[]> {
  const paths = (await list(FIXTURES)).sort();
  return await Promise.all(paths.map((path) => Deno.readFile(path)));
}

/** So many messages as people get them; each twentieth is a copy of another one. */
export function commonMails(count: number): Uint8Array[] {
  const mails: Uint8Array[] = [];
  for (let at = 0; at < count; at++) {
    const copied = at % 20 === 18 ? mails[at - 4] : undefined;
    mails.push(copied ?? octetsOf(filledMail(at)));
  }
  return mails;
}

function octetsOf({ content }: FilledMail): Uint8Array {
  return typeof content === "string" ? new TextEncoder().encode(content) : content;
}

function filledMail(at: number): FilledMail {
  const days = 2 + at * 7 % 900;
  const common = { days, uid: `${at}`, size: 300 };
  switch (at % 40) {
    case 6:
      return mail({ ...common, from: "notices@shop.example", subject: "From us" });
    case 7:
      return mail({ ...common, from: "reports@shop.example", size: 30_000 });
    default:
      return at % 40 < 3 ? listMail(days, common) : mail(common);
  }
}

/** The digest of a stored message as it goes over the wire: lines end in CRLF, the last one too. */
export async function wireDigest(stored: Uint8Array): Promise<string> {
  const wire = withCrlf(stored);
  if (wire.at(-1) === 0x0a) return await digestOf(wire);
  const ended = new Uint8Array(wire.length + 2);
  ended.set(wire);
  ended.set([0x0d, 0x0a], wire.length);
  return await digestOf(ended);
}

/** SHA-256, hexadecimal. */
export async function digestOf(octets: Uint8Array): Promise<string> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", octets.slice())).toHex();
}

/** The digests of a maildrop, by the names that messages have there. */
export async function digestsOf(
  maildrop: ReadonlyMap<string, Uint8Array>,
): Promise<Map<string, string>> {
  const digests = new Map<string, string>();
  for (const [uid, stored] of maildrop) digests.set(uid, await wireDigest(stored));
  return digests;
}

/**
 * Checks that each message is where it was, untouched, or in the archive.
 *
 * @param before The digests of the maildrop before, by name.
 * @param after The same now; what has come meanwhile does not matter.
 * @param archived The digests of what the archive holds.
 * @returns The names of what is gone.
 */
export function checkNothingLost(
  before: ReadonlyMap<string, string>,
  after: ReadonlyMap<string, string>,
  archived: ReadonlySet<string>,
): string[] {
  const gone: string[] = [];
  for (const [uid, digest] of before) {
    const now = after.get(uid);
    if (now !== undefined) equal(now, digest, `message ${uid} was touched`);
    else {
      gone.push(uid);
      ok(archived.has(digest), `message ${uid} is lost`);
    }
  }
  return gone;
}

/** SHA-256 of a message in an mbox, read as anybody would who knows where it is. */
export async function mboxDigest(
  base: string,
  { path, bytes, offset = 0, length = 0 }: ArchivedCopy,
): Promise<string> {
  const record = (await Deno.readFile(`${base}/${path}`)).subarray(offset, offset + length);
  const quoted = new TextDecoder().decode(record.subarray(record.indexOf(0x0a) + 1));
  const message = new TextEncoder().encode(quoted.replaceAll(/^>(>*From )/gm, "$1"));
  return await digestOf(message.subarray(0, bytes));
}

/** All files below a folder. */
export async function filesBelow(folder: string): Promise<string[]> {
  const paths: string[] = [];
  for (const path of await list(folder)) {
    if ((await Deno.stat(path)).isDirectory) paths.push(...await filesBelow(path));
    else paths.push(path);
  }
  return paths;
}
