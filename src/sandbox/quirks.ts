/**
 * How a maildrop differs from one by the book: plain data, so that a test and a command line can say
 * the same.
 *
 * @module
 */

/** What is odd about the maildrops. What is odd about one reply is a fault. */
export interface MaildropQuirks {
  /** Whether a maildrop is open once at a time, and refused with `[IN-USE]` meanwhile. @default {true} */
  readonly lock?: boolean;
  /** Numbers that no message has. @default {[]} */
  readonly gaps?: readonly number[];
  /** Only so many messages are shown: the last that came. @default {Infinity} */
  readonly newest?: number;
  /**
   * The order of the messages: as they came, or beginning with another one at each login, so that
   * numbers of an earlier session are wrong.
   *
   * @default {"arrival"}
   */
  readonly order?: "arrival" | "rotated";
  /**
   * When the messages get their numbers: at the login, or at the first command that needs them, so that
   * what others remove in between shifts them.
   *
   * @default {"login"}
   */
  readonly numbered?: "login" | "listing";
  /** What the uids are: the same for ever, the number of the message, or others in each session. @default {"stable"} */
  readonly uids?: "stable" | "number" | "session";
  /** What the sizes are: exact, with one octet for each line end, or in whole kilobytes. @default {"exact"} */
  readonly sizes?: "exact" | "lf" | "kilobytes";
  /** What RETR does to a message: nothing, or it is gone after it, with or without QUIT. @default {"stays"} */
  readonly retrieved?: "stays" | "vanishes";
  /** The uids of messages that QUIT cannot remove: it then says `-ERR`. @default {[]} */
  readonly stuck?: readonly string[];
}
