/**
 * Pop3Session at a real Dovecot.
 */
import { deepStrictEqual, ok, rejects, strictEqual } from "node:assert/strict";
import { connectPop3, Pop3AuthError } from "@mailwright/mailwright/pop3";
import { letter } from "./contents.ts";
import { startDovecot } from "./dovecot.ts";
import { maildropOf } from "./maildrop.ts";
import { credentials, JONES } from "./our_client.ts";
import {
  checkDeleting,
  checkLogins,
  checkReading,
  checkSeen,
  checkSharing,
  open,
  type Pop3Facts,
} from "./pop3_questions.ts";
import { serverTest } from "./programs.ts";

const NEEDS = ["dovecot", "openssl", "root"] as const;
const FACTS: Pop3Facts = {
  ways: ["SCRAM-SHA-256", "SCRAM-SHA-1", "CRAM-MD5", "PLAIN", "LOGIN", "USER", "APOP"],
  refusal: "AUTH",
};

await serverTest("Pop3Session logs in at Dovecot and is refused there", NEEDS, async (step) => {
  await using dovecot = await startDovecot();
  await checkLogins(dovecot, FACTS, step);

  await step("what is offered after the login is another set [P38]", async () => {
    await using session = await open(dovecot, { until: "hello" });
    ok(session.capabilities.sasl.length > 0);
    await using ready = await open(dovecot);
    deepStrictEqual(ready.capabilities.sasl, []);
  });
});

await serverTest("Pop3Session reads Dovecot's messages octet by octet", NEEDS, async (step) => {
  await using dovecot = await startDovecot();
  await checkReading(dovecot, FACTS, step);
});

await serverTest("Pop3Session deletes at Dovecot by commit() alone", NEEDS, async (step) => {
  await using dovecot = await startDovecot();
  await checkDeleting(dovecot, FACTS, step);
});

await serverTest("Pop3Session shares a maildrop at Dovecot", NEEDS, async (step) => {
  await using dovecot = await startDovecot();
  await checkSharing(dovecot, FACTS, step);
});

await serverTest("Pop3Session reads Dovecot's own unique-ids", NEEDS, async () => {
  await using dovecot = await startDovecot();
  await dovecot.fill(JONES, [letter("one", "Hello\r\n"), letter("two", "Hello\r\n")]);
  await using session = await open(dovecot);
  const { messages } = await session.snapshot();
  deepStrictEqual(
    messages.map(({ uid }) => uid),
    [...(await maildropOf(dovecot, JONES)).keys()].sort(),
  );
});

await serverTest(
  "Pop3Session waits for Dovecot to find a maildrop locked [Q17]",
  NEEDS,
  async () => {
    await using dovecot = await startDovecot({ settings: "pop3_lock_session = yes\n" });
    await dovecot.fill(JONES, [letter("one", "Hello\r\n")]);
    await using session = await open(dovecot);
    strictEqual((await session.snapshot()).messages.length, 1);
    const url = `pop3://${dovecot.host}:${dovecot.ports.pop3}`;
    const auth = credentials(dovecot);
    await rejects(connectPop3({ url, caCerts: [dovecot.caPem], auth }), (error) => {
      ok(error instanceof Pop3AuthError);
      deepStrictEqual([error.reply?.code, error.temporary], ["IN-USE", true]);
      return true;
    });
  },
);

await serverTest("Pop3Session leaves flags at Dovecot by RETR alone", NEEDS, async (step) => {
  await using dovecot = await startDovecot();
  await checkSeen(dovecot, step);
});
