/**
 * What may be typed: the verbs, their options and their help.
 *
 * @module
 */

import {
  type ArgumentValue,
  duration,
  EnumType,
  neverInArguments,
  secretSource,
  ValidationError,
} from "../../src/cli/mod.ts";
import { Command, type ParentCommand } from "../../src/deps/cliffy.ts";
import { count } from "../shared/option_types.ts";
import { NAME, type TalkCall, type Verbs } from "./calls.ts";

const POLICY = `[[rules]]
id = "people"
do = "keep"
when.any = [ { from = { domain = "boss.example" } }, { header = "X-Keep", exists = true } ]

[[rules]]
id = "lists"
do = "remove"
archive = "lists"
when.all = [ { age = ">90d" }, { header = "List-Id", exists = true } ]

[archives]
lists = { maildir = "archive/lists/{yyyy}/{mm}" }`;

/**
 * Declares all that may be typed.
 *
 * @param verbs What each verb does.
 * @param version The version of the script.
 * @returns The command, to be parsed.
 */
export function declared(verbs: Verbs, version: string): ParentCommand {
  const told = (call: TalkCall) => call.permissions ? verbs.permissions(call) : undefined;
  return new Command()
    .name(NAME)
    .version(version)
    .description(
      "Removes mail from a POP3 mailbox by rules: what goes is archived first, durably, and deleted " +
        "only when the server has confirmed it.\n\n" +
        "Without a verb it makes a plan and shows it; nothing is deleted before you `apply` that very " +
        "plan. It knows what it did (--job DIR), so that a run that was cut off can just be repeated.\n\n" +
        "Exit status: 0 done or nothing to do, 1 called wrongly or a mistake in the policy, 2 a plan " +
        "awaits approval, 3 done but some messages kept because of errors, 4 to be verified, 5 busy, " +
        "6 a guard tripped, 7 the archive failed, 8 connection, TLS or login, 130 or 143 interrupted.",
    )
    .example(
      "A first policy, from what is in the mailbox",
      `${NAME} init --server pop3s://mail.example --user ann --password-from prompt`,
    )
    .example(
      "What would go?",
      `${NAME} --server pop3s://mail.example --user ann --password-from prompt \\\n` +
        "  --policy policy.toml --job ann.job",
    )
    .example("Do it", `${NAME} apply 3f2a9c… and the same options`)
    .example(
      "Every night, with nobody looking on",
      `${NAME} run --max-delete 200 --max-fraction 0.1 --password-from file:ann.password …`,
    )
    .example(
      "Give it back",
      `${NAME} restore RUN --job ann.job --policy policy.toml --smtp submission://mail.example \\\n` +
        "  --smtp-user ann --smtp-password-from prompt --to ann@mail.example",
    )
    .noExit()
    .command("plan", planning().action((call) => told(call) ?? verbs.plan(call)))
    .command("apply", applying().action((call, plan) => told(call) ?? verbs.apply(call, plan)))
    .command("run", running().action((call) => told(call) ?? verbs.run(call)))
    .command(
      "verify",
      withPolicy("Looks what has become of removals, and whether all archived copies are whole.")
        .example("After exit status 4", `${NAME} verify --server … --policy … --job ann.job`)
        .action((call) => told(call) ?? verbs.verify(call)),
    )
    .command("restore", restoring().action((call, what) => told(call) ?? verbs.restore(call, what)))
    .command(
      "release",
      inFolder("Lets restored messages be removed again.")
        .arguments("<what:string>")
        .example("All that a run has removed", `${NAME} release RUN --job ann.job`)
        .action((call, what) => told(call) ?? verbs.release(call, what)),
    )
    .command("retire", retiring().action((call, what) => told(call) ?? verbs.retire(call, what)))
    .command(
      "status",
      inFolder("Tells what is known of a mailbox, without asking the server.")
        .example("What has happened?", `${NAME} status --job ann.job`)
        .action((call) => told(call) ?? verbs.status(call)),
    )
    .command("init", beginning().action((call) => told(call) ?? verbs.init(call)));
}

function typed(description: string) {
  return new Command()
    .description(description)
    .type("duration", duration)
    .type("source", secretSource)
    .type("never", neverInArguments)
    .type("tls", new EnumType(["required", "implicit", "none"]))
    .type("smtp-tls", new EnumType(["required", "opportunistic", "implicit", "none"]))
    .type("count", count)
    .type("fraction", fraction);
}

