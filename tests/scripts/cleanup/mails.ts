/** A mailbox for tests of the cleanup script. */

import type { FilledMail } from "../../../src/sandbox/mod.ts";

/** What a message of a test is like. */
export interface TestMail {
  readonly days: number;
  readonly from?: string;
  readonly subject?: string;
  /** More fields, each with its line end. */
  readonly fields?: string;
  /** Octets of its body, about. */
  readonly size?: number;
  readonly uid?: string;
}

const DAY_MS = 86_400_000;

/** A message that came so many days ago. */
export function mail({ days, uid, ...given }: TestMail): FilledMail {
  const { from = "ann@people.example", subject = "Hello", fields = "", size = 100 } = given;
  const date = new Date(Date.now() - days * DAY_MS).toUTCString().replace("GMT", "+0000");
  const line = `${"x".repeat(70)}\r\n`;
  const content = `Received: from a.example by b.example; ${date}\r\nDate: ${date}\r\n` +
    `From: ${from}\r\nTo: tim@mail.example\r\nSubject: ${subject}\r\n` +
    `Message-ID: <${uid ?? crypto.randomUUID()}@mail.example>\r\n${fields}\r\n` +
    line.repeat(Math.ceil(size / line.length));
  return uid === undefined ? { content } : { content, uid };
}

/** A message of a mailing list. */
export function listMail(days: number, more: Partial<TestMail> = {}): FilledMail {
  return mail({
    from: "news@lists.example",
    subject: "Weekly",
    fields: "List-Id: News <news.lists.example>\r\n",
    ...more,
    days,
  });
}

/** So many messages. */
export function many(count: number, make: (at: number) => FilledMail): FilledMail[] {
  return Array.from({ length: count }, (_, at) => make(at));
}
