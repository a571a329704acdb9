import {
  addressesOf,
  listIdOf,
  messageIdOf,
  parseDate,
  type ParsedHeader,
  parseMessage,
  receivedDate,
} from "@mailwright/mailwright/message";
import { deepEqual, equal } from "node:assert/strict";
import { fixture, fixtures, octets, READ_FIXTURES } from "./received.ts";

const pure = { permissions: "none" } as const;

function addresses(header: ParsedHeader, name: string): string[] {
  return header.getAll(name).flatMap(addressesOf)
    .map(({ name, address }) => name === undefined ? address : `${name} <${address}>`);
}

function time(epochMs: number | undefined): string | undefined {
  return epochMs === undefined ? undefined : new Date(epochMs).toISOString().slice(0, 19);
}

/** What rules ask for, without what is missing. */
function facts(bytes: Uint8Array): Record<string, unknown> {
  const { header, body } = parseMessage(bytes);
  const [subject, date, id, list] = ["Subject", "Date", "Message-ID", "List-Id"]
    .map((name) => header.get(name));
  const top = header.get("Received");
  const all = {
    subject: subject?.text,
    from: addresses(header, "From"),
    to: addresses(header, "To"),
    cc: addresses(header, "Cc"),
    date: date && time(parseDate(date.value)),
    received: top && time(receivedDate(top)),
    id: id && messageIdOf(id),
    list: list && listIdOf(list),
    broken: header.broken,
    body: new TextDecoder().decode(body).slice(0, 8),
  };
  return Object.fromEntries(
    Object.entries(all).filter(([, fact]) => fact !== undefined && fact.length > 0),
  );
}

const EXPECTED = {
  bounce: {
    subject: "Undelivered Mail Returned to Sender",
    from: ["MAILER-DAEMON"],
    to: ["ann@mail.example"],
    date: "2023-09-05T04:07:08",
    received: "2023-09-05T04:07:08",
    id: "<20230905040708.9F1@mx.mail.example>",
    body: "This is ",
  },
  broken_mime: {
    subject: "50% offuntil Sunday!✂",
    from: ["Shop <news@shop.example>"],
    to: ["ann@mail.example"],
    received: "2021-08-13T16:30:00",
    broken: [398, 454, 490],
    body: "--never ",
  },
  folded_weirdly: {
    subject: "one two     three",
    from: ["Ann Doe <ann@mail.example>"],
    to: ["bob@mail.example", "carol@mail.example", "dave@mail.example"],
    received: "2021-04-09T19:00:00",
    id: "<long-id-that-was-folded@mail.example>",
    body: " The bod",
  },
  gb2312_words: {
    subject: "关于下周三会议的通知",
    from: ["张伟 <zhang@sender.example>"],
    to: ["李娜 <lina@mail.example>"],
    // CST is an American zone in mail, whatever the sender meant.
    date: "2013-06-06T15:00:00",
    received: "2013-06-06T01:00:03",
    id: "<20130606090000.1234@sender.example>",
    body: "...\r\n",
  },
  gbk_unlabelled: {
    subject: "发票与账单",
    from: ["王芳 <wang@sender.example>"],
    to: ["ann@mail.example"],
    date: "2013-06-05T03:19:58",
    received: "2013-06-05T03:20:00",
    body: "\ufffd\ufffd\ufffd\r\n",
  },
  latin1_unlabelled: {
    subject: "Grüße aus Köln, 20 € für alle",
    from: ["Jörg Müller <joerg@old.example>"],
    to: ["Renée <renee@mail.example>"],
    date: "2009-11-02T09:00:00",
    received: "2009-11-02T09:00:01",
    id: "<4AEE9F10.5@old.example>",
    body: "Sch\ufffdne G",
  },
  list_mail: {
    subject: "[roses] Re: Wann blüht die „Gloria Dei“ im nördlichen Garten?",
    from: ["Jürgen Müller via Roses <roses@lists.example>"],
    to: ["Friends of Roses, all of them <roses@lists.example>"],
    cc: ["Anna Ångström <anna@mail.example>", "Bob <bob@mail.example>"],
    date: "2023-03-14T07:11:58",
    received: "2023-03-14T07:12:31",
    id: "<CAJ3x=k4=9Q@garden.example>",
    list: "roses.lists.example",
    body: "SW0gSnVu",
  },
  mbox_from_line: {
    subject: "out of an mbox file",
    from: ["Ann <ann@mail.example>"],
    to: ["bob@mail.example"],
    date: "2020-07-04T07:04:58",
    body: ">From he",
  },
  mixed_line_ends: {
    subject: "three kinds",
    from: ["ann@mail.example"],
    to: ["bob@mail.example"],
    date: "2020-02-03T10:00:00",
    body: "body\n",
  },
  no_header: { body: "Subject:" },
  obsolete: {
    subject: "obsolete in every way",
    from: ["Joe Q. Public <john.q.public@example.com>"],
    to: ["Mary Smith <mary@example.net>", "jdoe@test.example"],
    date: "1969-02-14T03:02:00",
    received: "1997-11-21T15:01:22",
    id: "<1234@local(blah).machine.example>",
    body: "Testing.",
  },
  only_header: {
    subject: "nothing to say",
    from: ["Cron <root@host.example>"],
    to: ["root"],
    received: "2022-05-01T00:00:00",
  },
  smtputf8: {
    subject: "Grüße 🌹 an alle",
    from: ["Jörg Müller <jörg@xn--mnchen-3ya.example>"],
    to: ["山田太郎 <山田@xn--r8jz45g.example>", "Ann <ann@mail.example>"],
    date: "2024-01-01T11:00:00",
    received: "2024-01-01T11:00:00",
    body: "Grüße\r\n",
  },
  spam_forged: {
    subject: "=?x-nonsense?B?Zm9v?= ✅ Paymentdue now\0\r\nX-Keep: 1 \0 =?utf-8?Q?cut",
    from: ["Your Bank <service@bank.example>", "x@bulk.example"],
    // The date is none, and only the last server can be believed.
    received: "2024-01-17T22:01:09",
    id: "<../../etc/passwd>",
    broken: [584],
    body: "Click.\r\n",
  },
  text_without_header: { broken: [0], body: "there is" },
};

