/**
 * Which mechanisms a login may use, and in what order.
 *
 * @module
 */

import {
  anonymous,
  type Credentials,
  external,
  negotiate,
  oauthBearer,
  type SaslMechanism,
  xoauth2,
} from "../../smtp/mod.ts";
import type { ProbeLogin } from "./options.ts";

/** One way to log in: a mechanism, or credentials that fit several. */
export type Attempt = Credentials | SaslMechanism;

const PASSWORD = ["SCRAM-SHA-512", "SCRAM-SHA-256", "SCRAM-SHA-1", "CRAM-MD5", "PLAIN", "LOGIN"];
const TOKEN = ["OAUTHBEARER", "XOAUTH2"];
const KNOWN = [...PASSWORD, ...TOKEN, "EXTERNAL", "ANONYMOUS"];

/**
 * Lists the ways to log in, best first.
 *
 * @param login Who logs in.
 * @param server The server, for mechanisms that name it.
 * @returns The ways; what is wrong with a name or a secret is found out here.
 * @throws {TypeError} If something is missing, or cannot be sent.
 */
export function planLogin(
  login: ProbeLogin,
  server: { readonly host: string; readonly port: number | null },
): Attempt[] {
  const { user, password, token } = login;
  const names = login.mechanisms?.map((name) => name.toUpperCase()) ??
    [...(password === undefined ? [] : PASSWORD), ...(token === undefined ? [] : TOKEN)];
  if (names.length === 0) throw new TypeError("Cannot log in: a password or a token is missing");
  return grouped(names).map((group): Attempt => {
    const [name = ""] = group;
    if (PASSWORD.includes(name)) {
      const credentials = {
        user: required(user, `${name} needs a user`),
        password: required(password, `${name} needs a password`),
        mechanisms: group,
      };
      negotiate(group, credentials, { secure: true }); // throws for what cannot be sent
      return credentials;
    }
    switch (name) {
      case "OAUTHBEARER":
      case "XOAUTH2": {
        const given = {
          user: required(user, `${name} needs a user`),
          token: required(token, `${name} needs a token`),
        };
        if (name === "XOAUTH2") return xoauth2(given);
        const { host, port } = server;
        return oauthBearer({ ...given, host, ...(port === null ? {} : { port }) });
      }
      case "EXTERNAL":
        return external(user === undefined ? {} : { authorize: user });
      case "ANONYMOUS":
        return anonymous(user === undefined ? {} : { trace: user });
      default:
        throw new TypeError(
          `Cannot log in by "${name.slice(0, 40)}": known are ${KNOWN.join(", ")}`,
        );
    }
  });
}

/** The names of the mechanisms of an attempt. */
export function namesOf(attempt: Attempt): readonly string[] {
  return "start" in attempt ? [attempt.name] : attempt.mechanisms ?? [];
}

/** Neighbours that take a password go together: the session chooses among them. */
function grouped(names: readonly string[]): string[][] {
  const groups: string[][] = [];
  for (const name of names) {
    const last = groups.at(-1);
    if (PASSWORD.includes(name) && PASSWORD.includes(last?.[0] ?? "")) last?.push(name);
    else groups.push([name]);
  }
  return groups;
}

function required<T>(value: T | undefined, why: string): T {
  if (value === undefined) throw new TypeError(`Cannot log in: ${why}`);
  return value;
}
