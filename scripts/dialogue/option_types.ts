/**
 * What the user types, as values.
 *
 * @module
 */

import { type ArgumentValue, secretSource, ValidationError } from "../../src/cli/mod.ts";
import type { CommandLevel, DialogueMatch, ReplyLevel } from "../../src/dialogue/mod.ts";
import type { ListenAddress, NamedSource, ProxyWay, Variable } from "./calls.ts";

const REPLY_LEVELS: readonly ReplyLevel[] = ["class", "code", "enhanced", "text", "bytes"];
const COMMAND_LEVELS: readonly CommandLevel[] = ["verb", "args", "text", "bytes"];
const SCHEMES: ReadonlyMap<string, Pick<ListenAddress, "protocol" | "tls">> = new Map([
  ["smtp", { protocol: "smtp", tls: false }],
  ["submission", { protocol: "smtp", tls: false }],
  ["smtps", { protocol: "smtp", tls: true }],
  ["lmtp", { protocol: "lmtp", tls: false }],
  ["pop3", { protocol: "pop3", tls: false }],
  ["pop3s", { protocol: "pop3", tls: true }],
]);
const NAME = /^[A-Za-z][A-Za-z0-9_]*$/;

/** `n=v`. */
export function variable({ name, value }: ArgumentValue): Variable {
  const at = value.indexOf("=");
  const variable = value.slice(0, Math.max(at, 0));
  if (NAME.test(variable)) return [variable, value.slice(at + 1)];
  throw new ValidationError(`Cannot read ${name} "${value}": expected NAME=VALUE`);
}

/** `n=env:NAME` and its like. The value is shown in no error: it may be a password. */
export function namedSource(argument: ArgumentValue): NamedSource {
  const at = argument.value.indexOf("=");
  const secret = argument.value.slice(0, Math.max(at, 0));
  if (NAME.test(secret)) {
    return [secret, secretSource({ ...argument, value: argument.value.slice(at + 1) })];
  }
  throw new ValidationError(
    `Cannot read ${argument.name}: expected NAME=env:NAME, =file:PATH, =command:PATH, =stdin ` +
      "or =prompt",
  );
}

/** `text`, `client=verb`, `text,client=verb`. */
export function matchLevels({ name, value }: ArgumentValue): Partial<DialogueMatch> {
  return value.split(",").reduce<Partial<DialogueMatch>>((match, word) => {
    const server = REPLY_LEVELS.find((level) => level === word);
    const client = COMMAND_LEVELS.find((level) => `client=${level}` === word);
    if (server !== undefined) return { ...match, server };
    if (client !== undefined) return { ...match, client };
    throw new ValidationError(
      `Cannot read ${name} "${value}": expected ${REPLY_LEVELS.join(", ")}, or client= with ` +
        `${COMMAND_LEVELS.join(", ")}`,
    );
  }, {});
}

/** `127.0.0.1:2525`, `[::1]:0`, `2525`, `smtps://127.0.0.1:4650`. */
export function listenAddress({ name, value }: ArgumentValue): ListenAddress {
  const [, scheme, place = value] = /^([a-z]\w*):\/\/(.*)$/i.exec(value) ?? [];
  const spoken = scheme === undefined ? { tls: false } : SCHEMES.get(scheme.toLowerCase());
  const [, six, four = "127.0.0.1", digits = ""] = /^(?:(?:\[([0-9a-f:]+)\]|([^:]+)):)?(\d{1,5})$/i
    .exec(place) ?? [];
  const hostname = six ?? (four === "localhost" ? "127.0.0.1" : four);
  const port = Number(digits);
  const known = spoken !== undefined && digits !== "" && port <= 65_535;
  if (known && /^(?:127(?:\.\d{1,3}){3}|::1)$/.test(hostname)) return { hostname, port, ...spoken };
  throw new ValidationError(
    `Cannot read ${name} "${value}": expected 127.0.0.1:PORT or [::1]:PORT, perhaps behind ` +
      "smtps:// or pop3s://; others are not let in",
  );
}

/** `127.0.0.1:2525=smtp://mx.example`, `smtps://127.0.0.1:4650=smtps://mx.example`. */
export function proxyWay(argument: ArgumentValue): ProxyWay {
  const at = argument.value.indexOf("=");
  if (at < 1) {
    throw new ValidationError(
      `Cannot read ${argument.name} "${argument.value}": expected LISTEN=URL, such as ` +
        "127.0.0.1:2525=smtp://mx.example",
    );
  }
  return {
    listen: listenAddress({ ...argument, value: argument.value.slice(0, at) }),
    to: argument.value.slice(at + 1),
  };
}

/** `0` and more. */
export function sessions({ name, value }: ArgumentValue): number {
  const number = Number(value);
  if (/^\d+$/.test(value) && Number.isSafeInteger(number)) return number;
  throw new ValidationError(
    `Cannot read ${name} "${value}": expected a number; 0 for all that come`,
  );
}

/** `1` and more. */
export function count({ name, value }: ArgumentValue): number {
  const number = Number(value);
  if (/^[1-9]\d{0,3}$/.test(value)) return number;
  throw new ValidationError(`Cannot read ${name} "${value}": expected a number from 1 on`);
}
