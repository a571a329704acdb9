/**
 * Pop3Session at a real Courier.
 */
import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import { letter } from "./contents.ts";
import { startCourier } from "./courier.ts";
import { list } from "./maildir.ts";
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
  await courier.fill(JONES, [letter("one", "Hello\r\n"), letter("two", "Hello\r\n")]);

  await step("mechanisms that nobody else has are offered, and left alone", async () => {
    await using session = await open(courier, { until: "hello" });
    deepStrictEqual(session.capabilities.sasl, [
      ...["LOGIN", "PLAIN", "CRAM-MD5", "CRAM-SHA1", "CRAM-SHA256"],
    ]);
    strictEqual(session.capabilities.has("RESP-CODES"), false);
  });

  await step("RETR marks a message as seen, TOP does not [Q9]", async () => {
    const flags = async (): Promise<string[]> => {
      const names = await list(`${courier.mail}/beta.example/jones/Maildir/cur`);
      return names.map((name) => name.split(":2,")[1] ?? "").sort();
    };
    {
      await using session = await open(courier);
      for await (const top of session.top((await session.snapshot()).numbers, 0)) ok(top.ok);
      await session.quit();
    }
    deepStrictEqual(await flags(), ["", ""]);
    await using session = await open(courier);
    await contentsOf(session, (await session.snapshot()).numbers.slice(0, 1));
    await session.quit();
    deepStrictEqual(await flags(), ["", "S"]);
  });
});
