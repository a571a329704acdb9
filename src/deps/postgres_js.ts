/**
 * The seam of postgres: a client for PostgreSQL. Only `deps/postgres.ts` imports it.
 *
 * @module
 */

export { default as postgres } from "npm:postgres@3.4.9";
