/**
 * Pop3Session at the POP3 server of GNU Mailutils, which has one session at a time in a maildrop and
 * writes unique-ids into messages.
 */
import { deepStrictEqual, match, ok, rejects, strictEqual } from "node:assert/strict";
import { connectPop3, Pop3AuthError } from "@mailwright/mailwright/pop3";
import { letter } from "./contents.ts";
import { startMailutils } from "./mailutils.ts";
import { credentials, JONES } from "./our_client.ts";
import {
  checkDeleting,
  checkLogins,
  checkReading,
  checkSeen,
  contentsOf,
  open,
  type Pop3Facts,
} from "./pop3_questions.ts";
import { serverTest } from "./programs.ts";

const NEEDS = ["mailutils", "openssl", "root"] as const;
const FACTS: Pop3Facts = {
  ways: ["USER", "APOP"],
  refusal: "AUTH",
  without: withoutUid,
  losesHeaders: true,
};

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** The message without the field that UIDL makes it add. */
function withoutUid(message: Uint8Array): Uint8Array {
  // All it writes is ASCII, whatever the rest is.
  const latin = Array.from(message, (octet) => String.fromCharCode(octet)).join("");
  const text = latin.replace(/^X-UIDL: [0-9a-f.]+\r\n/m, "");
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

await serverTest("Pop3Session logs in at Mailutils and is refused there", NEEDS, async (step) => {
  await using mailutils = await startMailutils();
  await checkLogins(mailutils, FACTS, step);

  await step("while another session has the maildrop: for now only [P29]", async () => {
    await using session = await open(mailutils);
    ok((await session.noop()).ok);
    const url = `pop3://${mailutils.host}:${mailutils.ports.pop3}`;
    const auth = credentials(mailutils);
    await rejects(connectPop3({ url, caCerts: [mailutils.caPem], auth }), (error) => {
      ok(error instanceof Pop3AuthError);
      deepStrictEqual([error.reply?.code, error.temporary], ["IN-USE", true]);
      return true;
    });
  });

  await step("an EXPIRE that is no word of CAPA says nothing", async () => {
    await using session = await open(mailutils);
    ok(session.capabilities.has("EXPIRENEVER"));
    strictEqual(session.capabilities.expire, undefined);
  });
});

await serverTest("Pop3Session reads Mailutils' messages octet by octet", NEEDS, async (step) => {
  await using mailutils = await startMailutils();
  await checkReading(mailutils, FACTS, step);
});

await serverTest("Pop3Session deletes at Mailutils by commit() alone", NEEDS, async (step) => {
  await using mailutils = await startMailutils();
  await checkDeleting(mailutils, FACTS, step);
});

await serverTest(
  "Pop3Session sees what UIDL does to messages of Mailutils",
  NEEDS,
  async (step) => {
    await using mailutils = await startMailutils();
    const message = letter("one", "Hello\r\n");
    await mailutils.fill(JONES, [message, encoder.encode("Subject: only a header\r\n")]);

    await step("sizes that were listed before it are too small [Q6]", async () => {
      await using session = await open(mailutils);
      const before = await session.list();
      ok(before.ok);
      const [first] = before.value;
      strictEqual(first?.size, message.length);
      ok((await session.uidl()).ok);
      const [content] = await contentsOf(session, [first.no]);
      const uid = /^X-UIDL: ([0-9a-f.]+)\r\n/m.exec(decoder.decode(content))?.[1];
      ok(uid);
      strictEqual(content?.length, message.length + `X-UIDL: ${uid}\r\n`.length);
      const after = await session.list(first.no);
      strictEqual(after.ok && after.value.size, content.length);
    });

    await step("a message without a body is lost, and by QUIT alone for good", async () => {
      await using session = await open(mailutils);
      const { numbers } = await session.snapshot();
      const [, header] = await contentsOf(session, numbers);
      const emptied = /^X-UIDL: [0-9a-f.]+\r\n\r\n$/;
      match(decoder.decode(header), emptied);
      ok((await session.quit()).ok);
      const [, stored] = await mailutils.mailbox(JONES, 2);
      match(decoder.decode(stored), emptied);
    });
  },
);

await serverTest("Pop3Session leaves flags at Mailutils by RETR alone", NEEDS, async (step) => {
  await using mailutils = await startMailutils();
  await checkSeen(mailutils, step);
});
