/**
 * APOP (RFC 1939 section 7), which is no mechanism but a command of POP3: a digest of the greeting's
 * stamp and the password. Who listens can try passwords against it, and a false server can even learn
 * the first characters (CVE-2007-1558): for TLS only.
 *
 * @module
 */

import { checked } from "./credentials.ts";
import { md5 } from "./md5.ts";
import { utf8 } from "./octets.ts";
import type { Secret } from "./secret.ts";

// RFC 1939 section 7: "the syntax of the timestamp corresponds to the `msg-id' in RFC 822". The
// attack of CVE-2007-1558 needs octets outside of it.
const STAMP = /^[^<>]*(<[\x21-\x3b\x3d\x3f\x41-\x7e]+@[\x21-\x3b\x3d\x3f\x41-\x7e]+>)[^<>]*$/;

/**
 * The stamp in a greeting.
 *
 * @param greeting The text of the greeting.
 * @returns The stamp with its angle brackets; `undefined` if there is not exactly one, or it is no
 *   message identifier.
 *
 * @example Usage
 * ```ts
 * import { apopStamp } from "@mailwright/mailwright/sasl";
 * import { equal } from "node:assert/strict";
 *
 * equal(apopStamp("POP3 ready <1896.697170952@dbc.mtview.ca.us>"), "<1896.697170952@dbc.mtview.ca.us>");
 * equal(apopStamp("POP3 ready <\xff@dbc.mtview.ca.us>"), undefined);
 * ```
 */
export function apopStamp(greeting: string): string | undefined {
  return STAMP.exec(greeting)?.[1];
}

/**
 * The digest that APOP sends.
 *
 * @param stamp The stamp of the greeting, with its angle brackets.
 * @param password The shared secret.
 * @returns 32 hexadecimal digits.
 * @throws {TypeError} If the stamp is none, or the password cannot be sent.
 *
 * @example Usage
 * ```ts
 * import { apopDigest, Secret } from "@mailwright/mailwright/sasl";
 * import { equal } from "node:assert/strict";
 *
 * // The example of RFC 1939.
 * const digest = await apopDigest("<1896.697170952@dbc.mtview.ca.us>", new Secret("tanstaaf"));
 * equal(digest, "c4c9334bac560ecc979e58001b3e22fb");
 * ```
 */
export async function apopDigest(stamp: string, password: Secret): Promise<string> {
  if (apopStamp(stamp) !== stamp) {
    throw new TypeError("Cannot use the stamp: it is no message identifier");
  }
  const secret = checked("password", password.expose());
  return (await md5(utf8(stamp + secret))).toHex();
}