Deno.test.each(Object.entries(EXPECTED))("parseMessage() reads %s.eml", READ_FIXTURES, (
  name,
  expected,
) => {
  const bytes = fixture(name);
  deepEqual(facts(bytes), expected);
  const { header } = parseMessage(bytes);
  equal(header.complete, true);
  equal(header.unparsable, undefined);
});

Deno.test(
  "parseMessage() reads hundreds of recipients in huge_recipients.eml",
  READ_FIXTURES,
  () => {
    const { header } = parseMessage(fixture("huge_recipients"));
    const to = addresses(header, "To");
    equal(to.length, 400);
    deepEqual(to.slice(0, 2), ["Gast 0 <guest0@party.example>", "Guest, 1 <guest1@party.example>"]);
    equal(header.get("X-Long")?.value, "x".repeat(3_000));
    equal(header.get("Subject")?.text, "Everybody");
  },
);

Deno.test("parseMessage() is tested with every fixture", READ_FIXTURES, () => {
  deepEqual(fixtures().sort(), [...Object.keys(EXPECTED), "huge_recipients"].sort());
});

Deno.test("parseMessage() gives a view of the body, octets as they came", pure, () => {
  const bytes = octets("A: b\r\n\r\n.\r\nc\n\r\n");
  const { body } = parseMessage(bytes);
  equal(new TextDecoder().decode(body), ".\r\nc\n\r\n");
  equal(body.buffer, bytes.buffer);
});

Deno.test("parseMessage() gives no body when the header has no end [T-X10]", pure, () => {
  equal(parseMessage(octets("A: b\r\n")).body.length, 0);
  const { header, body } = parseMessage(octets("A: b\r\n".repeat(20_000) + "\r\nbody"));
  equal(header.complete, false);
  equal(body.length, 0);
});
