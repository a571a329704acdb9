/**
 * The mechanisms of AUTH that are offered.
 *
 * @module
 */

import type { CapabilityLists, SaslServerOptions } from "../server/mod.ts";

/**
 * What is offered, with the mechanisms that must be set first.
 *
 * @param lists What is offered in each state.
 * @param sasl What is set.
 * @returns The lists with these mechanisms wherever there are others.
 */
export function withMechanisms(
  lists: CapabilityLists,
  { external, anonymous }: SaslServerOptions,
): CapabilityLists {
  const more = `${external ? " EXTERNAL" : ""}${anonymous ? " ANONYMOUS" : ""}`;
  const longer = (lines: readonly string[]): readonly string[] =>
    lines.map((line) => /^(?:AUTH|SASL) /.test(line) ? `${line}${more}` : line);
  const { clear, tls, authenticated } = lists;
  return { clear: longer(clear), tls: longer(tls), authenticated: longer(authenticated) };
}
