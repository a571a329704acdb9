#!/usr/bin/env -S deno run --no-prompt --allow-net=127.0.0.1
/**
 * Runs a small mail server on loopback until Ctrl+C: SMTP, LMTP and POP3, with TLS, one user, mail in
 * memory. What is said goes to standard output as it happens.
 *
 * @module
 */

import {
  EnumType,
  EXIT,
  port,
  type Printer,
  runScript,
  type ScriptIo,
  type ScriptOptions,
  visible,
} from "../src/cli/mod.ts";
import { Command } from "../src/deps/cliffy.ts";
import { type LedgerEntry, type Sandbox, SANDBOX_CA, startSandbox } from "../src/sandbox/mod.ts";

const NAME = "sandbox";

/**
 * Runs the script.
 *
 * @param args The arguments of the command line.
 * @param options Other places to write to, and another source of signals, for tests.
 * @returns The exit number.
 */
export function main(
  args: string[],
  options: Omit<Partial<ScriptOptions>, "name" | "exits"> = {},
): Promise<number> {
  return runScript(async (io) => {
    await command(io).parse(args);
    return EXIT.sandbox.ok;
  }, { ...options, name: NAME, exits: EXIT.sandbox });
}

function command(io: ScriptIo) {
  return new Command()
    .name(NAME)
    .description("A small mail server on loopback, for trying things out. Ctrl+C ends it.")
    .type("port", port)
    .type("need", new EnumType(["nothing", "tls", "login"]))
    .option("--smtp-port <port:port>", "Port of SMTP with STARTTLS; a free one by default")
    .option("--smtps-port <port:port>", "Port of SMTP inside TLS; a free one by default")
    .option("--lmtp-port <port:port>", "Port of LMTP; a free one by default")
    .option("--pop3-port <port:port>", "Port of POP3 with STLS; a free one by default")
    .option("--pop3s-port <port:port>", "Port of POP3 inside TLS; a free one by default")
    .option("--user <name:string>", "Who may log in, with a new password", { default: "demo" })
    .option("--recipient <address:string>", "Who exists; without it, everybody does", {
      collect: true,
    })
    .option("--requires <need:need>", "What MAIL needs first: nothing, tls or login", {
      default: "nothing" as const,
    })
    .option("--lenient", "Take lone CR and LF, and addresses without brackets")
    .option("--quiet", "Do not show what is said")
    .option("--json", "Lines of JSON instead of text")
    .option("--ca", "Print the certificate of the authority to trust, and end")
    .example("Trust it", `${NAME} --ca > ca.pem`)
    .example("Log in before sending", `${NAME} --smtp-port 2525 --requires login`)
    .noExit()
    .action(async ({ ca, user, quiet, json, ...rest }) => {
      if (ca) return await io.out.print(SANDBOX_CA);
      const password = crypto.getRandomValues(new Uint8Array(12)).toBase64({
        alphabet: "base64url",
      });
      const { recipient, requires, lenient } = rest;
      const { smtpPort: smtp, smtpsPort: smtps, lmtpPort: lmtp } = rest;
      const { pop3Port: pop3, pop3sPort: pop3s } = rest;
      const ports = Object.entries({ smtp, smtps, lmtp, pop3, pop3s })
        .filter(([, port]) => port !== undefined);
      await using box = await startSandbox({
        users: { [user]: password },
        ports: Object.fromEntries(ports),
        requires,
        strict: !lenient,
        ...(recipient === undefined ? {} : { recipients: recipient }),
      });
      await introduce(io.out, box, { user, password, json: json ?? false });
      for await (const entry of box.ledger.follow({ signal: io.signal })) {
        if (!quiet) await show(io.out, entry, json ?? false);
      }
    });
}

async function introduce(
  out: Printer,
  { smtpUrl, smtpsUrl, lmtpUrl, pop3Url, pop3sUrl, caCerts }: Sandbox,
  { user, password, json }: {
    readonly user: string;
    readonly password: string;
    readonly json: boolean;
  },
): Promise<void> {
  if (json) {
    return await out.json({
      schema: "mailwright-sandbox/1",
      smtp: smtpUrl,
      smtps: smtpsUrl,
      lmtp: lmtpUrl,
      pop3: pop3Url,
      pop3s: pop3sUrl,
      user,
      password,
      caCerts,
    });
  }
  await out.line(`SMTP      ${smtpUrl}  (STARTTLS)`);
  await out.line(`SMTPS     ${smtpsUrl}`);
  await out.line(`LMTP      ${lmtpUrl}  (STARTTLS)`);
  await out.line(`POP3      ${pop3Url}  (STLS)`);
  await out.line(`POP3S     ${pop3sUrl}`);
  await out.line(`User      ${visible(user)}`);
  await out.line(`Password  ${password}`);
  await out.line(`Maildrop  mail to ${visible(user.includes("@") ? user : `${user}@ANYTHING`)}`);
  await out.line("Trust     the certificate that --ca prints");
  await out.line("End       Ctrl+C");
  await out.line();
}

/** How the lines of a session are marked; other entries show their kind. */
const MARKS: Partial<Record<LedgerEntry["kind"], string>> = { command: "C:", reply: "S:" };

async function show(out: Printer, entry: LedgerEntry, json: boolean): Promise<void> {
  if (json) return await out.json(entry);
  const { connection, kind, text, recipients = [], uids = [] } = entry;
  const mark = MARKS[kind] ?? `<${kind}>`;
  const words = [`#${connection}`, mark, visible(text), ...recipients, ...uids];
  await out.line(words.filter((word) => word !== "").join(" "));
}

if (import.meta.main) Deno.exit(await main(Deno.args));
