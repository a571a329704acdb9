import { deepEqual, equal, match, ok } from "node:assert/strict";
import { mock } from "node:test";
import { main } from "../../scripts/bulk_send.ts";
import { EXIT } from "../../src/cli/mod.ts";
import { parseHeaderBlock } from "../../src/message/mod.ts";
import { ClosedPipe, Screen, Signals } from "../cli/fakes.ts";
import { HeldClock } from "../held_clock.ts";
import {
  bulkSend,
  inSetting,
  journalOfTheDead,
  LIST,
  MESSAGE,
  PASSWORD,
  people,
  USER,
} from "./bulk_send/script.ts";
import { helpOf } from "./help.ts";

const help = (...args: string[]): Promise<string> => helpOf(main, args);

Deno.test("bulk_send shows help with examples, and its version, without any grant", {
  permissions: "none",
}, async () => {
  const out = await help("--help");
  match(out, /Exit status: 0 every row/);
  for (const verb of ["check", "send", "resume", "status", "report", "release", "work"]) {
    match(await help(verb, "--help"), /Examples:\n/);
  }
  ok(!(await help("send", "--help")).includes("--password <"));
  match(await help("--version"), /^\d+\.\d+\.\d+\n$/);
});

Deno.test("bulk_send checks without network, and shows a message", async () => {
  await inSetting(async ({ box, input, write }) => {
    const { code, out, err } = await bulkSend(["check", ...input]);
    deepEqual([code, err], [0, ""]);
    match(out, /people\.csv: 4 rows, 3 recipients, 1 duplicate, 0 wrong/);
    match(out, /line 5 is the same as line 2: ann@there\.example/);
    match(out, /^ {2}Subject: Hello Ann$/m);
    const json = await bulkSend(["check", ...input, "--json", "--samples", "2"]);
    const found = JSON.parse(json.out);
    deepEqual([found.rows, found.recipients, found.samples.length], [4, 3, 2]);
    const wrong = await write("wrong.csv", "email,name\nnobody,x\n");
    const quiet = await bulkSend(["check", "--list", wrong, ...input.slice(2), "--quiet"]);
    deepEqual([quiet.code, quiet.out], [2, ""]);
    match(quiet.err, /line 2, column "email"/);
    equal(box.ledger.entries.length, 0);
  });
});

Deno.test("bulk_send sends to each once, says what became of it, and reports [T-I34]", async () => {
  await inSetting(async ({ box, folder, all, journal, recipients }) => {
    const sent = await bulkSend(["send", ...all]);
    equal(sent.code, EXIT.bulk_send.failed, sent.err);
    match(sent.out, /^welcome\ndomain +accepted +failed +skipped +rows\n/);
    match(sent.out, /\nall +2 +1 +1 +4\n/);
    match(sent.out, /\n +1 +failed +rcpt +550 5\.1\.1 +No such user here\n/);
    match(sent.err, /failed at rcpt: 550 5\.1\.1 No such user here\n/);
    deepEqual(recipients().sort(), ["ann@there.example", "ben@there.example"]);
    for (const { text, from, to } of box.mails) {
      const header = parseHeaderBlock(new TextEncoder().encode(text));
      equal(header.get("to")?.text, to[0]);
      equal(from, "news@here.example");
      const name = to[0]?.startsWith("ann") ? "Ann" : 'Ben "B" Müller';
      equal(header.get("subject")?.text, `Hello ${name}`);
    }

    const status = await bulkSend(["status", ...journal]);
    deepEqual([status.code, status.err], [1, ""]);
    match(
      status.out,
      /^welcome, 4 rows, made .*\n {2}accepted +2\n {2}failed +1\n {2}skipped +1\n/,
    );
    const states = JSON.parse((await bulkSend(["status", ...journal, "--json"])).out).states;
    deepEqual([states.accepted, states.failed, states.skipped], [2, 1, 1]);

    const csv = await bulkSend(["report", ...journal, "--format", "csv"]);
    equal(csv.out.trimEnd().split("\r\n").length, 5);
    const json = JSON.parse((await bulkSend(["report", ...journal, "--format", "json"])).out);
    deepEqual(json.list.map(({ state }: { state: string }) => state), [
      ...["accepted", "accepted", "failed", "skipped"],
    ]);
    const path = `${folder}/welcome.html`;
    deepEqual(await bulkSend(["report", ...journal, "--format", `html:${path}`]), {
      ...{ code: 0, out: "", err: "" },
    });
    const page = await Deno.readTextFile(path);
    match(page, /<svg .*<td>carol@other\.example<\/td>/s);
    equal(((await Deno.stat(path)).mode ?? 0) & 0o077, 0);

    // The same once more has nothing to do; and nothing is left beside the journal.
    equal((await bulkSend(["send", ...all])).code, 1);
    equal((await bulkSend(["resume", ...journal])).code, 1);
    equal(recipients().length, 2);
    const names = await Array.fromAsync(Deno.readDir(folder), ({ name }) => name);
    equal(names.some((name) => name.includes("emergency")), false);
  }, { recipients: ["ann@there.example", "ben@there.example"] });
});

