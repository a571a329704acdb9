/**
 * A sandbox that is reached without a network.
 *
 * @module
 */

import { type Connection, memoryPair } from "../wire/mod.ts";
import type { SandboxFault } from "./faults.ts";
import type { HeldMail } from "./held_mail.ts";
import { type HostedOptions, SandboxHost } from "./host.ts";
import type { Ledger } from "./ledger.ts";
import type { StoredMail } from "./mailbox.ts";
import type { FilledMail, MaildropMail } from "./maildrops.ts";
import type { SandboxOptions } from "./options.ts";
import type { MaildropQuirks } from "./quirks.ts";

/** A sandbox without ports. Leaving its scope ends all connections. */
export interface MemorySandbox extends AsyncDisposable {
  /** Every message that was received, whether it has been removed or not. */
  readonly mails: readonly StoredMail[];
  /** What was received and answered, in order. */
  readonly ledger: Ledger;
  /**
   * The messages of one recipient that were received, whether they have been removed or not.
   *
   * @param address The address.
   */
  mailbox(address: string): readonly StoredMail[];
  /**
   * Puts messages into a maildrop, as if they had been received.
   *
   * @param address For whom.
   * @param mails The messages.
   */
  fill(address: string, mails: readonly (string | Uint8Array | FilledMail)[]): void;
  /**
   * The messages that a user finds by POP3.
   *
   * @param user The name of a user, or an address.
   */
  maildrop(user: string): readonly MaildropMail[];
  /**
   * Replaces what is odd about the maildrops, for all logins from now on.
   *
   * @param quirks What is odd.
   */
  quirks(quirks: MaildropQuirks): void;
  /**
   * Removes messages at once, as another client would do.
   *
   * @param uids Which messages.
   */
  expunge(...uids: readonly string[]): void;
  /**
   * Lets a message wait for ATRN, ETRN or TURN.
   *
   * @param domain For whom.
   * @param mail The message.
   */
  hold(domain: string, mail: HeldMail): void;
  /**
   * What waits for a domain.
   *
   * @param domain The domain.
   */
  held(domain: string): readonly HeldMail[];
  /**
   * Replaces the faults; their counts begin anew. Those of octets hold for new connections.
   *
   * @param faults What goes wrong from now on.
   */
  misbehave(...faults: readonly SandboxFault[]): void;
  /**
   * Serves a connection that came otherwise: one in memory, or one that was turned around.
   *
   * @param connection The connection; its other end is silent until it is greeted.
   * @param options Which protocol.
   * @returns Resolves when the session has ended, however, and before the sandbox is gone.
   */
  serve(connection: Connection, options?: HostedOptions): Promise<void>;
  /**
   * Opens a connection in memory, which is served.
   *
   * @param options Which protocol, and whether TLS comes first.
   * @returns The client's end.
   */
  connect(options?: HostedOptions): Connection;
}

/**
 * Makes a sandbox without ports: it needs no permission, and is reached by what it connects to.
 *
 * @param options What it is like.
 * @returns The sandbox.
 *
 * @example Usage
 * ```ts
 * import { memorySandbox } from "@mailwright/mailwright/sandbox";
 * import { connectSmtp } from "@mailwright/mailwright";
 * import { equal } from "node:assert/strict";
 *
 * await using box = memorySandbox();
 * await using session = await connectSmtp({ connection: box.connect() });
 * await session.send(
 *   { from: "ann@here.example", to: ["ben@there.example"], policy: "any" },
 *   "Subject: Hello\r\n\r\nHello Ben\r\n",
 * );
 * equal(box.mails.length, 1);
 * ```
 */
export function memorySandbox(
  options: Omit<SandboxOptions, "hostname" | "ports" | "identity"> = {},
): MemorySandbox {
  return faceOf(new SandboxHost(options));
}

/**
 * What users of a sandbox may do, however it is reached.
 *
 * @param host What all its connections share.
 * @returns The sandbox, without ports.
 */
export function faceOf(host: SandboxHost): MemorySandbox {
  const serve = (connection: Connection, hosted?: HostedOptions): Promise<void> =>
    host.run(host.serve(connection, hosted));
  return {
    ledger: host.ledger,
    mails: host.store.mails,
    mailbox: (address) => host.store.mailbox(address),
    fill(address, mails) {
      for (const mail of mails) {
        const plain = typeof mail === "string" || mail instanceof Uint8Array;
        host.maildrops.add(address, plain ? { content: mail } : mail);
      }
    },
    maildrop: (user) => host.maildrops.of(user),
    quirks: (quirks) => void (host.logins.quirks = quirks),
    expunge: (...uids) => host.expunge(uids),
    hold: (domain, mail) => host.held.hold(domain, mail),
    held: (domain) => host.held.waiting([domain]),
    misbehave: (...faults) => host.setFaults(faults),
    serve,
    connect(hosted) {
      const [ours, theirs] = memoryPair();
      serve(theirs, hosted);
      return ours;
    },
    async [Symbol.asyncDispose]() {
      host.stop();
      await host.idle();
    },
  };
}
