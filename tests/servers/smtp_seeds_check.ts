/**
 * The sessions that the project grew from, once more with a real Postfix at the other end: the
 * example of RFC 821, and a Postfix that takes a login in the clear.
 */
import { deepStrictEqual, ok, rejects, strictEqual } from "node:assert/strict";
import { connectSmtp, Secret } from "@mailwright/mailwright/smtp";
import { copies } from "./contents.ts";
import { BROWN, JONES, said } from "./our_client.ts";
import { startPostfix } from "./postfix.ts";
import { serverTest } from "./programs.ts";
import { STRANGER } from "./users.ts";

const NEEDS = ["postfix", "dovecot", "openssl", "root"] as const;

await serverTest("SmtpSession holds the session of RFC 821 with Postfix", NEEDS, async (step) => {
  await using postfix = await startPostfix();
  const url = `smtp://${postfix.host}:${postfix.ports.smtp}`;
  const smith = "smith@alpha.example";
  const to = [JONES, STRANGER, BROWN];
  const content = new TextEncoder().encode("Blah blah blah...\r\n...etc. etc. etc.\r\n");

  await step("command by command", async () => {
    await using session = await connectSmtp({ url, tls: "none", until: "greeting" });
    strictEqual((await session.helo("alpha.example")).code, 250);
    strictEqual((await session.mail(smith)).code, 250);
    const codes: number[] = [];
    for (const recipient of to) codes.push((await session.rcpt(recipient)).code);
    deepStrictEqual(codes, [250, 550, 250]);
    strictEqual((await session.data(content)).code, 250);
    strictEqual((await session.quit())?.code, 221);
  });

  await step("and as one message: Green is refused, Jones and Brown get it", async () => {
    await using session = await connectSmtp({ url, tls: "none" });
    const receipt = await session.send({ from: smith, to, policy: "any" }, content);
    strictEqual(receipt.outcome, "partial");
    deepStrictEqual(receipt.accepted.map(({ recipient }) => `${recipient}`), [JONES, BROWN]);
    deepStrictEqual(receipt.rejected.map(({ recipient }) => `${recipient}`), [STRANGER]);
  });

  await step("and both times they did", async () => {
    for (const user of [JONES, BROWN]) {
      strictEqual(copies(await postfix.mailbox(user, 2), content), 2);
    }
  });
});

await serverTest("SmtpSession logs in to Postfix in the clear, told to", NEEDS, async (step) => {
  const test1 = "test1@domain.example";
  const test2 = "test2@domain.example";
  await using postfix = await startPostfix({
    users: { [test1]: "1982214", [test2]: "7654321" },
    authWithoutTls: true,
    messageSizeLimit: 102_400_000,
    settings: { smtpd_banner: "localhost ESMTP Postfix - by ExtMail" },
  });
  const url = `smtp://${postfix.host}:${postfix.ports.smtp}`;
  const auth = { user: test1, password: new Secret("1982214"), mechanisms: ["LOGIN"] };
  const envelope = { from: test1, to: [test2], policy: "all" } as const;
  const content = new TextEncoder().encode(
    `From: ${test1}
To: ${test2}
Date: Mon, 25 Oct 2004 14:24:27 +0800
Subject: test mail

Hi, test2
This is a test mail, you don't reply it.

`.replaceAll("\n", "\r\n"),
  );

  await step("command by command: HELO, EHLO, AUTH LOGIN, MAIL, RCPT, DATA, QUIT", async () => {
    const lines: string[] = [];
    await using session = await connectSmtp({
      url,
      tls: "none",
      until: "greeting",
      onEvent: said(lines),
    });
    strictEqual(`${session.greeting}`, "220 localhost ESMTP Postfix - by ExtMail");
    strictEqual((await session.helo("test.com")).code, 250);
    strictEqual((await session.ehlo("test.com")).code, 250);
    const { capabilities } = session;
    for (
      const keyword of ["PIPELINING", "VRFY", "ETRN", "ENHANCEDSTATUSCODES", "8BITMIME", "DSN"]
    ) {
      ok(capabilities.has(keyword), keyword);
    }
    strictEqual(capabilities.size, 102_400_000);
    ok(capabilities.auth.includes("LOGIN"));
    strictEqual((await session.auth(auth, { allowCleartextAuth: true })).reply.code, 235);
    strictEqual((await session.mail(test1)).code, 250);
    strictEqual((await session.rcpt(test2)).code, 250);
    strictEqual((await session.data(content)).code, 250);
    strictEqual((await session.quit())?.code, 221);
    deepStrictEqual(lines, [
      "HELO test.com",
      "EHLO test.com",
      "AUTH LOGIN",
      "${b64 user}",
      "${b64 pass}",
      `MAIL FROM:<${test1}>`,
      `RCPT TO:<${test2}>`,
      "DATA",
      "QUIT",
    ]);
  });

  await step("and as one message", async () => {
    await using session = await connectSmtp({ url, tls: "none", auth, allowCleartextAuth: true });
    strictEqual((await session.send(envelope, content)).outcome, "accepted");
  });

  await step("and both times it arrived", async () => {
    strictEqual(copies(await postfix.mailbox(test2, 2), content), 2);
  });

  await step("but neither untold nor with a wrong password", async () => {
    await rejects(connectSmtp({ url, tls: "none", auth }), { name: "SmtpLocalError" });
    const wrong = { ...auth, password: new Secret("4122891") };
    await rejects(
      connectSmtp({ url, tls: "none", auth: wrong, allowCleartextAuth: true }),
      (error) => error instanceof Error && /535 5\.7\.8/.test(error.message),
    );
  });
});