Deno.test("bulk_send logs in, and keeps no secret in the journal", async () => {
  await inSetting(async ({ folder, all, journal, recipients }) => {
    const login = ["--user", USER, "--password-from", "env:SMTP_PASSWORD"];
    const first = await bulkSend(["send", ...all, ...login, "--limit", "1"]);
    equal(first.code, EXIT.bulk_send.failure, first.err);
    match(
      first.err,
      /stopped: its limit of 1 is reached\n2 rows are left; next: bulk_send resume --journal \S+\n/,
    );
    const octets = new TextDecoder("latin1").decode(await Deno.readFile(`${folder}/welcome.db`));
    equal(octets.includes(PASSWORD), false);
    match(octets, /SMTP_PASSWORD/);
    // All that it needs is in the journal, but the secret.
    const second = await bulkSend(["resume", ...journal]);
    equal(second.code, 0, second.err);
    equal(new Set(recipients()).size, 3);
  }, { requires: "login" });
});

Deno.test("bulk_send resume goes on where a run was killed, and release decides [T-B03] [T-B05] [T-B25]", async () => {
  const clock = new HeldClock();
  await inSetting(async ({ box, folder, all, journal, recipients, write }) => {
    await write("people.csv", people(12));
    const dying = { times: 1, delayMs: clock.pauseMs, silent: true, then: "drop" } as const;
    box.misbehave({ verb: ".", after: 4, ...dying });
    const run = bulkSend([...["send", ...all], "--connections", "1", "--limit", "5"]);
    await box.ledger.until(({ kind, recipients: [who] = [] }) =>
      kind === "terminator" && who === "p4@there.example"
    );
    const left = await journalOfTheDead(folder);
    clock.letGo();
    equal((await run).code, EXIT.bulk_send.failure, (await run).err);
    const refused = await bulkSend(["resume", ...left]);
    equal(refused.code, EXIT.bulk_send.usage);
    match(
      refused.err,
      /it is a copy, and somebody may have gone on with the original: if nobody has, add --moved/,
    );
    const resumed = await bulkSend(["resume", ...left, "--moved"]);
    equal(resumed.code, EXIT.bulk_send.doubt, resumed.err);
    match(resumed.err, /1 row is in doubt; .* bulk_send release --journal \S+ --to resend\n/);
    equal(new Set(recipients()).size, recipients().length);
    equal((await bulkSend(["status", ...left])).code, EXIT.bulk_send.doubt);

    const nobody = ["--recipient", "p0@there.example"];
    const none = await bulkSend(["release", ...left, "--to", "resend", ...nobody]);
    deepEqual([none.code, none.out], [0, "Released: 0 (resend)\n"]);
    const released = await bulkSend(["release", ...left, "--to", "resend", "--by", "ann"]);
    deepEqual([released.code, released.out], [0, "Released: 1 (resend)\n"]);
    equal((await bulkSend(["resume", ...left])).code, 0);
    equal(new Set(recipients()).size, 12);
    const ids = box.mails.map(({ text }) => /^Message-ID: (.*)$/m.exec(text)?.[1]);
    // The one that was in doubt had arrived: the same message twice, and everybody can see it.
    equal(new Set(ids).size, 12);
    equal((await bulkSend(["status", ...journal])).code, EXIT.bulk_send.failure);
  }, { clock });
});

