/**
 * A small mail server for demos and tests, on loopback and in memory.
 *
 * @module
 */

import { type Connection, formatEndpoint } from "../wire/mod.ts";
import type { SandboxFault } from "./faults.ts";
import type { HeldMail } from "./held_mail.ts";
import { type HostedOptions, SandboxHost } from "./host.ts";
import type { Ledger } from "./ledger.ts";
import { listen, type Listener } from "./listener.ts";
import { SANDBOX_CA } from "./localhost_pem.ts";
import type { StoredMail } from "./mailbox.ts";
import type { SandboxOptions } from "./options.ts";

/** A running sandbox. Leaving its scope ends all connections and frees all ports. */
export interface Sandbox extends AsyncDisposable {
  /** SMTP with STARTTLS: `smtp://127.0.0.1:PORT`. */
  readonly smtpUrl: string;
  /** SMTP inside TLS: `smtps://127.0.0.1:PORT`. */
  readonly smtpsUrl: string;
  /** LMTP with STARTTLS: `lmtp://127.0.0.1:PORT`. */
  readonly lmtpUrl: string;
  /** The ports of the three. */
  readonly ports: { readonly smtp: number; readonly smtps: number; readonly lmtp: number };
  /** What a client must trust to believe the certificate. */
  readonly caCerts: readonly string[];
  /** Every message that was received. */
  readonly mails: readonly StoredMail[];
  /** What was received and answered, in order. */
  readonly ledger: Ledger;
  /**
   * The messages of one recipient.
   *
   * @param address The address.
   */
  mailbox(address: string): readonly StoredMail[];
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
   * @returns Resolves when the session has ended.
   */
  serve(connection: Connection, options?: { readonly protocol?: "smtp" | "lmtp" }): Promise<void>;
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
  const open = async (port = 0): Promise<Listener> =>
    opened.use(await listen({ hostname, port, ...(identity === undefined ? {} : { identity }) }));
  const smtp = await open(ports.smtp);
  const smtps = await open(ports.smtps);
  const lmtp = await open(ports.lmtp);
  const host = new SandboxHost(options);
  host.run(accept(host, smtp, {}));
  host.run(accept(host, smtps, { implicitTls: true }));
  host.run(accept(host, lmtp, { protocol: "lmtp" }));
  const listening = opened.move();
  return {
    smtpUrl: `smtp://${formatEndpoint(smtp.endpoint)}`,
    smtpsUrl: `smtps://${formatEndpoint(smtps.endpoint)}`,
    lmtpUrl: `lmtp://${formatEndpoint(lmtp.endpoint)}`,
    ports: { smtp: smtp.endpoint.port, smtps: smtps.endpoint.port, lmtp: lmtp.endpoint.port },
    caCerts: [identity?.cert ?? SANDBOX_CA],
    ledger: host.ledger,
    get mails() {
      return host.store.mails;
    },
    mailbox: (address) => host.store.mailbox(address),
    hold: (domain, mail) => host.held.hold(domain, mail),
    held: (domain) => host.held.waiting([domain]),
    misbehave: (...faults) => host.setFaults(faults),
    serve: (connection, hosted) => host.serve(connection, hosted),
    async [Symbol.asyncDispose]() {
      host.stop();
      await listening.disposeAsync();
      await host.idle();
    },
  };
}

/** Serves all that come to a port, until it is closed. */
async function accept(host: SandboxHost, listener: Listener, hosted: HostedOptions): Promise<void> {
  for await (const connection of listener) host.run(host.serve(connection, hosted));
}
