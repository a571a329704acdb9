/**
 * A small mail server for demos and tests, on loopback and in memory.
 *
 * @module
 */

import { type Connection, formatEndpoint } from "../wire/mod.ts";
import type { SandboxFault, SandboxProtocol } from "./faults.ts";
import type { HeldMail } from "./held_mail.ts";
import { type HostedOptions, SandboxHost } from "./host.ts";
import type { Ledger } from "./ledger.ts";
import { listen, type Listener } from "./listener.ts";
import { SANDBOX_CA } from "./localhost_pem.ts";
import type { StoredMail } from "./mailbox.ts";
import type { FilledMail, MaildropMail } from "./maildrops.ts";
import type { SandboxOptions, SandboxPorts } from "./options.ts";
import type { MaildropQuirks } from "./quirks.ts";

/** A running sandbox. Leaving its scope ends all connections and frees all ports. */
export interface Sandbox extends AsyncDisposable {
  /** SMTP with STARTTLS: `smtp://127.0.0.1:PORT`. */
  readonly smtpUrl: string;
  /** SMTP inside TLS: `smtps://127.0.0.1:PORT`. */
  readonly smtpsUrl: string;
  /** LMTP with STARTTLS: `lmtp://127.0.0.1:PORT`. */
  readonly lmtpUrl: string;
  /** POP3 with STLS: `pop3://127.0.0.1:PORT`. */
  readonly pop3Url: string;
  /** POP3 inside TLS: `pop3s://127.0.0.1:PORT`. */
  readonly pop3sUrl: string;
  /** The ports of all. */
  readonly ports: SandboxPorts;
  /** What a client must trust to believe the certificate. */
  readonly caCerts: readonly string[];
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
  serve(
    connection: Connection,
    options?: { readonly protocol?: SandboxProtocol },
  ): Promise<void>;
}

/**
 * Starts a sandbox on free ports of loopback.
 *
 * @param options What it is like.
 * @returns The sandbox, listening.
 * @throws {TypeError} If it is to listen elsewhere.
 *
 * @example Usage
 * ```ts
 * import { startSandbox } from "@mailwright/mailwright/sandbox";
 * import { connectSmtp } from "@mailwright/mailwright";
 * import { equal } from "node:assert/strict";
 *
 * await using box = await startSandbox();
 * await using session = await connectSmtp({ url: box.smtpUrl, caCerts: box.caCerts });
 * await session.send(
 *   { from: "ann@here.example", to: ["ben@there.example"], policy: "any" },
 *   "Subject: Hello\r\n\r\nHello Ben\r\n",
 * );
 * equal(box.mailbox("ben@there.example")[0]?.text.includes("Hello Ben"), true);
 * ```
 */
export async function startSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  const { hostname = "127.0.0.1", ports = {}, identity } = options;
  await using opened = new AsyncDisposableStack();
  const open = async (name: keyof SandboxPorts): Promise<Listener> =>
    opened.use(
      await listen({
        hostname,
        port: ports[name] ?? 0,
        ...(identity === undefined ? {} : { identity }),
      }),
    );
  const listeners = {
    smtp: await open("smtp"),
    smtps: await open("smtps"),
    lmtp: await open("lmtp"),
    pop3: await open("pop3"),
    pop3s: await open("pop3s"),
  };
  const host = new SandboxHost(options);
  host.run(accept(host, listeners.smtp, {}));
  host.run(accept(host, listeners.smtps, { implicitTls: true }));
  host.run(accept(host, listeners.lmtp, { protocol: "lmtp" }));
  host.run(accept(host, listeners.pop3, { protocol: "pop3" }));
  host.run(accept(host, listeners.pop3s, { protocol: "pop3", implicitTls: true }));
  const listening = opened.move();
  const url = (name: keyof SandboxPorts): string =>
    `${name}://${formatEndpoint(listeners[name].endpoint)}`;
  const port = (name: keyof SandboxPorts): number => listeners[name].endpoint.port;
  return {
    smtpUrl: url("smtp"),
    smtpsUrl: url("smtps"),
    lmtpUrl: url("lmtp"),
    pop3Url: url("pop3"),
    pop3sUrl: url("pop3s"),
    ports: {
      smtp: port("smtp"),
      smtps: port("smtps"),
      lmtp: port("lmtp"),
      pop3: port("pop3"),
      pop3s: port("pop3s"),
    },
    caCerts: [identity?.cert ?? SANDBOX_CA],
    ledger: host.ledger,
    get mails() {
      return host.store.mails;
    },
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
    serve: (connection, hosted) => host.run(host.serve(connection, hosted)),
    async [Symbol.asyncDispose]() {
      host.stop();
      // All at once, for each takes its time.
      for (const listener of Object.values(listeners)) listener.close();
      await listening.disposeAsync();
      await host.idle();
    },
  };
}

/** Serves all that come to a port, until it is closed. */
async function accept(host: SandboxHost, listener: Listener, hosted: HostedOptions): Promise<void> {
  for await (const connection of listener) host.run(host.serve(connection, hosted));
}
