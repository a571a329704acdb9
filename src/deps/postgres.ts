/**
 * A client for PostgreSQL: queries with values, and transactions.
 *
 * The package looks for `PG*` variables when a client is made: run with `--ignore-env`, or grant them.
 *
 * @module
 */

import { postgres } from "./postgres_js.ts";

/** How a client connects. */
export interface PostgresOptions {
  /** The password; it never stands in the URL. */
  readonly password?: string;
  /** The most connections. @default {4} */
  readonly connections?: number;
}

/** A value of a row or a parameter. */
export type PostgresValue =
  | string
  | number
  | boolean
  | null
  | readonly string[]
  | readonly number[];

/** Where queries go; big integers come as text. */
export interface PostgresQueries {
  /** Asks; `$1` and so on stand for values. */
  query(
    text: string,
    values?: readonly PostgresValue[],
  ): Promise<readonly Readonly<Record<string, unknown>>[]>;
}

/** A client with several connections. */
export interface PostgresClient extends PostgresQueries {
  /** Runs queries in one transaction. */
  transaction<R>(run: (queries: PostgresQueries) => Promise<R>): Promise<R>;
  /** Ends all connections. */
  close(): Promise<void>;
}

/**
 * Makes a client. It connects when it is first asked.
 *
 * @param url Where to: `postgres://user@host:port/database`.
 * @param options How.
 * @returns The client.
 */
export function connectPostgres(url: string, options: PostgresOptions = {}): PostgresClient {
  const { password, connections = 4 } = options;
  const sql = postgres(url, {
    max: connections,
    max_lifetime: 0, // a timer of its own for each connection otherwise
    onnotice: () => {}, // tables that are there already
    ...(password !== undefined && { password }),
  });
  return {
    query: (text, values = []) => sql.unsafe(text, values.slice() as never[]), // its type wants more
    transaction: async (run) =>
      await sql.begin((opened) =>
        run({ query: (text, values = []) => opened.unsafe(text, values.slice() as never[]) })
      ) as never, // what run gives, which it unwraps
    close: () => sql.end({ timeout: 5 }),
  };
}
