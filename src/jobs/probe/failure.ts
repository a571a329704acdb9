/**
 * Why a probe could not go on: errors as facts, decided by class and field and never by their texts.
 *
 * @module
 */

import { Pop3AuthError, Pop3LocalError } from "../../pop3/mod.ts";
import { SmtpAuthError, SmtpLocalError } from "../../smtp/mod.ts";
import {
  ClosedError,
  DialError,
  LineTooLongError,
  ProtocolError,
  TimeoutError,
  TlsError,
  type TlsFailure,
  WireError,
} from "../../wire/mod.ts";
import type { Recorder } from "./recorder.ts";
import type { StageName } from "./result.ts";

/** What ended a probe early. */
export type FailureKind =
  | "no-address"
  | "refused"
  | "unreachable"
  | "connect-timeout"
  | "proxy"
  | "permission"
  | "timeout"
  | "closed"
  | "early-talk"
  | "mixed-codes"
  | "malformed"
  | "too-long"
  | "injection"
  | "tls"
  | "auth"
  | "local";

/** What ended a probe early, and where. */
export interface Failure {
  /** What it was. */
  readonly kind: FailureKind;
  /** Where it was. */
  readonly stage: StageName;
  /** What was seen, in a sentence without secrets. */
  readonly text: string;
  /** Why TLS failed, where it did. */
  readonly tls?: TlsFailure;
  /** How long was waited, in milliseconds, where a limit ran out. */
  readonly limitMs?: number;
}

/**
 * Says what an error means for a probe.
 *
 * @param error What was thrown.
 * @param stage Where.
 * @param recorder What was heard.
 * @param proxied Whether a proxy stands between us and the server.
 * @returns The facts; `undefined` if the error says nothing about the server: then it is a fault of ours.
 */
export function failureOf(
  error: unknown,
  stage: StageName,
  recorder: Recorder,
  proxied: boolean,
): Failure | undefined {
  if (error instanceof DialError) {
    const kind = dialKind(error, proxied);
    const text = kind === "permission" ? "the permission to connect is not granted" : error.message;
    return { kind, stage, text };
  }
  if (error instanceof TimeoutError) {
    const kind = stage === "tcp" ? "connect-timeout" : "timeout";
    return { kind, stage, text: error.message, limitMs: error.limitMs };
  }
  if (error instanceof TlsError) {
    return { kind: "tls", stage, text: error.message, tls: error.failure };
  }
  if (error instanceof ClosedError) {
    // A server that dislikes our certificate says so with the first octets after the handshake.
    const { cause } = error;
    if (cause instanceof TlsError) {
      return { kind: "tls", stage: "tls", text: cause.message, tls: cause.failure };
    }
    return { kind: "closed", stage, text: error.message };
  }
  if (error instanceof ProtocolError) {
    const kind = breachKind(error, stage, recorder);
    // Whoever talks early has done so behind the last answer, wherever it is noticed.
    const where = kind === "early-talk" ? recorder.answered ?? stage : stage;
    return { kind, stage: where, text: error.message };
  }
  if (error instanceof SmtpAuthError || error instanceof Pop3AuthError) {
    return { kind: "auth", stage, text: error.message };
  }
  if (error instanceof SmtpLocalError || error instanceof Pop3LocalError) {
    return { kind: "local", stage, text: error.message };
  }
  return error instanceof WireError ? { kind: "closed", stage, text: error.message } : undefined;
}

function dialKind(error: DialError, proxied: boolean): FailureKind {
  const { cause } = error;
  if (cause instanceof Deno.errors.NotCapable) return "permission";
  if (proxied) return "proxy";
  const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
  if (cause instanceof Deno.errors.ConnectionRefused || code === "ECONNREFUSED") return "refused";
  if (cause instanceof Deno.errors.TimedOut || code === "ETIMEDOUT") return "connect-timeout";
  // A name that cannot be looked up is a plain Error without a code (F9).
  if (code === "ENOTFOUND" || (cause instanceof Error && cause.name === "Error" && !code)) {
    return "no-address";
  }
  return "unreachable";
}

function breachKind(error: ProtocolError, stage: StageName, recorder: Recorder): FailureKind {
  if (error instanceof LineTooLongError) return "too-long";
  if (recorder.mixed.length > 0) return "mixed-codes";
  if (recorder.malformed.length > 0) return "malformed";
  // Octets behind the consent are not read as lines: they came in the clear and must not count.
  if (stage === "starttls" || stage === "stls" || stage === "tls") return "injection";
  return recorder.outstanding === 0 ? "early-talk" : "malformed";
}
