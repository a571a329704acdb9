/**
 * What people know a message by.
 *
 * @module
 */

import { addressesOf } from "../../../message/mod.ts";
import { escapeControls } from "../../../wire/mod.ts";
import { instantsOf } from "../rules/message_age.ts";
import { fieldsOf, type MessageFacts } from "../rules/message_facts.ts";
import type { MessageAbout } from "./plan.ts";
import type { AgePolicy } from "../policy/policy.ts";

const MAX_TEXT = 200;

/**
 * Tells of a message what is known already.
 *
 * @param facts The message.
 * @param policy How ages are taken.
 * @param nowMs The time.
 * @returns Its sender, subject and time, as far as they can be read.
 */
export function aboutOf(facts: MessageFacts, policy: AgePolicy, nowMs: number): MessageAbout {
  const [sender] = firstOf(facts, "From").flatMap(addressesOf);
  const [subject] = firstOf(facts, "Subject");
  const instants = instantsOf(facts, policy, nowMs);
  const at = typeof instants === "string" ? undefined : instants[0];
  return {
    ...(sender && { from: shown(sender.address) }),
    ...(subject && { subject: shown(subject.text) }),
    ...(at && { at: new Date(at.atMs).toISOString() }),
  };
}

function firstOf(facts: MessageFacts, name: string) {
  const fields = fieldsOf(facts, name);
  return typeof fields === "string" ? [] : fields.slice(0, 1);
}

function shown(text: string): string {
  return escapeControls(text.slice(0, MAX_TEXT));
}
