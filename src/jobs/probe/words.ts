/**
 * How protocols name what is the same in all of them.
 *
 * @module
 */

import type { ProbeProtocol, StageName } from "./result.ts";

/** The words of a protocol. */
export interface ProtocolWords {
  /** Its name. */
  readonly name: "SMTP" | "LMTP" | "POP3";
  /** The command that asks what is offered. */
  readonly hello: "EHLO" | "LHLO" | "CAPA";
  /** The stages of that command: before TLS, inside it, after the login. */
  readonly phases: {
    readonly clear: StageName;
    readonly tls: StageName;
    readonly authenticated: StageName;
  };
  /** The command that starts TLS. */
  readonly startTls: "STARTTLS" | "STLS";
  /** Its stage. */
  readonly upgrade: "starttls" | "stls";
  /** What a middlebox puts in the place of that word in what is offered. */
  readonly overwritten: RegExp;
  /** The schemes that begin in the clear. */
  readonly plain: string;
  /** The scheme that begins with TLS, and its port. */
  readonly implicit?: { readonly scheme: string; readonly port: number };
}

const MAIL = {
  phases: { clear: "ehlo", tls: "ehlo2", authenticated: "ehlo3" },
  startTls: "STARTTLS",
  upgrade: "starttls",
  overwritten: /^250[ -]X{4,}[A-Z]?$/,
} as const;

/** The words of each protocol. */
export const WORDS: Readonly<Record<ProbeProtocol, ProtocolWords>> = {
  smtp: {
    ...MAIL,
    name: "SMTP",
    hello: "EHLO",
    plain: "smtp:// or submission://",
    implicit: { scheme: "smtps://", port: 465 },
  },
  lmtp: { ...MAIL, name: "LMTP", hello: "LHLO", plain: "lmtp://" },
  pop3: {
    name: "POP3",
    hello: "CAPA",
    phases: { clear: "capa", tls: "capa2", authenticated: "capa3" },
    startTls: "STLS",
    upgrade: "stls",
    overwritten: /^X{4}$/,
    plain: "pop3://",
    implicit: { scheme: "pop3s://", port: 995 },
  },
};
