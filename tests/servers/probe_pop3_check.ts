/**
 * The probe against Dovecot's POP3: what it offers, who gets in, what is in a maildrop.
 */
import { deepEqual, equal, match, ok } from "node:assert/strict";
import type { TargetResult } from "../../src/jobs/mod.ts";
import { startDovecot } from "./dovecot.ts";
import { fillMaildrop, maildropOf } from "./maildrop.ts";
import { JONES } from "./our_client.ts";
import { probe, result, YOUNG } from "./probe_run.ts";
import { serverTest } from "./programs.ts";

const NEEDS = ["dovecot", "openssl", "root"] as const;

function letters(count: number): Uint8Array[] {
  const encoder = new TextEncoder();
  return Array.from(
    { length: count },
    (_, index) => encoder.encode(`Subject: ${index}\r\n\r\nText ${index}\r\n`),
  );
}

/** What we said of one kind. */
function said(target: TargetResult | undefined, what: RegExp): string[] {
  return (target?.transcript ?? []).filter(({ end, text }) => end === "C" && what.test(text))
    .map(({ text }) => text);
}

await serverTest("probe against Dovecot's POP3", NEEDS, async (step) => {
  await using dovecot = await startDovecot();
  const { ports, caFile, users } = dovecot;
  const password = users[JONES] ?? "";
  const trust = ["--tls-ca", caFile, ...YOUNG];
  const login = [...trust, "--user", JONES, "--password-from", "stdin"];
  const plain = `pop3://localhost:${ports.pop3}`;
  const secure = `pop3s://localhost:${ports.pop3s}`;
  await fillMaildrop(dovecot, JONES, letters(12));

  await step("sees three sets of capabilities and a maildrop whose listings agree", async () => {
    const before = await maildropOf(dovecot, JONES);
    const { exitCode, ids, targets: [target] } = await result([plain, ...login], password);
    deepEqual([exitCode, ids], [0, []]);
    deepEqual(target?.stages.map(({ name }) => name), [
      ...["tcp", "banner", "capa", "stls", "tls", "capa2", "auth", "capa3"],
      ...["stat", "list", "uidl", "quit"],
    ]);
    deepEqual([target?.auth?.ok, target?.auth?.used], [true, "SCRAM-SHA-256"]);
    ok(target?.capabilities.clear?.includes("STLS") && target.capabilities.lost.includes("STLS"));
    deepEqual([target.tls?.mode, target.tls?.authorized], ["stls", true]);
    const { capa, apop, pipelining, responseCodes, maildrop } = target.pop3 ?? {};
    deepEqual({ capa, apop, pipelining, responseCodes }, {
      ...{ capa: true, apop: true, pipelining: true, responseCodes: true },
    });
    deepEqual([maildrop?.messages, maildrop?.listed, maildrop?.uidl], [12, 12, "valid"]);
    deepEqual(said(target, /^(?:RETR|DELE|RSET|TOP)/), []);
    deepEqual(await maildropOf(dovecot, JONES), before);
  });

  await step("within TLS from the first octet, in one go, and with a header", async () => {
    const { exitCode, ids, targets: [target] } = await result(
      [secure, ...login, "--pipelining", "--touch"],
      password,
    );
    deepEqual([exitCode, ids, target?.tls?.mode], [0, [], "implicit"]);
    const list = target?.stages.find(({ name }) => name === "list");
    equal(list?.replies[0]?.pipelined, true);
    ok(target?.transcript.some(({ text }) => text === "TOP 1 0"));
  });

  for (const way of ["SCRAM-SHA-1", "CRAM-MD5", "PLAIN", "LOGIN", "USER", "APOP"]) {
    await step(`logs in by ${way}`, async () => {
      const { exitCode, targets: [target] } = await result(
        [plain, ...login, "--auth", way],
        password,
      );
      deepEqual([exitCode, target?.auth?.used], [0, way]);
    });
  }

  await step("says for people what is there, and shows no password", async () => {
    const { out, err, code } = await probe([plain, ...login, "--transcript", "-"], password);
    equal(code, 0);
    match(out, /by STLS\n/);
    match(out, /✓ 12 messages, \d+ octets, every message has a unique-id\n/);
    match(out, /\nOK localhost:\d+: logged in, 12 messages there {2}/);
    match(err, /~> {3}UIDL\n/);
    ok(!`${out}${err}`.includes(password));
  });

  await step("names a wrong password by its response code", async () => {
    const { exitCode, ids, findings: [first] } = await result(
      [plain, ...login],
      "not-the-password",
    );
    deepEqual([exitCode, ids], [2, ["auth.failed"]]);
    match(first?.evidence[0]?.text ?? "", /^-ERR \[AUTH\] /);
  });

  await step("gives no password to whom it does not trust", async () => {
    const args = [plain, ...YOUNG, "--user", JONES, "--password-from", "stdin"];
    const { exitCode, ids, targets: [target] } = await result(args, password);
    deepEqual([exitCode, ids], [2, ["cert.untrusted", "check.skipped"]]);
    deepEqual(said(target, /^(?:AUTH|USER|PASS|APOP)/), []);
  });

  await step("sees that a port is of another kind", async () => {
    const tls = await result([`pop3s://localhost:${ports.pop3}`, "--timeout", "50s"]);
    deepEqual(tls.ids, ["tls.handshake"]);
    match(tls.findings[0]?.fix ?? "", /^Use pop3:\/\/ if this port begins in the clear/);
    const silent = await result([`pop3://localhost:${ports.pop3s}`, "--timeout", "10s"]);
    deepEqual(silent.ids, ["banner.timeout"]);
    match(silent.findings[0]?.evidence[0]?.text ?? "", /as 995 does\? Use pop3s:\/\/\)/);
    const mail = await result([`pop3://localhost:${ports.lmtp}`]);
    deepEqual(mail.ids, ["banner.other-protocol"]);
    const maildrop = await result([`smtp://localhost:${ports.pop3}`]);
    deepEqual(maildrop.ids, ["banner.other-protocol"]);
    match(maildrop.findings[0]?.fix ?? "", /^Use pop3:\/\//);
  });
});

