/**
 * Who may log in to the sandbox.
 *
 * @module
 */

import { type CredentialStore, sameSecret, Secret } from "../server/mod.ts";

/** Somebody who may log in. */
export interface SandboxUser {
  /** The password. */
  readonly password: string;
  /** The access token for XOAUTH2 and OAUTHBEARER. */
  readonly token?: string;
  /** The domains whose mail the user may ask for with ATRN. @default {[]} */
  readonly domains?: readonly string[];
  /**
   * The addresses whose mail is in the user's maildrop. By default a name with `@` is the address, and
   * a name without it stands for every address with this local part.
   */
  readonly addresses?: readonly string[];
}

/** The users by name: a password, or more. */
export type SandboxUsers = Readonly<Record<string, string | SandboxUser>>;

/**
 * A user by name.
 *
 * @param users The users.
 * @param name The name.
 * @returns The user, if there is one.
 */
export function userOf(users: SandboxUsers, name: string): SandboxUser | undefined {
  const user = Object.hasOwn(users, name) ? users[name] : undefined;
  return typeof user === "string" ? { password: user } : user;
}

/**
 * The users as the engines ask for them.
 *
 * @param users The users.
 * @returns What they prove themselves with.
 */
export function credentialsOf(users: SandboxUsers): CredentialStore {
  return {
    password(name) {
      const user = userOf(users, name);
      return user === undefined ? undefined : new Secret(user.password);
    },
    token(name, token) {
      const known = userOf(users, name)?.token;
      return known === undefined ? false : sameSecret(token, new Secret(known));
    },
  };
}
