/**
 * Pop3Session at a real Courier.
 */
import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { startCourier } from "./courier.ts";
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

const NEEDS = ["courier", "openssl", "root"] as const;
const FACTS: Pop3Facts = { ways: ["CRAM-MD5", "PLAIN", "LOGIN", "USER"] };

await serverTest("Pop3Session logs in at Courier and is refused there", NEEDS, async (step) => {
  await using courier = await startCourier();
  await checkLogins(courier, FACTS, step);
});

await serverTest("Pop3Session reads Courier's messages octet by octet", NEEDS, async (step) => {
  await using courier = await startCourier();
  await checkReading(courier, FACTS, step);
});

await serverTest("Pop3Session deletes at Courier by commit() alone", NEEDS, async (step) => {
  await using courier = await startCourier();
  await checkDeleting(courier, FACTS, step);
});

await serverTest("Pop3Session shares a maildrop at Courier", NEEDS, async (step) => {
  await using courier = await startCourier();
  await checkSharing(courier, FACTS, step);
});

await serverTest("Pop3Session meets the ways of Courier", NEEDS, async (step) => {
  await using courier = await startCourier();

  await step("mechanisms that nobody else has are offered, and left alone", async () => {
    await using session = await open(courier, { until: "hello" });
    deepStrictEqual(session.capabilities.sasl, [
      ...["LOGIN", "PLAIN", "CRAM-MD5", "CRAM-SHA1", "CRAM-SHA256"],
    ]);
    strictEqual(session.capabilities.has("RESP-CODES"), false);
  });

  await checkSeen(courier, step);
});
