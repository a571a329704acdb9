/**
 * The exchange between a client and a mechanism of sasl, as SMTP (RFC 4954) and POP3 (RFC 5034) have it.
 *
 * @module
 */

import type { SaslServer } from "../sasl/mod.ts";
import type { LineSession } from "./line_session.ts";

/** More challenges than any mechanism needs. */
const ROUNDS = 10;

/** How an exchange ended. */
export type ExchangeEnd =
  | { readonly user: string }
  | "failed"
  | "cancelled"
  | "malformed"
  | "too long";

/**
 * Lets a client and a mechanism talk.
 *
 * @param session The session, whose client has sent AUTH.
 * @param mechanism The mechanism.
 * @param options `initial` is the initial response, as it stood in the line; `prompt` is what a
 * challenge begins with.
 * @returns Whom the client may act as, or why not.
 */
export async function exchange<Reply>(
  session: LineSession<Reply>,
  mechanism: SaslServer,
  { initial, prompt }: { readonly initial: string | undefined; readonly prompt: "334 " | "+ " },
): Promise<ExchangeEnd> {
  // RFC 4954 section 4 and RFC 5034 section 4: "=" is an empty initial response.
  let given = initial === "=" ? "" : initial;
  for (let round = 0; round <= ROUNDS; round++) {
    const response = given === undefined ? undefined : decode(given);
    if (response === undefined && given !== undefined) return "malformed";
    const step = await mechanism.step(response);
    if (step.kind === "success") return { user: step.authorize ?? step.user };
    if (step.kind === "failure") return "failed";
    given = await session.ask(prompt + step.bytes.toBase64());
    if (given === "*") return "cancelled";
    if (given.length > session.settings.limits.authLineOctets) return "too long";
  }
  return "failed";
}

/** Strict base64 (RFC 4954 section 4): padding where it belongs, nothing besides. */
function decode(text: string): Uint8Array | undefined {
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(text)) return undefined;
  try {
    return Uint8Array.fromBase64(text, { lastChunkHandling: "strict" });
  } catch {
    return undefined; // wrong padding, or bits after the end
  }
}
