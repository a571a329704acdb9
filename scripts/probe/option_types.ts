/**
 * What the user types, as values.
 *
 * @module
 */

import { type ArgumentValue, duration, ValidationError } from "../../src/cli/mod.ts";
import type { StageName } from "../../src/jobs/mod.ts";

/** The stages that a probe may stop behind, and that have limits. */
export const STAGES: readonly StageName[] = [
  "tcp",
  "banner",
  "ehlo",
  "clear",
  "starttls",
  "tls",
  "ehlo2",
  "auth",
  "ehlo3",
  "ask",
  "mail",
  "rcpt",
  "data",
  "dot",
  "capa",
  "stls",
  "capa2",
  "capa3",
  "stat",
  "list",
  "uidl",
  "top",
  "quit",
];

/** Our end of a connection. */
export interface Endpoint {
  readonly hostname: string;
  readonly port?: number;
}

/** A parameter of MAIL or RCPT. */
export interface Parameter {
  readonly keyword: string;
  readonly value?: string;
}

/** How long a stage may take. */
export type Limit = readonly [name: string, ms: number];

/** `192.0.2.1`, `192.0.2.1:2525`, `[2001:db8::1]:2525` or `2001:db8::1`. */
export function endpoint({ name, value }: ArgumentValue): Endpoint {
  const [, bracketed, plain, digits] = /^(?:\[([^[\]]+)\]|([^:]+|[^.]*:[^.]*:.*))(?::(\d+))?$/
    .exec(value) ?? [];
  const hostname = bracketed ?? plain;
  const port = Number(digits ?? 1);
  if (hostname === undefined || port < 1 || port > 65_535) {
    throw new ValidationError(
      `Cannot read ${name} "${value}": expected an address, or address:port`,
    );
  }
  return { hostname, ...(digits === undefined ? {} : { port }) };
}

/** `KEY`, `KEY=VALUE`. */
export function parameter({ value }: ArgumentValue): Parameter {
  const at = value.indexOf("=");
  return at < 0 ? { keyword: value } : { keyword: value.slice(0, at), value: value.slice(at + 1) };
}

/** `banner=5s`, `total=1m`. */
export function limit(argument: ArgumentValue): Limit {
  const [, stage = "", time] = /^([a-z0-9]+)=(.+)$/.exec(argument.value) ?? [];
  if (time === undefined || !["total", ...STAGES].includes(stage)) {
    throw new ValidationError(
      `Cannot read ${argument.name} "${argument.value}": expected STAGE=T or total=T, such as banner=5s`,
    );
  }
  return [stage, duration({ ...argument, value: time })];
}
