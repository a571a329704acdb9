/**
 * What protocols have to do for a conversation.
 *
 * @module
 */

/** What is said in one protocol, verb by verb. */
export interface Talk {
  /** Speaks until everything is done; throws a `Farewell` where it ends in good order. */
  speak(): Promise<void>;
  /** Takes leave as far as that is possible, and closes. */
  leave(): Promise<void>;
  /** Closes at once. */
  close(): void;
}
