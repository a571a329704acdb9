/**
 * Messages that came back from the archive: they have another unique-id, and are kept until somebody
 * releases them, or the next run would remove them again.
 *
 * @module
 */

import { messageIdOf, type ParsedHeader } from "../../../message/mod.ts";
import type { JournalState } from "../journal/journal_state.ts";
import type { KeepRule, Policy } from "../policy/policy.ts";

/** The rule that keeps them in plans, unless the policy has one of that name. */
const RULE_ID = "restored";

/** The messages that came back. */
export class RestoredMail {
  readonly #ids: ReadonlySet<string>;
  readonly #bodies: ReadonlySet<string>;

  /** Takes what the journal knows. */
  constructor({ restored }: Pick<JournalState, "restored">) {
    const back = [...restored.values()].filter(({ back }) => back);
    this.#ids = new Set(back.flatMap(({ messageId }) => messageId ?? []));
    const nameless = back.filter(({ messageId }) => messageId === undefined);
    this.#bodies = new Set(nameless.flatMap(({ bodyHash }) => bodyHash ?? []));
  }

  /**
   * Whether a message is one of them. On its way back its header has grown, and its body may have; its
   * identifier stays. One without is known by its body.
   *
   * @param header Its header.
   * @param bodyHash SHA-256 of its body, hexadecimal, if that was read.
   * @returns Whether it is.
   */
  has(header: ParsedHeader, bodyHash?: string): boolean {
    const field = header.get("Message-ID");
    const id = field && messageIdOf(field);
    return (id !== undefined && this.#ids.has(id)) ||
      (bodyHash !== undefined && this.#bodies.has(bodyHash));
  }

  /**
   * A policy that keeps them.
   *
   * @param policy The policy.
   * @returns The same, with one more rule if there is something to keep.
   */
  guarding(policy: Policy): Policy {
    if (this.#ids.size === 0) return policy;
    const taken = new Set(policy.rules.map(({ id }) => id));
    let id = RULE_ID;
    for (let next = 2; taken.has(id); next++) id = `${RULE_ID}.${next}`;
    const rule: KeepRule = { id, do: "keep", when: ({ header }) => this.has(header) };
    return { ...policy, rules: [rule, ...policy.rules] };
  }
}