function inFolder(description: string) {
  return typed(description)
    .group("Mailbox")
    .option("--job <folder:file>", "The folder with what is known of the mailbox", {
      required: true,
    })
    .group("Output")
    .option("--json", "Print JSON")
    .option("--quiet", "Say only what went wrong")
    .option("--permissions", "Print the permissions that this call needs, and end");
}

function withServer(description: string) {
  return typed(description)
    .env("POP3_URL=<url:string>", "The server, if --server is not given", { prefix: "POP3_" })
    .group("Mailbox")
    .option("--server <url:string>", "pop3s://host[:port], or pop3://host[:port] for STLS")
    .option("--user <name:string>", "Who logs in", { required: true })
    .option(
      "--password-from <source:source>",
      "env:NAME, file:PATH, command:PATH, stdin or prompt",
      { conflicts: ["token-from"] },
    )
    .option("--token-from <source:source>", "The same for an OAuth access token")
    .option("--password <text:never>", "Refused: others can read arguments", { hidden: true })
    .option("--token <text:never>", "Refused: others can read arguments", { hidden: true })
    .option("--auth <list:string[]>", "Use only these mechanisms, in this order; USER and APOP too")
    .option("--cleartext-auth", "Log in without TLS: others can read the password")
    .group("Connection")
    .option("--tls <how:tls>", "How TLS is used; implicit for pop3s://, else required")
    .option("--tls-name <name:string>", "The name that the certificate must be for")
    .option("--tls-ca <path:file>", "Trust this authority as well (PEM)")
    .option("--tls-cert <path:file>", "Show this certificate (PEM); needs --tls-key")
    .option("--tls-key <path:file>", "Its private key (PEM)")
    .option("--proxy <url:string>", "Connect through socks5://host:port or http://host:port")
    .option("--timeout <t:duration>", "Limit of each wait; 60s, 30s to connect")
    .option(
      "--window <n:count>",
      "Commands that may be unanswered: 1 for a server that mixes them up",
    )
    .group("Output")
    .option("--json", "Print JSON")
    .option("--quiet", "Say only what went wrong")
    .option("--permissions", "Print the permissions that this call needs, and end");
}

function withPolicy(description: string) {
  return withServer(description)
    .group("Mailbox")
    .option("--job <folder:file>", "The folder with what is known of the mailbox", {
      required: true,
    })
    .option("--policy <path:file>", "The rules: .toml, .json, or .ts with an export `policy`", {
      required: true,
    })
    .group("Connection")
    .option("--retrieve-removes", "RETR alone may remove a message here, as Gmail can be told to")
    .option("--marks-per-quit <n:count>", "Messages for one QUIT; 1000, fewer for a flaky line");
}

function planning() {
  return withPolicy(
    "Shows what the rules would remove, and writes the plan down. The default verb.",
  )
    .group("Plan")
    .option("--accept-churn", "This once, let unique-ids be replaced and messages be missing")
    .group("Output")
    .option("--all", "Show all rows of the table")
    .example(
      "What would go?",
      `${NAME} --server pop3s://mail.example --user ann --password-from prompt \\\n` +
        "  --policy policy.toml --job ann.job",
    )
    .example("A policy: mailing lists older than 90 days go to an archive, people stay", POLICY);
}

function applying() {
  return withPolicy("Carries out exactly one plan: archive, mark, commit, verify.")
    .arguments("<plan:string>")
    .group("Plan")
    .option("--no-verify", "Do not look afterwards whether the messages are gone")
    .example(
      "The plan that was shown, by the beginning of its id",
      `${NAME} apply 3f2a9c41 --server pop3s://mail.example --user ann \\\n` +
        "  --password-from prompt --policy policy.toml --job ann.job",
    );
}

function running() {
  return withPolicy("Makes a plan and carries it out, with nobody looking on.")
    .group("Plan")
    .option(
      "--max-delete <n:count>",
      "The most messages that may be removed; the guard of the policy holds too",
      {
        required: true,
      },
    )
    .option(
      "--max-fraction <part:fraction>",
      "The greatest part of the mailbox, 0 to 1; as above",
      {
        required: true,
      },
    )
    .option("--no-verify", "Do not look afterwards whether the messages are gone")
    .option("--every <cron:string>", "Keep running, at these times: minute hour day month weekday")
    .option("--every-zone <zone:string>", "Their time zone, such as Europe/Berlin; the machine's")
    .example(
      "From cron, once",
      `${NAME} run --server pop3s://mail.example --user ann --password-from file:ann.password \\\n` +
        "  --policy policy.toml --job ann.job --max-delete 200 --max-fraction 0.1 --quiet",
    )
    .example("As a service, each night at three", `${NAME} run --every "0 3 * * *" …`);
}

