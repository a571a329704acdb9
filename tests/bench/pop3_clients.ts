/**
 * The races over POP3, against a Dovecot on loopback.
 *
 * What a server does once for all of its clients is done before: files have names with flags, RETR
 * leaves no flag, the index is warm. Every clock begins when the mailbox is open and ends with the last
 * message, or with the answer to QUIT where messages are deleted.
 *
 * @module
 */

import { type DovecotServer, startDovecot } from "../servers/dovecot.ts";
import { need } from "../servers/programs.ts";
import { connectPop3, Secret } from "../../src/pop3/mod.ts";
import { startDelayingProxy } from "./delaying_proxy.ts";
import { entryOf, type Peer } from "./npm_peers.ts";
import type { Client, Race } from "./side_by_side.ts";

const PEERS = new URL("peers/", import.meta.url).pathname;
const ROUND_TRIP_MS = 20;

/** Whose mailboxes they are. */
const USERS = {
  "small@beta.example": "reads-small-mail",
  "large@beta.example": "reads-large-mail",
  "few@beta.example": "reads-few-mails",
  "gone@beta.example": "deletes-mail",
};
type User = keyof typeof USERS;

interface Course {
  readonly title: string;
  readonly task: "top" | "retr" | "dele";
  readonly user: User;
  readonly port: number;
  readonly count: number;
  /** For clients that wait for each answer: fewer, so that a round stays short. */
  readonly fewer?: number;
  readonly target: number;
}

/** Starts a Dovecot with full mailboxes and gathers the clients that can run here. */
export async function pop3Races(): Promise<readonly Race[]> {
  await using stack = new AsyncDisposableStack();
  const settings = "pop3_no_flag_updates = yes\n";
  const dovecot = stack.use(await startDovecot({ users: USERS, settings }));
  const far = stack.use(startDelayingProxy(dovecot.ports.pop3, ROUND_TRIP_MS));
  await fill(dovecot, "small@beta.example", { count: 10_000, octets: 4096 });
  await fill(dovecot, "large@beta.example", { count: 200, octets: 1_000_000 });
  await fill(dovecot, "few@beta.example", { count: 1000, octets: 4096 });
  const { pop3: port } = dovecot.ports;
  const small = { user: "small@beta.example", port, count: 10_000 } as const;
  const large = { user: "large@beta.example", port, count: 200 } as const;
  const gone = { user: "gone@beta.example", port, count: 5000 } as const;
  const few = { user: "few@beta.example", port: far.port, count: 1000, fewer: 150 } as const;
  const courses: readonly Course[] = [
    { title: "UIDL and TOP of 10,000 messages", task: "top", ...small, target: 5.5 },
    { title: "RETR of 10,000 messages of 4 KB", task: "retr", ...small, target: 4.5 },
    { title: "RETR of 200 messages of 1 MB", task: "retr", ...large, target: 3 },
    { title: "DELE of 5,000 messages, and QUIT", task: "dele", ...gone, target: 4 },
    {
      title: `UIDL and TOP of 1,000 messages, ${ROUND_TRIP_MS} ms round trip`,
      task: "top",
      ...few,
      target: 35,
    },
  ];
  const races = await Promise.all(courses.map(async (course): Promise<Race> => ({
    title: `POP3, ${course.title}, Dovecot on loopback`,
    ...await clientsOf(course),
    ...(course.task === "dele" && { prepare: () => refill(dovecot, course) }),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  })));
  const running = stack.move();
  const last = races.pop();
  return last === undefined
    ? []
    : [...races, { ...last, [Symbol.asyncDispose]: () => running.disposeAsync() }];
}

