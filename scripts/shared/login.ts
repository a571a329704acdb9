/**
 * From the options of a login to what a session needs.
 *
 * @module
 */

import {
  readSecret,
  type ScriptIo,
  type SecretReaders,
  type SecretSource,
  ValidationError,
} from "../../src/cli/mod.ts";
import {
  type Credentials,
  external,
  oauthBearer,
  type SaslMechanism,
  Secret,
  xoauth2,
} from "../../src/smtp/mod.ts";

/** Where secrets come from. */
export interface SecretContext {
  /** The script. */
  readonly io: ScriptIo;
  /** The system, or a stand-in. */
  readonly readers?: SecretReaders | undefined;
}

/** Who logs in, and how. */
export interface Login {
  /** The name. */
  readonly user: string;
  /** Where the password comes from. */
  readonly passwordFrom: SecretSource | undefined;
  /** Where an OAuth access token comes from. */
  readonly tokenFrom: SecretSource | undefined;
  /** The only mechanisms to use. */
  readonly mechanisms: readonly string[] | undefined;
  /** The server, for mechanisms that name it. */
  readonly host: string;
  /** Its port. */
  readonly port: number;
  /** What the names of options begin with. */
  readonly prefix: "--" | "--smtp-";
}

/**
 * Reads the secret of a login.
 *
 * @param login Who logs in, and how.
 * @param context Where secrets come from.
 * @returns What a session needs.
 */
export async function loginOf(
  login: Login,
  { io, readers }: SecretContext,
): Promise<Credentials | SaslMechanism> {
  const { user, passwordFrom, tokenFrom, mechanisms, host, port } = login;
  const source = passwordFrom ?? tokenFrom;
  const named = mechanisms?.map((name) => name.toUpperCase());
  if (source === undefined) {
    if (named?.join() === "EXTERNAL") return external({ authorize: user });
    return fail(
      `${login.prefix}user needs ${login.prefix}password-from or ${login.prefix}token-from`,
    );
  }
  const question = `${passwordFrom === undefined ? "Token" : "Password"} of ${user}`;
  const secret = new Secret(
    await readSecret(source, { question, signal: io.signal, ...(readers && { readers }) }),
  );
  if (passwordFrom !== undefined) {
    return { user, password: secret, ...(named && { mechanisms: named }) };
  }
  const [name = "OAUTHBEARER", ...others] = named ?? [];
  if (others.length > 0 || !["OAUTHBEARER", "XOAUTH2"].includes(name)) {
    return fail(`a token goes with ${login.prefix}auth OAUTHBEARER or XOAUTH2`);
  }
  return checked(() =>
    name === "XOAUTH2"
      ? xoauth2({ user, token: secret })
      : oauthBearer({ user, token: secret, host, port })
  );
}

/**
 * What is refused before anything is sent is a fault of the call.
 *
 * @param check What may refuse it.
 * @returns What it gives.
 */
export function checked<T>(check: () => T): T {
  try {
    return check();
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new ValidationError(message, { cause: error });
  }
}

function fail(why: string): never {
  throw new ValidationError(`Cannot log in: ${why}`);
}
