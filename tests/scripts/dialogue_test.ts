import { deepEqual, equal, match, ok } from "node:assert/strict";
import { main } from "../../scripts/dialogue.ts";
import { dialogueToJson, parseDialogue } from "../../src/dialogue/mod.ts";
import { startSandbox } from "../../src/sandbox/mod.ts";
import { dialogue, inFolder, PASSWORD, serving, started, write } from "./dialogue/script.ts";
import { helpOf } from "./help.ts";

const SEEDS = "tests/fixtures/seeds";
const LOGIN = ["--secret", "pass=stdin", "--cleartext-auth"];

const HELLO = `@smtp
S: 220 \${host}
C: EHLO client.example
S: 250 \${_}
C: NOOP
S: 250 ok
C: QUIT
S: 221 bye
`;

const help = (...args: string[]): Promise<string> => helpOf(main, args);

Deno.test("dialogue shows help with examples, for each verb too, without any grant", {
  permissions: "none",
}, async () => {
  match(await help("--help"), /Examples:\n(?: .*\n)*? {4}dialogue run hello\.dialogue/);
  for (const verb of ["run", "serve", "record", "check", "dry", "lint", "fmt", "convert"]) {
    match(await help(verb, "--help"), /Examples:\n/);
  }
  const { version } = JSON.parse(
    await help("--version").then((text) => `{"version":"${text.trim()}"}`),
  );
  equal(version, "0.1.0");
});

Deno.test("dialogue run plays the page of RFC 821 as it was pasted", async () => {
  await using box = await startSandbox({ recipients: ["Jones@Beta.ARPA", "Brown@Beta.ARPA"] });
  const { code, out, err } = await dialogue(["run", `${SEEDS}/rfc821.txt`, "--to", box.smtpUrl]);
  match(out, /^ok {3}rfc821 \d+ ms\n\n1 dialogue: 1 passed\n$/);
  deepEqual([code, err], [0, ""]);
  equal(box.mails.length, 1);
});

Deno.test("dialogue run tells by a caret in the page what is not as written", async () => {
  await using box = await startSandbox();
  const { code, out } = await dialogue(["run", `${SEEDS}/rfc821.txt`, "--to", box.smtpUrl]);
  equal(code, 4);
  const text = out.replaceAll(/\d+ ms/g, "N ms").replaceAll("\u3000", "  ");
  equal(
    text,
    `FAIL rfc821 N ms

error[reply-code]: expected 550, server said 250
 --> tests/fixtures/seeds/rfc821.txt:6:6
  |
5 |     S: RCPT TO:<Green@Beta.ARPA> 
6 |     R: 550 No such user here 
  |        ^^^ "250 2.1.5 Recipient OK" after N ms

1 dialogue: 1 failed
`,
  );
});

Deno.test.each([
  ["sina.txt", [], ""],
  ["sina_indented.txt", [], ""],
  ["rfc821.txt", [], ""],
  ["postfix_winmail.txt", ["--filter", "postfix_winmail 1"], ""],
  ["postfix_winmail.txt", ["--filter", "postfix_winmail 2"], ""],
  ["postfix_winmail.txt", ["--filter", "postfix_winmail 1"], "badPassword"],
  ["postfix_winmail.txt", ["--filter", "postfix_winmail 2"], "badPassword"],
])("dialogue serves and runs %s %j over TCP, %s", async (name, filter, outcome) => {
  const page = [`${SEEDS}/${name}`, ...filter];
  const chosen = outcome === "" ? [] : ["--outcome", outcome];
  const secret = name === "rfc821.txt" ? [] : ["--secret", "pass=stdin"];
  const server = await serving([...page, ...chosen, ...secret]);
  const client = await dialogue([
    ...["run", ...page, "--to", `127.0.0.1:${server.port}`, ...secret],
    ...["--cleartext-auth", "--json"],
  ]);
  const served = await server.ended;
  const { dialogues: [result] } = JSON.parse(client.out);
  deepEqual(
    [result.status, result.failures, client.code, served.code],
    ["passed", [], 0, 0],
    client.out + served.out,
  );
  if (outcome !== "") equal(result.outcome, outcome);
  match(served.out, /^ok {3}.* \(server\)/);
});

Deno.test("dialogue run takes a server for each protocol, and says what it leaves out", async () => {
  await using box = await startSandbox();
  const page = `${SEEDS}/postfix_winmail.txt`;
  const { code, out, err } = await dialogue(["run", page, "--to", box.smtpUrl, ...LOGIN, "--json"]);
  equal(code, 4); // the sandbox has another SIZE
  const { dialogues } = JSON.parse(out);
  deepEqual(dialogues.map(({ status }: { status: string }) => status), ["failed", "skipped"]);
  equal(dialogues[1].reason, "it speaks pop3, add --to pop3://…");
  equal(err, "");
});

