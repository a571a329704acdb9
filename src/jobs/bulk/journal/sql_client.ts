/**
 * What a journal needs of a client for PostgreSQL. The script that opens one hands in the package of its
 * choice behind this.
 *
 * @module
 */

/** A value of a row or a parameter. Arrays are sent as arrays of their type. */
export type SqlValue = string | number | boolean | null | readonly string[] | readonly number[];

/** A row, by the names of its columns. Big integers come as numbers. */
export type SqlRow = Readonly<Record<string, unknown>>;

/** Where queries go. */
export interface SqlQueries {
  /**
   * Asks.
   *
   * @param text The query; `$1` and so on stand for values.
   * @param values The values.
   * @returns The rows.
   */
  query(text: string, values?: readonly SqlValue[]): Promise<readonly SqlRow[]>;
}

/** A client with several connections. */
export interface SqlClient extends SqlQueries {
  /**
   * Runs queries in one transaction: all of them take effect, or none.
   *
   * @param run The queries. If it throws, none takes effect, and it is thrown on.
   * @returns What `run` returns.
   */
  transaction<R>(run: (queries: SqlQueries) => Promise<R>): Promise<R>;
  /** Ends all connections. */
  close(): Promise<void>;
}
