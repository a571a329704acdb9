#!/usr/bin/env -S deno run --no-prompt --allow-net=127.0.0.1
/**
 * Runs a small mail server on loopback until Ctrl+C: SMTP, LMTP and POP3, with TLS, one user, mail in
 * memory. What is said goes to standard output as it happens.
 *
 * @module
 */

import {
  type ArgumentValue,
  EnumType,
  EXIT,
  port,
  runScript,
  type ScriptIo,
  type ScriptOptions,
  ValidationError,
} from "../src/cli/mod.ts";
import { Command } from "../src/deps/cliffy.ts";
import { SANDBOX_CA, type SandboxPorts, startSandbox } from "../src/sandbox/mod.ts";
import { fault, FAULT_HELP } from "./sandbox/fault.ts";
import { ArrivalFolder, readMails } from "./sandbox/folders.ts";
import { introduce, show, type TestUser } from "./sandbox/lines.ts";
import { offersOf } from "./sandbox/offers.ts";
import { grantsOf } from "./shared/grants.ts";

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

/** What the command line says. */
type Call = Parameters<Parameters<ReturnType<typeof declared>["action"]>[0]>[0];

function command(io: ScriptIo) {
  return declared().action(async (call) => {
    if (call.ca) await io.out.print(SANDBOX_CA);
    else if (call.permissions) await io.out.line(permissionsOf(call).join(" "));
    else await run(io, call);
  });
}

function declared() {
  return new Command()
    .name(NAME)
    .description(
      "A small mail server on loopback, to try a mail client on. Mail is held in memory; what is said " +
        `is shown. Ctrl+C ends it.\n\n${FAULT_HELP}`,
    )
    .type("port", port)
    .type("user", testUser)
    .type("fault", fault)
    .type("need", new EnumType(["nothing", "tls", "login"]))
    .group("Ports")
    .option("--smtp-port <port:port>", "SMTP with STARTTLS; a free one by default")
    .option("--smtps-port <port:port>", "SMTP inside TLS; a free one by default")
    .option("--lmtp-port <port:port>", "LMTP; a free one by default")
    .option("--pop3-port <port:port>", "POP3 with STLS; a free one by default")
    .option("--pop3s-port <port:port>", "POP3 inside TLS; a free one by default")
    .group("Mail")
    .option(
      "--user <name:user>",
      "NAME, or NAME:PASSWORD (also the token of OAuth) made up for a test: who may log in; demo",
      { collect: true },
    )
    .option("--fill <folder:file>", "Put its files *.eml into the maildrop of each user")
    .option("--save <folder:file>", "Write each message that arrives into this folder")
    .option("--recipient <address:string>", "Who exists; without it, everybody does", {
      collect: true,
    })
    .group("Manners")
    .option("--requires <need:need>", "What MAIL needs first: nothing, tls or login", {
      default: "nothing" as const,
    })
    .option("--cleartext-auth", "Offer a login without TLS too")
    .option("--without <capability:string>", "Do not offer this: CHUNKING, or AUTH LOGIN", {
      collect: true,
    })
    .option("--lenient", "Take lone CR and LF, and addresses without brackets")
    .option("--fault <fault:fault>", "Let this go wrong, as told above", { collect: true })
    .group("Output")
    .option("--quiet", "Do not show what is said")
    .option("--json", "Lines of JSON instead of text")
    .option("--ca", "Print the certificate of the authority to trust, and end")
    .option("--permissions", "Print the permissions that this call needs, and end")
    .example("Trust it", `${NAME} --ca > ca.pem`)
    .example("Log in before sending", `${NAME} --smtp-port 2525 --user ann:pencil --requires login`)
    .example("A mailbox to read", `${NAME} --pop3-port 1110 --user ann:pencil --fill mails`)
    .example(
      "Refuse the third recipient of all, for now",
      `${NAME} --fault "RCPT after=2 times=1 reply=451 4.3.0 Later"`,
    )
    .example("Break off when the message has arrived", `${NAME} --fault ". silent then=drop"`)
    .example(
      "Be slow, and say nothing to QUIT",
      `${NAME} --fault "QUIT silent then=stall" --fault "* delay=2s"`,
    )
    .example("Write octet by octet, until the 500th", `${NAME} --fault "chunk=1 at=500 then=close"`)
    .noExit();
}

/** `ann`, `ann:pencil`. */
function testUser({ name: option, value }: ArgumentValue): TestUser {
  const [, name = "", password = newPassword()] = /^([^:]*)(?::(.*))?$/s.exec(value) ?? [];
  if (name !== "" && password !== "") return { name, password };
  throw new ValidationError(`Cannot read ${option} "${value}": expected NAME or NAME:PASSWORD`);
}

function newPassword(): string {
  return crypto.getRandomValues(new Uint8Array(12)).toBase64({ alphabet: "base64url" });
}

const PORTS = ["smtp", "smtps", "lmtp", "pop3", "pop3s"] as const;

function portsOf(call: Call): Partial<SandboxPorts> {
  const entries = PORTS.map((name) => [name, call[`${name}Port`]] as const);
  return Object.fromEntries(entries.filter(([, port]) => port !== undefined));
}

/** A port that is free is known too late to be granted by its number. */
function permissionsOf(call: Call): string[] {
  const ports = Object.values(portsOf(call));
  const net = ports.length < PORTS.length ? [""] : ports.map((port) => `:${port}`);
  const write = call.save === undefined ? [] : [`--allow-write=${call.save}`];
  return [...grantsOf({ net: net.map((port) => `127.0.0.1${port}`), read: [call.fill] }), ...write];
}

/** Runs until a signal. */
async function run(io: ScriptIo, call: Call): Promise<void> {
  const { json = false, quiet = false, recipient: recipients, requires, lenient } = call;
  const users = usersOf(call);
  const mails = call.fill === undefined ? [] : await readMails(call.fill);
  const arrivals = call.save === undefined ? undefined : new ArrivalFolder(call.save);
  await arrivals?.open();
  await using box = await startSandbox({
    ...offersOf({ clearLogin: call.cleartextAuth ?? false, without: call.without ?? [] }),
    users: Object.fromEntries(
      users.map(({ name, password }) => [name, { password, token: password }]),
    ),
    ports: portsOf(call),
    requires,
    strict: !lenient,
    faults: call.fault ?? [],
    ...(recipients && { recipients }),
  });
  for (const { name } of users) box.fill(name.includes("@") ? name : `${name}@localhost`, mails);
  await introduce(io.out, box, { users, json });
  let saved = 0;
  for await (const entry of box.ledger.follow({ signal: io.signal })) {
    if (!quiet) await show(io.out, entry, json);
    const mail = entry.kind === "stored" ? box.mails[saved++] : undefined;
    if (mail === undefined || arrivals === undefined) continue;
    const text = await arrivals.save(mail.content);
    if (!quiet) await show(io.out, { connection: entry.connection, kind: "saved", text }, json);
  }
}

function usersOf(
  { user = [{ name: "demo", password: newPassword() }] }: Call,
): readonly TestUser[] {
  const twice = user.find(({ name }, at) => user.findIndex((one) => one.name === name) < at);
  if (twice === undefined) return user;
  throw new ValidationError(`Cannot use --user "${twice.name}": it was said before`);
}

if (import.meta.main) Deno.exit(await main(Deno.args));
