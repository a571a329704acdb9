/**
 * Plays a client against a server without a network.
 *
 * @module
 */

import type {
  CredentialStore,
  SaslClient,
  SaslMechanism,
  SaslMessage,
  SaslServer,
  SaslStep,
} from "../../src/sasl/mod.ts";
import { Secret } from "../../src/sasl/mod.ts";

/** What happened in an exchange. */
export interface Exchange {
  /** How it ended at the server. */
  readonly end: SaslStep;
  /** The client, before `finish()`. */
  readonly client: SaslClient;
  /** What each message of the client looks like in a transcript. */
  readonly shown: readonly string[];
  /** What the server asked. */
  readonly challenges: readonly string[];
}

/** Octets of text. */
export function octets(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}

/** Text of octets; `undefined` if there are none. */
export function text(bytes: Uint8Array | undefined): string | undefined {
  return bytes && new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
}

/** The first message of a client, as text. */
export async function firstWords(mechanism: SaslMechanism): Promise<string | undefined> {
  return text((await mechanism.start().initial())?.bytes);
}

/** Passwords of users, as a store. */
export function storeOf(passwords: Readonly<Record<string, string>>): CredentialStore {
  const known = new Map(Object.entries(passwords));
  return {
    password(user) {
      const password = known.get(user);
      return password === undefined ? undefined : new Secret(password);
    },
  };
}

/** Plays an exchange to its end; `late` keeps the initial response for the first challenge. */
export async function play(
  mechanism: SaslMechanism,
  server: SaslServer,
  options: { readonly late?: boolean } = {},
): Promise<Exchange> {
  const client = mechanism.start();
  const shown: string[] = [];
  const challenges: string[] = [];
  const say = (message: SaslMessage | undefined): Uint8Array | undefined => {
    if (message) shown.push(message.shown);
    return message?.bytes;
  };
  let kept = await client.initial();
  let end = await server.step(options.late ? undefined : say(kept));
  if (!options.late) kept = undefined;
  while (end.kind === "challenge") {
    challenges.push(text(end.bytes) ?? "");
    end = await server.step(say(kept ?? await client.answer(end.bytes)));
    kept = undefined;
  }
  return { end, client, shown, challenges };
}
