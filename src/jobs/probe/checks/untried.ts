/**
 * Checks of what was asked for and could not be tried: whatever that is, it is not well.
 *
 * @module
 */

import { type Check, fact, wordsOf } from "./check.ts";

/** Checks of what could not be tried. */
export const UNTRIED: readonly Check[] = [
  {
    id: "capability.missing",
    stage: "mail",
    severity: "unknown",
    when: (sight) => {
      const { failure } = sight.seen;
      return failure?.kind === "local"
        ? { ...fact(wordsOf(sight).hello, failure.text), stage: failure.stage }
        : undefined;
    },
    fix: "Leave this out, or let the server offer it",
  },
  {
    id: "check.skipped",
    stage: "auth",
    severity: "unknown",
    when: ({ seen: { skipped } }) =>
      skipped.map(({ stage, why }) => ({ ...fact("probe", `not tried: ${why}`), stage })),
    fix: "Trust the certificate's authority with --tls-ca, or name whom it is for with --tls-name",
  },
];
