/**
 * SmtpSession at a real Postfix: every command, contents, extensions, refusals.
 */
import { deepStrictEqual, match, ok, rejects, strictEqual } from "node:assert/strict";
import { connectSmtp, SmtpLocalError } from "@mailwright/mailwright/smtp";
import { checkContents, copies, letter, WAY_USERS } from "./contents.ts";
import { bodyOf } from "./maildir.ts";
import { BROWN, JONES, logged, said, submit } from "./our_client.ts";
import { startPostfix } from "./postfix.ts";
import { serverTest } from "./programs.ts";
import { STRANGER, USERS } from "./users.ts";

const NEEDS = ["postfix", "dovecot", "openssl", "root"] as const;
const LETTER = letter("One for Brown", "Hello\r\n");
const TO_BROWN = { from: JONES, to: [BROWN], policy: "all" } as const;
await serverTest("SmtpSession says every command to Postfix", NEEDS, async (step) => {
  await using postfix = await startPostfix({ users: { ...USERS, ...WAY_USERS } });
  await using session = await submit(postfix);

  await step("VRFY and EXPN", async () => {
    strictEqual((await session.vrfy(BROWN)).code, 252);
    strictEqual((await session.vrfy(STRANGER)).code, 550);
    // Postfix has no lists to expand.
    strictEqual((await session.expn("staff")).code, 500);
  });

  await step("HELP, NOOP, RSET and words of our own", async () => {
    strictEqual((await session.help()).code, 500);
    strictEqual((await session.noop()).code, 250);
    strictEqual((await session.noop("are you there")).code, 250);
    strictEqual((await session.rset()).code, 250);
    strictEqual((await session.command("NOOP again")).code, 250);
    strictEqual((await session.command("XUNKNOWN")).code, 500);
  });

  await step("ETRN for those whom it serves", async () => {
    strictEqual((await session.etrn("turn.example")).code, 250);
    strictEqual((await session.etrn("elsewhere.example")).code, 459);
  });

  await step("a transaction by hand, begun anew", async () => {
    strictEqual((await session.mail(JONES)).code, 250);
    strictEqual((await session.rcpt(STRANGER)).code, 550);
    ok(session.open);
    strictEqual((await session.rset()).code, 250);
    ok(!session.open);
    strictEqual((await session.mail(null, { body: "8BITMIME" })).code, 250);
    strictEqual((await session.rcpt(BROWN)).code, 250);
    strictEqual((await session.data(letter("By hand", ".\r\nBy hand"))).code, 250);
    strictEqual((await session.mail(null)).code, 250);
    strictEqual((await session.rcpt(BROWN)).code, 250);
    strictEqual((await session.bdat(letter("In chunks", ".\r"))).code, 250);
    strictEqual((await session.bdat(new TextEncoder().encode("\n."))).code, 250);
    strictEqual((await session.bdat(new Uint8Array(0), { last: true })).code, 250);
    const mailbox = await postfix.mailbox(BROWN, 2);
    strictEqual(copies(mailbox, letter("By hand", ".\r\nBy hand\r\n")), 1);
    strictEqual(copies(mailbox, letter("In chunks", ".\r\n.\r\n")), 1);
  });

  await checkContents(session, postfix, step);

  await step("QUIT", async () => {
    strictEqual((await session.quit())?.code, 221);
    ok(!session.usable);
  });
});

