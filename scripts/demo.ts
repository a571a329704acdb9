#!/usr/bin/env -S deno run --no-prompt --allow-net=127.0.0.1 --allow-read=.demo --allow-write=.demo
/**
 * A minute's tour: a mail server on loopback is probed, gets a few personal messages, and shows what was
 * said. Then a mailbox on it is cleaned up, and one message comes back. Nothing leaves this machine, and
 * nothing is left on it.
 *
 * @module
 */

import {
  EXIT,
  formatTable,
  loadPalette,
  type Printer,
  runScript,
  type ScriptIo,
  type ScriptOptions,
  visible,
} from "../src/cli/mod.ts";
import { Command } from "../src/deps/cliffy.ts";
import {
  age,
  allOf,
  type CleanupJob,
  definePolicy,
  header,
  maildir,
  openCleanup,
  probe,
  remove,
  renderText,
} from "../src/jobs/mod.ts";
import { compose, createHeader } from "../src/message/mod.ts";
import { connectPop3 } from "../src/pop3/mod.ts";
import { connectSmtp, type Receipt, Secret } from "../src/smtp/mod.ts";
import { type Sandbox, startSandbox } from "../src/sandbox/mod.ts";

const NAME = "demo";
const USER = "ann@client.example";
const PASSWORD = "open sesame";

/** Whose mailbox is cleaned up. */
const READER = "jones@beta.example";
/** Where journal and archive are while the tour lasts. */
const FOLDER = ".demo";
const DAY = 86_400_000;

/** What goes: list mail that is older than a quarter. */
const POLICY = definePolicy({
  rules: [
    remove("lists", allOf(age.over("90d"), header("List-Id").exists()), { archive: "lists" }),
  ],
  age: { basis: ["date"] }, // what arrives here in a minute was written long ago
  guards: { maxFraction: 0.8, keepAtLeast: 1 }, // it is a small mailbox
  archives: { lists: maildir("archive/{yyyy}") },
});

/** As much as a small provider offers, so that the tour stays short. */
const COMMON = ["PIPELINING", "SIZE 52428800", "8BITMIME", "ENHANCEDSTATUSCODES", "DSN"];
const OFFERS = {
  clear: [...COMMON, "STARTTLS"],
  tls: [...COMMON, "AUTH SCRAM-SHA-256 PLAIN LOGIN"],
  authenticated: COMMON,
};

/** Who gets a message. Green has moved away. */
const PEOPLE = [
  { name: "Jones", address: "jones@beta.example", fruit: "apples" },
  { name: "Green", address: "green@beta.example", fruit: "limes" },
  { name: "Brown", address: "brown@beta.example", fruit: "dates" },
] as const;

/**
 * Runs the script.
 *
 * @param args The arguments of the command line.
 * @param options Other places to write to, and another source of signals, for tests.
 * @returns The exit number.
 */
export function main(
  args: string[],
  options: Omit<Partial<ScriptOptions>, "name" | "exits"> & { readonly folder?: string } = {},
): Promise<number> {
  return runScript(async (io) => {
    await new Command()
      .name(NAME)
      .description("A mail server on loopback, probed and used: what mailwright does, in a minute.")
      .noExit()
      .action(() => tour(io, options.folder ?? FOLDER))
      .parse(args);
    return EXIT.demo.ok;
  }, { ...options, name: NAME, exits: EXIT.demo });
}

async function tour({ out, signal }: ScriptIo, folder: string): Promise<void> {
  await using server = await startSandbox({
    users: { [USER]: PASSWORD, [READER]: PASSWORD },
    recipients: ["jones@beta.example", "brown@beta.example"],
    requires: "login",
    capabilities: OFFERS,
  });
  const palette = await loadPalette(out.colors);
  const heading = (text: string): Promise<void> => out.line(`\n${palette.bold(text)}\n`);
  await out.line("A mail server of our own is running on loopback. Nothing leaves this machine.");

  await heading("1  Probe it: STARTTLS, a login, and who may be sent to");
  await probeIt(out, server, signal);

  await heading("2  Write to three people; one of them has moved away");
  const session = await writeToPeople(out, server, signal);

  await heading("3  What was said, for the first of them; secrets never show");
  for (const line of session) await out.line(`   ${line}`);

  await heading("4  What arrived");
  await out.print(indented(formatTable(
    ["mailbox", "from", "subject"],
    server.mails.map(({ to, from, text }) => [
      to.join(" "),
      from,
      /^Subject: (.*)\r$/m.exec(text)?.[1] ?? "",
    ]),
  )));

  await using place = await madeFolder(folder);
  await fillMailbox(server, signal);
  await using job = await openCleanup({
    account: READER,
    policy: POLICY,
    base: place.path,
    folder: `${place.path}/job`,
    connect: () => connectReader(server),
    signal,
  });

  await heading("5  Clean up a mailbox: what would go, and why");
  const planId = await planIt(out, job);

  await heading("6  Do exactly that: each message is in the archive before it is deleted");
  const { counts, runId } = await job.apply(planId);
  const { planned, archived, committed, verified } = counts;
  await out.line(
    `   run ${runId}: ${planned} planned, ${archived} archived, ${committed} deleted, ` +
      `${verified} seen to be gone`,
  );

  await heading("7  Change your mind: one of them comes back, by mail");
  await restoreOne(out, server, job, signal);

  await heading("Try next");
  await out.print(indented(
    formatTable(["", ""], [
      ["deno task sandbox", "such a server, to play with: it prints address, user and password"],
      ["deno task probe --help", "what the probe can ask, with examples"],
      ["deno task probe submission://YOUR.SERVER", "your own mail server, without logging in"],
      ["deno task cleanup --help", "what a cleanup of your own mailbox needs"],
      ["README.md", "the library: one example for each part of it"],
    ]).trimStart(),
  ));
}

