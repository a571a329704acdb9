/**
 * Which mechanisms a login may use, and in what order.
 *
 * @module
 */

import { checkPop3ConnectOptions } from "../../pop3/mod.ts";
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
import type { ProbeTarget } from "./target.ts";

/** One way to log in: a mechanism, or credentials that fit several. */
export type Attempt = Credentials | SaslMechanism;

const PASSWORD = ["SCRAM-SHA-512", "SCRAM-SHA-256", "SCRAM-SHA-1", "CRAM-MD5", "PLAIN", "LOGIN"];
const TOKEN = ["OAUTHBEARER", "XOAUTH2"];
/** What POP3 has beside AUTH; APOP is used only if it is named. */
const POP3_OWN = ["USER", "APOP"];

/**
 * Lists the ways to log in, best first.
 *
 * @param login Who logs in.
 * @param target The server, for what its protocol knows and for mechanisms that name it.
 * @returns The ways; what is wrong with a name or a secret is found out here.
 * @throws {TypeError} If something is missing, or cannot be sent.
 */
export function planLogin(
  login: ProbeLogin,
  target: Pick<ProbeTarget, "host" | "port" | "protocol">,
): Attempt[] {
  const { user, password, token } = login;
  const own = target.protocol === "pop3" ? POP3_OWN : [];
  const byPassword = [...PASSWORD, ...own];
  const names = login.mechanisms?.map((name) => name.toUpperCase()) ?? [
    ...(password === undefined ? [] : byPassword.filter((name) => name !== "APOP")),
    ...(token === undefined ? [] : TOKEN),
  ];
  if (names.length === 0) throw new TypeError("Cannot log in: a password or a token is missing");
  return grouped(names, byPassword).map((group): Attempt => {
    const [name = ""] = group;
    if (byPassword.includes(name)) {
      const credentials = {
        user: required(user, `${name} needs a user`),
        password: required(password, `${name} needs a password`),
        mechanisms: group,
      };
      checkSendable(credentials, target);
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
        const { host, port } = target;
        return oauthBearer({ ...given, host, ...(port === null ? {} : { port }) });
      }
      case "EXTERNAL":
        return external(user === undefined ? {} : { authorize: user });
      case "ANONYMOUS":
        return anonymous(user === undefined ? {} : { trace: user });
      default: {
        const known = [...byPassword, ...TOKEN, "EXTERNAL", "ANONYMOUS"];
        throw new TypeError(
          `Cannot log in by "${name.slice(0, 40)}": known are ${known.join(", ")}`,
        );
      }
    }
  });
}

/** Throws for what cannot be sent. */
function checkSendable(
  credentials: Credentials & { readonly mechanisms: readonly string[] },
  { protocol }: Pick<ProbeTarget, "protocol">,
): void {
  if (protocol === "pop3") {
    checkPop3ConnectOptions({ url: "pop3s://localhost", auth: credentials });
  } else negotiate(credentials.mechanisms, credentials, { secure: true });
}

/** The names of the mechanisms of an attempt. */
export function namesOf(attempt: Attempt): readonly string[] {
  return "start" in attempt ? [attempt.name] : attempt.mechanisms ?? [];
}

/** Neighbours that take a password go together: the session chooses among them. */
function grouped(names: readonly string[], byPassword: readonly string[]): string[][] {
  const groups: string[][] = [];
  for (const name of names) {
    const last = groups.at(-1);
    if (byPassword.includes(name) && byPassword.includes(last?.[0] ?? "")) last?.push(name);
    else groups.push([name]);
  }
  return groups;
}

function required<T>(value: T | undefined, why: string): T {
  if (value === undefined) throw new TypeError(`Cannot log in: ${why}`);
  return value;
}
