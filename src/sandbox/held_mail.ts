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

/** The waiting messages, by domain. */
export class HeldMails {
  readonly #mails = new Map<string, HeldMail[]>();

  /**
   * Lets a message wait.
   *
   * @param domain For whom.
   * @param mail The message.
   */
  hold(domain: string, mail: HeldMail): void {
    const key = domain.toLowerCase();
    this.#mails.set(key, [...this.waiting([key]), mail]);
  }

  /** The domains for which something waits. */
  get domains(): readonly string[] {
    return [...this.#mails.keys()];
  }

  /**
   * What waits.
   *
   * @param domains For whom.
   */
  waiting(domains: readonly string[]): readonly HeldMail[] {
    return domains.flatMap((domain) => this.#mails.get(domain.toLowerCase()) ?? []);
  }

  /**
   * Sends what waits. What is accepted or refused for good waits no longer.
   *
   * @param domains For whom.
   * @param options How to get a session: an open connection, or a URL.
   * @returns What became of each.
   */
  async send(domains: readonly string[], options: ConnectOptions): Promise<readonly Outcome[]> {
    const outcomes: Outcome[] = [];
    await using session = await connectSmtp(options);
    for (const mail of this.waiting(domains)) {
      const { outcome } = await session.send(
        { from: mail.from, to: mail.to, policy: "any" },
        mail.content,
      );
      outcomes.push(outcome);
      if (outcome === "accepted" || outcome === "partial" || outcome === "refused") {
        this.#drop(mail);
      }
    }
    return outcomes;
  }

  #drop(mail: HeldMail): void {
    for (const [domain, mails] of this.#mails) {
      const rest = mails.filter((other) => other !== mail);
      if (rest.length > 0) this.#mails.set(domain, rest);
      else this.#mails.delete(domain);
    }
  }
}
