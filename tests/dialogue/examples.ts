/**
 * Six of the shipped dialogues, which have most of the language. Each must play with itself, over TCP in
 * both roles, and again from its own recording.
 *
 * @module
 */

import { shippedAs } from "./library.ts";

/** A recipient is refused, the others get the mail. */
export const PARTIAL: string = textOf("partial_refusal");
/** What is offered differs before and after TLS. */
export const STARTTLS: string = textOf("starttls");

/** All of them, by name. */
export const EXAMPLES: ReadonlyMap<string, string> = new Map([
  ["partial", PARTIAL],
  ["auth_login", textOf("auth_login")],
  ["pop3", textOf("maildrop")],
  ["starttls", STARTTLS],
  ["smuggling", textOf("batch_smuggling")],
  ["probe", textOf("greet_pause")],
]);

/** The text of a shipped dialogue from its first directive on. */
function textOf(name: string): string {
  const { text } = shippedAs(name);
  return text.slice(text.search(/^@/m));
}