Deno.test("bulk_send resume refuses an input that has changed [T-B28] [T-I36]", async () => {
  await inSetting(async ({ folder, all, journal, write, recipients }) => {
    equal((await bulkSend(["send", ...all, "--limit", "1"])).code, 3);
    for (
      const [name, text] of [
        ["welcome.md", `${MESSAGE}PS: Hello\n`],
        ["people.csv", `${LIST}dora@there.example,Dora\n`],
      ] as const
    ) {
      const before = await Deno.readFile(`${folder}/${name}`);
      await write(name, text);
      const resumed = await bulkSend(["resume", ...journal]);
      equal(resumed.code, EXIT.bulk_send.usage);
      match(resumed.err, /has changed since the job "welcome" was made: put it back/);
      const again = await bulkSend(["send", ...all]);
      equal(again.code, EXIT.bulk_send.usage);
      match(again.err, /a job "welcome" that was made of something else/);
      await write(name, before);
    }
    equal(recipients().length, 1);
    // What is gone has not changed: the journal holds it.
    await Deno.remove(`${folder}/people.csv`);
    await Deno.remove(`${folder}/welcome.md`);
    const resumed = await bulkSend(["resume", ...journal]);
    equal(resumed.code, 0, resumed.err);
    match(resumed.err, /people\.csv is gone: the journal has its rows/);
    equal(recipients().length, 3);
  });
});

Deno.test("bulk_send wants to be told twice to send the same message [T-B24]", async () => {
  await inSetting(async ({ all, recipients }) => {
    equal((await bulkSend(["send", ...all])).code, 0);
    const other = ["send", ...all, "--job", "other"];
    const refused = await bulkSend(other);
    equal(refused.code, EXIT.bulk_send.usage);
    match(refused.err, /the job "welcome" sends the same message: add --again/);
    const meant = await bulkSend([...other, "--again"]);
    equal(meant.code, 0);
    match(meant.err, /note: job "welcome" has written to 3 of them within 24 hours\n/);
    equal(recipients().length, 6);
  });
});

Deno.test("bulk_send skips who is suppressed, also when it is resumed [T-B30]", async () => {
  await inSetting(async ({ all, journal, recipients, write }) => {
    const file = await write("stop.txt", "# asked us to\nAnn@There.example\n");
    equal((await bulkSend(["send", ...all, "--suppress", file, "--limit", "1"])).code, 3);
    await write("stop.txt", "ann@there.example\ncarol@other.example\n");
    const resumed = await bulkSend(["resume", ...journal]);
    equal(resumed.code, 0);
    match(resumed.out, /suppressed/);
    deepEqual(recipients(), ["ben@there.example"]);
    const wrong = await write("stop.txt", "nobody\n");
    const refused = await bulkSend(["resume", ...journal, "--suppress", wrong]);
    equal(refused.code, 2);
    match(refused.err, /line 1: Cannot parse the address "nobody"/);
  });
});

Deno.test("bulk_send writes messages into a folder instead of sending them", async () => {
  await inSetting(async ({ box, folder, all, write }) => {
    const stop = await write("stop.txt", "Carol@other.example\n");
    const dry = ["send", ...all, "--dry-run", `${folder}/dry`, "--suppress", stop];
    const { code, out } = await bulkSend(dry);
    equal(code, 0);
    match(out, /^Wrote 2 messages to /);
    const names = await Array.fromAsync(Deno.readDir(`${folder}/dry`), ({ name }) => name);
    deepEqual(names.sort(), ["line-0000002.eml", "line-0000003.eml"]);
    match(await Deno.readTextFile(`${folder}/dry/line-0000002.eml`), /\r\n\r\nDear Ann,\r\n/);
    match((await bulkSend(dry)).err, /it is not empty/);
    equal(box.ledger.entries.length, 0);
    ok(!(await Array.fromAsync(Deno.readDir(folder))).some(({ name }) => name.endsWith(".db")));
  });
});

Deno.test("bulk_send sends one message to oneself, and to nobody else", async () => {
  await inSetting(async ({ box, input, server, recipients }) => {
    const test = ["send", ...input, ...server, "--test-to", "me@there.example"];
    const { code, out } = await bulkSend(test);
    deepEqual([code, recipients()], [0, ["me@there.example"]]);
    match(out, /^Sent the first message to me@there\.example: 250 /);
    match(box.mails[0]?.text ?? "", /^To: me@there\.example\r$/m);
    match(box.mails[0]?.text ?? "", /^Subject: Hello Ann\r$/m);
  });
});

