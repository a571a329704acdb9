/**
 * What the server's end asks about users.
 *
 * @module
 */

import { sameText } from "./octets.ts";
import { Secret } from "./secret.ts";

/** Who may log in. Passwords are in clear here: CRAM-MD5 and SCRAM cannot be checked otherwise. */
export interface CredentialStore {
  /**
   * The password of a user.
   *
   * @param user The user name, prepared by RFC 4013 where the mechanism says so.
   * @returns The password; `undefined` if there is no such user.
   */
  password(user: string): Secret | undefined | Promise<Secret | undefined>;
  /**
   * Whether an OAuth access token is valid for a user; {@linkcode sameSecret} compares. Without this
   * method XOAUTH2 and OAUTHBEARER are not available.
   *
   * @param user The user name.
   * @param token What the client sent.
   */
  token?(user: string, token: Secret): boolean | Promise<boolean>;
  /**
   * Whether a user, logged in, may act as another. Without this method nobody may.
   *
   * @param user Who logged in.
   * @param authorize Who they want to be.
   */
  mayActAs?(user: string, authorize: string): boolean | Promise<boolean>;
}

/**
 * Whether two secrets are equal; the time it takes tells nothing about them.
 *
 * @param given What a client sent.
 * @param stored What it should be; `undefined` is never equal, and takes as long.
 * @returns Whether both are the same.
 *
 * @example Usage
 * ```ts
 * import { sameSecret, Secret } from "@mailwright/mailwright/sasl";
 * import { equal } from "node:assert/strict";
 *
 * equal(await sameSecret(new Secret("pencil"), new Secret("pencil")), true);
 * equal(await sameSecret(new Secret("pencil"), undefined), false);
 * ```
 */
export async function sameSecret(given: Secret, stored: Secret | undefined): Promise<boolean> {
  const same = await sameText(given.expose(), (stored ?? NOBODY).expose());
  return same && stored !== undefined;
}

/** Stands in for the password of an unknown user, so that the same work is done. */
export const NOBODY: Secret = new Secret("nobody has this password");

/** The password of a user; an empty one counts as none, or no password at all would be one. */
export async function passwordOf(
  store: CredentialStore,
  user: string,
): Promise<Secret | undefined> {
  const password = await store.password(user);
  return password?.expose() === "" ? undefined : password;
}
