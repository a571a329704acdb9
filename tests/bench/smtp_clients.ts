/**
 * The race over SMTP: 1 KB of text to Postfix's smtp-sink on loopback.
 *
 * @module
 */

import { need } from "../servers/programs.ts";
import { startSmtpSink } from "../servers/smtp_sink.ts";
import { entryOf } from "./npm_peers.ts";
import type { Client, Race } from "./side_by_side.ts";

const CONNECTIONS = 5;
const PEERS = new URL("peers/", import.meta.url).pathname;
/** Starts a receiver and gathers the clients that can run here. */
export async function smtpClients(): Promise<Race> {
  const sink = await startSmtpSink();
  const missing: string[] = [];
  const deno = ["deno", "run", "--quiet", "--allow-net=127.0.0.1"];
  const words = (count: number): string[] => [`${sink.port}`, `${count}`, `${CONNECTIONS}`];
  const clients: Client[] = [
    {
      name: "mailwright SmtpPool",
      count: 60_000,
      target: 15,
      command: (count) => [...deno, `${PEERS}smtp_mailwright.ts`, ...words(count)],
    },
    {
      name: "mailwright bulk job, durable SQLite journal, 3 fields",
      count: 20_000,
      target: 5,
      command: (count) => [
        ...[...deno, "--allow-read=tests/.tmp", "--allow-write=tests/.tmp"],
        ...[`${PEERS}smtp_bulk.ts`, ...words(count)],
      ],
    },
    {
      name: "bare Deno loop (what the machine allows)",
      count: 60_000,
      command: (count) => [...deno, `${PEERS}smtp_bare.ts`, ...words(count)],
    },
  ];
  const nodemailer = await entryOf("nodemailer@10.6.0");
  if (nodemailer === undefined) missing.push("nodemailer 10.6.0 (npm did not install it)");
  else {
    const script = `${PEERS}smtp_nodemailer.mjs`;
    clients.push({
      name: "nodemailer 10.6.0 on Node",
      count: 3000,
      base: true,
      command: (count) => ["node", script, nodemailer, ...words(count)],
    }, {
      name: "nodemailer 10.6.0 on Deno",
      count: 3000,
      // nodemailer looks at the environment, the host name and the interfaces.
      command: (count) => ["deno", "run", "--quiet", "-A", script, nodemailer, ...words(count)],
    });
  }
  if ((await need("smtp-sink")).length > 0) missing.push("smtp-source (Debian's postfix)");
  else {
    clients.push({
      name: "smtp-source -d, 10 sessions",
      count: 20_000,
      command: (count) => [
        "smtp-source",
        ...["-d", "-s", "10", "-m", `${count}`, "-l", "1000", `127.0.0.1:${sink.port}`],
      ],
    });
  }
  return {
    title: `SMTP, 1 KB, ${CONNECTIONS} connections, smtp-sink on loopback`,
    clients,
    missing,
    arrived,
    [Symbol.asyncDispose]: () => sink[Symbol.asyncDispose](),
  };
  async function arrived(client: Client, count: number): Promise<number> {
    await using counting = await startSmtpSink({ count: true });
    const command = client.command(count)
      .map((word) => word.replace(new RegExp(`(?<![0-9])${sink.port}$`), `${counting.port}`));
    const { success, stderr } = await new Deno.Command(command[0] ?? "", {
      args: command.slice(1),
      stdout: "null",
      stderr: "piped",
    }).output();
    if (!success) {
      throw new Error(`Cannot run ${client.name}: ${new TextDecoder().decode(stderr)}`);
    }
    return await counting.messages() ?? 0;
  }
}
