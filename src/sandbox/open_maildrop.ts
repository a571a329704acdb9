/**
 * A maildrop of the sandbox as one session sees it, quirks included.
 *
 * @module
 */

import { type Maildrop, type MaildropMessage, Pop3RefusalError } from "../server/mod.ts";
import type { MaildropMail, Maildrops } from "./maildrops.ts";
import type { MaildropQuirks } from "./quirks.ts";

/** What happened to messages, for the ledger. */
export type NoteMaildrop = (
  kind: "marked" | "update" | "removed",
  mails: readonly MaildropMail[],
) => void;

/** What a session knows of a login. */
export interface OpenOptions {
  readonly user: string;
  readonly quirks: MaildropQuirks;
  /** How often the user has logged in before. */
  readonly logins: number;
  readonly note: NoteMaildrop;
  /** Called when the session is over. */
  readonly closed: (maildrop: OpenMaildrop) => void;
}

/** The maildrop of one session. */
export class OpenMaildrop implements Maildrop {
  readonly #store: Maildrops;
  readonly #options: OpenOptions;
  /** What the store has of each message that is shown. */
  readonly #mails = new Map<MaildropMessage, MaildropMail>();
  #messages: Maildrop["messages"] | undefined;

  /**
   * Opens one.
   *
   * @param store Where the messages are.
   * @param options Whose maildrop, and what is odd about it.
   */
  constructor(store: Maildrops, options: OpenOptions) {
    this.#store = store;
    this.#options = options;
    if (options.quirks.numbered !== "listing") this.#messages = this.#number();
  }

  /** Whose it is. */
  get user(): string {
    return this.#options.user;
  }

  get messages(): Maildrop["messages"] {
    this.#messages ??= this.#number();
    return this.#messages;
  }

  mark(message: MaildropMessage): void {
    this.#options.note("marked", this.#mailsOf([message]));
  }

  retrieved(message: MaildropMessage): void {
    if (this.#options.quirks.retrieved === "vanishes") this.#remove(this.#mailsOf([message]));
  }

  update(removed: readonly MaildropMessage[]): number {
    const { stuck = [] } = this.#options.quirks;
    const mails = this.#mailsOf(removed);
    this.#options.note("update", mails);
    // What somebody else has removed meanwhile is gone, and that is all the client asked for.
    const there = mails.filter((mail) => this.#store.has(mail));
    const left = there.filter(({ uid }) => stuck.includes(uid));
    this.#remove(there.filter((mail) => !left.includes(mail)));
    return left.length;
  }

  close(): void {
    this.#options.closed(this);
  }

  #remove(mails: readonly MaildropMail[]): void {
    this.#store.remove(mails);
    this.#options.note("removed", mails);
  }

  #mailsOf(messages: readonly MaildropMessage[]): MaildropMail[] {
    return messages.flatMap((message) => this.#mails.get(message) ?? []);
  }

  /** Gives the messages that are there their numbers. */
  #number(): Maildrop["messages"] {
    const { user, quirks: { newest = Infinity, order, gaps = [] }, logins } = this.#options;
    const all = this.#store.of(user);
    const turn = order === "rotated" ? logins % Math.max(1, all.length) : 0;
    const mails = [...all.slice(turn), ...all.slice(0, turn)].slice(-newest);
    const numbered: (MaildropMessage | undefined)[] = [];
    for (const mail of mails) {
      while (gaps.includes(numbered.length + 1)) numbered.push(undefined);
      const message = this.#show(mail, numbered.length + 1);
      this.#mails.set(message, mail);
      numbered.push(message);
    }
    return numbered;
  }

  #show(mail: MaildropMail, number: number): MaildropMessage {
    const { quirks: { uids = "stable", sizes = "exact" }, logins } = this.#options;
    const store = this.#store;
    return {
      uid: { stable: mail.uid, number: String(number), session: `s${logins}-${mail.uid}` }[uids],
      size: SIZES[sizes](mail),
      read() {
        if (store.has(mail)) return [mail.content];
        throw new Pop3RefusalError({ ok: false, text: `Message ${number} is expunged` });
      },
    };
  }
}

const SIZES: Readonly<Record<"exact" | "lf" | "kilobytes", (mail: MaildropMail) => number>> = {
  exact: ({ size }) => size,
  lf: ({ size, content }) =>
    size - content.filter((octet, at) => octet === 10 && content[at - 1] === 13).length,
  kilobytes: ({ size }) => Math.ceil(size / 1024) * 1024,
};
