/**
 * Identifiers in received fields: of a message and of a mailing list.
 *
 * @module
 */

import { withoutComments } from "./comment.ts";
import type { ParsedField } from "./parsed_field.ts";

/** Nothing but angle brackets is looked for behind one, so all the searches together are linear. */
const BRACKETS = /<([^<>]+)(?:>|$)/;
const LAST_BRACKETS = /<([^<>]+)(?:>[^<>]*)?$/;

/**
 * Reads the id of a message: without blanks and comments, always in angle brackets. It is data that
 * anybody may have chosen, and no name for a file.
 *
 * @param field The field Message-ID.
 * @returns The id, or `undefined` if there is none.
 *
 * @example Usage
 * ```ts
 * import { messageIdOf, parseHeaderBlock } from "@mailwright/mailwright/message";
 * import { equal } from "node:assert/strict";
 *
 * const bytes = new TextEncoder().encode("Message-ID:\r\n <1@mail.example> (really)\r\n\r\n");
 * const [field] = parseHeaderBlock(bytes).fields;
 * equal(field && messageIdOf(field), "<1@mail.example>");
 * ```
 */
export function messageIdOf(field: ParsedField): string | undefined {
  const id = idIn(field, BRACKETS);
  return id === undefined ? undefined : `<${id}>`;
}

/**
 * Reads the id of a mailing list (RFC 2919): in lower case, without its name and angle brackets.
 *
 * @param field The field List-Id.
 * @returns The id, or `undefined` if there is none.
 *
 * @example Usage
 * ```ts
 * import { listIdOf, parseHeaderBlock } from "@mailwright/mailwright/message";
 * import { equal } from "node:assert/strict";
 *
 * const bytes = new TextEncoder().encode("List-Id: Gardeners <Roses.lists.example>\r\n\r\n");
 * const [field] = parseHeaderBlock(bytes).fields;
 * equal(field && listIdOf(field), "roses.lists.example");
 * ```
 */
export function listIdOf(field: ParsedField): string | undefined {
  return idIn(field, LAST_BRACKETS)?.toLowerCase();
}

/** What stands in angle brackets, or instead of them. */
function idIn(field: ParsedField, brackets: RegExp): string | undefined {
  const inside = brackets.exec(field.value)?.[1]?.replaceAll(" ", "");
  const id = inside ?? withoutComments(field.value).trim();
  return /^[^<> ]+$/.test(id) ? id : undefined;
}
