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
  /** The digests of bodies by identifier; those of messages without one by nothing. */
  readonly #bodies: ReadonlyMap<string | undefined, ReadonlySet<string>>;

  /** Takes what the journal knows. */
  constructor({ restored }: Pick<JournalState, "restored">) {
    const back = [...restored.values()].filter(({ back }) => back);
    const groups = Map.groupBy(back, ({ messageId }) => messageId);
    const hashesOf = (marks: typeof back) => marks.flatMap(({ bodyHash = [] }) => bodyHash);
    this.#bodies = new Map([...groups].map(([id, marks]) => [id, new Set(hashesOf(marks))]));
  }

  /**
   * Whether a message is one of them: its header has grown on its way back; identifier and body stay.
   * Where nobody has read the body, the identifier alone speaks for it.
   *
   * @param header Its header.
   * @param bodyHash SHA-256 of its body, hexadecimal, if that was read.
   * @returns Whether it is.
   */
  has(header: ParsedHeader, bodyHash?: string): boolean {
    const field = header.get("Message-ID");
    const id = field && messageIdOf(field);
    const isOf = (bodies: ReadonlySet<string> | undefined): boolean =>
      bodyHash !== undefined && bodies?.has(bodyHash) === true;
    if (isOf(this.#bodies.get(undefined))) return true;
    const bodies = id === undefined ? undefined : this.#bodies.get(id);
    return bodies !== undefined && (bodyHash === undefined || isOf(bodies));
  }

  /**
   * A policy that keeps them.
   *
   * @param policy The policy.
   * @returns The same, with one more rule if there is something to keep.
   */
  guarding(policy: Policy): Policy {
    if (this.#bodies.size === 0) return policy;
    const taken = new Set(policy.rules.map(({ id }) => id));
    let id = RULE_ID;
    for (let next = 2; taken.has(id); next++) id = `${RULE_ID}.${next}`;
    const rule: KeepRule = { id, do: "keep", when: ({ header }) => this.has(header) };
    return { ...policy, rules: [rule, ...policy.rules] };
  }
}
