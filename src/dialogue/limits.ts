/**
 * What a dialogue may do, and what its peer: a dialogue may come from a stranger.
 *
 * @module
 */

/** The longest line of a peer, in octets. */
export const MAX_LINE_OCTETS: number = 64 * 1024;
/** The largest reply, in octets; bodies of POP3 have a limit of their own. */
export const MAX_REPLY_OCTETS: number = 1024 * 1024;
/** The most lines of a reply. */
export const MAX_REPLY_LINES = 10_000;
/** The most turns of a loop. */
export const MAX_TURNS = 10_000;
/** The most steps of a run, those of each turn counted. */
export const MAX_STEPS = 100_000;
/** How deep blocks may stand in blocks. */
export const MAX_DEPTH = 16;
/** The most that `${repeat}` makes, in octets. */
export const MAX_REPEATED: number = 1024 * 1024;
/** The most that is sent in a run, in octets. */
export const MAX_SENT_OCTETS: number = 64 * 1024 * 1024;
/** The largest file of a bytes step, in octets. */
export const MAX_FILE_OCTETS: number = 50 * 1024 * 1024;
/** The longest pause, silence, delay or limit, in milliseconds. */
export const MAX_WAIT_MS = 600_000;
/** How long a run may take, in milliseconds. */
export const TOTAL_MS = 900_000;
/** The limit for a reply or a line, in milliseconds. */
export const REPLY_MS = 30_000;
/** How long the last word may take, in milliseconds. */
export const FAREWELL_MS = 2_000;
/** How much of a peer's text a failure shows, in characters. */
export const MAX_SHOWN = 200;
