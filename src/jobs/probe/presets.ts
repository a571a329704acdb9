/**
 * The words of RFC 3848, by which `Received:` records how a mail came: what each asks of a session.
 *
 * @module
 */

import type { ProtocolWord } from "./options.ts";

/** What a word asks for. */
export interface Preset {
  /** How the session greets. */
  readonly hello: "HELO" | "EHLO" | "LHLO";
  /** Whether there is TLS. */
  readonly tls: boolean;
  /** Whether somebody logs in. */
  readonly login: boolean;
}

/** The words and what they ask for. */
export const PRESETS: Readonly<Record<ProtocolWord, Preset>> = {
  smtp: { hello: "HELO", tls: false, login: false },
  esmtp: { hello: "EHLO", tls: false, login: false },
  esmtps: { hello: "EHLO", tls: true, login: false },
  esmtpa: { hello: "EHLO", tls: false, login: true },
  esmtpsa: { hello: "EHLO", tls: true, login: true },
  lmtp: { hello: "LHLO", tls: false, login: false },
  lmtps: { hello: "LHLO", tls: true, login: false },
  lmtpa: { hello: "LHLO", tls: false, login: true },
  lmtpsa: { hello: "LHLO", tls: true, login: true },
};
