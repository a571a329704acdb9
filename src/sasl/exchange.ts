/**
 * How the two ends of an exchange run, whatever the mechanism.
 *
 * @module
 */

import { type CredentialStore, passwordOf, sameSecret } from "./credential_store.ts";
import {
  type SaslClient,
  SaslError,
  type SaslMessage,
  type SaslServer,
  type SaslStep,
} from "./mechanism.ts";
import { EMPTY } from "./octets.ts";
import { prepare } from "./prepare.ts";
import { Secret } from "./secret.ts";

/** The error of a client that cannot go on. */
export function broken(mechanism: string, seen: string): SaslError {
  return new SaslError(mechanism, `Cannot authenticate with "${mechanism}": ${seen}`);
}

/** The client of a mechanism that says everything at once. */
export function oneMessage(mechanism: string, message: SaslMessage): SaslClient {
  return {
    initial: () => Promise.resolve(message),
    answer: () => Promise.reject(broken(mechanism, "the server asks again after all was said")),
    finish() {},
  };
}

/** How an exchange ends at the server. */
export type Outcome = Exclude<SaslStep, { kind: "challenge" }>;

/** A server's part as a conversation: it yields challenges, is resumed with responses, and returns. */
export type Conversation = AsyncGenerator<Uint8Array, Outcome, Uint8Array>;

/** The server's end as an object with steps. */
export function converse(
  name: string,
  exposesSecret: boolean,
  begin: (initial: Uint8Array | undefined) => Conversation,
): SaslServer {
  let conversation: Conversation | undefined;
  return {
    name,
    exposesSecret,
    async step(response) {
      conversation ??= begin(response);
      const { done, value } = await conversation.next(response ?? EMPTY);
      if (!done) return { kind: "challenge", bytes: value };
      // A generator that has returned before gives undefined, which its type does not say.
      return value ?? refuse("the exchange is over");
    },
  };
}

/** The failure of an exchange. Who logs in learns none of it, the operator does. */
export function refuse(reason: string): Outcome {
  return { kind: "failure", reason };
}

/** The one reason for an unknown user and a wrong password. */
export const WRONG: Outcome = refuse("wrong user or password");

/** Success for a user who has proved who they are, if they may act as whom they ask to be. */
export async function admit(
  store: Pick<CredentialStore, "mayActAs">,
  user: string,
  authorize: string,
): Promise<Outcome> {
  if (authorize === "" || authorize === user) return { kind: "success", user };
  return await store.mayActAs?.(user, authorize)
    ? { kind: "success", user, authorize }
    : refuse("the user may not act as another");
}

/** Checks a password that came in clear; both sides are prepared (RFC 4616 section 2). */
export async function admitPassword(
  store: CredentialStore,
  given: { readonly user: string; readonly password: string; readonly authorize: string },
): Promise<Outcome> {
  const user = prepare(given.user);
  const password = prepare(given.password);
  if (user === undefined || password === undefined) {
    return refuse("user or password is empty or holds a refused character");
  }
  const stored = prepare((await passwordOf(store, user))?.expose() ?? "");
  const same = await sameSecret(
    new Secret(password),
    stored === undefined ? undefined : new Secret(stored),
  );
  return same ? await admit(store, user, given.authorize) : WRONG;
}
