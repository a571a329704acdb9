/**
 * Header fields by what they hold: addresses, message ids, links or text.
 *
 * @module
 */

import { Address } from "./address.ts";
import { unfitForHeader } from "./characters.ts";
import { encodeWords } from "./encoded_word.ts";
import { HeaderError } from "./errors.ts";
import { fold, hasWordOf, Header, textHeader } from "./header.ts";
import { type Group, type Mailbox, parseAddressList } from "./mailbox.ts";
import { isMessageId } from "./message_id.ts";

const ATOMS = /^[a-zA-Z0-9!#$%&'*+/=?^_`{|}~-]+(?: [a-zA-Z0-9!#$%&'*+/=?^_`{|}~-]+)*$/;
const PRINTABLE = /^[ -~]*$/;
/** A name with such a word is encoded, so that it can be folded. */
const LONG_WORD = 70;
/** RFC 2369 section 2; no angle bracket, blank or control can hide in it. */
const LINK = /^[a-zA-Z][a-zA-Z0-9+.-]*:[!-;=?-~]+$/;

/**
 * Makes a field of mailboxes and groups, as To is. Names are quoted or encoded so that reading the
 * field back gives the same list.
 *
 * @param name The name of the field.
 * @param list What it holds, at least one.
 * @returns The field.
 * @throws {HeaderError} If the list is empty, or a name holds a control character or a line end.
 *
 * @example Usage
 * ```ts
 * import { addressHeader, parseAddress } from "@mailwright/mailwright/message";
 * import { equal } from "node:assert/strict";
 *
 * const address = parseAddress("ann@mail.example");
 * const { line } = addressHeader("To", [{ name: "Doe, Ann", address }]);
 * equal(line, 'To: "Doe, Ann" <ann@mail.example>\r\n');
 * ```
 */
export function addressHeader(
  name: string,
  list: readonly (Address | Mailbox | Group)[],
): Header {
  if (list.length === 0) throw new HeaderError(name, "it has no address");
  // Most lists hold one address, for which map() and join() take twice the time.
  let text = "";
  for (const item of list) text += `${text === "" ? "" : ", "}${itemText(name, item)}`;
  return new Header(name, fold(name, text));
}

/**
 * Makes a field of message ids, as References is.
 *
 * @param name The name of the field.
 * @param ids The ids, angle brackets included; at least one.
 * @returns The field.
 * @throws {HeaderError} If there is none, or one is not exactly one id.
 *
 * @example Usage
 * ```ts
 * import { idHeader } from "@mailwright/mailwright/message";
 * import { equal } from "node:assert/strict";
 *
 * equal(idHeader("In-Reply-To", ["<1@mail.example>"]).line, "In-Reply-To: <1@mail.example>\r\n");
 * ```
 */
export function idHeader(name: string, ids: readonly string[]): Header {
  if (ids.length === 0 || !ids.every(isMessageId)) {
    throw new HeaderError(name, "a message id is <left@right> without blanks or controls");
  }
  return new Header(name, fold(name, ids.join(" ")));
}

/**
 * Makes a field of links, as List-Unsubscribe is (RFC 2369).
 *
 * @param name The name of the field.
 * @param links The links, without angle brackets; at least one.
 * @returns The field.
 * @throws {HeaderError} If there is none, or one is no link.
 *
 * @example Usage
 * ```ts
 * import { linkHeader } from "@mailwright/mailwright/message";
 * import { equal } from "node:assert/strict";
 *
 * const { line } = linkHeader("List-Unsubscribe", ["https://mail.example/u?1"]);
 * equal(line, "List-Unsubscribe: <https://mail.example/u?1>\r\n");
 * ```
 */
export function linkHeader(name: string, links: readonly string[]): Header {
  if (links.length === 0 || !links.every((link) => LINK.test(link))) {
    throw new HeaderError(name, "a link is scheme:rest in ASCII without blanks or angle brackets");
  }
  return new Header(name, fold(name, links.map((link) => `<${link}>`).join(", ")));
}

type Maker = (name: string, value: string) => Header;

const addresses: Maker = (name, value) => {
  try {
    return addressHeader(name, parseAddressList(value));
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new HeaderError(name, error.message, { cause: error });
  }
};
const ids: Maker = (name, value) => idHeader(name, value.split(/[\t ]+/));
const links: Maker = (name, value) => {
  const list = value.split(/(?<=>),[\t ]*(?=<)/);
  if (!list.every((link) => link.startsWith("<") && link.endsWith(">"))) {
    throw new HeaderError(name, "each link stands in angle brackets, with a comma between two");
  }
  return linkHeader(name, list.map((link) => link.slice(1, -1)));
};

/** What fields hold that hold no text, by their names in lower case. */
const MAKERS: ReadonlyMap<string, Maker> = new Map<string, Maker>([
  ...["from", "sender", "reply-to", "to", "cc", "bcc", "disposition-notification-to"]
    .map((name) => [name, addresses] as const),
  ["message-id", (name, value) => idHeader(name, [value])],
  ["in-reply-to", ids],
  ["references", ids],
  ...["help", "unsubscribe", "subscribe", "owner", "archive"]
    .map((name) => [`list-${name}`, links] as const),
]);

/** What a template of such a field is. */
export function headerKind(name: string): "text" | "links" | "list" {
  const maker = MAKERS.get(name.toLowerCase());
  return maker === undefined ? "text" : maker === links ? "links" : "list";
}

/**
 * Makes a field from a name and a value as people write them. What the value must be follows from the
 * name: addresses, message ids, links, or text.
 *
 * @param name The name of the field.
 * @param value The value, neither encoded nor folded.
 * @returns The field.
 * @throws {HeaderError} If the value is not what such a field holds.
 *
 * @example Usage
 * ```ts
 * import { createHeader } from "@mailwright/mailwright/message";
 * import { equal, throws } from "node:assert/strict";
 *
 * equal(createHeader("Precedence", "bulk").line, "Precedence: bulk\r\n");
 * throws(() => createHeader("In-Reply-To", "the last one"), { name: "HeaderError" });
 * ```
 */
export function createHeader(name: string, value: string): Header {
  return (MAKERS.get(name.toLowerCase()) ?? textHeader)(name, value);
}

const RESERVED: ReadonlySet<string> = new Set([
  ...["from", "sender", "reply-to", "to", "cc", "bcc", "date", "subject", "message-id"],
  ...["in-reply-to", "references", "mime-version", "return-path", "received", "delivered-to"],
  ...["dkim-signature", "domainkey-signature", "authentication-results", "received-spf"],
  ...["disposition-notification-to", "return-receipt-to", "errors-to", "apparently-to"],
]);

/**
 * Whether a field decides who sent a message, who gets it, how it is read or what is proven about it.
 * Such a name is taken from the author of a message alone, never from data such as a column of a list.
 *
 * @param name The name of a field.
 * @returns Whether data must not choose it.
 *
 * @example Usage
 * ```ts
 * import { isReservedHeader } from "@mailwright/mailwright/message";
 * import { equal } from "node:assert/strict";
 *
 * equal(isReservedHeader("BCC"), true);
 * equal(isReservedHeader("X-Campaign"), false);
 * ```
 */
export function isReservedHeader(name: string): boolean {
  const lower = name.toLowerCase();
  return RESERVED.has(lower) || /^(?:content|resent|arc)-/.test(lower);
}

function itemText(field: string, item: Address | Mailbox | Group): string {
  if (item instanceof Address) return item.toString();
  if ("members" in item) {
    const members = item.members.map((member) => itemText(field, member));
    return `${nameText(field, item.name)}: ${members.join(", ")};`;
  }
  const { name = "", address } = item;
  return name === "" ? address.toString() : `${nameText(field, name)} <${address}>`;
}

function nameText(field: string, name: string): string {
  if (ATOMS.test(name) && !name.includes("=?") && !hasWordOf(LONG_WORD, name)) return name;
  const unfit = unfitForHeader(name);
  if (unfit !== undefined) throw new HeaderError(field, unfit);
  // What looks like an encoded word is encoded itself, or readers would decode it (T-I18).
  return PRINTABLE.test(name) && !name.includes("=?") && !hasWordOf(LONG_WORD, name)
    ? `"${name.replace(/["\\]/g, "\\$&")}"`
    : encodeWords(name, { phrase: true }).join(" ");
}
