/**
 * The probe as a user runs it, in a process of its own with the permissions that it names itself,
 * against real servers.
 */
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { Daemon } from "./daemon.ts";
import { startDovecot } from "./dovecot.ts";
import { startExim } from "./exim.ts";
import { bodyOf } from "./maildir.ts";
import { freePorts, LMTP_SOCKET } from "./network.ts";
import { startOpenSmtpd } from "./opensmtpd.ts";
import { startPostfix, TURN_DOMAIN } from "./postfix.ts";
import { probe, result, SCRIPT, YOUNG } from "./probe_run.ts";
import { run } from "./process.ts";
import { serverTest } from "./programs.ts";
import { RunFolder } from "./run_folder.ts";
import { STRANGER } from "./users.ts";

const JONES = "jones@beta.example";
const BROWN = "brown@beta.example";

await serverTest(
  "probe against Postfix",
  ["postfix", "dovecot", "openssl", "root"],
  async (step) => {
    await using postfix = await startPostfix();
    const { ports, caFile, users } = postfix;
    const password = users[JONES] ?? "";
    const trust = ["--tls-ca", caFile, ...YOUNG];
    const login = [...trust, "--user", JONES, "--password-from", "stdin"];
    const submission = `submission://localhost:${ports.submission}`;

    await step("logs in, and tells who is taken and who is refused", async () => {
      const args = [submission, ...login, "--from", JONES, "--to", JONES, "--to", STRANGER];
      const { exitCode, targets: [target], ids } = await result(args, password);
      deepEqual([exitCode, ids], [1, ["rcpt.refused"]]);
      deepEqual(target?.rcpt.map(({ code, enhanced, outcome }) => [code, enhanced, outcome]), [
        [250, "2.1.5", "accepted"],
        [550, "5.1.1", "refused"],
      ]);
      deepEqual([target?.delivery, target?.auth?.ok, target?.auth?.used], [
        ...["partial", true, "SCRAM-SHA-256"],
      ]);
      deepEqual([target?.capabilities.gained, target?.capabilities.lost], [["AUTH"], ["STARTTLS"]]);
      deepEqual([target?.tls?.authorized, target?.reachedStage], [true, "quit"]);
      deepEqual(target?.stages.map(({ name }) => name), [
        ...["tcp", "banner", "ehlo", "clear", "starttls", "tls", "ehlo2", "auth", "ehlo3"],
        ...["mail", "rcpt", "quit"],
      ]);
      const { out, code } = await probe(args, password);
      equal(code, 1);
      match(out, /✗ green@beta\.example {2}550 5\.1\.1 <green@beta\.example>: /);
      match(out, /\nWARNING localhost:\d+: 1 of 2 recipients refused \(rcpt\.refused\)/);
      ok(!out.includes(password));
    });

    await step("sends a file byte for byte, and shows the session", async () => {
      await using folder = await RunFolder.make("probe");
      const body = "One\r\n.\r\n..two\r\nÜber\r\n";
      const mail = "Subject: by the probe\r\nMIME-Version: 1.0\r\n" +
        "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n" + body;
      const { out, err, code } = await probe([
        ...[`smtps://localhost:${ports.smtps}`, ...login, "--from", JONES, "--to", BROWN, "--send"],
        ...["--message", await folder.write("mail.eml", mail), "--transcript", "-", "--pipelining"],
      ], password);
      equal(code, 0);
      match(err, /~> {3}MAIL FROM:<jones@beta\.example> SIZE=\d+ BODY=8BITMIME\n/);
      match(err, /~> {3}AUTH SCRAM-SHA-256 \$\{hidden\}\n/);
      match(out, /✓ accepted, \d+ octets {2}250 2\.0\.0 Ok: queued as /);
      equal(bodyOf((await postfix.mailbox(BROWN))[0]), body);
    });

    await step("writes a message, and sends it by BDAT", async () => {
      const { exitCode, targets: [target] } = await result([
        ...[`smtp://localhost:${ports.smtp}`, ...trust, "--from", JONES, "--to", BROWN, "--send"],
        ...["--subject", "Grüße", "--body", "Hello", "--chunking"],
      ]);
      deepEqual([exitCode, target?.message?.outcome], [0, "accepted"]);
      const [, message] = await postfix.mailbox(BROWN, 2);
      equal(bodyOf(message), "Hello\r\n");
    });

    await step("asks VRFY and ETRN", async () => {
      const { targets: [target] } = await result([
        ...[`smtp://localhost:${ports.smtp}`, ...trust],
        ...["--ask", `VRFY ${JONES}`, "--ask", `VRFY ${STRANGER}`, "--ask", `ETRN ${TURN_DOMAIN}`],
      ]);
      const replies = target?.stages.find(({ name }) => name === "ask")?.replies ?? [];
      deepEqual(replies.map(({ code }) => code), [252, 550, 250]);
    });

    await step("names a wrong password", async () => {
      const { exitCode, ids } = await result([submission, ...login], "not-the-password");
      deepEqual([exitCode, ids], [2, ["auth.failed"]]);
    });

    await step("gives no password to whom it does not trust", async () => {
      const args = [submission, ...YOUNG, "--user", JONES, "--password-from", "stdin"];
      const { exitCode, ids, targets: [target] } = await result(args, password);
      deepEqual([exitCode, ids], [2, ["cert.untrusted", "check.skipped"]]);
      ok(!target?.transcript.some(({ text }) => text.startsWith("AUTH")));
    });

    await step("sees that a port is of the other kind", async () => {
      const plain = await result([`smtps://localhost:${ports.smtp}`]);
      deepEqual(plain.ids, ["tls.handshake"]);
      match(plain.findings[0]?.fix ?? "", /^Use smtp:\/\/ or submission:\/\//);
      const tls = await result([`smtp://localhost:${ports.smtps}`, "--timeout", "10s"]);
      deepEqual(tls.ids, ["banner.timeout"]);
      match(tls.findings[0]?.fix ?? "", /use smtps:\/\//);
    });

    await step("takes the target from the environment, where that is granted", async () => {
      const url = `smtp://localhost:${ports.smtp}`;
      const { code, stdout } = await run("deno", [
        ...["run", "--no-prompt", "--quiet", "--no-config", "--allow-env=SMTP_URL"],
        ...[`--allow-net=localhost:${ports.smtp}`, `--allow-read=${caFile}`],
        ...[SCRIPT, ...trust, "--quiet"],
      ], { env: { SMTP_URL: url, NO_COLOR: "1" } });
      equal(code, 0);
      match(stdout, /^OK localhost:\d+: all is well/);
    });

    await step("connects from another address", async () => {
      const { targets: [target] } = await result([
        ...[`smtp://127.0.0.1:${ports.smtp}`, ...trust, "--local-address", "127.0.0.9"],
      ]);
      ok(target?.transcript.some(({ text }) => text === "EHLO [127.0.0.9]"));
      equal(target?.reachedStage, "quit");
    });
  },
);

await serverTest(
  "probe against Exim, whose login survives another EHLO",
  ["exim", "openssl", "root"],
  async () => {
    await using exim = await startExim();
    const args = ["--tls-ca", exim.caFile, ...YOUNG, "--user", JONES, "--password-from", "stdin"];
    const { exitCode, targets: [target] } = await result([
      ...[`smtp://127.0.0.1:${exim.ports.smtp}`, ...args, "--from", JONES, "--to", JONES],
      ...["--to", "somebody@elsewhere.example", "--to", STRANGER],
    ], exim.users[JONES]);
    equal(exitCode, 1);
    deepEqual(target?.rcpt.map(({ outcome }) => outcome), ["accepted", "accepted", "refused"]);
    equal(target?.auth?.ok, true);
    ok(target?.stages.some(({ name, ok }) => name === "ehlo3" && ok));
  },
);

await serverTest(
  "probe against Dovecot's LMTP on a Unix socket",
  ["dovecot", "openssl", "root", "short path"],
  async () => {
    await using dovecot = await startDovecot({ lmtpSocket: LMTP_SOCKET });
    const args = ["--from", JONES, "--to", JONES, "--to", STRANGER, "--to", BROWN, "--send"];
    const { exitCode, targets: [target] } = await result([`unix:${LMTP_SOCKET}`, ...args]);
    equal(exitCode, 1);
    deepEqual(target?.rcpt.map(({ outcome }) => outcome), ["accepted", "refused", "accepted"]);
    equal(target?.stages.find(({ name }) => name === "dot")?.replies.length, 2);
    deepEqual([target?.message?.outcome, target?.protocol], ["partial", "lmtp"]);
    equal((await dovecot.mailbox(BROWN)).length, 1);
  },
);

await serverTest(
  "probe against OpenSMTPD, without TLS and with one that is broken",
  ["opensmtpd", "openssl", "root"],
  async (step) => {
    await step("without TLS", async () => {
      await using server = await startOpenSmtpd();
      const { exitCode, ids } = await result([
        ...[`smtp://127.0.0.1:${server.ports.smtp}`, "--to", JONES],
      ]);
      deepEqual([exitCode, ids], [1, ["tls.not-offered"]]);
    });
    await step("with TLS that never comes about", async () => {
      await using server = await startOpenSmtpd({ startTls: true });
      const { exitCode, ids } = await result([`smtp://127.0.0.1:${server.ports.smtp}`]);
      deepEqual([exitCode, ids], [2, ["tls.handshake"]]);
    });
  },
);

await serverTest(
  "probe against a server that speaks TLS 1.1 at most [S14]",
  ["openssl"],
  async () => {
    await using folder = await RunFolder.make("tls11");
    const { port } = freePorts("port");
    const certificate = folder.file("server.pem");
    const key = folder.file("server.key");
    await run("openssl", [
      ...["req", "-x509", "-nodes", "-newkey", "rsa:2048", "-subj", "/CN=localhost"],
      ...["-out", certificate, "-keyout", key],
    ]);
    await using _server = await Daemon.start(folder, "openssl", {
      args: [
        ...["s_server", "-accept", `127.0.0.1:${port}`, "-cert", certificate, "-key", key],
        ...["-tls1_1", "-cipher", "ALL:@SECLEVEL=0", "-quiet"],
      ],
      ports: [port],
    });
    const { exitCode, ids } = await result([`smtps://127.0.0.1:${port}`]);
    deepEqual([exitCode, ids], [2, ["tls.neither-1.2-nor-1.3"]]);
  },
);
