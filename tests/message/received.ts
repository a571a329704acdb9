/**
 * Received mail for tests.
 *
 * @module
 */

import { type ParsedField, parseHeaderBlock } from "@mailwright/mailwright/message";
import { ok } from "node:assert/strict";

const FOLDER = new URL("../fixtures/messages/", import.meta.url);

/** What a test needs to read the fixtures. */
export const READ_FIXTURES: { permissions: Deno.PermissionOptionsObject } = {
  permissions: { read: [FOLDER] },
};

/** The octets of a mail in `tests/fixtures/messages`. */
export function fixture(name: string): Uint8Array {
  return Deno.readFileSync(new URL(`${name}.eml`, FOLDER));
}

/** All names of fixtures. */
export function fixtures(): string[] {
  return [...Deno.readDirSync(FOLDER)].map(({ name }) => name)
    .filter((name) => name.endsWith(".eml")).map((name) => name.slice(0, -4));
}

/** The octets of text. */
export function octets(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** A field as a mail holds it. */
export function field(value: string): ParsedField {
  const [first] = parseHeaderBlock(octets(`X: ${value}\r\n\r\n`)).fields;
  ok(first);
  return first;
}
