/**
 * Who has a mailbox on the servers, following the example of RFC 821: Jones and Brown exist,
 * Green does not.
 *
 * @module
 */

/** Passwords by address. */
export type Users = Readonly<Record<string, string>>;

/** The users of a server that is not told otherwise. */
export const USERS: Users = {
  "jones@beta.example": "jones-reads-mail",
  "brown@beta.example": "brown-reads-mail",
};

/** An address that a server with {@linkcode USERS} refuses with 550. */
export const STRANGER = "green@beta.example";

/** The domains of the users, each once. */
export function domainsOf(users: Users): string[] {
  return [...new Set(Object.keys(users).map((address) => splitAddress(address).domain))];
}

/** Cuts an address at its last @ sign. */
export function splitAddress(address: string): { local: string; domain: string } {
  const at = address.lastIndexOf("@");
  return { local: address.slice(0, at), domain: address.slice(at + 1) };
}
