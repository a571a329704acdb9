/**
 * The bulk_send script as a user runs it, in processes of its own with the permissions that it names
 * itself: through Postfix into mailboxes, killed and resumed; many messages; several machines; and its
 * report in a browser.
 */
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { connectPop3, Secret } from "@mailwright/mailwright/pop3";
import { connectPostgres } from "../../src/deps/postgres.ts";
import { parseHeaderBlock } from "../../src/message/mod.ts";
import { startSandbox } from "../../src/sandbox/mod.ts";
import { poll } from "./poll.ts";
import { type PostfixServer, startPostfix } from "./postfix.ts";
import { startPostgres } from "./postgres.ts";
import { type Ran, run } from "./process.ts";
import { serverTest } from "./programs.ts";
import { RunFolder } from "./run_folder.ts";
import { startSmtpSink } from "./smtp_sink.ts";
import type { Users } from "./users.ts";

const SCRIPT = new URL("../../scripts/bulk_send.ts", import.meta.url).pathname;
const DENO = ["run", "--no-prompt", "--quiet", "--no-config"];
const SENDER = "sender@beta.example";
const PASSWORD = "sender-reads-mail";
const MESSAGE = "---\nfrom: News <news@beta.example>\nsubject: Number {{number}} for {{name}}\n" +
  "html: welcome.html\nattachments: [terms.txt]\n---\nDear {{name}},\n\nyour number is {{number}}.\n";

/** The flags that the script says it needs. */
async function grantsOf(args: readonly string[]): Promise<string[]> {
  const reading = ["--allow-read", "--allow-write", "--allow-env", "--allow-net"];
  const asked = await run("deno", [...DENO, ...reading, SCRIPT, ...args, "--permissions"]);
  return asked.stdout.trim().split(" ");
}

/** Runs the script with exactly these flags. */
async function bulkSend(
  args: readonly string[],
  stdin = "",
  env: Readonly<Record<string, string>> = {},
): Promise<Ran> {
  return await run("deno", [...DENO, ...await grantsOf(args), SCRIPT, ...args], {
    stdin,
    env: { NO_COLOR: "1", ...env },
    mayFail: true,
  });
}

/** What the script tells while it runs. */
interface RowEvent {
  readonly event: string;
  readonly recipient?: string;
  readonly state?: string;
}