await serverTest("SmtpSession keeps to what Postfix takes and refuses", NEEDS, async (step) => {
  const limit = 100_000;
  await using postfix = await startPostfix({ messageSizeLimit: limit });
  const large = letter("Too large", `${"x".repeat(70)}\r\n`.repeat(limit / 70));
  const lines: string[] = [];
  await using session = await submit(postfix, { onEvent: said(lines) });
  const stream = async function* (): AsyncGenerator<Uint8Array> {
    yield await Promise.resolve(large);
  };

  await step("a message above SIZE is not even begun [S56]", async () => {
    lines.length = 0;
    await rejects(session.send(TO_BROWN, large), (error) => {
      ok(error instanceof SmtpLocalError);
      strictEqual(error.enhanced, "5.3.4");
      strictEqual(error.receipt?.outcome, "not-sent");
      return true;
    });
    deepStrictEqual(lines, []);
  });

  await step("one of unknown size is refused behind DATA and behind BDAT", async () => {
    for (const chunking of [false, true]) {
      const receipt = await session.send(TO_BROWN, stream(), { chunking });
      strictEqual(receipt.outcome, "refused");
      strictEqual(receipt.reply?.code, 552);
      strictEqual(receipt.rejected[0]?.retry, "never");
      strictEqual((await session.send(TO_BROWN, LETTER)).outcome, "accepted");
    }
  });

  await step("a refused MAIL is told as such, not what was pipelined behind it", async () => {
    const parameters = { other: [{ keyword: "XUNKNOWN" }] };
    const receipt = await session.send({ ...TO_BROWN, policy: "any", parameters }, LETTER);
    strictEqual(receipt.outcome, "refused");
    strictEqual(receipt.stage, "mail");
    strictEqual(receipt.reply?.code, 555);
  });

  await step("one refused recipient does not keep a message for any from the others", async () => {
    const to = [STRANGER, BROWN];
    const receipt = await session.send({ from: JONES, to, policy: "any" }, LETTER);
    strictEqual(receipt.outcome, "partial");
    deepStrictEqual(receipt.accepted.map(({ recipient }) => `${recipient}`), [BROWN]);
    deepStrictEqual(receipt.rejected.map(({ recipient, reply }) => `${recipient} ${reply?.code}`), [
      `${STRANGER} 550`,
    ]);
  });

  await step("it keeps a message for all from everybody [S28]", async () => {
    {
      await using other = await submit(postfix);
      const to = [BROWN, STRANGER];
      const receipt = await other.send({ from: JONES, to, policy: "all" }, LETTER);
      strictEqual(receipt.outcome, "refused");
      strictEqual(receipt.stage, "rcpt");
      deepStrictEqual(receipt.accepted, []);
    }
    // No DATA in Postfix' own count.
    await logged(postfix, /disconnect from \S+ .* mail=1 rcpt=1\/2 (rset=1 )?quit=1 /);
  });

  await step("8-bit text is announced, and not sent where it is not offered [S51]", async () => {
    const text = letter("In eight bits", "Grüße\r\n");
    lines.length = 0;
    strictEqual((await session.send(TO_BROWN, text)).outcome, "accepted");
    match(lines.join("\n"), /^MAIL FROM:\S+ SIZE=\d+ BODY=8BITMIME$/m);
    await using modest = await submit(postfix, { without: ["8BITMIME"] });
    await rejects(modest.send(TO_BROWN, text), SmtpLocalError);
    strictEqual(copies(await postfix.mailbox(BROWN, 4), text), 1);
  });

  await step("a report of success comes for whom one was asked [S57]", async () => {
    const receipt = await session.send({
      from: JONES,
      to: [
        {
          address: BROWN,
          parameters: {
            notify: ["SUCCESS", "FAILURE"],
            orcpt: { address: "Brown+us=all@alpha.example" },
          },
        },
        { address: JONES, parameters: { notify: "NEVER" } },
      ],
      policy: "all",
      parameters: { ret: "HDRS", envid: "QQ 314+15=92" },
    }, letter("With a report", "Not in the report\r\n"));
    strictEqual(receipt.outcome, "accepted");
    const mailbox = (await postfix.mailbox(JONES, 2)).map((stored) =>
      new TextDecoder().decode(stored)
    );
    const report = mailbox.find((text) => text.includes("report-type=delivery-status")) ?? "";
    match(report, /^Original-Envelope-Id: QQ 314\+15=92\r$/m);
    match(report, /^Original-Recipient: rfc822;Brown\+us=all@alpha\.example\r$/m);
    match(report, /^Subject: With a report\r$/m);
    ok(!report.includes("Not in the report"));
    ok(!report.includes(`rfc822; ${JONES}\r\nAction`));
  });

  await step("the SMTP port offers STARTTLS, and a script may do without", async () => {
    const url = `smtp://${postfix.host}:${postfix.ports.smtp}`;
    await using plain = await connectSmtp({ url, tls: "none" });
    ok(plain.capabilities.has("STARTTLS"));
    const receipt = await plain.send(TO_BROWN, LETTER);
    strictEqual(receipt.outcome, "accepted");
    ok(!receipt.tls);
  });
});

await serverTest("SmtpSession sends internationalised mail to Postfix", NEEDS, async (step) => {
  const joens = "jöns@beta.example";
  const baeta = "brown@bäta.example";
  await using postfix = await startPostfix({
    users: { ...USERS, [joens]: "none", "brown@xn--bta-qla.example": "none" },
    delivery: "maildir",
  });
  const lines: string[] = [];
  await using session = await submit(postfix, { onEvent: said(lines) });

  await step("a local part and a header in UTF-8 need SMTPUTF8 [S54]", async () => {
    const text = letter("Grüße", "Hello\r\n");
    const receipt = await session.send({ from: JONES, to: [joens], policy: "all" }, text);
    strictEqual(receipt.outcome, "accepted");
    match(lines.join("\n"), / BODY=8BITMIME SMTPUTF8$/m);
    strictEqual(copies(await postfix.mailbox(joens), text), 1);
  });

  await step("VRFY may hold one, too", async () => {
    strictEqual((await session.vrfy(joens, { utf8: true })).code, 252);
  });

  await step("a domain alone does not [S55]", async () => {
    lines.length = 0;
    const receipt = await session.send({ from: JONES, to: [baeta], policy: "all" }, LETTER);
    strictEqual(receipt.outcome, "accepted");
    ok(!lines.join("\n").includes("SMTPUTF8"));
    strictEqual(bodyOf((await postfix.mailbox("brown@xn--bta-qla.example"))[0]), "Hello\r\n");
  });

  await step("without SMTPUTF8 it is refused here", async () => {
    session.mask("SMTPUTF8");
    const envelope = { from: JONES, to: [joens], policy: "all" } as const;
    await rejects(session.send(envelope, LETTER), { name: "SmtpLocalError", enhanced: "5.6.7" });
  });
});
