/**
 * What an end looks at before it says anything.
 *
 * @module
 */

import type { DialogueEnd } from "./end.ts";
import { HIDDEN } from "./shown_line.ts";
import { Stop } from "./stop.ts";

/** What has arrived before this end speaks was said too early. */
export function checkUnread(end: DialogueEnd): void {
  const { talk, course } = end;
  if (talk.writing || talk.buffered === 0) return;
  if (!end.commands) {
    const verb = course.asked?.verb;
    if (verb === "STARTTLS" || verb === "STLS") checkInjection(end);
    if (course.capabilities?.pipelining) return;
  }
  // Who does not wait for the challenge may have sent the password.
  const unread = !end.commands && course.answersLogin ? HIDDEN : talk.unread;
  const actual = `"${unread}"`;
  throw new Stop({ id: "unread-input", expected: "nothing more to read", actual, unread });
}

/** What came in the clear must never count inside TLS (CVE-2011-0411). */
export function checkInjection(end: DialogueEnd): void {
  const { buffered, unread } = end.talk;
  if (buffered === 0) return;
  throw new Stop({
    id: "injection",
    expected: "nothing between the reply and TLS",
    actual: `"${unread}"`,
    unread,
  });
}

/** A secret goes out inside TLS alone, on loopback too, unless the caller says otherwise. */
export function checkSecure(end: DialogueEnd): void {
  if (end.options.cleartextAuth || end.talk.secure) return;
  throw new Stop({
    id: "cleartext-auth",
    expected: "TLS before a secret",
    actual: "a connection in the clear",
  });
}
