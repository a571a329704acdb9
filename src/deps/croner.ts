/**
 * The seam of croner: when a cron expression comes due, time zones and summer time included.
 *
 * @module
 */

export { Cron } from "npm:croner@11.0.1";
