/**
 * What the sandbox serves to one connection of POP3.
 *
 * @module
 */

import {
  type CapabilityLists,
  type Maildrop,
  type Pop3Backend,
  Pop3RefusalError,
  type SaslServerOptions,
} from "../server/mod.ts";
import type { Clock } from "../wire/mod.ts";
import type { LedgerEntry } from "./ledger.ts";
import type { Maildrops } from "./maildrops.ts";
import { OpenMaildrop } from "./open_maildrop.ts";
import type { MaildropQuirks } from "./quirks.ts";
import { credentialsOf, type SandboxUsers } from "./users.ts";

/** The logins of all connections. */
export class Logins {
  readonly #store: Maildrops;
  readonly #clock: Clock;
  readonly #delayMs: number;
  readonly #open = new Set<OpenMaildrop>();
  readonly #logins = new Map<string, { readonly count: number; readonly last: number }>();
  /** What is odd about the maildrops that are opened from now on. */
  quirks: MaildropQuirks;

  /**
   * Makes them.
   *
   * @param store Where the messages are.
   * @param options The clock, what is offered (a LOGIN-DELAY is held to), and quirks.
   */
  constructor(store: Maildrops, { clock, capabilities, quirks = {} }: {
    readonly clock: Clock;
    readonly capabilities: CapabilityLists;
    readonly quirks?: MaildropQuirks | undefined;
  }) {
    this.#store = store;
    this.#clock = clock;
    const offered = capabilities.authenticated.find((line) => line.startsWith("LOGIN-DELAY "));
    this.#delayMs = Number(offered?.split(" ")[1] ?? 0) * 1000;
    this.quirks = quirks;
  }

  /**
   * Opens the maildrop of a user.
   *
   * @param user Who has logged in.
   * @param note Told of what happens to messages.
   * @returns The maildrop; it is locked until it is closed.
   * @throws {Pop3RefusalError} If it is in use, or the last login was too short a time ago.
   */
  open(user: string, note: (entry: Omit<LedgerEntry, "connection">) => void): Maildrop {
    const { quirks } = this;
    const { count = 0, last = -Infinity } = this.#logins.get(user) ?? {};
    const now = this.#clock.monotonic();
    if (now - last < this.#delayMs) throw refusal("LOGIN-DELAY", "The last login was just now");
    if ((quirks.lock ?? true) && this.#open.values().some((open) => open.user === user)) {
      throw refusal("IN-USE", "Somebody is reading this maildrop");
    }
    this.#logins.set(user, { count: count + 1, last: now });
    const maildrop = new OpenMaildrop(this.#store, {
      user,
      quirks,
      logins: count,
      note: (kind, mails) => note({ kind, text: user, uids: mails.map(({ uid }) => uid) }),
      closed: (maildrop) => void this.#open.delete(maildrop),
    });
    this.#open.add(maildrop);
    return maildrop;
  }
}

/**
 * The backend of one connection.
 *
 * @param who Who may log in, and how the mechanisms of AUTH are set.
 * @param logins The logins of all connections.
 * @param note Told of what happens to messages.
 * @returns The backend.
 */
export function pop3Backend(
  { users, sasl }: { readonly users: SandboxUsers; readonly sasl: SaslServerOptions },
  logins: Logins,
  note: (entry: Omit<LedgerEntry, "connection">) => void,
): Pop3Backend {
  return {
    hostname: "localhost",
    credentials: credentialsOf(users),
    sasl,
    open: (user) => logins.open(user, note),
  };
}

function refusal(code: string, text: string): Pop3RefusalError {
  return new Pop3RefusalError({ ok: false, code, text });
}
