/**
 * Mail that waits until somebody asks for it with ATRN or ETRN, or lets it come with TURN.
 *
 * @module
 */

import { type ConnectOptions, connectSmtp, type Outcome } from "../smtp/mod.ts";

/** A message that waits. */
export interface HeldMail {
  /** The sender of the envelope; empty for `<>`. */
  readonly from: string;
  /** The recipients. */
  readonly to: readonly string[];
  /** The whole message. */
  readonly content: string | Uint8Array;
}

interface Held {
  readonly domain: string;
  readonly mail: HeldMail;
}

/** The waiting messages, in the order of their coming. */
export class HeldMails {
  #waiting: Held[] = [];

  /**
   * Lets a message wait.
   *
   * @param domain For whom.
   * @param mail The message.
   */
  hold(domain: string, mail: HeldMail): void {
    this.#waiting.push({ domain: domain.toLowerCase(), mail });
  }

  /** The domains for which something waits. */
  get domains(): readonly string[] {
    return [...new Set(this.#waiting.map(({ domain }) => domain))];
  }

  /**
   * What waits. What is being sent does not.
   *
   * @param domains For whom.
   */
  waiting(domains: readonly string[]): readonly HeldMail[] {
    const wanted = new Set(domains.map((domain) => domain.toLowerCase()));
    return this.#waiting.filter(({ domain }) => wanted.has(domain)).map(({ mail }) => mail);
  }

  /**
   * Sends what waits. What is not sent or deferred waits again; what is in doubt does not.
   *
   * @param domains For whom.
   * @param options How to get a session: an open connection, or a URL.
   * @param note Told what became of each message that was tried.
   */
  async send(
    domains: readonly string[],
    options: ConnectOptions,
    note: (mail: HeldMail, outcome: Outcome) => void,
  ): Promise<void> {
    const taken = this.#take(domains);
    const again: Held[] = [];
    try {
      await using session = await connectSmtp(options);
      for (let next = taken.shift(); next !== undefined; next = taken.shift()) {
        const { from, to, content } = next.mail;
        let outcome: Outcome = "not-sent";
        try {
          outcome = (await session.send({ from, to, policy: "any" }, content)).outcome;
        } catch (error) {
          outcome = session.lastReceipt?.outcome ?? outcome;
          throw error;
        } finally {
          note(next.mail, outcome);
          if (outcome === "not-sent" || outcome === "deferred") again.push(next);
        }
      }
    } finally {
      this.#waiting.unshift(...again, ...taken);
    }
  }

  #take(domains: readonly string[]): Held[] {
    const wanted = new Set(this.waiting(domains));
    const taken = this.#waiting.filter(({ mail }) => wanted.has(mail));
    this.#waiting = this.#waiting.filter((held) => !taken.includes(held));
    return taken;
  }
}
