/**
 * What the sandbox offers, more or less than it does by itself.
 *
 * @module
 */

import { ValidationError } from "../../src/cli/mod.ts";
import {
  SANDBOX_CAPABILITIES,
  SANDBOX_POP3_CAPABILITIES,
  type SandboxOptions,
} from "../../src/sandbox/mod.ts";

type Lists = typeof SANDBOX_CAPABILITIES;

/**
 * Puts together what is offered.
 *
 * @param options `clearLogin`: whether a login is offered without TLS too; `without`: keywords that
 * are left out, or mechanisms (`AUTH LOGIN`).
 * @returns What the sandbox is told.
 * @throws {ValidationError} If what is to be left out is not offered anyway.
 */
export function offersOf(
  { clearLogin, without }: { readonly clearLogin: boolean; readonly without: readonly string[] },
): Pick<SandboxOptions, "capabilities" | "pop3"> {
  const left = new Set(without.map((one) => one.toUpperCase()));
  const found = new Set<string>();
  const isKept = (what: string): boolean => {
    if (left.has(what)) found.add(what);
    return !left.has(what);
  };
  const kept = (lines: readonly string[]): string[] =>
    lines.flatMap((line) => {
      const [keyword = "", ...words] = line.split(" ");
      if (!isKept(keyword)) return [];
      return [[keyword, ...words.filter((word) => isKept(`${keyword} ${word}`))].join(" ")];
    });
  const changed = ({ clear, tls, authenticated }: Lists, login: RegExp): Lists => ({
    clear: kept(clearLogin ? [...clear, ...tls.filter((line) => login.test(line))] : clear),
    tls: kept(tls),
    authenticated: kept(authenticated),
  });
  const capabilities = changed(SANDBOX_CAPABILITIES, /^AUTH /);
  const pop3 = { capabilities: changed(SANDBOX_POP3_CAPABILITIES, /^(USER$|SASL )/) };
  const unknown = without.find((one) => !found.has(one.toUpperCase()));
  if (unknown === undefined) return { capabilities, pop3 };
  throw new ValidationError(`Cannot use --without "${unknown}": it is not offered anyway`);
}