async function clientsOf(course: Course): Promise<Pick<Race, "clients" | "missing">> {
  const { task, user, port, count, fewer = count, target } = course;
  const words = (count: number): string[] => [task, `${port}`, user, USERS[user], `${count}`];
  const missing: string[] = [];
  const deno = ["deno", "run", "--quiet", "--allow-net=127.0.0.1"];
  const clients: Client[] = [{
    name: "mailwright Pop3Session",
    count,
    target,
    command: (count) => [...deno, `${PEERS}pop3_mailwright.ts`, ...words(count)],
  }, {
    name: "bare Deno loop (what the machine allows)",
    count,
    command: (count) => [...deno, `${PEERS}pop3_bare.ts`, ...words(count)],
  }];
  if ((await need("python3")).length > 0) missing.push("poplib (python3)");
  else {
    clients.push({
      name: "Python poplib",
      count: fewer,
      base: true,
      command: (count) => ["python3", `${PEERS}pop3_poplib.py`, ...words(count)],
    });
  }
  const packages: readonly (readonly [Peer, string])[] = [
    ["yapople@0.4.10", "pop3_yapople.mjs"],
    ["node-pop3@0.11.0", "pop3_node_pop3.mjs"],
  ];
  for (const [peer, script] of packages) {
    const module = await entryOf(peer);
    if (module === undefined) missing.push(`${peer} (npm did not install it)`);
    else {
      clients.push({
        name: `${peer.replace("@", " ")} on Node`,
        count: fewer,
        command: (count) => ["node", `${PEERS}${script}`, module, ...words(count)],
      });
    }
  }
  if (task === "retr") {
    const mpop = await new Deno.Command("sh", { args: ["-c", "command -v mpop"] }).output();
    if (!mpop.success) missing.push("mpop (Debian's mpop)");
    else {
      clients.push({
        name: "mpop (whole program)",
        count,
        command: (count) => mpopCommand(words(count)),
      });
    }
  }
  return { clients, missing };
}

/** mpop remembers what it has fetched and keeps everything: both in memory, and thrown away. */
function mpopCommand(
  [, port = "", user = "", password = "", count = ""]: readonly string[],
): string[] {
  const script = `folder=$(mktemp -d -p /dev/shm); trap 'rm -rf "$folder"' EXIT
    mpop --host=127.0.0.1 --port="$1" --auth=user --user="$2" --passwordeval="echo $3" --tls=off \\
      --keep=on --uidls-file="$folder/uidls" --delivery=mbox,"$folder/mbox" --quiet
    [ "$(grep -c '^From ' "$folder/mbox")" -ge "$4" ]`;
  return ["sh", "-c", script, "sh", port, user, password, count];
}

/** Before each client: as many messages as it will delete, and none that the last one has left. */
async function refill(dovecot: DovecotServer, { user, count }: Course): Promise<void> {
  const left = await listed(dovecot, user);
  if (left > 0) throw new Error(`Cannot go on: ${left} messages were not deleted`);
  await fill(dovecot, user, { count, octets: 1024 });
}

let generation = 0;

async function fill(
  dovecot: DovecotServer,
  user: User,
  { count, octets }: { readonly count: number; readonly octets: number },
): Promise<void> {
  const [local, domain] = user.split("@");
  const home = `${dovecot.mail}/${domain}`;
  const maildir = `${home}/${local}/Maildir`;
  for (const folder of ["new", "cur", "tmp"]) {
    await Deno.mkdir(`${maildir}/${folder}`, { recursive: true });
  }
  generation++;
  const body = `${"x".repeat(74)}\r\n`.repeat(Math.ceil(octets / 76) - 4);
  for (let begin = 0; begin < count; begin += 100) {
    const batch = Array.from({ length: Math.min(100, count - begin) }, (_, at) => begin + at);
    await Promise.all(batch.map((number) => {
      const message = `From: Ann <ann${number}@alpha.example>\r\nTo: ${user}\r\n` +
        `Subject: Message ${number}\r\nDate: Mon, 01 Jun 2026 10:00:00 +0000\r\n` +
        `Message-ID: <${generation}.${number}@alpha.example>\r\n\r\n${body}`;
      const { length } = message;
      const name = `${1_780_000_000 + number}.M${generation}P1.bench,S=${length},W=${length}:2,`;
      return Deno.writeTextFile(`${maildir}/cur/${name}`, message);
    }));
  }
  // Dovecot serves them as the user that the harness has given it.
  const { uid, gid } = await Deno.stat(dovecot.mail);
  await new Deno.Command("chown", { args: ["-R", `${uid}:${gid}`, home] }).output();
  const found = await listed(dovecot, user);
  if (found !== count) throw new Error(`Cannot fill a mailbox: ${found} of ${count} are listed`);
}

/** How many messages a mailbox has; its index is warm then. */
async function listed({ ports }: DovecotServer, user: User): Promise<number> {
  await using session = await connectPop3({
    url: `pop3://127.0.0.1:${ports.pop3}`,
    tls: "none",
    allowCleartextAuth: true,
    auth: { user, password: new Secret(USERS[user]), mechanisms: ["USER"] },
  });
  const { messages, numbers } = await session.snapshot();
  for await (const _ of session.top(numbers, 0));
  await session.quit();
  return messages.length;
}