await serverTest("probe against a Dovecot that is set up otherwise", NEEDS, async (step) => {
  await step("whose unique-ids are not unique", async () => {
    await using dovecot = await startDovecot({ settings: "pop3_uidl_format = %v\n" });
    await fillMaildrop(dovecot, JONES, letters(3));
    const args = [`pop3s://localhost:${dovecot.ports.pop3s}`, "--tls-ca", dovecot.caFile, ...YOUNG];
    const { exitCode, ids, findings: [first], targets: [target] } = await result(
      [...args, "--user", JONES, "--password-from", "stdin"],
      dovecot.users[JONES],
    );
    deepEqual([exitCode, ids, target?.pop3?.maildrop?.uidl], [
      ...[1, ["pop3.uidl-duplicate"], "duplicate"],
    ]);
    match(first?.evidence[0]?.text ?? "", /is the unique-id of the messages 1, 2, 3$/);
  });

  await step("a login in the clear, which we refuse unless it is allowed", async () => {
    await using dovecot = await startDovecot();
    const url = `pop3://localhost:${dovecot.ports.pop3}`;
    const args = [url, "--tls", "none", "--user", JONES, "--password-from", "stdin"];
    const refused = await result(args, dovecot.users[JONES]);
    deepEqual([refused.exitCode, refused.ids], [2, ["auth.none-usable"]]);
    ok(refused.findings.some(({ id }) => id === "auth.cleartext"));
    const allowed = await result([...args, "--cleartext-auth"], dovecot.users[JONES]);
    deepEqual([allowed.exitCode, allowed.targets[0]?.auth?.ok], [0, true]);
  });
});
