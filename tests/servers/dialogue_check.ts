/**
 * The dialogue script against real servers, and other people's clients against its server.
 */
import { deepEqual, equal, match } from "node:assert/strict";
import { main } from "../../scripts/dialogue.ts";
import { systemReaders } from "../../src/cli/mod.ts";
import { startSandbox } from "../../src/sandbox/mod.ts";
import { type Ran, serving } from "../scripts/dialogue/script.ts";
import { Screen, Signals } from "../cli/fakes.ts";
import { letter } from "./contents.ts";
import { startDovecot } from "./dovecot.ts";
import { startExim } from "./exim.ts";
import { BROWN, JONES } from "./our_client.ts";
import { startPostfix } from "./postfix.ts";
import { run } from "./process.ts";
import { serverTest } from "./programs.ts";
import { RunFolder } from "./run_folder.ts";
import { sendWithSwaks } from "./swaks.ts";
import { STRANGER } from "./users.ts";

/** Calls the script with a secret of a server. */
async function dialogue(
  args: readonly string[],
  { secret = "", typed = "" }: { readonly secret?: string; readonly typed?: string } = {},
): Promise<Ran> {
  const [stdout, stderr] = [new Screen(), new Screen()];
  const readers = { ...systemReaders, stdin: () => new Blob([secret]).stream() };
  const input = new Blob([typed]).stream();
  const io = { stdout, stderr, readers, input, signals: new Signals() };
  const code = await main([...args], io);
  return { code, out: stdout.text, err: stderr.text };
}

const LOGIN = ["--var", `user=${JONES}`, "--secret", "pass=stdin"];

/** What is typed to a submission server: one recipient is refused there. */
const TYPED = `EHLO client.example
.tls
EHLO client.example
.auth PLAIN
.expect 235
MAIL FROM:<${JONES}>
.expect 250
RCPT TO:<${STRANGER}>
.expect 550
RCPT TO:<${BROWN}>
.expect 250
DATA
Subject: typed

..one dot
.
.expect 250
QUIT
`;

await serverTest(
  "a session recorded at Postfix is played at Exim and at the sandbox",
  ["postfix", "dovecot", "exim", "openssl", "root"],
  async (step) => {
    await using folder = await RunFolder.make("dialogue");
    await using postfix = await startPostfix();
    const file = `${folder.path}/postfix.dialogue`;

    await step("it is typed to Postfix", async () => {
      const { code, err } = await dialogue([
        ...["record", "--to", `127.0.0.1:${postfix.ports.submission}`, "-o", file, ...LOGIN],
        ...["--tls-ca", postfix.caFile],
      ], { typed: TYPED, secret: postfix.users[JONES] ?? "" });
      equal(code, 0, err);
      const text = await Deno.readTextFile(file);
      equal(text.includes(postfix.users[JONES] ?? "?"), false);
      match(new TextDecoder().decode((await postfix.mailbox(BROWN))[0]), /^\.one dot\r$/m);
    });

    await step("it plays again there", async () => {
      const { code, out } = await dialogue([
        ...["run", file, "--to", `127.0.0.1:${postfix.ports.submission}`, ...LOGIN],
        ...["--tls-ca", postfix.caFile],
      ], { secret: postfix.users[JONES] ?? "" });
      equal(code, 0, out);
    });

    // What a server offers is its own: only what the session uses is asked of others.
    const portable = `${folder.path}/portable.dialogue`;
    const converted = await dialogue(["convert", file, "-o", portable, "--any-server"]);
    equal(converted.code, 0, converted.err);

    await step("it plays at Exim", async () => {
      await using exim = await startExim();
      const { code, out } = await dialogue([
        ...["run", portable, "--to", `127.0.0.1:${exim.ports.smtp}`, ...LOGIN],
        ...["--tls-ca", exim.caFile],
      ], { secret: exim.users[JONES] ?? "" });
      equal(code, 0, out);
      match(new TextDecoder().decode((await exim.mailbox(BROWN))[0]), /^\.one dot\r$/m);
    });

    await step("it plays at the sandbox", async () => {
      await using box = await startSandbox({
        users: { [JONES]: "open sesame" },
        recipients: [BROWN],
      });
      await Deno.writeTextFile(`${folder.path}/ca.pem`, box.caCerts.join("\n"));
      const { code, out } = await dialogue([
        ...["run", portable, "--to", `127.0.0.1:${box.ports.smtp}`, ...LOGIN],
        ...["--tls-ca", `${folder.path}/ca.pem`],
      ], { secret: "open sesame" });
      equal(code, 0, out);
      match(box.mails[0]?.text ?? "", /^\.one dot\r$/m);
    });
  },
);

const SERVED = `@smtp
S: 220 mx.example ESMTP
C: EHLO \${_}
S: 250-mx.example
S: 250 8BITMIME
C: MAIL FROM:<jones@beta.example>
S: 250 2.1.0 ok
C: RCPT TO:<brown@beta.example>
S: 250 2.1.5 ok
C: DATA
S: 354 go ahead
C*
C: .
S: 250 2.0.0 queued as \${qid=ABC123}
C: QUIT
S: 221 2.0.0 bye
`;

