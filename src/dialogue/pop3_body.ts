/**
 * Which replies of POP3 have a body.
 *
 * @module
 */

/** RFC 1939 sections 5 and 7, RFC 2449 section 5, RFC 6856 section 3. */
const WITH_BODY = /^(?:(?:RETR|TOP|CAPA)(?: |$)|(?:LIST|UIDL|LANG) *$)/i;

/**
 * Whether `+OK` to a command is followed by lines up to a dot.
 *
 * @param command The command with its arguments.
 */
export function hasPop3Body(command: string): boolean {
  return WITH_BODY.test(command);
}