Deno.test("dialogue ends with 2 at a page without a session, and dials nobody", async () => {
  const { code, out, err } = await dialogue([
    ...["run", `${SEEDS}/codes.txt`, "--to", "127.0.0.1:1"],
  ]);
  deepEqual([code, out], [2, ""]);
  equal(err, `error[no-dialogue]: no dialogue found in "${SEEDS}/codes.txt"\n`);
  const json = await dialogue(["run", `${SEEDS}/codes.txt`, "--to", "127.0.0.1:1", "--json"]);
  const { schema, problems } = JSON.parse(json.out);
  deepEqual([schema, problems[0].id], ["mailwright-dialogue-error/1", "no-dialogue"]);
});

Deno.test("dialogue tells all problems of all files at once, before anything is run [T-I41]", async () => {
  await inFolder(async (folder) => {
    await write(folder, {
      "a.dialogue": "@smtp\nS: 220 mx\nX: NOOP\n",
      "b.dialogue": "@smtp\nS: 220 mx\nC: NO\0OP\n",
      "c.dialogue": `# ${"x".repeat(70_000)}\n`,
      "d.dialogue": "#\n".repeat(600_000),
      "e.dialogue": HELLO,
    });
    const names = ["a", "b", "c", "d", "e"].map((name) => `${folder}/${name}.dialogue`);
    const { code, out, err } = await dialogue(["run", ...names, "--to", "127.0.0.1:1"]);
    deepEqual([code, out], [2, ""]);
    deepEqual(err.match(/^error\[.*|^ *-->.*/gm)?.map((line) => line.replace(folder, "")), [
      'error[syntax]: "X: NOOP" was seen, "C:", "S:", "S?", "S!", "S~", "S*", "C*", "C|", "C<", a ' +
      "directive or a comment is expected",
      " --> /a.dialogue:3:1",
      'error[syntax]: "\\x00" was seen, a character that is no control; "C|" takes such octets is expected',
      " --> /b.dialogue:3:6",
      `error[syntax]: "# ${"x".repeat(78)}…" was seen, a line of at most 64 KiB is expected`,
      " --> /c.dialogue:1:1",
      `error[no-dialogue]: Cannot read "${folder}/d.dialogue": it has more than 1048576 octets`
        .replace(folder, ""),
    ]);
    ok(err.length < 3_000);
  });
});

Deno.test("dialogue shows what is wrong of a long line, and the line that is not UTF-8", async () => {
  await inFolder(async (folder) => {
    const file = `${folder}/long.dialogue`;
    await write(folder, { "long.dialogue": `S: 220 mx\nC: ${"漢".repeat(300)} \${0} b\nS: 250\n` });
    const { out } = await dialogue(["lint", file]);
    const [, shown, caret] = /\n2 \| …(漢+) \$\{0\} b\n {2}\| {2}( +)\^{4}\n/.exec(out) ?? [];
    // A character of two columns has two blanks below it.
    equal(caret?.length, 2 * (shown?.length ?? 0) + 1, out);
    await Deno.writeFile(file, Uint8Array.of(...new TextEncoder().encode("S: 220 ä\nC: "), 0xe4));
    match((await dialogue(["lint", file])).out, /long\.dialogue": line 2 is not UTF-8\n/);
  });
});

Deno.test("dialogue reads nothing outside of the root [T-I44]", async () => {
  await inFolder(async (folder) => {
    await Deno.mkdir(`${folder}/root/sub`, { recursive: true });
    await write(folder, {
      "secret.eml": "Subject: outside\n",
      "outside.dialogue": "C: NOOP\nS: 250 ok\n",
      "root/inside.dialogue": "C: NOOP\nS: 250 ok\n",
      "root/up.dialogue": "@smtp\nS: 220 mx\n@include ../outside.dialogue\n",
      "root/none.dialogue": "@smtp\nS: 220 mx\n@include none/none.dialogue\n",
      "root/good.dialogue": "@smtp\nS: 220 mx\n@include inside.dialogue\n",
      "root/url.dialogue": "@smtp\nS: 220 mx\n@include http://127.0.0.1/x\n",
      "root/mail.dialogue": "@smtp\nS: 220 mx\nC: DATA\nS: 354 go\nC< none.eml\nC: .\nS: 250\n",
      "root/device.dialogue": "@smtp\nS: 220 mx\nC: DATA\nS: 354 go\nC< sub\nC: .\nS: 250\n",
      "root/loop.dialogue": "@smtp\nS: 220 mx\n@include loop.dialogue\n",
    });
    const seen: Record<string, string> = {};
    for (const name of ["up", "none", "good", "url", "mail", "device", "loop"]) {
      const { code, err } = await dialogue([
        ...["run", `${folder}/root/${name}.dialogue`, "--to", "127.0.0.1:1", "--timeout", "1s"],
      ]);
      seen[name] = `${code} ${/^error\[.*/m.exec(err)?.[0] ?? ""}`.replaceAll(folder, "");
    }
    deepEqual(seen, {
      up:
        '2 error[syntax]: "../outside.dialogue" was seen, a relative path that stays inside the root is expected',
      none:
        '2 error[syntax]: "none/none.dialogue" was seen, a file that can be read is expected: ' +
        'Cannot read "/root/none/none.dialogue": there is no such file',
      good: "3 ", // read, and nobody was there to talk to
      url:
        '2 error[syntax]: "http://127.0.0.1/x" was seen, a relative path that stays inside the root is expected',
      mail: '2 error[no-file]: Cannot read "/root/none.eml": there is no such file',
      device: '2 error[no-file]: Cannot read "/root/sub": it is no file',
      loop:
        '2 error[include-cycle]: "/root/loop.dialogue" was seen, no circle of files or procedures is expected',
    });
    for (const path of ["/etc/hostname", "../secret.eml", `${Deno.cwd()}/deno.json`]) {
      const [file] = JSON.parse(
        `[${dialogueToJson(parseDialogue("S: 220\nC: DATA\nS: 354\nC< x\nC: .\nS: 250\n"))}]`,
      );
      file.steps[3].from.path = path;
      await write(folder, { "root/evil.json": JSON.stringify(file) });
      const args = ["run", `${folder}/root/evil.json`, "--to", "127.0.0.1:1"];
      equal((await dialogue(args)).code, 2, path);
    }
    const wide = await dialogue(["dry", `${folder}/root/up.dialogue`, "--root", folder]);
    equal(wide.out, "<- S: 220 mx\n-> C: NOOP\n<- S: 250 ok\n");
  });
});

Deno.test("dialogue keeps secrets where they belong [T-I45]", async () => {
  await inFolder(async (folder) => {
    await write(folder, {
      "printed.dialogue": "@smtp\n@secret pass\nS: 220 mx\nC: NOOP ${pass}\nS: 250\n",
      "var.dialogue": "@smtp\n@secret pass\n@var pass = x\nS: 220 mx\nC: NOOP\nS: 250\n",
      "host.dialogue": "@smtp\n@secret pass\nS: 220 ${pass}\nC: NOOP\nS: 250\n",
      "login.dialogue":
        "@smtp\n@var user = ann\n@secret pass\nS: 220 mx\nC: EHLO me\nS: 250-mx\nS: 250 AUTH PLAIN\n" +
        "C: AUTH PLAIN ${plain user pass}\nS: 235\n",
    });
    const to = ["--to", "127.0.0.1:1"];
    const run = (name: string, ...args: string[]) =>
      dialogue(["run", `${folder}/${name}.dialogue`, ...to, ...args]);
    for (const name of ["printed", "var", "host"]) {
      equal((await run(name, "--secret", "pass=stdin")).code, 2, name);
    }
    const cases: [string[], RegExp][] = [
      [[], /the secret "pass" is missing, add --secret pass=prompt/],
      [["--var", "pass=open"], /Cannot take --var pass: it is a secret, use --secret pass=prompt/],
      [["--secret", `pass=${PASSWORD}`], /Cannot read --secret: expected env:NAME/],
      [["--secret", PASSWORD], /Cannot read --secret: expected NAME=env:NAME/],
      [["--secret", "pass=env:P", "--secret", "other=stdin"], /no dialogue has such a secret/],
    ];
    for (const [args, expected] of cases) {
      const { code, err } = await run("login", ...args);
      equal(code, 1);
      match(err, expected);
    }
    // A file cannot let itself send a secret in the clear.
    await using box = await startSandbox({
      users: { ann: PASSWORD },
      capabilities: { clear: ["AUTH PLAIN"] },
    });
    to[1] = box.smtpUrl;
    const refused = await run("login", "--secret", "pass=env:P", "--transcript", "-");
    equal(refused.code, 3);
    match(refused.out, /^error\[cleartext-auth\]/m);
    equal(box.ledger.entries.some(({ text }) => text.startsWith("AUTH")), false);
  });
});

Deno.test("a variable cannot add a line, and what was heard is no syntax [T-I42]", async () => {
  await inFolder(async (folder) => {
    await write(folder, {
      "var.dialogue": "@smtp\nS: 220 ${_}\nC: EHLO ${me=x}\nS: 250\nC: NOOP ${word=a}\nS: 250\n",
      "echo.dialogue": "@smtp\nS: 220 ${word=x}\nC: EHLO ${word}\nS: 250 ok\n",
      "evil.dialogue": "@smtp\nS: 220 $${me}\nC: EHLO $${me}\nS: 250 ok\n",
    });
    await using box = await startSandbox();
    const { code, err } = await dialogue([
      ...["run", `${folder}/var.dialogue`, "--to", box.smtpUrl, "--var", "word=x\r\nRSET"],
    ]);
    equal(code, 1);
    equal(err.split("\n").length, 2);
    equal(box.ledger.entries.some(({ text }) => text === "RSET"), false);
    const evil = await serving([`${folder}/evil.dialogue`]);
    const ran = await dialogue([
      ...["run", `${folder}/echo.dialogue`, "--to", `127.0.0.1:${evil.port}`, "--json"],
    ]);
    deepEqual(JSON.parse(ran.out).dialogues[0].vars, { word: "${me}" });
    equal((await evil.ended).code, 0);
  });
});

Deno.test("a pattern takes linear time, whatever it is [T-I43]", async () => {
  await inFolder(async (folder) => {
    await write(folder, {
      "slow.dialogue": `@smtp\nS: 220 mx\nC: NOOP\nS~ /^250 (a+)+$/ = 250 ${"a".repeat(8_000)}b\n`,
      "back.dialogue": "@smtp\nS~ /^(a)\\1/ = 220 aa\n",
    });
    const server = await serving([`${folder}/slow.dialogue`]);
    const { code } = await dialogue([
      ...["run", `${folder}/slow.dialogue`, "--to", `127.0.0.1:${server.port}`],
    ]);
    equal(code, 4);
    await server.ended;
    equal((await dialogue(["lint", `${folder}/back.dialogue`])).code, 2);
  });
});

Deno.test("dialogue names a missing grant in one line", {
  permissions: { read: ["."], net: false },
}, async () => {
  const page = `${SEEDS}/rfc821.txt`;
  const { code, err } = await dialogue(["run", page, "--to", "smtp://127.0.0.1"]);
  equal(
    err,
    'dialogue: Cannot go on: net access to "127.0.0.1:25" is not granted, add --allow-net=127.0.0.1:25\n',
  );
  equal(code, 1);
  const listening = await dialogue(["serve", page, "--listen", "127.0.0.1:2525"]);
  match(listening.err, /add --allow-net=127\.0\.0\.1:2525\n$/);
  equal(listening.code, 1);
});

Deno.test("dialogue run writes every form of report, each to its place", async () => {
  await using box = await startSandbox();
  await inFolder(async (folder) => {
    await write(folder, {
      "good.dialogue": HELLO,
      "bad.dialogue": HELLO.replace("S: 250 ok", "S: 251 ok"),
      "skipped.dialogue": HELLO.replace("@smtp", "@smtp\n@require XNOT"),
    });
    const files = ["good", "bad", "skipped"].map((name) => `${folder}/${name}.dialogue`);
    const formats = ["json", "tap", "junit", "github"];
    const { code, out } = await dialogue([
      ...["run", ...files, "--to", box.smtpUrl, "--jobs", "3"],
      ...formats.flatMap((format) => ["--format", `${format}:${folder}/${format}`]),
      ...["--format", "text"],
    ]);
    equal(code, 4);
    match(out, /^ok {3}good \d+ ms\nFAIL bad \d+ ms\nSKIP skipped \d+ ms: [^\n]+ is not offered\n/);
    match(out, /\n3 dialogues: 1 passed, 1 failed, 1 skipped\n$/);
    const read = (format: string) => Deno.readTextFile(`${folder}/${format}`);
    const { schema, dialogues } = JSON.parse(await read("json"));
    equal(schema, "mailwright-dialogue-report/1");
    deepEqual(dialogues.map(({ name, status }: Record<string, string>) => `${name} ${status}`), [
      "good passed",
      "bad failed",
      "skipped skipped",
    ]);
    match(await read("tap"), /^TAP version 14\n1\.\.3\nok 1 - good\nnot ok 2 - bad\n {2}---\n/);
    match(await read("tap"), /\nok 3 - skipped # SKIP .+ is not offered\n$/);
    match(
      await read("junit"),
      /<testsuites name="dialogue" tests="3" failures="1" errors="0" skipped="1"/,
    );
    equal(
      await read("github"),
      `::error file=${folder}/bad.dialogue,line=6,col=4,title=reply-code::bad: ` +
        "expected 251, server said 250\n",
    );
  });
});

Deno.test("dialogue run ends with the worst that has happened", async () => {
  await using box = await startSandbox({ faults: [{ verb: "RSET", silent: true, then: "close" }] });
  await inFolder(async (folder) => {
    await write(folder, {
      "good.dialogue": HELLO,
      "bad.dialogue": HELLO.replace("S: 250 ok", "S: 251 ok"),
      "cut.dialogue": HELLO.replace("C: NOOP", "C: RSET"),
    });
    const run = async (...names: string[]) => {
      const files = names.map((name) => `${folder}/${name}.dialogue`);
      return (await dialogue(["run", ...files, "--to", box.smtpUrl])).code;
    };
    deepEqual([
      await run("good"),
      await run("good", "bad"),
      await run("cut", "good"),
      await run("cut", "bad"),
    ], [0, 4, 3, 3]);
    const nobody = await dialogue([
      "run",
      `${folder}/good.dialogue`,
      "--to",
      "127.0.0.1:1",
      "--json",
    ]);
    equal(nobody.code, 3);
    equal(JSON.parse(nobody.out).dialogues[0].failures[0].id, "connect");
  });
});

Deno.test("dialogue run keeps what was said; check judges it, fmt promotes it", async () => {
  await using box = await startSandbox();
  await inFolder(async (folder) => {
    const text = "@smtp\nS: 220 mx\nC: NOOP\nS: 250 ok\nC: QUIT\nS: 221 bye\n";
    await write(folder, { "hello.dialogue": text });
    const file = `${folder}/hello.dialogue`;
    const stored = `${folder}/talk.jsonl`;
    const saved = `${folder}/saved.dialogue`;
    const run = ["run", file, "--to", box.smtpUrl, "--transcript", stored];
    equal((await dialogue([...run, "--save-dialogue", saved])).code, 0);
    for (const path of [stored, saved]) equal((await Deno.stat(path)).mode, 0o100600);
    const again = await dialogue([...run, "--save-dialogue", saved]);
    equal(again.code, 1);
    match(again.err, /it exists already; --force replaces it/);
    equal((await dialogue(["run", saved, "--to", box.smtpUrl])).code, 0);

    const judged = await dialogue(["check", file, stored]);
    match(judged.out, /^ok {3}hello \d+ ms\n/);
    equal(judged.code, 0);
    const strict = await dialogue(["check", file, stored, "--match", "text"]);
    equal(strict.code, 4);
    match(strict.out, /^error\[reply-text\]/m);

    equal((await dialogue(["fmt", file, "--promote", stored, "--check"])).code, 2);
    equal((await dialogue(["fmt", file, "--promote", stored])).code, 0);
    match(await Deno.readTextFile(file), /^C: NOOP\nS: 250 2\.0\.0 .+$/m);
    equal((await dialogue(["check", file, stored, "--match", "text"])).code, 0);
    match((await dialogue(["check", file, file])).err, /it holds no lines of a transcript/);
  });
});

Deno.test("dialogue fmt lays files out in place, checks them, and writes them out", async () => {
  await inFolder(async (folder) => {
    const wild =
      "# mine\r\n\t@smtp\nS:220 mx\n\n\n\nC:   NOOP  \nS: 250\n@include login.dialogue\n";
    await write(folder, {
      "a.dialogue": wild,
      "login.dialogue":
        "@smtp\n@var user = ann\n@secret pass\nS: 220\n@auth LOGIN user pass\nS: 235\n",
    });
    const file = `${folder}/a.dialogue`;
    await write(folder, { "a.dialogue": wild.replace("@include login.dialogue\n", "") });
    const checked = await dialogue(["fmt", "--check", file]);
    deepEqual([checked.code, checked.err], [2, `not laid out: ${file}\n`]);
    equal((await dialogue(["fmt", file])).code, 0);
    const laidOut = "# mine\n@smtp\nS: 220 mx\n\nC: NOOP\nS: 250\n";
    equal(await Deno.readTextFile(file), laidOut);
    deepEqual(await dialogue(["fmt", "--check", file]), { code: 0, out: "", err: "" });
    const expanded = await dialogue(["fmt", "--expand", `${folder}/login.dialogue`]);
    equal(
      expanded.out,
      "@smtp\n@name login\n@var user = ann\n@secret pass\nS: 220\nC: AUTH LOGIN\nS: 334 VXNlcm5hbWU6\n" +
        "C: ${b64 user}\nS: 334 UGFzc3dvcmQ6\nC: ${b64 pass}\nS: 235\n",
    );
    equal((await dialogue(["fmt", `${SEEDS}/rfc821.txt`])).code, 1);
  });
});

Deno.test("dialogue dry shows what would be said, by whom", async () => {
  await inFolder(async (folder) => {
    await write(folder, {
      "a.dialogue":
        "@smtp\n@var me = client.example\n@secret pass\nS: 220 ${host=mx}\nC: EHLO ${me}\n" +
        "S: 250 ${host}\n@each who in ann, ben {\nC: RCPT TO:<${who}@b.example>\nS: 250\n}\n" +
        "@repeat 2 {\nC: NOOP\nS: 250\n}\nC: AUTH PLAIN ${plain me pass}\nS: 235\n" +
        "C: BDAT ${len} LAST\nC|hi\\r\\n\nS: 250\n",
    });
    const file = `${folder}/a.dialogue`;
    const { out } = await dialogue(["dry", file, "--var", "me=other.example"]);
    equal(
      out,
      `<- S: 220 \${host=mx}
-> C: EHLO other.example
<- S: 250 \${host}
-> C: RCPT TO:<ann@b.example>
<- S: 250
-> C: RCPT TO:<ben@b.example>
<- S: 250
-> C: NOOP
<- S: 250
-> C: NOOP
<- S: 250
-> C: AUTH PLAIN \${plain me pass}
<- S: 235
-> C: BDAT 4 LAST
-> C|hi\\r\\n
<- S: 250
`,
    );
    const server = await dialogue(["dry", file, "--as", "server"]);
    match(server.out, /^-> S: 220 mx\n<- C: EHLO client\.example\n-> S: 250 mx\n/);
  });
});

Deno.test("dialogue lint tells what is odd, and fails where it is asked to", async () => {
  const page = `${SEEDS}/sina.txt`;
  const { code, out, err } = await dialogue(["lint", page]);
  deepEqual([code, err], [0, "2 warnings, 2 notes\n"]);
  match(out, /^warning\[auth-before-ehlo\]: .*\n *--> .*sina\.txt:11:\d+\n/);
  equal((await dialogue(["lint", "--strict", page])).code, 2);
  const tap = await dialogue(["lint", page, `${SEEDS}/codes.txt`, "--format", "github"]);
  equal(tap.code, 2);
  match(tap.out, /^::error file=.*sina\.txt,line=11,col=\d+,title=auth-before-ehlo::/);
  match(tap.out, /^::error file=.*codes\.txt,title=no-dialogue::/m);
  for (const text of [out, tap.out]) {
    for (const word of ["c2FtcGxlc0BtYWlsLmV4", "xxxxxxxx"]) equal(text.includes(word), false);
  }
});

Deno.test("a report shows no login of a page [T-I45]", async () => {
  await inFolder(async (folder) => {
    const page = await Deno.readTextFile(`${SEEDS}/postfix_winmail.txt`);
    await write(folder, { "page.txt": page.replace("+OK 2 messages", "-ERR 2 messages") });
    const server = await serving([
      ...[`${SEEDS}/postfix_winmail.txt`, "--filter", "winmail 2", "--secret", "pass=stdin"],
    ]);
    const { code, out } = await dialogue([
      ...["run", `${folder}/page.txt`, "--to", `pop3://127.0.0.1:${server.port}`, ...LOGIN],
      ...["--var", "user=user@example.test"],
    ]);
    equal(code, 4, out);
    match(out, /^\d+ \| pass \$\{pass\}$/m);
    equal(out.includes("pass password"), false);
    await server.ended;
    // The mark of the page stays, so that the caret stands where it should.
    await write(folder, { "marked.txt": "   S: +OK hi\n   C: APOP ann 0123\n   S: +OK\n" });
    const linted = await dialogue(["lint", `${folder}/marked.txt`]);
    match(linted.out, /\n2 \| {4}C: APOP \$\{user\} \$\{_=0+\}\n {2}\| {4}\^+\n/);
  });
});

Deno.test("dialogue convert writes a page in every form", async () => {
  await inFolder(async (folder) => {
    const page = `${SEEDS}/postfix_winmail.txt`;
    for (const name of ["all.json", "all.md"]) {
      equal((await dialogue(["convert", page, "-o", `${folder}/${name}`])).code, 0);
      const { code, out } = await dialogue(["dry", `${folder}/${name}`]);
      equal(code, 0);
      match(out, /\n-> C: rcpt to: <test2@domain\.test>\n[^]*\n-> C: top 1\n/);
    }
    const single = await dialogue(["convert", page, "-o", `${folder}/one.dialogue`]);
    equal(single.code, 1);
    match(single.err, /holds several dialogues, -o FOLDER\/ takes them/);
    const split = ["convert", page, "-o", `${folder}/parts/`, "--into", "dialogue", "--repair"];
    const { code, err } = await dialogue(split);
    equal(code, 0);
    match(err, /^warning\[count-mismatch\]/m);
    const names = await Array.fromAsync(Deno.readDir(`${folder}/parts`), ({ name }) => name);
    deepEqual(names.sort(), ["postfix_winmail_1.dialogue", "postfix_winmail_2.dialogue"]);
    const second = await Deno.readTextFile(`${folder}/parts/postfix_winmail_2.dialogue`);
    match(second, /^C: top 1 0$/m);
    equal((await dialogue(split)).code, 1); // it replaces nothing
    equal((await dialogue([...split, "--force"])).code, 0);
    const stdin = await Deno.readTextFile(`${SEEDS}/rfc821.txt`);
    const typed = await dialogue(["convert", "-", "--into", "typescript"], { stdin });
    equal(typed.code, 0);
    match(typed.out, /^import \{ .+ \} from "@mailwright\/mailwright";\n\nexport const /);
    equal((await dialogue(["convert", page, "-o", `${folder}/x.pdf`])).code, 1);
  });
});

Deno.test("dialogue serve plays each connection, takes turns, and ends when told", async () => {
  await inFolder(async (folder) => {
    await write(folder, {
      "turn.dialogue": "@smtp\nS: 220 mx\nC: NOOP\n@alt {\nS: 250 one\n@outcome one\n} or {\n" +
        "S: 450 two\n@outcome two\n}\nC: QUIT\nS: 221 bye\n",
      "ask.dialogue": "@smtp\nS: 220\nC: NOOP\n@alt {\nS: 250\n@outcome first\n} or {\nS: 450\n" +
        "@outcome second\n}\nC: QUIT\nS: 221\n",
    });
    const server = await serving([`${folder}/turn.dialogue`, "--rotate", "--sessions", "0"]);
    const outcomes: string[] = [];
    for (let turn = 0; turn < 3; turn++) {
      const { out, code } = await dialogue([
        ...["run", `${folder}/ask.dialogue`, "--to", `127.0.0.1:${server.port}`, "--json"],
      ]);
      equal(code, 0, out);
      outcomes.push(JSON.parse(out).dialogues[0].outcome);
    }
    deepEqual(outcomes, ["first", "second", "first"]);
    server.signals.send("SIGTERM");
    const { code, out } = await server.ended;
    equal(code, 143);
    match(out, /3 dialogues: 3 passed\n$/);
  });
});

Deno.test("dialogue serve --over is the sandbox but for the rules of the file", async () => {
  await inFolder(async (folder) => {
    await write(folder, {
      "later.dialogue":
        "@smtp\n@on RCPT nobody -> 550 5.1.1 nobody\n@on RCPT x1 -> 451 4.2.1 later\n",
      "client.dialogue": "@smtp\n@fragment\nC: MAIL FROM:<a@b.example>\nS: 250\n" +
        "C: RCPT TO:<ann@b.example>\nS: 451\nC: RCPT TO:<ann@b.example>\nS: 250\n" +
        "C: RCPT TO:<nobody@b.example>\nS: 550\n",
    });
    const plain = await dialogue(["serve", `${folder}/later.dialogue`, "--listen", "127.0.0.1:0"]);
    equal(plain.code, 1);
    match(plain.err, /only has rules of @on, which need --over/);
    const server = await serving([`${folder}/later.dialogue`, "--over"]);
    const { code, out } = await dialogue([
      ...["run", `${folder}/client.dialogue`, "--to", `127.0.0.1:${server.port}`],
    ]);
    equal(code, 0, out);
    server.signals.send("SIGINT");
    equal((await server.ended).code, 130);
  });
});

Deno.test("dialogue plays STARTTLS over TCP, with the certificate of the sandbox", async () => {
  await inFolder(async (folder) => {
    const { SANDBOX_CA } = await import("../../src/sandbox/mod.ts");
    await write(folder, {
      "ca.pem": SANDBOX_CA,
      "tls.dialogue": "@smtp\n@var user = u\n@secret pass\nS: 220 mx ESMTP\nC: EHLO me.example\n" +
        "S: 250-mx\nS: 250 STARTTLS\nC: STARTTLS\nS: 220 go\nC & S: <tls>\nC: EHLO me.example\n" +
        "S: 250-mx\nS: 250 AUTH PLAIN\nC: AUTH PLAIN ${plain user pass}\nS: 235 ok\n",
    });
    const file = `${folder}/tls.dialogue`;
    const secret = ["--secret", "pass=stdin"];
    const server = await serving([file, ...secret]);
    const { code, out } = await dialogue([
      ...["run", file, "--to", `127.0.0.1:${server.port}`, ...secret],
      ...["--tls-ca", `${folder}/ca.pem`, "--tls-name", "localhost"],
    ]);
    equal(code, 0, out);
    equal((await server.ended).code, 0);
    const untrusting = await serving([file, ...secret]);
    const refused = await dialogue([
      ...["run", file, "--to", `127.0.0.1:${untrusting.port}`, ...secret],
    ]);
    equal(refused.code, 3);
    match(refused.out, /^error\[tls-handshake\]/m);
    equal((await untrusting.ended).code, 3);
  });
});

Deno.test("dialogue serve listens inside TLS for a client that begins with it", async () => {
  await inFolder(async (folder) => {
    const { SANDBOX_CA } = await import("../../src/sandbox/mod.ts");
    await write(folder, {
      "ca.pem": SANDBOX_CA,
      "smtp.dialogue": "@smtp\nS: 220 mx\nC: NOOP\nS: 250 ok\nC: QUIT\nS: 221 bye\n",
      "pop3.dialogue": "@pop3\nS: +OK\nC: NOOP\nS: -ERR no\nC: QUIT\nS: +OK\n",
      "later.dialogue": "@smtp\n@on NOOP -> 250 ok\n",
    });
    const trust = ["--tls-ca", `${folder}/ca.pem`, "--tls-name", "localhost"];
    const play = async (file: string, to: string): Promise<number> =>
      (await dialogue(["run", `${folder}/${file}`, "--to", to, ...trust])).code;
    for (const protocol of ["smtp", "pop3"] as const) {
      const file = `${protocol}.dialogue`;
      const scheme = `${protocol}s://`;
      const server = await serving([`${folder}/${file}`], { scheme });
      equal(await play(file, `${scheme}127.0.0.1:${server.port}`), 0);
      equal((await server.ended).code, 0);
    }
    const over = await serving([`${folder}/later.dialogue`, "--over"], { scheme: "smtps://" });
    equal(await play("smtp.dialogue", `smtps://127.0.0.1:${over.port}`), 0);
    over.signals.send("SIGINT");
    equal((await over.ended).code, 130);

    const clear = await serving([`${folder}/smtp.dialogue`], { scheme: "smtps://" });
    const connection = await Deno.connect({ port: clear.port, hostname: "127.0.0.1" });
    await connection.write(new TextEncoder().encode("EHLO me\r\n"));
    const { code, out } = await clear.ended;
    connection.close();
    equal(code, 3);
    match(out, /^error\[tls-handshake\]: Cannot start TLS with the client: /m);

    const args = ["serve", `${folder}/pop3.dialogue`, "--listen"];
    match(
      (await dialogue([...args, "smtps://127.0.0.1:0"])).err,
      /smtp is named as what is spoken/,
    );
    match((await dialogue([...args, "http://127.0.0.1:0"])).err, /^dialogue: Cannot read --listen/);
  });
});

Deno.test("dialogue run stops when it is told to", async () => {
  await using box = await startSandbox({ faults: [{ verb: "NOOP", silent: true, then: "stall" }] });
  await inFolder(async (folder) => {
    await write(folder, {
      "hello.dialogue": HELLO,
      "before.dialogue": "@smtp\nS: 220\nC: QUIT\nS: 221\n",
    });
    const call = started([
      ...["run", `${folder}/before.dialogue`, `${folder}/hello.dialogue`, "--to", box.smtpUrl],
      ...["--transcript", "-"],
    ]);
    await call.heard(/C: NOOP\n/);
    call.signals.send("SIGINT");
    const { code, out } = await call.ended;
    equal(code, 130);
    // What was over by then is reported.
    match(out, /^ok {3}before \d+ ms\nSKIP hello 0 ms: interrupted\n\n2 dialogues: /);
  });
});

Deno.test("the page and the dialogue of the README run as it says", async () => {
  const readme = await Deno.readTextFile("README.md");
  const blocks = [...readme.matchAll(/^```text\n([^]*?)^```$/gm)].map(([, text = ""]) => text);
  const block = (begin: string) => blocks.find((text) => text.startsWith(begin)) ?? "";
  await inFolder(async (folder) => {
    await write(folder, {
      "page.txt": block("S: MAIL FROM:<Smith@Alpha.ARPA>"),
      "partial.dialogue": block("@smtp\n@var me"),
    });
    await using box = await startSandbox({
      recipients: ["jones@mail.example", "brown@mail.example"],
    });
    const partial = await dialogue([
      ...["run", `${folder}/partial.dialogue`, "--to", box.smtpUrl, "--json"],
    ]);
    equal(partial.code, 0, partial.out);
    const [{ vars, delivery }] = JSON.parse(partial.out).dialogues;
    deepEqual([vars.limit, delivery], [1024 ** 3, "partial"]);
    equal(typeof vars.id, "string");
    equal((await dialogue(["lint", "--strict", `${folder}/partial.dialogue`])).code, 0);
    await using all = await startSandbox();
    const { code, out } = await dialogue(["run", `${folder}/page.txt`, "--to", all.smtpUrl]);
    equal(code, 4);
    equal(
      out.replaceAll(`${folder}/`, "").replaceAll(/\d+ ms/g, "N ms"),
      block("FAIL page").replaceAll(/\d+ ms/g, "N ms"),
    );
  });
});

Deno.test("dialogue --permissions names exactly what a call needs", async () => {
  await inFolder(async (folder) => {
    await write(folder, {
      "a.dialogue":
        "@smtp\nS: 220\n@include b.dialogue\nC: DATA\nS: 354\nC< mail.eml\nC: .\nS: 250\n",
      "b.dialogue": "C: NOOP\nS: 250\n",
    });
    const file = `${folder}/a.dialogue`;
    const read = `--allow-read=${file},${folder}/b.dialogue,${folder}/mail.eml`;
    const told = async (...args: string[]) => {
      const { code, out } = await dialogue([...args, "--permissions"]);
      equal(code, 0);
      return out.trim();
    };
    deepEqual(
      [
        await told("run", file, "--to", "smtp://mx.example", "--to", "pop3s://mx.example"),
        await told("run", file, "--to", "mx.example:26", "--secret", "p=env:P", "--json"),
        await told("serve", file, "--listen", "127.0.0.1:0"),
        await told("serve", file, "--listen", "[::1]:2525", "--transcript", "t.jsonl"),
        await told("record", "--to", "smtp://mx.example:26", "-o", "x.dialogue"),
        await told("record", "--proxy", "127.0.0.1:26=smtps://mx.example", "-o", "x"),
        await told("lint", file),
        await told("check", file, "talk.jsonl"),
        await told("fmt", file),
        await told("convert", file, "-o", "x.ts"),
      ],
      [
        `--allow-net=mx.example:25,mx.example:995 ${read}`,
        `--allow-net=mx.example:26 ${read} --allow-env=P`,
        `--allow-net=127.0.0.1 ${read}`,
        `--allow-net=[::1]:2525 ${read},t.jsonl --allow-write=t.jsonl`,
        "--allow-net=mx.example:26 --allow-read=x.dialogue --allow-write=x.dialogue",
        "--allow-net=mx.example:465,127.0.0.1:26 --allow-read=x --allow-write=x",
        read,
        `${read},talk.jsonl`,
        `${read} --allow-write=${file}`,
        `${read},x.ts --allow-write=x.ts`,
      ],
    );
  });
});

Deno.test("dialogue serve shows the certificate it is given", async () => {
  const folder = "tests/fixtures/certificates";
  await inFolder(async (path) => {
    await write(path, {
      "tls.dialogue": "@smtp\nS: 220 mx\nC: EHLO me\nS: 250-mx\nS: 250 STARTTLS\nC: STARTTLS\n" +
        "S: 220 go\nC & S: <tls>\nC: QUIT\nS: 221 bye\n",
    });
    const alone = await dialogue([
      ...["serve", `${path}/tls.dialogue`, "--listen", "127.0.0.1:0", "--cert", `${folder}/x.pem`],
    ]);
    match(alone.err, /--cert and --key belong together/);
    equal(alone.code, 1);
    const identity = ["--cert", `${folder}/good.pem`, "--key", `${folder}/good.key.pem`];
    const server = await serving([`${path}/tls.dialogue`, ...identity]);
    const { code, out } = await dialogue([
      ...["run", `${path}/tls.dialogue`, "--to", `127.0.0.1:${server.port}`],
      ...["--tls-ca", `${folder}/ca.pem`, "--tls-name", "localhost"],
    ]);
    equal(code, 0, out);
    equal((await server.ended).code, 0);
  });
});
