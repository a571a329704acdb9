/**
 * The seam of postal-mime: it parses the whole tree of a MIME message. Headers alone are read by
 * `src/message`, which needs no whole message.
 *
 * @module
 */

export { default as PostalMime, type Email } from "npm:postal-mime@4.0.0";