function restoring() {
  return typed(
    "Gives archived messages back: those of a run, a unique-id, a folder of the archive or a SHA-256 " +
      "(8 digits do).",
  )
    .arguments("<what:string>")
    .group("Mailbox")
    .option("--job <folder:file>", "The folder with what is known of the mailbox", {
      required: true,
    })
    .option("--policy <path:file>", "The policy, for it names the archives", { required: true })
    .group("By mail")
    .option("--smtp <url:string>", "The server: submission://, smtps://, smtp://, lmtp://", {
      conflicts: ["export"],
    })
    .option("--to <address:string>", "Who gets them", { collect: true })
    .option("--from <address:string>", "Who sends them; the first --to if missing")
    .option("--exact", "Send the octets as they are, without Resent- fields on top")
    .option("--again", "Send also what was sent before, or may have been")
    .option("--smtp-user <name:string>", "Who logs in there")
    .option("--smtp-password-from <source:source>", "As --password-from of the other verbs", {
      conflicts: ["smtp-token-from"],
    })
    .option("--smtp-token-from <source:source>", "The same for an OAuth access token")
    .option("--smtp-password <text:never>", "Refused: others can read arguments", { hidden: true })
    .option("--smtp-token <text:never>", "Refused: others can read arguments", { hidden: true })
    .option("--smtp-auth <list:string[]>", "Use only these mechanisms, in this order")
    .option("--smtp-cleartext-auth", "Log in without TLS: others can read the password")
    .option("--smtp-tls <how:smtp-tls>", "How TLS is used; implicit for smtps://, else required")
    .option("--smtp-tls-name <name:string>", "The name that the certificate must be for")
    .option("--smtp-tls-ca <path:file>", "Trust this authority as well (PEM)")
    .group("As files")
    .option("--export <folder:file>", "Write them here, each as SHA256.eml")
    .group("Output")
    .option("--json", "Print JSON")
    .option("--quiet", "Say only what went wrong")
    .option("--permissions", "Print the permissions that this call needs, and end")
    .example(
      "All that a run has removed, back by mail",
      `${NAME} restore RUN --job ann.job --policy policy.toml --smtp submission://mail.example \\\n` +
        "  --smtp-user ann --smtp-password-from prompt --to ann@mail.example",
    )
    .example(
      "One message, as a file",
      `${NAME} restore 9f86d081… --job ann.job --policy policy.toml --export .`,
    );
}

function retiring() {
  return inFolder(
    "Notes that archived copies are gone on purpose, so that `verify` does not miss them: those of a " +
      "run, a unique-id, a folder of the archive or a SHA-256 (8 digits do).",
  )
    .arguments("<what:string>")
    .group("Mailbox")
    .option("--policy <path:file>", "The policy, for it names the archives", { required: true })
    .group("For the journal")
    .option("--by <name:string>", "Who says so", { required: true })
    .option("--note <text:string>", "Where they are now, or why they are gone")
    .example(
      "After a year was moved to tape",
      `${NAME} retire archive/lists/2025 --job ann.job --policy policy.toml --by ann --note "tape 7"`,
    );
}

function beginning() {
  return withServer(
    "Looks at the mailbox and writes a first policy, with figures. Removes nothing.",
  )
    .group("Policy")
    .option("--policy <path:file>", "The file to write; an existing one is left alone", {
      default: "policy.toml",
    })
    .option("--sample <n:count>", "How many headers to look at", { default: 1000 })
    .example(
      "A first policy",
      `${NAME} init --server pop3s://mail.example --user ann --password-from prompt`,
    );
}

/** `0.1`, `.25`, `1`; a part of the whole. */
function fraction({ name, value }: ArgumentValue): number {
  const number = Number(value);
  if (/^(\d+\.?\d*|\.\d+)$/.test(value) && number > 0 && number <= 1) return number;
  throw new ValidationError(`Cannot read ${name} "${value}": expected a part of 1, such as 0.1`);
}
