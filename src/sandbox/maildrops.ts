/**
 * The maildrops of the sandbox, in memory: what came by SMTP or was filled in, until it is removed.
 *
 * @module
 */

import { sameMailbox } from "./mailbox.ts";
import { type SandboxUsers, userOf } from "./users.ts";

/** A message to put into a maildrop. */
export interface FilledMail {
  /** The whole message. Line ends stay as they are. */
  readonly content: string | Uint8Array;
  /** What UIDL tells. By default something new; two messages may have the same. */
  readonly uid?: string;
  /** What LIST tells. By default the octets that RETR gives. */
  readonly size?: number;
}

/** A message that is in a maildrop. */
export interface MaildropMail {
  /** What UIDL tells. */
  readonly uid: string;
  /** What LIST tells. */
  readonly size: number;
  /** The whole message. */
  readonly content: Uint8Array;
  /** The content as text. */
  readonly text: string;
}

/** All messages of all maildrops. */
export class Maildrops {
  readonly #users: SandboxUsers;
  /** In the order of their coming, by address. */
  readonly #boxes = new Map<string, Set<MaildropMail>>();
  readonly #present = new Set<MaildropMail>();
  #count = 0;

  /**
   * Makes empty ones.
   *
   * @param users Whose they are.
   */
  constructor(users: SandboxUsers) {
    this.#users = users;
  }

  /**
   * Adds a message.
   *
   * @param address For whom.
   * @param mail The message.
   */
  add(address: string, mail: FilledMail): void {
    const { uid = `m${String(++this.#count).padStart(8, "0")}` } = mail;
    const content = typeof mail.content === "string"
      ? new TextEncoder().encode(mail.content)
      : mail.content;
    const added: MaildropMail = {
      uid,
      size: mail.size ?? content.length + (endsInLine(content) ? 0 : 2), // the CRLF that RETR adds
      content,
      get text() {
        return new TextDecoder().decode(content);
      },
    };
    const key = sameMailbox(address);
    this.#boxes.set(key, (this.#boxes.get(key) ?? new Set()).add(added));
    this.#present.add(added);
  }

  /**
   * What a user finds after the login.
   *
   * @param user The name of the user, or an address.
   * @returns The messages: address by address, each in the order of their coming.
   */
  of(user: string): readonly MaildropMail[] {
    return this.#addresses(user).flatMap((key) => [...this.#boxes.get(key) ?? []]);
  }

  /**
   * Whether a message is still there.
   *
   * @param mail The message.
   */
  has(mail: MaildropMail): boolean {
    return this.#present.has(mail);
  }

  /**
   * Removes messages for good.
   *
   * @param mails The messages.
   */
  remove(mails: Iterable<MaildropMail>): void {
    for (const mail of mails) {
      this.#present.delete(mail);
      for (const box of this.#boxes.values()) box.delete(mail);
    }
  }

  /**
   * The messages of some uids, wherever they are.
   *
   * @param uids The uids.
   */
  find(uids: readonly string[]): readonly MaildropMail[] {
    return [...this.#present].filter(({ uid }) => uids.includes(uid));
  }

  #addresses(name: string): readonly string[] {
    const { addresses } = userOf(this.#users, name) ?? {};
    if (addresses !== undefined) return addresses.map(sameMailbox);
    if (name.includes("@")) return [sameMailbox(name)];
    return [...this.#boxes.keys()].filter((key) => key.startsWith(`${name}@`));
  }
}

function endsInLine(content: Uint8Array): boolean {
  const { length } = content;
  return length === 0 || (content[length - 2] === 13 && content[length - 1] === 10);
}
