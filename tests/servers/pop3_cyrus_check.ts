/**
 * Pop3Session at a real Cyrus.
 */
import { deepStrictEqual } from "node:assert/strict";
import { letter } from "./contents.ts";
import { startCyrus } from "./cyrus.ts";
import { JONES } from "./our_client.ts";
import {
  checkDeleting,
  checkLogins,
  checkReading,
  checkSharing,
  contentsOf,
  open,
  type Pop3Facts,
} from "./pop3_questions.ts";
import { serverTest } from "./programs.ts";

const NEEDS = ["cyrus", "openssl", "root"] as const;
const FACTS: Pop3Facts = {
  ways: ["SCRAM-SHA-256", "SCRAM-SHA-1", "CRAM-MD5", "PLAIN", "LOGIN", "USER", "APOP"],
  refusal: "AUTH",
  without: withoutTrace,
  keepsForOthers: true,
};

/** The message without the fields that delivery puts on top. */
function withoutTrace(message: Uint8Array): Uint8Array {
  const [trace = ""] =
    /^[^]*?\r\nX-Sieve: .*\r\n/.exec(new TextDecoder("latin1").decode(message)) ??
      [];
  return message.subarray(trace.length);
}

await serverTest("Pop3Session logs in at Cyrus and is refused there", NEEDS, async (step) => {
  await using cyrus = await startCyrus();
  await checkLogins(cyrus, FACTS, step);
});

await serverTest("Pop3Session reads Cyrus' messages octet by octet", NEEDS, async (step) => {
  await using cyrus = await startCyrus();
  await checkReading(cyrus, FACTS, step);
});

await serverTest("Pop3Session deletes at Cyrus by commit() alone", NEEDS, async (step) => {
  await using cyrus = await startCyrus();
  await checkDeleting(cyrus, FACTS, step);
});

await serverTest("Pop3Session shares a maildrop at Cyrus", NEEDS, async (step) => {
  await using cyrus = await startCyrus({ expunge: "delayed" });
  await checkSharing(cyrus, FACTS, step);
});

await serverTest(
  "Pop3Session reads what delivery adds at Cyrus as it is stored",
  NEEDS,
  async () => {
    await using cyrus = await startCyrus();
    await cyrus.fill(JONES, [letter("one", "Hello\r\n")]);
    await using session = await open(cyrus);
    const { numbers } = await session.snapshot();
    deepStrictEqual(await contentsOf(session, numbers), await cyrus.mailbox(JONES));
  },
);
