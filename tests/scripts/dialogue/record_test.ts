import { deepEqual, equal, match } from "node:assert/strict";
import { SANDBOX_CA, startSandbox } from "../../../src/sandbox/mod.ts";
import { dialogue, inFolder, PASSWORD, portOf, started, write } from "./script.ts";

const USERS = { users: { ann: PASSWORD } };
const LOGIN = ["--var", "user=ann", "--secret", "pass=stdin"];

Deno.test("dialogue record sends what is typed, as it is, and writes it down", async () => {
  await using box = await startSandbox();
  await inFolder(async (folder) => {
    const typed = [
      "EHLO me.example",
      "Q is not eaten", // interactive programs take lines with R and Q for themselves
      "R neither",
      ".unknown is no line of ours",
      ".note the sender",
      "MAIL FROM:<ann@b.example>",
      ".expect 2xx",
      "RCPT TO:<ben@b.example>",
      "DATA",
      "Subject: Hi",
      ".note inside of a message nothing is looked at",
      "..",
      ".",
      ".expect {250|251}",
    ].join("\n");
    const file = `${folder}/mine.dialogue`;
    const { code, out, err } = await dialogue(["record", "--to", box.smtpUrl, "-o", file], {
      typed,
    });
    deepEqual([code, out], [0, ""], err);
    match(err, /^S: 220 localhost/);
    match(err, /\nok: 250\n/);
    const text = await Deno.readTextFile(file);
    match(text, /^C: Q is not eaten\nS: 500 /m);
    match(text, /^C: R neither\nS: 500 /m);
    match(text, /^C: \.unknown is no line of ours\nS: 500 /m);
    match(text, /^# the sender\nC: MAIL FROM:<ann@b\.example>\nS: 2xx /m);
    match(
      text,
      /^C: \.note inside of a message nothing is looked at\nC: \.\.\nC: \.\nS: \{250\|251\} /m,
    );
    match(text, /^C: QUIT\nS: 221 /m);
    equal((await Deno.stat(file)).mode, 0o100600);
    equal(
      box.mails[0]?.text,
      "Subject: Hi\r\nnote inside of a message nothing is looked at\r\n.\r\n",
    );
    equal((await dialogue(["run", file, "--to", box.smtpUrl])).code, 0);
    equal((await dialogue(["record", "--to", box.smtpUrl, "-o", file])).code, 1);
    equal(await Deno.readTextFile(file), text);
  });
});

Deno.test("dialogue record starts TLS, logs in, and keeps the secret out of it", async () => {
  await using box = await startSandbox(USERS);
  await inFolder(async (folder) => {
    await write(folder, { "ca.pem": SANDBOX_CA });
    const trust = ["--tls-ca", `${folder}/ca.pem`];
    for (const mechanism of ["PLAIN", "LOGIN", "CRAM-MD5", "SCRAM-SHA-256"]) {
      const file = `${folder}/${mechanism}.dialogue`;
      const { code, err } = await dialogue([
        ...["record", "--to", box.smtpUrl, "-o", file, ...trust, ...LOGIN],
      ], { typed: `EHLO me\n.tls\nEHLO me\n.auth ${mechanism}\n.expect 235\n.quit\n` });
      equal(code, 0, err);
      const text = await Deno.readTextFile(file);
      match(text, /^C & S: <tls>$/m);
      match(text, /^S: 235 /m);
      const again = await dialogue(["run", file, "--to", box.smtpUrl, ...trust, ...LOGIN]);
      equal(again.code, 0, again.out);
    }
  });
});

Deno.test("dialogue record hides what is typed as a login by hand", async () => {
  await using box = await startSandbox(USERS);
  await inFolder(async (folder) => {
    const file = `${folder}/login.dialogue`;
    const typed = `USER ann\nPASS ${PASSWORD}\nAUTH PLAIN ${btoa(`\0ann\0${PASSWORD}`)}\nQUIT\n`;
    const refused = await dialogue(["record", "--to", box.pop3Url], { typed });
    match(refused.err, /others can read what is sent here/);
    const { code, err } = await dialogue(
      ["record", "--to", box.pop3Url, "-o", file, "--cleartext-auth"],
      { typed },
    );
    equal(code, 0, err);
    const text = await Deno.readTextFile(file);
    equal(text.includes(PASSWORD), false);
    equal(text.includes(btoa(`\0ann\0${PASSWORD}`)), false);
    match(text, /^C: PASS \$\{pass\}$/m);
    equal((await dialogue(["lint", file])).code, 0);
  });
});

Deno.test("dialogue record tells what is not as expected, and what it refuses", async () => {
  await using box = await startSandbox(USERS);
  const { code, out, err } = await dialogue(["record", "--to", box.smtpUrl, ...LOGIN], {
    typed: "\tEHLO x\n.expect 220\nEHLO me\n.auth PLAIN\n.expect nonsense\n.expect +OK\nNOOP\n" +
      ".expect 550\n",
  });
  equal(code, 4);
  match(err, /\ndialogue: Cannot write the line .*control character/);
  match(err, /\nok: 220\n/);
  match(err, /\ndialogue: Cannot log in: others can read what is sent here/);
  match(err, /\ndialogue: Cannot expect "nonsense"/);
  match(err, /\ndialogue: Cannot expect "\+OK": the replies here are such as 250/);
  match(err, /\nFAIL: expected 550, server said 250\n/);
  match(out, /^@smtp\n@name recorded\n/); // without -o it goes to standard output
  match(out, /^C: NOOP\nS: 550$/m); // the text was that of the other reply
});

Deno.test("dialogue record shows what the server says by itself, and ends with it", async () => {
  await using box = await startSandbox({
    faults: [{ verb: "NOOP", extra: "421 4.3.2 going down\r\n", then: "close" }],
  });
  const typed = new TransformStream<Uint8Array, Uint8Array>();
  const writer = typed.writable.getWriter();
  const call = started(["record", "--to", box.smtpUrl], { typed: typed.readable });
  await call.heard(/S: 220/);
  await writer.write(new TextEncoder().encode("NOOP\n"));
  const { code, err, out } = await call.ended;
  match(err, /\nS: 421 4\.3\.2 going down\nthe server has closed the connection\n/);
  match(out, /^S: 421 /m);
  equal(code, 0);
});

Deno.test("dialogue record is interrupted and saves what there is", async () => {
  await using box = await startSandbox();
  await inFolder(async (folder) => {
    const typed = new TransformStream<Uint8Array, Uint8Array>();
    const file = `${folder}/cut.dialogue`;
    const call = started(["record", "--to", box.smtpUrl, "-o", file], { typed: typed.readable });
    await call.heard(/S: 220/);
    call.signals.send("SIGINT");
    equal((await call.ended).code, 130);
    match(await Deno.readTextFile(file), /^S: 220 /m);
  });
});

Deno.test("dialogue record --proxy writes each connection down, through TLS and a login", async () => {
  await using box = await startSandbox(USERS);
  await inFolder(async (folder) => {
    await write(folder, {
      "ca.pem": SANDBOX_CA,
      "mail.dialogue": "@smtp\n@secret pass\n@var user = ann\nS: 220\nC: EHLO me\nS: 250\n" +
        "C: STARTTLS\nS: 220\nC & S: <tls>\nC: EHLO me\nS: 250\nC: AUTH LOGIN\nS: 334\n" +
        "C: ${b64 user}\nS: 334\nC: ${b64 pass}\nS: 235\nC: MAIL FROM:<ann@b.example>\n" +
        "C: RCPT TO:<ben@b.example>\nC: DATA\nS: 250\nS: 250\nS: 354\nC: Subject: Hi\nC:\n" +
        "C: ..\nC: .\nS: 250\nC: BDAT 3\nC|abc\nS: 503\nC: QUIT\nS: 221\n",
      "pop3.dialogue": "@pop3\n@secret pass\n@var user = ann\nS: +OK\nC: CAPA\nS: +OK\nS*\nS: .\n" +
        "C: STLS\nS: +OK\nC & S: <tls>\nC: USER ${user}\nS: +OK\nC: PASS ${pass}\nS: +OK\n" +
        "C: UIDL\nS: +OK\nS*\nS: .\nC: QUIT\nS: +OK\n",
    });
    for (const [name, url] of [["mail", box.smtpUrl], ["pop3", box.pop3Url]] as const) {
      const trust = ["--tls-ca", `${folder}/ca.pem`, "--tls-name", "localhost"];
      const proxy = started([
        ...["record", "--proxy", `127.0.0.1:0=${url}`, "-o", `${folder}/${name}`, ...trust],
        ...["--sessions", "2", "--transcript", `${folder}/${name}.jsonl`],
      ]);
      const to = ["--to", `127.0.0.1:${await portOf(proxy)}`, ...trust, ...LOGIN];
      for (let turn = 0; turn < 2; turn++) {
        const ran = await dialogue(["run", `${folder}/${name}.dialogue`, ...to]);
        equal(ran.code, 0, ran.out);
      }
      const { code, err } = await proxy.ended;
      equal(code, 0, err);
      const files = await Array.fromAsync(Deno.readDir(`${folder}/${name}`), (entry) => entry.name);
      deepEqual(files.sort(), ["session-001.dialogue", "session-002.dialogue"]);
      const recorded = `${folder}/${name}/session-001.dialogue`;
      const text = await Deno.readTextFile(recorded);
      for (const secret of [PASSWORD, btoa(PASSWORD)]) equal(text.includes(secret), false);
      equal((await Deno.stat(recorded)).mode, 0o100600);
      const direct = ["--to", url, "--tls-ca", `${folder}/ca.pem`, ...LOGIN];
      const again = await dialogue(["run", recorded, ...direct]);
      equal(again.code, 0, again.out + text);
      const judged = await dialogue([
        "check",
        `${folder}/${name}.dialogue`,
        `${folder}/${name}.jsonl`,
      ]);
      equal(judged.code, 0, judged.out);
      match(judged.out, /2 dialogues: 2 passed/);
    }
    equal(box.mails.at(-1)?.text, "Subject: Hi\r\n\r\n.\r\n");
  });
});

Deno.test("dialogue record --proxy listens inside TLS for a client that begins with it", async () => {
  await using box = await startSandbox(USERS);
  await inFolder(async (folder) => {
    await write(folder, {
      "ca.pem": SANDBOX_CA,
      "smtps.dialogue": "@smtp\n@secret pass\n@var user = ann\nS: 220\nC: EHLO me\nS: 250\n" +
        "C: AUTH PLAIN ${plain user pass}\nS: 235\nC: QUIT\nS: 221\n",
      "pop3s.dialogue": "@pop3\n@secret pass\n@var user = ann\nS: +OK\nC: USER ${user}\nS: +OK\n" +
        "C: PASS ${pass}\nS: +OK\nC: QUIT\nS: +OK\n",
    });
    const trust = ["--tls-ca", `${folder}/ca.pem`, "--tls-name", "localhost"];
    for (const [scheme, url] of [["smtps", box.smtpsUrl], ["pop3s", box.pop3sUrl]] as const) {
      const proxy = started([
        ...["record", "--proxy", `${scheme}://127.0.0.1:0=${url}`, "-o", `${folder}/${scheme}`],
        ...[...trust, "--sessions", "2"],
      ]);
      const to = `${scheme}://127.0.0.1:${await portOf(proxy)}`;
      const file = `${folder}/${scheme}.dialogue`;
      // Who does not trust the certificate is told of, and keeps nobody else waiting.
      const wary = await dialogue(["run", file, "--to", to, ...LOGIN]);
      equal(wary.code, 3, wary.out);
      const ran = await dialogue(["run", file, "--to", to, ...trust, ...LOGIN]);
      equal(ran.code, 0, ran.out);
      const { code, err } = await proxy.ended;
      equal(code, 3);
      match(err, /\ndialogue: Cannot /);
      const files = await Array.fromAsync(Deno.readDir(`${folder}/${scheme}`), ({ name }) => name);
      deepEqual(files, ["session-001.dialogue"]);
      const recorded = `${folder}/${scheme}/session-001.dialogue`;
      const again = await dialogue(["run", recorded, "--to", url, ...trust, ...LOGIN]);
      equal(again.code, 0, again.out);
    }
    const other = await dialogue([
      ...["record", "--proxy", `pop3s://127.0.0.1:0=${box.smtpsUrl}`, "-o", folder],
    ]);
    equal(other.code, 1);
    match(other.err, /^dialogue: Cannot listen: pop3 is named/);
  });
});

Deno.test("dialogue record --proxy says nothing before TLS, and waits for it only so long", async () => {
  await using box = await startSandbox();
  await inFolder(async (folder) => {
    for (const said of ["", "EHLO me\r\n"]) {
      const proxy = started([
        ...["record", "--proxy", `smtps://127.0.0.1:0=${box.smtpUrl}`, "-o", folder],
        ...["--sessions", "1", "--timeout", "50ms"],
      ]);
      using client = await Deno.connect({ port: await portOf(proxy), hostname: "127.0.0.1" });
      if (said !== "") await client.write(new TextEncoder().encode(said));
      // What comes is TLS's own alert at most.
      const answer = await new Response(client.readable).text().catch(() => "");
      equal(answer.includes("220"), false);
      const { code, err } = await proxy.ended;
      equal(code, 3);
      match(err, said === "" ? /TLS handshake/ : /Cannot start TLS with the client/);
    }
    deepEqual(await Array.fromAsync(Deno.readDir(folder)), []);
    equal(box.ledger.entries.length, 0);
  });
});

Deno.test("dialogue record --proxy lets go of both ends where it cannot write", async () => {
  await using box = await startSandbox();
  await inFolder(async (folder) => {
    const proxy = started([
      ...["record", "--proxy", `127.0.0.1:0=${box.smtpUrl}`, "-o", `${folder}/gone`],
      ...["--sessions", "1"],
    ]);
    const port = await portOf(proxy);
    await Deno.remove(`${folder}/gone`);
    using client = await Deno.connect({ port, hostname: "127.0.0.1" });
    equal(await client.read(new Uint8Array(1)), null);
    equal((await proxy.ended).code, 3);
  });
});

Deno.test("dialogue record --proxy tells that the server is not there, and goes on", async () => {
  await inFolder(async (folder) => {
    const proxy = started([
      ...["record", "--proxy", "127.0.0.1:0=smtp://127.0.0.1:1", "-o", folder, "--sessions", "1"],
    ]);
    const connection = await Deno.connect({ port: await portOf(proxy), hostname: "127.0.0.1" });
    equal(await connection.read(new Uint8Array(1)), null);
    connection.close();
    const { code, err } = await proxy.ended;
    equal(code, 3);
    match(err, /\ndialogue: Cannot connect to "127\.0\.0\.1:1"/);
  });
});

Deno.test("dialogue record --proxy keeps what was said when it is interrupted", async () => {
  await using box = await startSandbox();
  await inFolder(async (folder) => {
    await write(folder, { "session-001.dialogue": "# of yesterday\n" });
    const proxy = started([
      ...["record", "--proxy", `127.0.0.1:0=${box.smtpUrl}`, "-o", folder, "--transcript", "-"],
    ]);
    const connection = await Deno.connect({ port: await portOf(proxy), hostname: "127.0.0.1" });
    await proxy.heard(/S: 220 .*\n/);
    proxy.signals.send("SIGINT");
    equal((await proxy.ended).code, 130);
    connection.close();
    match(await Deno.readTextFile(`${folder}/session-002.dialogue`), /^S: 220 /m);
    equal(await Deno.readTextFile(`${folder}/session-001.dialogue`), "# of yesterday\n");
  });
});

Deno.test("dialogue record saves as often as it is told, into its own files only", async () => {
  await using box = await startSandbox();
  await inFolder(async (folder) => {
    await write(folder, { "mine.dialogue": "# mine\n" });
    const file = `${folder}/new.dialogue`;
    const { code, err } = await dialogue(["record", "--to", box.smtpUrl, "-o", file], {
      typed: `NOOP\n.save\nRSET\n.save ${folder}/mine.dialogue\n.save ${folder}/other.dialogue\n`,
    });
    equal(code, 0);
    match(err, /mine\.dialogue": it exists already; --force replaces it/);
    match(await Deno.readTextFile(file), /^C: RSET$[^]*^C: QUIT$/m);
    match(await Deno.readTextFile(`${folder}/other.dialogue`), /^C: RSET\nS: 250 .*\n$/m);
    equal(await Deno.readTextFile(`${folder}/mine.dialogue`), "# mine\n");
    const refused = await dialogue(["record", "--to", box.smtpUrl, "-o", file], {
      typed: "NOOP\n",
    });
    equal(refused.code, 1);
    equal(box.ledger.entries.filter(({ text }) => text === "NOOP").length, 1);
  });
});