Deno.test("bulk_send says of a test what has become of it", async () => {
  await inSetting(async ({ box, input, server }) => {
    const test = ["send", ...input, ...server, "--test-to", "me@here.example"];
    const cases = [
      ["550 5.1.1 Nobody of that name", "refused", EXIT.bulk_send.failed],
      ["451 4.7.1 Greylisted", "deferred", EXIT.bulk_send.failure],
    ] as const;
    for (const [reply, outcome, exit] of cases) {
      box.misbehave({ verb: "RCPT", times: 2, reply });
      deepEqual(await bulkSend(test), {
        ...{ code: exit, out: "", err: `me@here.example: ${outcome}: ${reply}\n` },
      });
      const { code, out } = await bulkSend([...test, "--json"]);
      deepEqual([code, JSON.parse(out)], [exit, { to: "me@here.example", outcome, reply }]);
    }
  });
});

Deno.test("bulk_send reads what spreadsheets write in other countries [T-I33]", async () => {
  await inSetting(async ({ all, journal, write, recipients }) => {
    await write("people.csv", LIST.replaceAll(",", ";"));
    const refused = await bulkSend(["send", ...all]);
    deepEqual([refused.code, recipients()], [EXIT.bulk_send.usage, []]);
    match(refused.err, /people\.csv: line 1: the separator of its columns is ";", expected ","\n/);
    const sent = await bulkSend(["send", ...all, "--separator", "semicolon", "--limit", "1"]);
    equal(sent.code, EXIT.bulk_send.failure, sent.err);
    equal((await bulkSend(["resume", ...journal])).code, 0);
    equal(recipients().length, 3);
  });
});

Deno.test("bulk_send makes no journal where addresses to leave out cannot be read", async () => {
  await inSetting(async ({ all, folder, write }) => {
    for (
      const [name, text, line] of [
        ["left.txt", "ann@there.example\nnobody\n", 2],
        ["left.csv", "email\nann@there.example\nnobody\n", 3],
        ["semicolons.csv", "email;name\nann@there.example;Ann\n", 1],
        ["left.jsonl", '{"email":"ann@there.example"}\n{}\n', 2],
      ] as const
    ) {
      const { code, err } = await bulkSend(["send", ...all, "--suppress", await write(name, text)]);
      equal(code, EXIT.bulk_send.usage);
      match(err, new RegExp(`^bulk_send: Cannot use --suppress "[^"]*/${name}": line ${line}: `));
    }
    const names = (await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => name);
    ok(!names.some((name) => name.startsWith("welcome.db")), `${names}`);
  });
});

Deno.test("bulk_send fails nobody for a message that is too large for the server [T-B16]", async () => {
  await inSetting(async ({ all, journal, write }) => {
    await write("people.csv", people(30));
    await write("welcome.md", `${MESSAGE}${"all of it\n".repeat(200)}`);
    const { code, err } = await bulkSend(["send", ...all]);
    equal(code, EXIT.bulk_send.failure);
    match(err, /^stopped: .* alike: "552 .*": .*; if these rows are at fault, .*20$/m);
    const { states } = JSON.parse((await bulkSend(["status", ...journal, "--json"])).out);
    deepEqual([states.pending, states.failed], [30, 0]);
  }, { limits: { messageOctets: 1000 } });
});

Deno.test("bulk_send takes a list from standard input, but not a secret as well", async () => {
  await inSetting(async ({ server, journal, recipients, folder }) => {
    const call = [
      ...["send", "--list", "-", "--message", `${folder}/welcome.md`, ...server, ...journal],
    ];
    const both = await bulkSend([...call, "--user", USER, "--password-from", "stdin"]);
    equal(both.code, 2);
    match(both.err, /standard input is the list/);
    const { code, err } = await bulkSend(call, { stdin: LIST });
    equal(code, 0, err);
    equal(recipients().length, 3);
  });
});

