/**
 * The races over POP3: 10,000 messages of 4 KB in a Dovecot on loopback.
 *
 * @module
 */

import { startDovecot } from "../servers/dovecot.ts";
import { need } from "../servers/programs.ts";
import type { Client, Race } from "./side_by_side.ts";

const COUNT = 10_000;
const OCTETS = 4096;
const USER = "jones@beta.example";
const PEERS = new URL("peers/", import.meta.url).pathname;

/** Starts a Dovecot with a full mailbox and gathers the clients that can run here. */
export async function pop3Races(): Promise<readonly Race[]> {
  const dovecot = await startDovecot();
  await fill(`${dovecot.mail}/beta.example/jones/Maildir`);
  const words = [`${dovecot.ports.pop3}`, USER, dovecot.users[USER] ?? ""];
  const missing: string[] = [];
  if ((await need("python3")).length > 0) missing.push("poplib (python3)");
  const mpop = await new Deno.Command("sh", { args: ["-c", "command -v mpop"] }).output();
  if (!mpop.success) missing.push("mpop (Debian's mpop)");
  const race = (task: "top" | "retr", title: string, target: number): Race => {
    const clients: Client[] = [{
      name: "mailwright Pop3Session",
      count: COUNT,
      target,
      command: () => [
        ...["deno", "run", "--quiet", "--allow-net=127.0.0.1"],
        ...[`${PEERS}pop3_mailwright.ts`, task, ...words],
      ],
    }];
    if (!missing.some((name) => name.startsWith("poplib"))) {
      clients.push({
        name: "Python poplib",
        count: COUNT,
        base: true,
        command: () => ["python3", `${PEERS}pop3_poplib.py`, task, ...words],
      });
    }
    if (mpop.success && task === "retr") {
      clients.push({
        name: "mpop (whole program)",
        count: COUNT,
        command: () => mpopCommand(words),
      });
    }
    return {
      title: `POP3, ${title}, Dovecot on loopback`,
      clients,
      missing,
      [Symbol.asyncDispose]: () => Promise.resolve(),
    };
  };
  const last = race("retr", `RETR of ${COUNT} messages of 4 KB`, 4.5);
  return [
    race("top", `UIDL and TOP of ${COUNT} messages`, 5.5),
    { ...last, [Symbol.asyncDispose]: () => dovecot[Symbol.asyncDispose]() },
  ];
}

/** mpop remembers what it has fetched and keeps everything: both are thrown away. */
function mpopCommand([port = "", user = "", password = ""]: readonly string[]): string[] {
  const script = `folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
    mpop --host=127.0.0.1 --port="$1" --auth=user --user="$2" --passwordeval="echo $3" --tls=off \\
      --keep=on --uidls-file="$folder/uidls" --delivery=mbox,"$folder/mbox" --quiet
    [ "$(grep -c '^From ' "$folder/mbox")" -ge ${COUNT} ]`;
  return ["sh", "-c", script, "sh", port, user, password];
}

async function fill(maildir: string): Promise<void> {
  for (const folder of ["new", "cur", "tmp"]) {
    await Deno.mkdir(`${maildir}/${folder}`, { recursive: true });
  }
  const body = `${"x".repeat(74)}\r\n`.repeat(Math.ceil(OCTETS / 76) - 4);
  for (let number = 0; number < COUNT; number++) {
    const header = `From: Ann <ann${number}@alpha.example>\r\nTo: ${USER}\r\n` +
      `Subject: Message ${number}\r\nDate: Mon, 01 Jun 2026 10:00:00 +0000\r\n` +
      `Message-ID: <${number}@alpha.example>\r\n\r\n`;
    const size = header.length + body.length;
    const name = `${1_780_000_000 + number}.M${number}P1.bench,S=${size}`;
    await Deno.writeTextFile(`${maildir}/new/${name}`, header + body);
  }
  // Dovecot serves it as the user that the harness has given it.
  const folder = await Deno.stat(`${maildir}/../../..`);
  await new Deno.Command("chown", {
    args: ["-R", `${folder.uid}:${folder.gid}`, `${maildir}/../..`],
  }).output();
}