/** Runs the script until it has told so many events, and something else is so, and kills it. */
async function killedAfter(
  count: number,
  args: readonly string[],
  { stdin = "", when = () => true }: { stdin?: string; when?: () => boolean } = {},
): Promise<RowEvent[]> {
  const child = new Deno.Command("deno", {
    args: [...DENO, ...await grantsOf(args), SCRIPT, ...args, "--json"],
    stdin: "piped",
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(stdin));
  await writer.close();
  let text = "";
  let killed = false;
  for await (const piece of child.stdout.pipeThrough(new TextDecoderStream())) {
    text += piece;
    if (!killed && text.split("\n").length > count && when()) {
      child.kill("SIGKILL");
      killed = true;
    }
  }
  const { signal } = await child.status;
  equal(signal, "SIGKILL", text);
  return text.split("\n").slice(0, -1).map((line): RowEvent => JSON.parse(line));
}

/** A list of people. */
function listOf(recipients: readonly string[]): string {
  const rows = recipients.map((recipient, at) => `${recipient},"Person, number ${at}",${at}\n`);
  return `email,name,number\n${rows.join("")}`;
}

/** Writes list and message, and gives their options. */
async function inputs(folder: RunFolder, recipients: readonly string[]): Promise<string[]> {
  await folder.write("terms.txt", "Be kind.\n");
  await folder.write("welcome.html", "<p>Dear {{name}}, your number is <b>{{number}}</b>.</p>\n");
  return [
    ...["--list", await folder.write("people.csv", listOf(recipients))],
    ...["--message", await folder.write("welcome.md", MESSAGE)],
  ];
}

const BOXES = 20;
const EACH = 100;
/** Mailboxes, and who gets mail in them: a hundred addresses each. */
const PLACES = Array.from({ length: BOXES }, (_, at) => `box${at}@beta.example`);
const PEOPLE = PLACES.flatMap((box) =>
  Array.from({ length: EACH }, (_, at) => box.replace("@", `+${at}@`))
);

/** Postfix with a login for the sender, and Dovecot's mailboxes behind it. */
function startPlaces(): Promise<PostfixServer> {
  const users: Users = Object.fromEntries([...PLACES, SENDER].map((box) => [box, PASSWORD]));
  return startPostfix({ users, settings: { recipient_delimiter: "+" } });
}

/** The options of a `send` to those people, through a server. */
async function sendTo(postfix: PostfixServer, folder: RunFolder): Promise<string[]> {
  return [
    ...["send", ...await inputs(folder, PEOPLE), "--user", SENDER],
    ...["--password-from", "stdin", "--tls-ca", postfix.caFile],
    ...["--server", `submission://${postfix.host}:${postfix.ports.submission}`],
  ];
}

/**
 * Reads all mailboxes over POP3: nobody has two messages, and each is his own.
 *
 * @param postfix The server.
 * @param doubtful Who may have none.
 * @returns Who has one.
 */
async function arrived(
  postfix: PostfixServer,
  doubtful: readonly string[] = [],
): Promise<ReadonlySet<string>> {
  const seen = new Set<string>();
  for (const [at, box] of PLACES.entries()) {
    const own = PEOPLE.slice(at * EACH, (at + 1) * EACH);
    await postfix.dovecot.mailbox(box, own.filter((each) => !doubtful.includes(each)).length);
    await using pop3 = await connectPop3({
      url: `pop3://${postfix.host}:${postfix.dovecot.ports.pop3}`,
      caCerts: [postfix.caPem],
      auth: { user: box, password: new Secret(PASSWORD) },
    });
    const { numbers } = await pop3.snapshot();
    for await (const item of pop3.retrieve(numbers)) {
      ok(item.ok);
      const octets = await item.value.bytes();
      const text = new TextDecoder().decode(octets);
      const header = parseHeaderBlock(octets, { complete: true });
      const to = header.get("to")?.text ?? "";
      equal(seen.has(to), false, `${to} has two`);
      seen.add(to);
      const number = PEOPLE.indexOf(to);
      equal(header.get("subject")?.text, `Number ${number} for Person, number ${number}`);
      match(text, new RegExp(`\\r\\n\\r\\nDear Person, number ${number},\\r\\n`));
      ok(text.includes(`your number is <b>${number}</b>`));
    }
  }
  return seen;
}

await serverTest(
  "bulk_send through Postfix into Dovecot's mailboxes: 2,000 rows, each exactly once",
  ["postfix", "dovecot", "openssl", "root"],
  async () => {
    await using postfix = await startPlaces();
    await using folder = await RunFolder.make("bulk");
    const job = await folder.folder("job");
    const send = await sendTo(postfix, folder);
    const sent = await bulkSend([...send, "--journal", `${job}/welcome.db`], PASSWORD);
    equal(sent.code, 0, sent.stderr);
    equal((await arrived(postfix)).size, PEOPLE.length);
  },
);

await serverTest(
  "bulk_send through Postfix into Dovecot's mailboxes, killed and resumed",
  ["postfix", "dovecot", "openssl", "root", "chromium"],
  async (step) => {
    await using postfix = await startPlaces();
    await using folder = await RunFolder.make("bulk");
    const job = await folder.folder("job");
    const journal = ["--journal", `${job}/welcome.db`];
    const send = [...await sendTo(postfix, folder), ...journal];
    const doubtful: string[] = [];

    await step(
      "2,000 rows are checked, and sent until the process is killed [T-B03] [T-B05]",
      async () => {
        const events = await killedAfter(600, send, { stdin: PASSWORD });
        ok(events.every(({ state }) => state === "accepted"));
      },
    );

    await step(
      "it is resumed: five rows in doubt at most, and all others accepted [T-B29]",
      async () => {
        const resumed = await bulkSend(["resume", ...journal], PASSWORD);
        ok(resumed.code === 0 || resumed.code === 4, resumed.stderr);
        const report = await bulkSend(["report", ...journal, "--format", "json"]);
        const { states, list } = JSON.parse(report.stdout);
        equal(states.accepted + states.in_doubt, PEOPLE.length);
        ok(states.in_doubt <= 5, `${states.in_doubt} in doubt`);
        for (const { recipient, state } of list) if (state === "in_doubt") doubtful.push(recipient);
        if (doubtful.length === 0) return;
        const released = await bulkSend(["release", ...journal, "--to", "failed", "--by", "test"]);
        equal(released.stdout, `Released: ${doubtful.length} (failed)\n`);
      },
    );

    await step("everybody has one message, with his own fields", async () => {
      const seen = await arrived(postfix, doubtful);
      const lost = PEOPLE.filter((recipient) => !seen.has(recipient));
      deepEqual(lost.filter((recipient) => !doubtful.includes(recipient)), []);
    });

    await step("its report is a page that a browser shows", async () => {
      const page = `${job}/report.html`;
      const made = await bulkSend(["report", ...journal, "--format", `html:${page}`]);
      deepEqual([made.code, made.stderr], [0, ""]);
      const { dom, complaints } = await browse(folder, page);
      deepEqual(complaints, []);
      match(dom, /<svg viewBox="0 0 720 220"[^>]*aria-label="Rows that came to their end/);
      match(dom, /<td>beta\.example<\/td><td class="n">2000<\/td>/);
    });
  },
);

/** What a browser makes of a page, and what it complains of. */
async function browse(
  folder: RunFolder,
  page: string,
): Promise<{ readonly dom: string; readonly complaints: readonly string[] }> {
  const flags = [
    ...["--headless", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr"],
    ...[`--user-data-dir=${folder.file("chromium")}`, "--window-size=1000,1800"],
  ];
  const shown = await run("chromium", [...flags, "--dump-dom", `file://${page}`]);
  const picture = folder.file("report.png");
  await run("chromium", [...flags, `--screenshot=${picture}`, `file://${page}`]);
  ok((await Deno.stat(picture)).size > 10_000, "the picture is not empty");
  const complaints = shown.stderr.split("\n").filter((line) => line.includes("CONSOLE"));
  return { dom: shown.stdout, complaints };
}

await serverTest(
  "a report with refusals is searched in a browser, and what servers say does nothing there [T-I37]",
  ["smtp-sink", "chromium", "root"],
  async () => {
    await using folder = await RunFolder.make("page");
    const { reportHtml } = await import("@mailwright/mailwright/jobs");
    const text = `<script>document.title = "taken"</script><img src=x onerror="alert(1)">\u202e`;
    const row = { id: 1, domain: "x.example", attempt: 1, changedMs: 0, text } as const;
    const states = {
      ...{ pending: 0, claimed: 0, committing: 0, accepted: 1, deferred: 1 },
      ...{ failed: 1, in_doubt: 0, skipped: 0 },
    };
    const pieces = await Array.fromAsync(reportHtml(
      {
        schema: "mailwright-bulk-report/1",
        job: { name: text, created: "2026-11-21T00:00:00.000Z", fingerprint: "" },
        made: "2026-11-21T00:00:00.000Z",
        rows: 3,
        states,
        domains: [{ domain: "x.example", rows: 3, states }],
        reasons: [{ state: "failed", rows: 1, sample: text }],
        throughput: { stepMs: 1000, steps: [{ atMs: 0, accepted: 1, others: 2 }] },
        latency: {
          messages: 1,
          percentiles: { "50": 1, "75": 2, "90": 3, "95": 4, "99": 5, "100": 6 },
        },
      },
      ReadableStream.from([
        { ...row, line: 2, recipient: "ann@x.example", state: "failed" as const },
        { ...row, line: 3, recipient: "ben@x.example", state: "deferred" as const },
      ]),
    ));
    const page = await folder.write("report.html", pieces.join(""));
    const { dom, complaints } = await browse(folder, page);
    deepEqual(complaints, []);
    match(dom, /<p id="found">2 of 2<\/p>/); // our own script has run
    equal(/<title>taken/.test(dom), false);
    equal(dom.match(/<img/g), null);
  },
);

await serverTest(
  "bulk_send sends 20,000 messages to smtp-sink",
  ["smtp-sink", "root"],
  async () => {
    await using sink = await startSmtpSink({ count: true });
    await using folder = await RunFolder.make("many");
    const COUNT = 20_000;
    const people = Array.from({ length: COUNT }, (_, at) => `p${at}@d${at % 50}.example`);
    const job = await folder.folder("job");
    const { code, stdout, stderr } = await bulkSend([
      ...["send", ...await inputs(folder, people), "--journal", `${job}/many.db`, "--tls", "none"],
      ...["--server", `smtp://${sink.host}:${sink.port}`],
    ]);
    equal(code, 0, stderr);
    match(stdout, /\nall +20000 +20000\n/);
    equal(await sink.messages(), COUNT);
  },
);

await serverTest(
  "three machines share a job in PostgreSQL, and one is killed",
  ["postgres", "smtp-sink", "root"],
  async () => {
    await using postgres = await startPostgres();
    await using sink = await startSmtpSink({ count: true });
    await using folder = await RunFolder.make("work");
    const COUNT = 1500;
    const people = Array.from({ length: COUNT }, (_, at) => `p${at}@d${at % 7}.example`);
    const url = await postgres.database("bulk");
    const journal = ["--journal", url];
    const server = ["--server", `smtp://${sink.host}:${sink.port}`, "--tls", "none"];
    const input = await inputs(folder, people);
    // The job is made, and then three machines are at it.
    const first = await bulkSend([
      ...["send", ...input, ...journal, ...server, "--limit", "1", "--job", "shared"],
      ...["--rate", "50/s"], // time for all of them to begin
    ]);
    equal(first.code, 3, first.stderr);
    const work = ["work", ...journal];
    const client = connectPostgres(url);
    let together = false;
    const [one, two, events] = await Promise.all([
      bulkSend([...work, "--quiet"]),
      bulkSend([...work, "--quiet"]),
      killedAfter(100, work, { when: () => together }),
      poll("three machines", async () => {
        together = (await client.query("SELECT FROM mailwright_worker")).length === 3;
        return together || undefined;
      }),
    ]);
    await client.close();
    ok(events.length >= 100);
    const status = await bulkSend(["status", ...journal, "--json"]);
    const { states } = JSON.parse(status.stdout);
    equal(states.accepted + states.in_doubt, COUNT, `${one.stderr}${two.stderr}${status.stdout}`);
    ok(states.in_doubt <= 5, `${states.in_doubt} in doubt`);
    const sent = await sink.messages() ?? 0;
    ok(sent >= states.accepted && sent <= COUNT, `${sent} sent, ${states.accepted} accepted`);
    for (const { code } of [one, two]) equal(code, states.in_doubt > 0 ? 4 : 0);
  },
);

/** Runs what stands behind a folder in that folder. */
const CD = 'cd "$1" && shift && exec "$@"';

/** The words of a call in the README. */
async function readmeCall(verb: string): Promise<string[]> {
  const text = await Deno.readTextFile(new URL("../../README.md", import.meta.url));
  const [call = ""] = new RegExp(
    `^deno run (?:.*\\\\\\n)*.*bulk_send\\.ts(?:\\s|\\\\\\n)+${verb}\\b(?:.*\\\\\\n)*.*`,
    "m",
  ).exec(text) ?? [];
  return call.replace(/\\\n/g, " ").split(/\s+/);
}

await serverTest(
  "bulk_send works with a PostgreSQL that asks for a password, as the README has it",
  ["postgres", "root"],
  async (step) => {
    await using postgres = await startPostgres({ password: "open sesame" });
    await using box = await startSandbox({ users: { [SENDER]: PASSWORD }, requires: "login" });
    await using folder = await RunFolder.make("pass");
    const database = await postgres.database("mail");
    const journal = ["--journal", database];
    const env = { DENO_CERT: await folder.write("ca.pem", box.caCerts.join("\n")) };
    await folder.write("pg.password", "open sesame\n", 0o600);
    await folder.write("ann.password", `${PASSWORD}\n`, 0o600);
    const people = Array.from({ length: 30 }, (_, at) => `p${at}@there.example`);
    const from = ["--journal-password-from", `file:${folder.file("pg.password")}`];

    await step("send makes the job with the password", async () => {
      const first = await bulkSend(
        [
          ...["send", ...await inputs(folder, people), ...journal, ...from, "--limit", "1"],
          ...["--server", box.smtpUrl],
          ...["--user", SENDER, "--password-from", `file:${folder.file("ann.password")}`],
        ],
        "",
        env,
      );
      equal(first.code, 3, first.stderr);
      match(first.stderr, /next: bulk_send resume .* --journal-password-from \S+pg\.password\n/);
    });

    await step("without it, or with another one, a line says so", async () => {
      const without = await bulkSend(["status", ...journal]);
      equal(without.code, 3, without.stderr);
      match(without.stderr, /^bulk_send: .*look at --journal and --journal-password-from\n$/);
      const wrong = ["--journal-password-from", `file:${folder.file("ann.password")}`];
      const refused = await bulkSend(["status", ...journal, ...wrong]);
      equal(refused.code, 3, refused.stderr);
      match(refused.stderr, /^bulk_send: .*password authentication failed.*\n$/);
      equal(refused.stderr.includes(PASSWORD), false);
    });

    await step("the call of the README does the rest", async () => {
      const { host } = new URL(database);
      const call = (await readmeCall("work")).map((word) =>
        word === "scripts/bulk_send.ts"
          ? SCRIPT
          : word.replace("postgres://mail@db.example/mail", database)
            .replace("mail.example:587", new URL(box.smtpUrl).host)
            .replace("db.example:5432", host)
      );
      const ran = await run("sh", ["-c", CD, "sh", folder.path, ...call], { env });
      match(ran.stdout, /\nall +30 +30\n/);
      deepEqual(new Set(box.mails.flatMap(({ to }) => to)), new Set(people));
      equal(box.mails.length, people.length);
    });
  },
);

await serverTest(
  "bulk_send keeps the journal whole where a disk is too full for what is written at the end [T-B11]",
  ["smtp-sink", "root"],
  async (step) => {
    await using sink = await startSmtpSink({ count: true });
    await using folder = await RunFolder.make("full");
    await using disks = new AsyncDisposableStack();
    const disk = await folder.folder("disk");
    await run("mount", ["-t", "tmpfs", "-o", "size=4k", "tmpfs", disk]);
    disks.defer(async () => void await run("umount", [disk]));
    await folder.write("disk/full", "x".repeat(4096));
    const journal = ["--journal", `${await folder.folder("job")}/a.db`];
    const people = Array.from({ length: 4 }, (_, at) => `p${at}@there.example`);
    await step(
      "all is sent, each file is told of, and the exit number is that of a failure",
      async () => {
        const sent = await bulkSend([
          ...["send", ...await inputs(folder, people), ...journal, "--tls", "none"],
          ...["--server", `smtp://${sink.host}:${sink.port}`],
          ...["--report", `html:${disk}/a.html`, "--save-dialogue", `${disk}/a.dialogue`],
        ]);
        equal(sent.code, 3, sent.stderr);
        const full =
          /^bulk_send: Cannot write to \S+: No space left .*; the journal is complete$/gm;
        equal(sent.stderr.match(full)?.length, 2, sent.stderr);
        equal(await sink.messages(), people.length);
      },
    );
    await step("a full disk below the output stops nothing either", async () => {
      const call = ["report", ...journal, "--format", "csv"];
      const words = ["deno", ...DENO, ...await grantsOf(call), SCRIPT, ...call];
      const ran = await run("sh", ["-c", 'exec "$@" > /dev/full', "sh", ...words], {
        mayFail: true,
      });
      equal(ran.code, 3);
      match(ran.stderr, /^bulk_send: Cannot write to standard output: No space left .*\n$/);
    });
    await step("the report is written from the journal", async () => {
      const { code, stdout, stderr } = await bulkSend(["report", ...journal, "--format", "json"]);
      deepEqual([code, stderr], [0, ""]);
      equal(JSON.parse(stdout).states.accepted, people.length);
    });
  },
);

await serverTest(
  "bulk_send leaves at once at the second signal, and the next run knows what is in doubt [T-B08]",
  ["root"],
  async () => {
    await using box = await startSandbox();
    await using folder = await RunFolder.make("leav");
    const journal = ["--journal", `${await folder.folder("job")}/a.db`];
    const args = [
      ...["send", ...await inputs(folder, ["ann@there.example", "ben@there.example"]), ...journal],
      ...[
        "--server",
        box.smtpUrl,
        "--tls-ca",
        await folder.write("ca.pem", box.caCerts.join("\n")),
      ],
      ...["--connections", "1"],
    ];
    box.misbehave({ verb: ".", times: 1, delayMs: 600_000 });
    const child = new Deno.Command("deno", {
      args: [...DENO, ...await grantsOf(args), SCRIPT, ...args],
      stdin: "null",
      stdout: "null",
      stderr: "piped",
    }).spawn();
    await box.ledger.until(({ kind }) => kind === "terminator");
    child.kill("SIGINT");
    let text = "";
    let leaving = false;
    for await (const piece of child.stderr.pipeThrough(new TextDecoderStream())) {
      text += piece;
      if (leaving || !/^stopping when .*\n/m.test(text)) continue;
      child.kill("SIGINT");
      leaving = true;
    }
    equal((await child.status).code, 130, text);
    const resumed = await bulkSend(["resume", ...journal]);
    equal(resumed.code, 4, resumed.stderr);
    match(resumed.stderr, /^note: the last run left 1 row in doubt$/m);
    match(resumed.stdout, /\nall +1 +1 +2\n/);
  },
);

await serverTest(
  "bulk_send says which flag is missing, and needs none that it does not name",
  ["smtp-sink", "root"],
  async (step) => {
    await using sink = await startSmtpSink();
    await using folder = await RunFolder.make("flag");
    const job = folder.file("job");
    const args = [
      ...["send", ...await inputs(folder, ["ann@there.example"]), "--journal", `${job}/a.db`],
      ...["--server", `smtp://${sink.host}:${sink.port}`, "--tls", "none"],
    ];
    const grants = await grantsOf(args);
    equal(grants.length, 3);
    for (const missing of grants) {
      const [flag] = missing.split("=");
      await step(`without ${flag}`, async () => {
        const others = grants.filter((grant) => grant !== missing);
        const ran = await run("deno", [...DENO, ...others, SCRIPT, ...args], { mayFail: true });
        equal(ran.code, 2, ran.stderr);
        match(ran.stderr, new RegExp(`bulk_send: Cannot go on: .* is not granted, add ${flag}=`));
        equal(/\n {4}at /.test(ran.stderr), false);
      });
    }
    await step("with all of them", async () => {
      const ran = await run("deno", [...DENO, ...grants, SCRIPT, ...args], { mayFail: true });
      equal(ran.code, 0, ran.stderr);
    });
  },
);
