/**
 * What is known of a message when rules look at it.
 *
 * @module
 */

import type { ParsedField, ParsedHeader } from "../../../message/mod.ts";
import { escapeControls } from "../../../wire/mod.ts";
import { type Lack, type RuleEvidence, unknown, type Verdict } from "./verdict.ts";

/** A message as rules see it. To ask for what has not been fetched is to say that it is needed. */
export interface MessageFacts {
  /** The unique-id; `undefined` if the server gave no valid one. */
  readonly uid: string | undefined;
  /** The size in octets, as the server counts it. */
  readonly size: number | undefined;
  /** When the message was first seen, in milliseconds since 1970. */
  readonly firstSeenMs: number | undefined;
  /** The header, which may be cut off, or why there is none. */
  header(): ParsedHeader | Exclude<Lack, "absent">;
  /** Whether the octets are those of a message before it. */
  copy(): Verdict;
}

/** The fields of a name whose values are whole, or why there are none. */
export function fieldsOf(facts: MessageFacts, name: string): readonly ParsedField[] | Lack {
  const header = facts.header();
  if (typeof header === "string") return header;
  // The last field of what was cut off may be cut short.
  const last = header.complete ? undefined : header.fields.at(-1);
  const fields = header.getAll(name).filter((field) => field !== last);
  if (fields.length > 0) return fields;
  return header.complete ? "absent" : "unobtained";
}

/** Whether the header is whole, so that what is not seen is not there. */
export function isWhole(facts: MessageFacts): boolean {
  const header = facts.header();
  return typeof header !== "string" && header.complete;
}

/**
 * Tests all fields of a name: one is enough.
 *
 * @param facts The message.
 * @param name The name.
 * @param test Tests one; `undefined` if it cannot be read.
 * @returns Whether one passes; unknown if there is none.
 */
export function someField(
  facts: MessageFacts,
  name: string,
  test: (field: ParsedField) => boolean | undefined,
): Verdict {
  const fields = fieldsOf(facts, name);
  if (typeof fields === "string") return unknown(fields);
  let left = MAX_OCTETS;
  const seen = fields.map((field) => {
    left -= field.raw.length;
    return { field, passes: left < 0 ? undefined : test(field) };
  });
  const passing = seen.find(({ passes }) => passes);
  if (passing !== undefined) return { truth: true, evidence: [textEvidence(name, passing.field)] };
  const evidence = fields.slice(0, MAX_FIELDS).map((field) => textEvidence(name, field));
  const readable = isWhole(facts) && seen.every(({ passes }) => passes === false);
  return readable ? { truth: false, evidence } : unknown("unobtained", ...evidence);
}

/** Evidence of a field. */
function textEvidence(fact: string, { text }: ParsedField): RuleEvidence {
  return { fact, value: escapeControls(text.slice(0, MAX_TEXT)) };
}

/** More is not compared: such a header is broken, or an attack. */
const MAX_OCTETS = 64 * 1024;
const MAX_FIELDS = 3;
const MAX_TEXT = 200;