await serverTest(
  "swaks and curl talk to a dialogue that is served",
  ["swaks", "curl"],
  async (step) => {
    await using folder = await RunFolder.make("dialogue");
    const file = `${folder.path}/served.dialogue`;
    await Deno.writeTextFile(file, SERVED);

    await step("swaks delivers", async () => {
      const server = await serving([file]);
      const message = "Subject: by swaks\r\n\r\nHello\r\n";
      await sendWithSwaks({
        host: "127.0.0.1",
        port: server.port,
        from: JONES,
        to: BROWN,
        message,
      });
      const { code, out } = await server.ended;
      equal(code, 0, out);
    });

    await step("swaks is refused where the file says so, and fails", async () => {
      const refusing = `${folder.path}/refusing.dialogue`;
      await Deno.writeTextFile(
        refusing,
        SERVED.replace(/S: 250 2\.1\.5[^]*$/, "S: 550 5.1.1 nobody\nC: QUIT\nS: 221 2.0.0 bye\n"),
      );
      const server = await serving([refusing]);
      const { code } = await run("swaks", [
        ...["--server", "127.0.0.1", "--port", `${server.port}`, "-f", JONES, "-t", BROWN],
      ], { mayFail: true });
      equal(code, 24); // swaks: no recipient was accepted
      equal((await server.ended).code, 0);
    });

    await step("curl delivers", async () => {
      const server = await serving([file]);
      await Deno.writeTextFile(`${folder.path}/mail.eml`, "Subject: by curl\r\n\r\nHello\r\n");
      await run("curl", [
        ...["--silent", "--show-error", "--url", `smtp://127.0.0.1:${server.port}`],
        ...["--mail-from", JONES, "--mail-rcpt", BROWN, "--upload-file", `${folder.path}/mail.eml`],
      ]);
      const { code, out } = await server.ended;
      equal(code, 0, out);
    });

    await step("what swaks has shown is a dialogue too", async () => {
      const server = await serving([file]);
      const { stdout } = await run("swaks", [
        ...["--server", "127.0.0.1", "--port", `${server.port}`, "-f", JONES, "-t", BROWN],
      ]);
      equal((await server.ended).code, 0);
      await Deno.writeTextFile(`${folder.path}/swaks.txt`, stdout);
      const again = await serving([file]);
      const { code, out } = await dialogue([
        ...["run", `${folder.path}/swaks.txt`, "--to", `127.0.0.1:${again.port}`],
      ]);
      equal(code, 0, out);
      equal((await again.ended).code, 0);
    });
  },
);

const MAILDROP = `@pop3
@secret pass
S: +OK
C: CAPA
S: +OK
S: STLS
S: .
C: STLS
S: +OK
C & S: <tls>
C: USER \${user}
S: +OK
C: PASS \${pass}
S: +OK
C: STAT
S: +OK \${n:int} \${octets:int}
C: LIST
S: +OK
S: 1 \${first:int}
S: 2 \${second:int}
S: .
C: RETR 2
S: +OK
S: Subject: \${subject}
S*
S: .
C: DELE 1
S: +OK
C: DELE 1
S: -ERR
C: RSET
S: +OK
C: QUIT
S: +OK
`;

await serverTest(
  "a dialogue reads a maildrop of Dovecot",
  ["dovecot", "openssl", "root"],
  async () => {
    await using folder = await RunFolder.make("dialogue");
    await using dovecot = await startDovecot();
    await dovecot.fill(JONES, [letter("one", "Hello\r\n"), letter("two", "Hello\r\n")]);
    const file = `${folder.path}/maildrop.dialogue`;
    await Deno.writeTextFile(file, MAILDROP);
    const { code, out } = await dialogue([
      ...["run", file, "--to", `pop3://127.0.0.1:${dovecot.ports.pop3}`, ...LOGIN, "--json"],
      ...["--tls-ca", dovecot.caFile],
    ], { secret: dovecot.users[JONES] ?? "" });
    equal(code, 0, out);
    const [{ vars }] = JSON.parse(out).dialogues;
    deepEqual([vars.n, vars.octets, vars.subject], [2, vars.first + vars.second, "two"]);
  },
);

await serverTest("a file leads out of its folder by no link [T-I44]", ["root"], async () => {
  await using folder = await RunFolder.make("dialogue");
  const root = `${folder.path}/root`;
  await Deno.mkdir(`${root}/sub`, { recursive: true });
  const write = (path: string, text: string) => Deno.writeTextFile(`${folder.path}/${path}`, text);
  await write("outside.eml", "Subject: outside\r\n");
  await write("outside.dialogue", "C: NOOP\nS: 250\n");
  await write("root/inside.dialogue", "C: NOOP\nS: 250\n");
  await write("root/out.dialogue", "@smtp\nS: 220\n@include sub/out.dialogue\n");
  await write("root/in.dialogue", "@smtp\nS: 220\n@include sub/in.dialogue\n");
  await write("root/mail.dialogue", "@smtp\nS: 220\nC: DATA\nS: 354\nC< out.eml\nC: .\nS: 250\n");
  await write("root/zero.dialogue", "@smtp\nS: 220\nC: DATA\nS: 354\nC< zero\nC: .\nS: 250\n");
  await Deno.symlink("../../outside.dialogue", `${root}/sub/out.dialogue`);
  await Deno.symlink("../inside.dialogue", `${root}/sub/in.dialogue`);
  await Deno.symlink("../outside.eml", `${root}/out.eml`);
  await Deno.symlink("/dev/zero", `${root}/zero`);
  const ran = (name: string, ...args: string[]) =>
    dialogue(["run", `${root}/${name}.dialogue`, "--to", "127.0.0.1:1", ...args]);
  for (const name of ["out", "mail", "zero"]) {
    const { code, err } = await ran(name);
    equal(code, 2);
    match(err, /it leads out of the root/);
  }
  equal((await ran("in")).code, 3); // read, and nobody was there to talk to
  equal((await ran("out", "--root", folder.path)).code, 3);
  equal((await ran("zero", "--root", "/")).code, 2);
});
