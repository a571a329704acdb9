/**
 * A small mail server for demos and tests, on loopback and in memory.
 *
 * @module
 */

import { formatEndpoint } from "../wire/mod.ts";
import { type HostedOptions, SandboxHost } from "./host.ts";
import { listen, type Listener } from "./listener.ts";
import { SANDBOX_CA } from "./localhost_pem.ts";
import { faceOf, type MemorySandbox } from "./memory_sandbox.ts";
import type { SandboxOptions, SandboxPorts } from "./options.ts";

/** A running sandbox. Leaving its scope ends all connections and frees all ports. */
export interface Sandbox extends MemorySandbox {
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
    ...faceOf(host),
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
