/**
 * The mail servers: each starts, talks, delivers, and is gone afterwards. Nothing of ours
 * takes part: plain sockets, swaks, curl and fetchmail.
 */
import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { startDovecot } from "./dovecot.ts";
import { startExim } from "./exim.ts";
import { bodyOf } from "./maildir.ts";
import { LMTP_SOCKET } from "./network.ts";
import { startOpenSmtpd } from "./opensmtpd.ts";
import { PlainTalk, pop3Complete, type Target } from "./plain_talk.ts";
import { poll } from "./poll.ts";
import { startPostfix, TURN_DOMAIN } from "./postfix.ts";
import { run } from "./process.ts";
import { serverTest } from "./programs.ts";
import { RunFolder } from "./run_folder.ts";
import { startSmtpSink } from "./smtp_sink.ts";
import { sendWithSwaks } from "./swaks.ts";
import { STRANGER } from "./users.ts";

const JONES = "jones@beta.example";
const BROWN = "brown@beta.example";
// The letter of RFC 821's example, with lines that need dot-stuffing.
const BODY = "Blah blah blah...\r\n.\r\n..etc. etc. etc.\r\n";
const LETTER = { from: JONES, to: BROWN, message: `Subject: by swaks\r\n\r\n${BODY}` };

/** Capabilities without the first line of an EHLO reply, sorted. */
function capabilities(reply: string): string[] {
  return reply.split("\n").slice(1).map((line) => line.slice("250-".length)).sort();
}

async function deliverByLmtp(target: Target): Promise<void> {
  using talk = await PlainTalk.open(target);
  await talk.reply();
  deepStrictEqual(capabilities(await talk.say("LHLO alpha.example")), [
    "8BITMIME",
    "CHUNKING",
    "ENHANCEDSTATUSCODES",
    "PIPELINING",
    "STARTTLS",
  ]);
  match(await talk.say("MAIL FROM:<>"), /^250/);
  match(await talk.say(`RCPT TO:<${STRANGER}>`), /^550 5\.1\.1/);
  match(await talk.say(`RCPT TO:<${JONES}>`), /^250/);
  match(await talk.say(`RCPT TO:<${BROWN}>`), /^250/);
  match(await talk.say("DATA"), /^354/);
  match(await talk.say("Subject: by LMTP", "", "Hello", "."), new RegExp(`^250.*${JONES}`));
  match(await talk.reply(), new RegExp(`^250.*${BROWN}`));
}

await serverTest(
  "startPostfix() serves SMTP, submission and SMTP within TLS and delivers through Dovecot",
  ["postfix", "dovecot", "openssl", "swaks", "curl", "root"],
  async (step) => {
    await using postfix = await startPostfix({ messageSizeLimit: 1_000_000 });
    const { host, ports, caPem, users } = postfix;

    await step("the SMTP port announces its extensions, offers STARTTLS and verifies", async () => {
      using talk = await PlainTalk.open({ hostname: host, port: ports.smtp });
      strictEqual(await talk.reply(), "220 mail.example.test ESMTP");
      deepStrictEqual(capabilities(await talk.say("EHLO alpha.example")), [
        "8BITMIME",
        "CHUNKING",
        "DSN",
        "ENHANCEDSTATUSCODES",
        "ETRN",
        "PIPELINING",
        "SIZE 1000000",
        "SMTPUTF8",
        "STARTTLS",
        "VRFY",
      ]);
      match(await talk.say(`VRFY ${JONES}`), /^252 2\.0\.0/);
      match(await talk.say(`VRFY ${STRANGER}`), /^550 5\.1\.1/);
      match(await talk.say(`MAIL FROM:<${JONES}>`), /^250/);
      match(await talk.say(`RCPT TO:<${STRANGER}>`), /^550 5\.1\.1/);
      match(await talk.say("RCPT TO:<someone@elsewhere.example>"), /^554 5\.7\.1/);
    });

    await step("submission wants STARTTLS, then offers logins", async () => {
      using talk = await PlainTalk.open({ hostname: host, port: ports.submission });
      await talk.reply();
      ok(!capabilities(await talk.say("EHLO alpha.example")).join().includes("AUTH"));
      match(await talk.say(`MAIL FROM:<${JONES}>`), /^530 5\.7\.0/);
      match(await talk.say("STARTTLS"), /^220/);
      await talk.startTls(caPem);
      const login = capabilities(await talk.say("EHLO alpha.example"))
        .find((line) => line.startsWith("AUTH "));
      deepStrictEqual(login?.split(" ").slice(1).sort(), [
        "CRAM-MD5",
        "DIGEST-MD5",
        "LOGIN",
        "PLAIN",
        "SCRAM-SHA-1",
        "SCRAM-SHA-256",
      ]);
    });

    await step("a message of swaks arrives byte for byte", async () => {
      await sendWithSwaks({ ...LETTER, host, port: ports.submission, password: users[JONES] });
      const [message] = await postfix.mailbox(BROWN);
      strictEqual(bodyOf(message), BODY);
    });

    await step("curl sends within TLS and reads it back by POP3", async () => {
      const { ports: pop3, sockets } = postfix.dovecot;
      ok(sockets.lmtp.length <= 100);
      const login = ["-sS", "--cacert", postfix.caFile, "-u", `${JONES}:${users[JONES]}`];
      const envelope = ["--mail-from", JONES, "--mail-rcpt", JONES, "-T", "-"];
      await run("curl", [...login, ...envelope, `smtps://localhost:${ports.smtps}`], {
        stdin: "Subject: by curl\r\n\r\nHello\r\n",
      });
      await postfix.mailbox(JONES);
      const { stdout } = await run("curl", [...login, `pop3s://localhost:${pop3.pop3s}/1`]);
      match(stdout, /\r\nSubject: by curl\r\n\r\nHello\r\n$/);
    });

    match(await postfix.log(), /status=sent/);
  },
);

