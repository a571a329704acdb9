/**
 * TLS and logins of SmtpSession at a real Postfix, and what is refused without them.
 */
import { deepStrictEqual, ok, rejects, strictEqual } from "node:assert/strict";
import { connectSmtp, Secret, SmtpAuthError } from "@mailwright/mailwright/smtp";
import { TlsError } from "@mailwright/mailwright/wire";
import { copies, letter } from "./contents.ts";
import { BROWN, credentials, JONES, logged, submit } from "./our_client.ts";
import { startPostfix } from "./postfix.ts";
import { serverTest } from "./programs.ts";

const NEEDS = ["postfix", "dovecot", "openssl", "root"] as const;
const LETTER = letter("One for Brown", "Hello\r\n");
const TO_BROWN = { from: JONES, to: [BROWN], policy: "all" } as const;
/** Those of Dovecot that we know, the strongest first. */
const MECHANISMS = ["SCRAM-SHA-256", "SCRAM-SHA-1", "CRAM-MD5", "PLAIN", "LOGIN"];

await serverTest("SmtpSession logs in at Postfix and is refused there", NEEDS, async (step) => {
  await using postfix = await startPostfix();
  const { host, ports, caPem, users } = postfix;

  await step("by the strongest mechanism", async () => {
    await using session = await submit(postfix);
    const { auth } = session.capabilities;
    deepStrictEqual(MECHANISMS.filter((name) => auth.includes(name)), MECHANISMS);
    strictEqual(session.authenticated, "SCRAM-SHA-256");
    ok(session.secure);
  });

  for (const name of MECHANISMS) {
    await step(`by ${name}`, async () => {
      const auth = { ...credentials(postfix), mechanisms: [name] };
      await using session = await submit(postfix, { auth });
      const receipt = await session.send(TO_BROWN, LETTER);
      strictEqual(receipt.outcome, "accepted");
      ok(receipt.tls);
      await logged(
        postfix,
        new RegExp(`${receipt.queueId}: client=.*, sasl_method=${name}, sasl_username=${JONES}`),
      );
    });
  }

  await step("within TLS from the first octet", async () => {
    await using session = await connectSmtp({
      url: `smtps://${host}:${ports.smtps}`,
      caCerts: [caPem],
      auth: credentials(postfix),
    });
    strictEqual((await session.send(TO_BROWN, LETTER)).outcome, "accepted");
  });

  await step("and all of these messages arrived", async () => {
    const count = MECHANISMS.length + 1;
    strictEqual(copies(await postfix.mailbox(BROWN, count), LETTER), count);
  });

  await step("a wrong password is refused for good, by one mechanism only", async () => {
    const auth = { user: JONES, password: new Secret(`not ${users[JONES]}`) };
    await rejects(submit(postfix, { auth }), (error) => {
      ok(error instanceof SmtpAuthError);
      strictEqual(error.temporary, false);
      deepStrictEqual(error.tried, ["SCRAM-SHA-256"]);
      strictEqual(error.reply?.code, 535);
      ok(!error.message.includes(`${users[JONES]}`));
      return true;
    });
  });

  await step("a certificate that nobody trusts ends it before any login [S65]", async () => {
    await rejects(submit(postfix, { caCerts: [] }), (error) => {
      ok(error instanceof TlsError);
      strictEqual(error.failure, "unknown-issuer");
      return true;
    });
    // All that this session said, in Postfix' own count.
    await logged(postfix, /disconnect from \S+ ehlo=1 starttls=0\/1 commands=1\/2$/m);
  });

  await step("a name that is not in the certificate, too", async () => {
    await rejects(submit(postfix, { tlsName: "other.example" }), { failure: "wrong-name" });
  });

  await step("no login, no relaying", async () => {
    await using session = await connectSmtp({
      url: `smtp://${host}:${ports.smtp}`,
      caCerts: [caPem],
    });
    const to = ["someone@elsewhere.example"];
    const receipt = await session.send({ from: JONES, to, policy: "any" }, LETTER);
    strictEqual(receipt.outcome, "refused");
    strictEqual(receipt.stage, "rcpt");
    strictEqual(receipt.reply?.code, 554);
    strictEqual(`${receipt.reply?.enhanced}`, "5.7.1");
    strictEqual(receipt.rejected[0]?.retry, "never");
  });

  await step("submission wants a login", async () => {
    await using session = await submit(postfix, { auth: undefined });
    const receipt = await session.send(TO_BROWN, LETTER);
    strictEqual(receipt.outcome, "refused");
    strictEqual(receipt.reply?.code, 554);
  });
});