Deno.test("bulk_send signs, and asks for notices and one click", async () => {
  await inSetting(async ({ box, folder, all, write, input, server }) => {
    const key = await write(
      "key.pem",
      "-----BEGIN PRIVATE KEY-----\n" +
        "MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n" +
        "-----END PRIVATE KEY-----\n",
    );
    const signed = [
      ...["--dkim-key", key, "--dkim-selector", "one", "--dsn", "failure,delay"],
      ...["--list-unsubscribe", "https://here.example/u?{{email}}"],
      ...["--list-unsubscribe", "mailto:stop@here.example", "--from", "bounces@here.example"],
    ];
    await Deno.chmod(key, 0o644);
    match((await bulkSend(["send", ...all, ...signed])).err, /others can read it, run: chmod 600/);
    await Deno.chmod(key, 0o600);
    const { code, err } = await bulkSend(["send", ...all, ...signed]);
    equal(code, 0, err);
    const { text = "", from } = box.mails[0] ?? {};
    match(text, /^DKIM-Signature: v=1; a=ed25519-sha256;.*\r\n d=here\.example;\r\n s=one; t=\d+;/);
    match(
      text,
      /^List-Unsubscribe: <https:\/\/here\.example\/u\?\w+%40there\.example>,\r\n <mailto:/m,
    );
    match(text, /^List-Unsubscribe-Post: List-Unsubscribe=One-Click\r$/m);
    equal(from, "bounces@here.example");
    const commands = box.ledger.texts("command");
    ok(
      commands.some((line) => /^RCPT TO:<ann@.*NOTIFY=FAILURE,DELAY ORCPT=rfc822;ann@/.test(line)),
    );
    ok(commands.some((line) => /^MAIL FROM:<bounces@here\.example>.* RET=HDRS ENVID=/.test(line)));
    // A raw message is sent as it is, below what it lacks.
    const raw = await write("raw.eml", "From: news@here.example\r\nSubject: Raw\r\n\r\nHello\r\n");
    const call = [...input.slice(0, 2), "--message", raw, ...server, "--journal"];
    equal((await bulkSend(["send", ...call, `${folder}/raw.db`])).code, 0);
    match(
      box.mails.at(-1)?.text ?? "",
      /^Message-ID: .*\r\nTo: .*\r\nDate: .*\r\nFrom: news@here\.example\r\nSubject: Raw\r\n\r\nHello\r\n$/,
    );
  });
});

Deno.test("bulk_send stops at the first signal, finishes what is under way, and says how to go on [T-B08]", async () => {
  await inSetting(async ({ box, all, journal, write, recipients }) => {
    await write("people.csv", people(40));
    box.misbehave({ verb: ".", delayMs: 20 });
    const signals = new Signals();
    const ran = bulkSend(["send", ...all, "--connections", "2"], { signals });
    await box.ledger.until(({ kind }) => kind === "stored");
    signals.send("SIGTERM");
    const { code, err } = await ran;
    equal(code, 143);
    match(err, /^stopping when what is under way is answered; a second signal leaves at once/m);
    match(err, /stopped: it was asked to stop\n/);
    match(err, /\d+ rows are left; next: bulk_send resume --journal /);
    const { accepted, in_doubt: doubts } = JSON.parse(
      (await bulkSend(["status", ...journal, "--json"])).out,
    ).states;
    deepEqual([accepted, doubts], [recipients().length, 0]);
    equal((await bulkSend(["resume", ...journal])).code, 0);
    equal(new Set(recipients()).size, 40);
    equal(recipients().length, 40);
  });
});