await serverTest(
  "startPostfix() holds mail for ETRN",
  ["postfix", "dovecot", "openssl", "swaks", "smtp-sink", "root"],
  async () => {
    await using sink = await startSmtpSink({ count: true });
    await using postfix = await startPostfix({ turnPort: sink.port });
    const port = postfix.ports.smtp;
    await sendWithSwaks({ ...LETTER, to: `joe@${TURN_DOMAIN}`, host: postfix.host, port });
    await postfix.deferred();
    strictEqual(await sink.messages(), 0);
    using talk = await PlainTalk.open({ hostname: postfix.host, port });
    await talk.reply();
    await talk.say("EHLO alpha.example");
    match(await talk.say(`ETRN ${TURN_DOMAIN}`), /^250 /);
    match(await talk.say("ETRN elsewhere.example"), /^459 /);
    await poll("the message to leave", async () => await sink.messages() === 1 || undefined);
  },
);

await serverTest(
  "startPostfix() runs twice side by side, with deliveries and users of its own",
  ["postfix", "dovecot", "openssl", "root"],
  async (step) => {
    await using first = await startPostfix({
      users: { "test1@domain.example": "1982214", "test2@domain.example": "other" },
      authWithoutTls: true,
      settings: { smtpd_banner: "localhost ESMTP Postfix - by ExtMail" },
    });
    await using second = await startPostfix({ delivery: "maildir" });

    await step("the first takes a login in clear, as old servers did", async () => {
      using talk = await PlainTalk.open({ hostname: first.host, port: first.ports.smtp });
      strictEqual(await talk.reply(), "220 localhost ESMTP Postfix - by ExtMail");
      match(await talk.say("EHLO alpha.example"), /^250-AUTH=PLAIN LOGIN/m);
      strictEqual(await talk.say("AUTH LOGIN"), "334 VXNlcm5hbWU6");
      strictEqual(await talk.say(btoa("test1@domain.example")), "334 UGFzc3dvcmQ6");
      match(await talk.say(btoa("1982214")), /^235 2\.7\.0/);
      match(await talk.say("MAIL FROM:<test1@domain.example>"), /^250/);
      match(await talk.say(`RCPT TO:<test2@domain.example>`), /^250/);
      match(await talk.say("DATA"), /^354/);
      match(await talk.say("Subject: one", "", "One", "."), /^250/);
      strictEqual(bodyOf((await first.mailbox("test2@domain.example"))[0]), "One\r\n");
    });

    await step("the second delivers internationalised mail by itself", async () => {
      using talk = await PlainTalk.open({ hostname: second.host, port: second.ports.smtp });
      await talk.reply();
      await talk.say("EHLO alpha.example");
      match(await talk.say("MAIL FROM:<jöns@alpha.example> SMTPUTF8"), /^250/);
      match(await talk.say(`RCPT TO:<${BROWN}>`), /^250/);
      match(await talk.say("DATA"), /^354/);
      match(await talk.say("Subject: zwei – 二", "", "Zwei", "."), /^250/);
      const [message] = await second.mailbox(BROWN);
      strictEqual(bodyOf(message), "Zwei\r\n");
      match(new TextDecoder().decode(message), /^Return-Path: <jöns@alpha\.example>\r\n/);
    });
  },
);

