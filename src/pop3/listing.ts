/**
 * STAT, LIST and UIDL as typed rows, and what they say together.
 *
 * @module
 */

import { escapeControls } from "../wire/mod.ts";
import type { Pop3ReplyError } from "./errors.ts";
import type { MsgNo, Numbering } from "./message_number.ts";

/** The drop listing (RFC 1939 section 5, STAT). Marked messages are not counted. */
export interface Pop3Stat {
  /** How many messages there are. */
  readonly count: number;
  /** Their size together; `undefined` where the number is none. Servers count wrongly (Q5). */
  readonly octets: number | undefined;
}

/** A line of LIST. */
export interface ListedSize {
  /** The message. */
  readonly no: MsgNo;
  /** Its size in octets, as the server counts it: a hint, often wrong (Q6). */
  readonly size: number;
}

/** A line of UIDL. */
export interface ListedUid {
  /** The message. */
  readonly no: MsgNo;
  /** Its unique-id: text of a server, no file name. `undefined` where the line has no valid one. */
  readonly uid: string | undefined;
}

/** A message in a snapshot. */
export interface ListedMessage extends ListedSize, ListedUid {}

/** Something in which STAT, LIST and UIDL disagree, or which a careful client should know. */
export interface Contradiction {
  /**
   * - `count`: they do not have the same number of messages.
   * - `octets`: STAT has another sum of sizes than LIST.
   * - `stat-octets`: STAT's sum is no usable number.
   * - `beyond-count`: LIST has a number greater than STAT's count.
   * - `order`: the numbers of LIST do not go up.
   * - `uid-missing`: a message of LIST has no line in UIDL.
   * - `uid-unlisted`: a line of UIDL has no message in LIST.
   * - `uid-invalid`: a line of UIDL has no valid unique-id.
   */
  readonly kind:
    | "count"
    | "octets"
    | "stat-octets"
    | "beyond-count"
    | "order"
    | "uid-missing"
    | "uid-unlisted"
    | "uid-invalid";
  /** In words. */
  readonly text: string;
}

/** What a maildrop holds: STAT, LIST and UIDL, cross-checked. */
export interface Pop3Snapshot {
  /** What STAT says. */
  readonly stat: Pop3Stat;
  /** The messages of LIST, with their unique-ids. */
  readonly messages: readonly ListedMessage[];
  /** Their numbers. */
  readonly numbers: readonly MsgNo[];
  /** Why there are no unique-ids, if UIDL did not give them. */
  readonly uidlError: Pop3ReplyError | undefined;
  /** The messages that share a unique-id, by unique-id (RFC 1939 section 7 allows it for copies). */
  readonly duplicates: ReadonlyMap<string, readonly MsgNo[]>;
  /** What does not fit together. */
  readonly contradictions: readonly Contradiction[];
  /** SHA-256, hexadecimal, of all unique-ids and sizes in order: equal for an unchanged maildrop. */
  readonly digest: string;
}

/** Makes the error for an answer that makes no sense, of what is wrong with it. */
export type Refuse = (problem: string) => Error;

/**
 * Reads what STAT answers.
 *
 * @param text What stands behind `+OK`.
 * @param refuse Makes the error.
 * @returns Count and octets.
 */
export function parseStat(text: string, refuse: Refuse): Pop3Stat {
  // A sum that has overflowed is negative or too long; the count holds all the same (Q5, T-P03).
  const [, digits, octets] = /^ *(\d+) +(-?\d+)(?: .*)?$/s.exec(text) ?? [];
  const count = decimal(digits);
  if (count === undefined) throw refuse(`"${shown(text)}" is no count and octets`);
  return { count, octets: decimal(octets) };
}

/**
 * Reads a line of LIST, or what `LIST n` answers.
 *
 * @param text The line, or what stands behind `+OK`.
 * @param refuse Makes the error.
 * @returns The number and the size. What follows them is left out.
 */
export function parseListLine(text: string, refuse: Refuse): { value: number; size: number } {
  const [, number, digits] = /^(?:\+OK )?\s*(\d+)\s+(\d+)(?:\s.*)?$/s.exec(text) ?? [];
  const value = decimal(number);
  const size = decimal(digits);
  if (value === undefined || value === 0 || size === undefined) {
    throw refuse(`"${shown(text)}" is no number and size`);
  }
  return { value, size };
}

/**
 * Reads a line of UIDL, or what `UIDL n` answers.
 *
 * Several blanks, and `+OK` in front of each line, have been seen (Q3).
 *
 * @param text The line, or what stands behind `+OK`.
 * @param refuse Makes the error.
 * @returns The number, and the unique-id if it is a valid one (RFC 1939 section 7).
 */
export function parseUidlLine(
  text: string,
  refuse: Refuse,
): { value: number; uid: string | undefined } {
  const [, number, uid] = UIDL_LINE.exec(text) ?? [];
  const value = decimal(number);
  if (value === undefined || value === 0) throw refuse(`"${shown(text)}" is no number and uid`);
  return { value, uid };
}

/** A number and, behind a blank, a unique-id between blanks or anything else. */
const UIDL_LINE = /^(?:\+OK )?\s*(\d+)(?:\s(?:[ \t]*([!-~]{1,70})[ \t]*|.*))?$/s;