async function probeIt(out: Printer, server: Sandbox, signal: AbortSignal): Promise<void> {
  const run = await probe(server.smtpUrl, {
    caCerts: server.caCerts,
    login: { user: USER, password: new Secret(PASSWORD) },
    from: USER,
    to: PEOPLE.map(({ address }) => address),
    signal,
  });
  await out.print(indented(renderText(run, { width: Math.min(out.columns, 100) - 3 })));
}

/** Sends the messages over one session, and gives its beginning as a dialogue. */
async function writeToPeople(
  out: Printer,
  server: Sandbox,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const dialogue: string[] = [];
  await using session = await connectSmtp({
    url: server.smtpUrl,
    caCerts: server.caCerts,
    auth: { user: USER, password: new Secret(PASSWORD) },
    name: "client.example",
    signal,
    onEvent: ({ end, kind, text, bytes }) => {
      if (kind === "line") dialogue.push(`${end}: ${visible(text)}`);
      else if (kind === "tls") dialogue.push("C & S: <tls>");
      else if (kind === "content") dialogue.push(...contentLines(bytes));
    },
  });
  const rows: string[][] = [];
  let first = 0;
  const messages = PEOPLE.map(({ name, address, fruit }, number) => {
    const content = compose({
      from: `Ann Miller <${USER}>`,
      to: `${name} <${address}>`,
      subject: `Your ${fruit}, ${name}`,
      text: `Dear ${name},\n\nyour ${fruit} have arrived.\n\nAnn\n`,
      date: Date.now(),
      messageId: `<demo-${number + 1}@client.example>`,
    });
    return { envelope: { ...content.envelope, policy: "any" as const }, content };
  });
  for await (const receipt of session.sendAll(messages, { signal })) {
    first ||= dialogue.length;
    rows.push([PEOPLE[rows.length]?.address ?? "", receipt.outcome, answerOf(receipt)]);
  }
  await out.print(indented(formatTable(["recipient", "outcome", "the server said"], rows)));
  const { writes } = session.turns;
  await out.line(
    `\n   ${messages.length} messages, ${writes} writes, all of the session included.`,
  );
  return dialogue.slice(0, first);
}

/** A folder that is gone when the tour ends. */
async function madeFolder(path: string): Promise<AsyncDisposable & { readonly path: string }> {
  await Deno.mkdir(`${path}/archive`, { recursive: true });
  return { path, [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }) };
}

/** List mail of the last months, a letter a month. */
async function fillMailbox(server: Sandbox, signal: AbortSignal): Promise<void> {
  await using session = await connectSmtp({
    url: server.smtpUrl,
    caCerts: server.caCerts,
    auth: { user: USER, password: new Secret(PASSWORD) },
    signal,
  });
  const letters = Array.from({ length: 6 }, (_, month) => {
    const content = compose({
      from: `Orchard List <${USER}>`,
      to: READER,
      subject: `Orchard news, ${month} months old`,
      headers: [createHeader("List-Id", "<orchard.client.example>")],
      text: "Apples are ripe.\n",
      date: Date.now() - month * 31 * DAY - DAY,
      messageId: `<news-${month}@client.example>`,
    });
    return { envelope: { ...content.envelope, policy: "any" as const }, content };
  });
  for await (const { outcome } of session.sendAll(letters, { signal })) {
    if (outcome !== "accepted") throw new Error(`Cannot fill the mailbox: ${outcome}`);
  }
}

function connectReader(server: Sandbox): ReturnType<typeof connectPop3> {
  return connectPop3({
    url: server.pop3Url,
    caCerts: server.caCerts,
    auth: { user: READER, password: new Secret(PASSWORD) },
  });
}

async function planIt(out: Printer, job: CleanupJob): Promise<string> {
  const { items, messages, planId } = await job.plan();
  await out.print(indented(formatTable(
    ["subject", "rule", "because"],
    items.map(({ about, rule, evidence }) => [
      visible(about?.subject ?? ""),
      rule,
      visible(evidence.map(({ fact, value }) => `${fact} ${value}`).join(", ")),
    ]),
  )));
  await out.line(`\n   ${items.length} of ${messages} messages. So far nothing has been deleted.`);
  return planId;
}

async function restoreOne(
  out: Printer,
  server: Sandbox,
  job: CleanupJob,
  signal: AbortSignal,
): Promise<void> {
  const [plan] = await job.plans();
  const uid = plan?.items[0]?.uid ?? "";
  await using session = await connectSmtp({
    url: server.smtpUrl,
    caCerts: server.caCerts,
    auth: { user: USER, password: new Secret(PASSWORD) },
    signal,
  });
  const { items } = await job.restore({ uid }, {
    resent: { from: USER, to: [READER] },
    send: async (message) => {
      const envelope = { from: USER, to: [READER], policy: "all" } as const;
      const { outcome } = await session.send(envelope, message.content());
      return { outcome: outcome === "accepted" || outcome === "in-doubt" ? outcome : "refused" };
    },
  });
  await out.line(
    `   ${items[0]?.outcome}; the mailbox has ${server.maildrop(READER).length} messages.`,
  );
}

function answerOf({ reply, rejected }: Receipt): string {
  return visible(`${rejected[0]?.reply ?? reply ?? ""}`);
}

function contentLines(bytes: Uint8Array = new Uint8Array()): string[] {
  const lines = new TextDecoder().decode(bytes).split("\r\n");
  return lines.slice(0, -1).map((line) => `C: ${visible(line)}`.trimEnd());
}

function indented(text: string): string {
  return text.replaceAll(/^(?=.)/gm, "   ");
}

if (import.meta.main) Deno.exit(await main(Deno.args));