Deno.test("bulk_send tells events as JSON, and progress on a terminal", async () => {
  await inSetting(async ({ all }) => {
    const { out, err } = await bulkSend(["send", ...all, "--json"]);
    equal(err, "");
    const events = out.trimEnd().split("\n").map((line) => JSON.parse(line));
    deepEqual(events.map(({ event }) => event), ["row", "row", "row", "end"]);
    deepEqual([events[3].exit, events[3].states.accepted], [0, 3]);
  });
  const size = mock.method(Deno, "consoleSize", () => ({ columns: 120, rows: 25 }));
  using _restored = { [Symbol.dispose]: () => size.mock.restore() };
  await inSetting(async ({ all }) => {
    const { err } = await bulkSend(["send", ...all], { terminal: true });
    ok(size.mock.callCount() > 0);
    match(err, /\[Ksending {2}4 of 4 {2}100%.*3 accepted {2}answers in/);
    const quiet = await bulkSend(["send", ...all, "--quiet"], { terminal: true });
    deepEqual(quiet, { code: 0, out: "", err: "" });
  });
});

Deno.test("bulk_send that nobody listens to any more ends in order [T-B11]", async () => {
  await inSetting(async ({ all, journal, write }) => {
    await write("people.csv", people(200));
    const stderr = new Screen();
    const places = { stdout: new ClosedPipe(), stderr, signals: new Signals() };
    const code = await main(["send", ...all, "--json", "--connections", "1"], places);
    equal(code, EXIT.bulk_send.failure);
    match(stderr.text, /^1\d\d rows are left; next: bulk_send resume --journal [^\n]+\n/);
    const { states } = JSON.parse((await bulkSend(["status", ...journal, "--json"])).out);
    equal(states.accepted + states.pending, 200);
    ok(states.accepted > 0 && states.pending > 100, `${states.accepted}`);
  });
});

Deno.test("bulk_send keeps to all that is said of its pace", async () => {
  await inSetting(async ({ box, all, write, journal, recipients }) => {
    await write("people.csv", people(60));
    const pace = [
      ...["--rate", "36000/min", "--recipients-rate", "3600000/h", "--connections", "2"],
      ...["--messages-per-connection", "7", "--window", "4", "--chunking", "--per-domain", "3"],
      ...["--retry", "2", "--retry-base", "10ms", "--deadline", "1h", "--timeout", "20s"],
    ];
    const first = await bulkSend(["send", ...all, ...pace, "--limit", "30"]);
    equal(first.code, 3, first.err);
    equal(recipients().length, 30);
    // Kept in the job: the connections of the second run are as short-lived.
    equal((await bulkSend(["resume", ...journal])).code, 0);
    equal(new Set(recipients()).size, 60);
    ok(box.ledger.texts("open").length >= 60 / 7);
    ok(box.ledger.texts("command").some((line) => line.startsWith("BDAT ")));
    const byConnection = Map.groupBy(
      box.ledger.entries.filter(({ kind }) => kind === "stored"),
      ({ connection }) => connection,
    );
    for (const [, stored] of byConnection) ok(stored.length <= 7);
  });
});

Deno.test("bulk_send writes to addresses beyond ASCII only if it is told to, and the server can [T-I11]", async () => {
  await inSetting(async ({ box, all, write }) => {
    await write("people.csv", "email,name\nann@there.example,Ann\njürgen@there.example,Jürgen\n");
    const refused = await bulkSend(["send", ...all]);
    equal(refused.code, 2);
    match(
      refused.err,
      /line 3: Cannot write the header "To": raw UTF-8 needs the SMTPUTF8 extension/,
    );
    equal(box.ledger.entries.length, 0);
    equal((await bulkSend(["send", ...all, "--smtputf8"])).code, 0);
    ok(box.ledger.texts("command").some((line) => /^MAIL .* SMTPUTF8/.test(line)));
  });
  const always = ["PIPELINING", "8BITMIME"];
  const capabilities = { clear: [...always, "STARTTLS"], tls: always };
  await inSetting(async ({ all }) => {
    for (const [option, keyword] of [["--smtputf8", "SMTPUTF8"], ["--dsn=never", "DSN"]] as const) {
      const { code, err } = await bulkSend(["send", ...all, option]);
      equal(code, 2);
      match(err, new RegExp(`Cannot use --\\w+: the server does not offer ${keyword}`));
    }
  }, { capabilities });
});

Deno.test("bulk_send stops where the server refuses row after row [T-B16]", async () => {
  await inSetting(async ({ box, all, journal, write }) => {
    await write("people.csv", people(30));
    box.misbehave({ verb: ".", reply: "554 5.7.1 Not this message of ann@here.example" });
    const { code, err } = await bulkSend(["send", ...all, "--max-refusals", "4"]);
    equal(code, EXIT.bulk_send.failure);
    match(
      err,
      /\nstopped: the server refuses row after row: "554 5\.7\.1 Not this message of <…>": mend that, then/,
    );
    const { states } = JSON.parse((await bulkSend(["status", ...journal, "--json"])).out);
    ok(states.failed >= 4 && states.failed < 20, `${states.failed}`);
    equal(states.failed + states.pending, 30);
    match(err, /\nnobody was accepted, and nobody has logged in: try --test-to with --user\n$/);
  });
});

Deno.test("bulk_send defers, and ends without waiting if it is told so", async () => {
  await inSetting(async ({ box, all, journal, recipients }) => {
    box.misbehave({ verb: "RCPT", pattern: "ben@", times: 1, reply: "451 4.7.1 Greylisted" });
    const { code, err } = await bulkSend(["send", ...all, "--no-wait", "--retry-base", "300ms"]);
    equal(code, EXIT.bulk_send.failure);
    match(err, /deferred at rcpt: 451 4\.7\.1 Greylisted\n/);
    match(
      (await bulkSend(["status", ...journal])).out,
      /deferred +1\n {2}skipped +1\n {2}the next/,
    );
    equal((await bulkSend(["resume", ...journal])).code, 0);
    equal(new Set(recipients()).size, 3);
  });
});

Deno.test("bulk_send stops where the server is gone or the login refused, and fails no row [T-B18]", async () => {
  await inSetting(async ({ input, journal, all }) => {
    const nobody = await bulkSend(["send", ...input, ...journal, "--server", "smtp://127.0.0.1:1"]);
    equal(nobody.code, EXIT.bulk_send.failure);
    match(nobody.err, /^stopped: /m);
    const wrong = ["--user", "bob@here.example", "--password-from", "stdin"];
    const refused = await bulkSend(["send", ...all, ...wrong]);
    equal(refused.code, EXIT.bulk_send.failure);
    match(refused.err, /stopped: .*535/);
    const { states } = JSON.parse((await bulkSend(["status", ...journal, "--json"])).out);
    deepEqual([states.pending, states.failed], [3, 0]);
  });
});

Deno.test("bulk_send stops where a login is missing, fails nobody, and goes on with one [T-B18]", async () => {
  await inSetting(async ({ all, journal, recipients }) => {
    const without = await bulkSend(["send", ...all]);
    equal(without.code, EXIT.bulk_send.failure);
    match(without.err, /^stopped: the server says "530 .*": add --user and .*, then resume$/m);
    const login = ["--user", USER, "--password-from", "stdin"];
    equal((await bulkSend(["resume", ...journal, ...login])).code, 0);
    equal(recipients().length, 3);
  }, { requires: "login" });
});

Deno.test("bulk_send stops where strangers may write to nobody, and fails nobody [T-B16] [T-B18]", async () => {
  await inSetting(async ({ box, all, journal, recipients }) => {
    const reply = "554 5.7.1 <ann@there.example>: Relay access denied";
    box.misbehave({ verb: "RCPT", times: 6, reply });
    const without = await bulkSend(["send", ...all]);
    equal(without.code, EXIT.bulk_send.failure);
    match(
      without.err,
      /^stopped: the first rows are refused alike: "554 5\.7\.1 <…>: Relay access denied": .* add --user .*; if .*refusals 20$/m,
    );
    const { states } = JSON.parse((await bulkSend(["status", ...journal, "--json"])).out);
    deepEqual([states.pending, states.failed], [3, 0]);
    // The operator knows better: it is about them. And then it was not.
    equal((await bulkSend(["resume", ...journal, "--max-refusals", "20"])).code, 1);
    deepEqual(recipients(), []);
    const release = ["release", ...journal, "--failed", "--to", "resend"];
    equal((await bulkSend([...release, "--code", "550"])).out, "Released: 0 (resend)\n");
    const ben = [...release, "--code", "5.7.1", "--recipient", "ben@there.example"];
    equal((await bulkSend(ben)).out, "Released: 1 (resend)\n");
    const rest = await bulkSend([...release, "--reason", "Relay access", "--by", "ann"]);
    deepEqual([rest.out, rest.err.split("--journal")[0]], [
      ...["Released: 2 (resend)\n", "next: bulk_send resume "],
    ]);
    equal((await bulkSend(["resume", ...journal])).code, 0);
    equal(recipients().length, 3);
    const failed = await bulkSend(["release", ...journal, "--failed", "--to", "failed"]);
    deepEqual([failed.code, /go --to resend/.test(failed.err)], [2, true]);
    const code = await bulkSend([...release, "--code", "5"]);
    deepEqual([code.code, /such as 554/.test(code.err)], [2, true]);
  });
});

Deno.test("bulk_send says with each error what to do about it", async () => {
  await inSetting(async ({ input, server, all, journal, folder }) => {
    const send = ["send", ...input, "--server", server[1] ?? ""];
    const login = ["--user", USER, "--password-from", "stdin"];
    const cases: readonly (readonly [args: readonly string[], code: number, line: RegExp])[] = [
      [[...send, ...journal, ...login, "--tls", "none"], 2, /add --cleartext-auth/],
      [
        [...send, ...journal, "--tls-ca", input[1] ?? ""],
        2,
        /--tls-ca ".*": it holds no certificate/,
      ],
      [[...send, ...journal], 3, /nobody we trust .*: --tls-ca FILE does$/m],
      [["send", ...all, "--tls-name", "x.example"], 3, /for another name: .*--tls-name NAME/],
      [["status", "--journal", folder], 3, /expected a file in a folder that can be written/],
      [["send", ...all.slice(0, -1), folder], 3, /expected a file in a folder that can be written/],
      [["status", "--journal", `${folder}/none.db`], 2, /there is none: send makes one$/m],
      [["status", ...journal, "--job", "x"], 2, /it has no job "x", but "welcome"/],
      [
        ["report", ...journal, "--format", `csv:${folder}/no/x`],
        2,
        /there is no such file or folder/,
      ],
      [
        ["report", ...journal, "--format", "csv", "--format", "json"],
        2,
        /^bulk_send: Cannot report: /,
      ],
      [["work", ...journal], 2, /^bulk_send: Cannot work: /],
    ];
    for (const [args, code, line] of cases) {
      const ran = await bulkSend(args);
      equal(ran.code, code, ran.err);
      match(ran.err, line);
    }
  });
});

Deno.test("bulk_send refuses a short wait behind a message, and warns of a long one [T-B21]", async () => {
  await inSetting(async ({ all }) => {
    const refused = await bulkSend(["send", ...all, "--end-timeout", "59s"]);
    equal(refused.code, 2);
    match(refused.err, /--end-timeout is below 60s/);
    const warned = await bulkSend(["send", ...all, "--end-timeout", "90s"]);
    equal(warned.code, 0);
    match(warned.err, /note: --end-timeout is below 10m/);
  });
});

Deno.test("bulk_send says what is missing or wrong before it asks anybody", async () => {
  await inSetting(async ({ box, all, input, server, folder, write }) => {
    for (
      const [args, wanted] of [
        [["send", ...input, ...server], /--journal is missing/],
        [["send", ...input, "--journal", `${folder}/a.db`], /a server is missing/],
        [["send", ...all, "--password", "x"], /Cannot take --password: others can read arguments/],
        [["send", ...all, "--user", "ann"], /--user needs --password-from/],
        [["send", ...all, "--password-from", "stdin"], /to log in, --user is needed/],
        [
          ["send", ...all, "--tls", "none", "--user", "a", "--password-from", "stdin"],
          /without TLS/,
        ],
        [["send", ...all, "--dkim-selector", "one"], /each --dkim-key needs its --dkim-selector/],
        [["send", ...all, "--report", "html"], /--report needs a path/],
        [["send", ...all, "--rate", "fast"], /Cannot read --rate "fast"/],
        [["send", ...all, "--limit", "1", "--limit", "2"], /--limit 2 times: it may come once/],
        [["resume", "--journal", `${folder}/none.db`], /there is none/],
        [
          ["resume", "--journal", "postgres://ann:secret@127.0.0.1/x"],
          /does not stand in --journal/,
        ],
        [["work", "--journal", `${folder}/none.db`], /this is for journals in PostgreSQL/],
        [["send", ...all, "--list-unsubscribe", "javascript:1"], /expected https:\/\//],
        [["check", "--list", `${folder}/gone.csv`, ...input.slice(2)], /there is no such file/],
        [
          ["check", ...input.slice(0, 2), "--message", await write("a.md", "Hi\n")],
          /expected "---"/,
        ],
      ] as const
    ) {
      const { code, out, err } = await bulkSend(args);
      deepEqual([code, out], [2, ""], err);
      match(err, wanted);
      equal(err.includes("secret"), false);
    }
    equal(box.ledger.entries.length, 0);
  });
});

Deno.test("bulk_send names the flags of a call", async () => {
  await inSetting(async ({ box, all, folder, journal }) => {
    const login = ["--user", "ann", "--password-from", "env:SMTP_PASSWORD"];
    const asked = await bulkSend(["send", ...all, ...login, "--permissions"]);
    const files = ["people.csv", "welcome.md", "ca.pem"].map((name) => `${folder}/${name}`);
    equal(
      asked.out,
      `--allow-net=${new URL(box.smtpUrl).host} --allow-read=${files.join()},${folder} ` +
        `--allow-write=${folder} --allow-env=SMTP_PASSWORD\n`,
    );
    equal((await bulkSend(["send", ...all])).code, 0);
    const resumed = await bulkSend(["resume", ...journal, "--permissions"]);
    match(resumed.out, /^--allow-net=127\.0\.0\.1:\d+ --allow-read=\S+ca\.pem,\S+ --allow-write=/);
    const pg = ["--journal", "postgres://mail@db.example/mail", "--job", "x"];
    match(
      (await bulkSend(["send", ...all.slice(0, -2), ...pg, "--permissions"])).out,
      /^--allow-net=127\.0\.0\.1:\d+,db\.example:5432 .* --ignore-env\n$/,
    );
  });
});