/** The longest line of a listing, in octets. */
const MAX_ENTRY = 512;

/**
 * Reads a whole listing.
 *
 * @param lines The lines behind the status.
 * @param numbers The numbers of the session: those of the listing join them.
 * @param parse Reads a line.
 * @param refuse Makes the error.
 * @returns One row for each line, in their order.
 */
export function readListing<R extends { readonly value: number }>(
  lines: readonly string[],
  numbers: Numbering,
  parse: (text: string, refuse: Refuse) => R,
  refuse: Refuse,
): readonly (Omit<R, "value"> & { readonly no: MsgNo })[] {
  const seen = new Set<number>();
  const rows = lines.map((line) => {
    if (line.length > MAX_ENTRY) {
      throw refuse(`"${shown(line)}" is longer than ${MAX_ENTRY} octets`);
    }
    const row = parse(line, refuse);
    if (seen.has(row.value)) throw refuse(`it has the number ${row.value} twice`);
    seen.add(row.value);
    return row;
  });
  // Only now: a listing that makes no sense gives no numbers.
  return rows.map(({ value, ...row }) => ({ no: numbers.listed(value), ...row }));
}

/**
 * Puts STAT, LIST and UIDL together.
 *
 * @param stat What STAT says.
 * @param sizes What LIST says.
 * @param uids What UIDL says, or why it says nothing.
 * @returns The snapshot.
 */
export async function makeSnapshot(
  stat: Pop3Stat,
  sizes: readonly ListedSize[],
  uids: readonly ListedUid[] | Pop3ReplyError,
): Promise<Pop3Snapshot> {
  const rows = uids instanceof Error ? undefined : uids;
  const byNumber = new Map(rows?.map(({ no, uid }) => [no, uid]));
  const messages = sizes.map(({ no, size }) => ({ no, size, uid: byNumber.get(no) }));
  return {
    stat,
    messages,
    numbers: messages.map(({ no }) => no),
    uidlError: uids instanceof Error ? uids : undefined,
    duplicates: findDuplicates(messages),
    contradictions: [
      ...compare(stat, sizes),
      ...rows === undefined ? [] : compareUids(sizes, rows),
    ],
    digest: await digestOf(messages),
  };
}

function findDuplicates(
  messages: readonly ListedMessage[],
): ReadonlyMap<string, readonly MsgNo[]> {
  const groups = new Map<string, MsgNo[]>();
  for (const { uid, no } of messages) {
    if (uid === undefined) continue;
    const group = groups.get(uid);
    if (group === undefined) groups.set(uid, [no]);
    else group.push(no);
  }
  return new Map([...groups].filter(([, group]) => group.length > 1));
}

function* compare(stat: Pop3Stat, sizes: readonly ListedSize[]): Generator<Contradiction> {
  const { count, octets } = stat;
  if (count !== sizes.length) {
    yield { kind: "count", text: `STAT has ${count} messages, LIST ${sizes.length}` };
  }
  const sum = sizes.reduce((total, { size }) => total + size, 0);
  if (octets === undefined) {
    yield { kind: "stat-octets", text: "the octets of STAT are no usable number" };
  } else if (octets !== sum) {
    yield { kind: "octets", text: `STAT has ${octets} octets, LIST ${sum}` };
  }
  const greatest = sizes.reduce((most, { no }) => Math.max(most, no.value), 0);
  if (greatest > count) {
    yield { kind: "beyond-count", text: `LIST has the number ${greatest}, STAT ${count} messages` };
  }
  if (sizes.some(({ no }, at) => no.value < (sizes[at - 1]?.no.value ?? 0))) {
    yield { kind: "order", text: "the numbers of LIST do not go up" };
  }
}

function* compareUids(
  sizes: readonly ListedSize[],
  uids: readonly ListedUid[],
): Generator<Contradiction> {
  if (uids.length !== sizes.length) {
    yield { kind: "count", text: `LIST has ${sizes.length} messages, UIDL ${uids.length}` };
  }
  const listed = new Set(sizes.map(({ no }) => no));
  const named = new Set(uids.map(({ no }) => no));
  for (const { no } of sizes) {
    if (!named.has(no)) yield { kind: "uid-missing", text: `UIDL does not have message ${no}` };
  }
  for (const { no, uid } of uids) {
    if (!listed.has(no)) yield { kind: "uid-unlisted", text: `LIST does not have message ${no}` };
    if (uid === undefined) {
      yield { kind: "uid-invalid", text: `message ${no} has no valid unique-id` };
    }
  }
}

async function digestOf(messages: readonly ListedMessage[]): Promise<string> {
  const text = messages.map(({ uid = "", size }) => `${uid} ${size}\n`).join("");
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return new Uint8Array(digest).toHex();
}

/** Digits, perhaps behind a minus, as a number that a double holds exactly, from 0 on (T-P03). */
function decimal(digits: string | undefined): number | undefined {
  if (digits === undefined || digits.length > 16 || digits.startsWith("-")) return undefined;
  const value = Number(digits);
  return Number.isSafeInteger(value) ? value : undefined;
}

function shown(text: string): string {
  return escapeControls(text.slice(0, 80));
}
