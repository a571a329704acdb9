/**
 * The parameters of MAIL and RCPT: which there are, what they need to be offered, what they may hold.
 *
 * @module
 */

import type { Offer } from "./capabilities.ts";
import type { EnvelopeRecipient, EnvelopeSender } from "./envelope.ts";
import { badSyntax, refusal } from "./refusal.ts";
import { decodeXtext } from "./xtext.ts";

/** One parameter: the capability it needs, and its value as a part of the envelope. */
interface Parameter<T> {
  readonly needs: string;
  /** Gives `undefined` for a value that must not be; an absent value is "". */
  read(value: string): Partial<T> | undefined;
}

const MAIL = new Map<string, Parameter<EnvelopeSender>>([
  ["SIZE", {
    needs: "SIZE",
    read: (value) => /^\d{1,20}$/.test(value) ? { size: Number(value) } : undefined,
  }],
  ["BODY", {
    needs: "8BITMIME",
    read: (value) => oneOf(value, ["7BIT", "8BITMIME", "BINARYMIME"], (body) => ({ body })),
  }],
  ["SMTPUTF8", { needs: "SMTPUTF8", read: (value) => flag(value, { smtpUtf8: true }) }],
  ["RET", {
    needs: "DSN",
    read: (value) => oneOf(value, ["FULL", "HDRS"], (ret) => ({ return: ret })),
  }],
  ["ENVID", {
    needs: "DSN",
    read: (value) => value.length > 100 ? undefined : text(value, (envelopeId) => ({ envelopeId })),
  }],
  ["AUTH", {
    needs: "AUTH",
    read: (value) => value === "<>" ? { auth: "" } : text(value, (auth) => ({ auth })),
  }],
  ["REQUIRETLS", { needs: "REQUIRETLS", read: (value) => flag(value, { requireTls: true }) }],
  ["HOLDFOR", {
    needs: "FUTURERELEASE",
    read: (value) => /^[1-9]\d{0,8}$/.test(value) ? { holdFor: Number(value) } : undefined,
  }],
  ["HOLDUNTIL", {
    needs: "FUTURERELEASE",
    read: (value) => isDateTime(value) ? { holdUntil: value } : undefined,
  }],
  ["BY", { needs: "DELIVERBY", read: readBy }],
  ["MT-PRIORITY", {
    needs: "MT-PRIORITY",
    read: (value) => /^(0|-?[1-9])$/.test(value) ? { priority: Number(value) } : undefined,
  }],
]);

const RCPT = new Map<string, Parameter<EnvelopeRecipient>>([
  ["NOTIFY", { needs: "DSN", read: readNotify }],
  ["ORCPT", { needs: "DSN", read: readOriginal }],
]);

/**
 * Reads what follows the path of MAIL.
 *
 * @throws {RefusalError} If a parameter is not offered or wrong.
 */
export function readMailParameters(
  rest: string,
  offer: Pick<Offer, "has">,
): Omit<EnvelopeSender, "address"> {
  const sender = readParameters(rest, offer, MAIL);
  if (sender.holdFor !== undefined && sender.holdUntil !== undefined) {
    throw badSyntax("HOLDFOR and HOLDUNTIL exclude each other");
  }
  if (sender.body === "BINARYMIME" && !offer.has("BINARYMIME")) throw notOffered("BODY=BINARYMIME");
  return sender;
}

/**
 * Reads what follows the path of RCPT.
 *
 * @throws {RefusalError} If a parameter is not offered or wrong.
 */
export function readRcptParameters(
  rest: string,
  offer: Pick<Offer, "has">,
): Omit<EnvelopeRecipient, "address"> {
  return readParameters(rest, offer, RCPT);
}

function readParameters<T>(
  rest: string,
  offer: Pick<Offer, "has">,
  table: ReadonlyMap<string, Parameter<T>>,
): Partial<T> & { readonly others?: Readonly<Record<string, string>> } {
  if (rest === "") return {};
  if (!rest.startsWith(" ")) throw badSyntax("Characters after the path");
  const seen = new Set<string>();
  const others: Record<string, string> = Object.create(null);
  const found: Partial<T> = {};
  for (const word of rest.split(" ").filter((word) => word !== "")) {
    const [, name = "", value = ""] = PARAMETER.exec(word) ?? [];
    const keyword = name.toUpperCase();
    if (keyword === "") throw badSyntax("Malformed parameter");
    if (seen.has(keyword)) throw badSyntax(`Parameter ${keyword} given twice`);
    seen.add(keyword);
    const known = table.get(keyword);
    if (!offer.has(known?.needs ?? keyword)) throw notOffered(keyword);
    if (known === undefined) {
      others[keyword] = value;
    } else {
      const part = known.read(value);
      if (part === undefined) throw badSyntax(`Bad value for parameter ${keyword}`);
      Object.assign(found, part);
    }
  }
  return Object.keys(others).length === 0 ? found : { ...found, others };
}

// RFC 5321 section 4.1.2, esmtp-param; RFC 6531 section 3.3 lets the value be UTF-8.
const PARAMETER = /^([A-Za-z0-9][A-Za-z0-9-]*)(?:=([!-<>-~\u0080-\u{10ffff}]+))?$/u;

function notOffered(keyword: string): Error {
  return refusal(555, "5.5.4", `Parameter ${keyword} not recognized`);
}

function flag<T>(value: string, part: T): T | undefined {
  return value === "" ? part : undefined;
}

function oneOf<const W extends string, T>(
  value: string,
  words: readonly W[],
  part: (word: W) => T,
): T | undefined {
  const word = words.find((word) => word === value.toUpperCase());
  return word === undefined ? undefined : part(word);
}

function text<T>(value: string, part: (text: string) => T): T | undefined {
  const decoded = decodeXtext(value);
  return decoded === undefined || decoded === "" ? undefined : part(decoded);
}

function isDateTime(value: string): boolean {
  return /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/.test(value) &&
    !Number.isNaN(Date.parse(value));
}

/** RFC 2852 section 4: a time that is over cannot ask for the return of the message. */
function readBy(value: string): Partial<EnvelopeSender> | undefined {
  const match = /^(-?\d{1,9});([RN])(T?)$/i.exec(value);
  if (match === null) return undefined;
  const seconds = Number(match[1]);
  const mode = match[2]?.toUpperCase() === "R" ? "R" : "N";
  if (mode === "R" && seconds <= 0) return undefined;
  return { deliverBy: { seconds, mode, trace: match[3] !== "" } };
}

const REPORTS = ["SUCCESS", "FAILURE", "DELAY"] as const;

/** RFC 3461 section 4.1: NEVER stands alone. */
function readNotify(value: string): Partial<EnvelopeRecipient> | undefined {
  if (value.toUpperCase() === "NEVER") return { notify: ["NEVER"] };
  const words = value.toUpperCase().split(",");
  const notify = REPORTS.filter((report) => words.includes(report));
  return notify.length === words.length ? { notify } : undefined;
}

/** RFC 3461 section 4.2; RFC 6533 section 3 for addresses of the type utf-8. */
function readOriginal(value: string): Partial<EnvelopeRecipient> | undefined {
  const [, type = "", coded = ""] = /^([A-Za-z0-9-]+);(.{1,500})$/u.exec(value) ?? [];
  const address = type.toLowerCase() === "utf-8" ? coded : decodeXtext(coded);
  return type === "" || address === undefined
    ? undefined
    : { originalRecipient: { type, address } };
}
