/**
 * Where the script listens, and who it is there.
 *
 * @module
 */

import type { DialogueProtocol } from "../../src/dialogue/mod.ts";
import type { Listener, ServerIdentity } from "../../src/sandbox/mod.ts";
import { readText } from "../shared/files.ts";
import type { IdentityCall, ListenAddress } from "./calls.ts";
import type { SandboxModule } from "./context.ts";
import { fail } from "./failure.ts";

/**
 * Refuses an address where something else is spoken.
 *
 * @param address Where.
 * @param protocol What is to be spoken.
 */
export function checkProtocol(
  { protocol: there }: ListenAddress,
  protocol: DialogueProtocol,
): void {
  if (there === undefined || there === protocol) return;
  fail(`Cannot listen: ${there} is named as what is spoken, and the dialogue speaks ${protocol}`);
}

/**
 * Listens.
 *
 * @param address Where.
 * @param call The files of the certificate.
 * @param sandbox What listens.
 * @returns The listener.
 */
export async function listenAt(
  { hostname, port }: ListenAddress,
  call: IdentityCall,
  { listen }: SandboxModule,
): Promise<Listener> {
  const identity = await identityOf(call);
  return await listen({ hostname, port, ...(identity === undefined ? {} : { identity }) });
}

/**
 * An address, as a person would write it.
 *
 * @param address Where.
 * @param port The port that it came to.
 */
export function addressOf({ hostname, protocol, tls }: ListenAddress, port: number): string {
  const host = hostname.includes(":") ? `[${hostname}]` : hostname;
  return tls ? `${protocol}s://${host}:${port}` : `${host}:${port}`;
}

/**
 * Who the server is inside TLS.
 *
 * @param call The files of the certificate.
 * @returns The certificate; nothing for the one of the sandbox.
 */
export async function identityOf({ cert, key }: IdentityCall): Promise<ServerIdentity | undefined> {
  if (cert === undefined && key === undefined) return undefined;
  if (cert === undefined || key === undefined) {
    return fail("Cannot listen: --cert and --key belong together");
  }
  return { cert: await readText("--cert", cert), key: await readText("--key", key) };
}