await serverTest(
  "startDovecot() speaks LMTP over a Unix socket",
  ["dovecot", "openssl", "root", "short path"],
  async () => {
    await using dovecot = await startDovecot({ lmtpSocket: LMTP_SOCKET });
    await deliverByLmtp({ transport: "unix", path: LMTP_SOCKET });
    strictEqual(bodyOf((await dovecot.mailbox(BROWN))[0]), "Hello\r\n");
  },
);

await serverTest(
  "startDovecot() speaks LMTP over TCP, POP3 with STLS and within TLS",
  ["dovecot", "openssl", "fetchmail", "root"],
  async (step) => {
    await using dovecot = await startDovecot();
    const { host, ports, caPem, users } = dovecot;
    await step("LMTP", () => deliverByLmtp({ hostname: host, port: ports.lmtp }));

    await step("POP3 with STLS shows the message", async () => {
      using talk = await PlainTalk.open({ hostname: host, port: ports.pop3 }, pop3Complete);
      match(await talk.reply(), /^\+OK mail\.example\.test ready <.+>$/);
      match(await talk.say("STLS"), /^\+OK/);
      await talk.startTls(caPem);
      match(await talk.say(`USER ${JONES}`), /^\+OK/);
      match(await talk.say(`PASS ${users[JONES]}`), /^\+OK/);
      match(await talk.say("STAT"), /^\+OK 1 /);
      match(await talk.say("QUIT"), /^\+OK/);
    });

    await step("fetchmail counts it within TLS", async () => {
      await using folder = await RunFolder.make("fetch");
      const control = await folder.write(
        "fetchmailrc",
        `poll localhost protocol pop3 port ${ports.pop3s}
  username "${BROWN}" password "${users[BROWN]}" ssl sslcertck sslcertfile "${dovecot.caFile}"\n`,
        0o600,
      );
      const { stdout } = await run("fetchmail", ["-f", control, "--check"], {
        env: { FETCHMAILHOME: folder.path },
      });
      match(stdout, /1 message for brown@beta\.example/);
    });
  },
);

await serverTest(
  "startExim() offers STARTTLS and logins and delivers",
  ["exim", "openssl", "swaks", "root"],
  async () => {
    await using exim = await startExim();
    const { host, ports, caPem, users } = exim;
    using talk = await PlainTalk.open({ hostname: host, port: ports.smtp });
    match(await talk.reply(), /^220 mail\.example\.test ESMTP Exim/);
    match(await talk.say("EHLO alpha.example"), /^250-STARTTLS$/m);
    match(await talk.say("STARTTLS"), /^220/);
    await talk.startTls(caPem);
    deepStrictEqual(capabilities(await talk.say("EHLO alpha.example")), [
      "8BITMIME",
      "AUTH PLAIN LOGIN CRAM-MD5",
      "CHUNKING",
      "DSN",
      "HELP",
      "PIPECONNECT",
      "PIPELINING",
      "PRDR",
      "SIZE 52428800",
      "SMTPUTF8",
      "VRFY",
    ]);
    match(await talk.say(`MAIL FROM:<${JONES}>`), /^250/);
    match(await talk.say(`RCPT TO:<${STRANGER}>`), /^550/);
    match(await talk.say("RCPT TO:<someone@elsewhere.example>"), /^550/);
    await sendWithSwaks({ ...LETTER, host, port: ports.smtp, password: users[JONES] });
    strictEqual(bodyOf((await exim.mailbox(BROWN))[0]), BODY);
  },
);

await serverTest(
  "startOpenSmtpd() delivers in its own root folder",
  ["opensmtpd", "openssl", "swaks", "root"],
  async () => {
    await using opensmtpd = await startOpenSmtpd();
    const { host, ports } = opensmtpd;
    using talk = await PlainTalk.open({ hostname: host, port: ports.smtp });
    strictEqual(await talk.reply(), "220 mail.example.test ESMTP OpenSMTPD");
    deepStrictEqual(capabilities(await talk.say("EHLO alpha.example")), [
      "8BITMIME",
      "DSN",
      "ENHANCEDSTATUSCODES",
      "HELP",
      "SIZE 36700160",
    ]);
    match(await talk.say(`MAIL FROM:<${JONES}>`), /^250/);
    match(await talk.say(`RCPT TO:<${STRANGER}>`), /^550/);
    await sendWithSwaks({ ...LETTER, host, port: ports.smtp });
    strictEqual(bodyOf((await opensmtpd.mailbox(BROWN))[0]), BODY);

    await using withTls = await startOpenSmtpd({ startTls: true });
    using other = await PlainTalk.open({ hostname: host, port: withTls.ports.smtp });
    await other.reply();
    match(await other.say("EHLO alpha.example"), /^250-STARTTLS$/m);
  },
);
