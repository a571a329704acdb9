/**
 * What may be typed: the verbs, their options and their help.
 *
 * @module
 */

import {
  duration,
  EnumType,
  formatTarget,
  neverInArguments,
  rate,
  secretSource,
  tlsLevel,
} from "../../src/cli/mod.ts";
import { Command, type ParentCommand } from "../../src/deps/cliffy.ts";
import { count } from "../shared/option_types.ts";
import { replyCode } from "./call_checks.ts";
import { NAME, type Verbs } from "./calls.ts";

/**
 * Declares all that may be typed.
 *
 * @param verbs What each verb does.
 * @param version The version of the script.
 * @returns The command, to be parsed.
 */
export function declared(verbs: Verbs, version: string): ParentCommand {
  return new Command()
    .name(NAME)
    .version(version)
    .description(
      "Sends one personal message to each row of a list. Nobody is lost, and nobody is written to " +
        "twice unknowingly: the journal knows of each row what became of it, and a run that was cut " +
        "off, wherever, is resumed.\n\n" +
        "Exit status: 0 every row accepted or skipped by rule, 1 some rows failed for good, 2 called " +
        "wrongly or wrong input (nothing was sent), 3 stopped early (resume it), 4 some rows in doubt, " +
        "130 or 143 interrupted.",
    )
    .example(
      "Is the list in order, and what will they read?",
      `${NAME} check --list people.csv --message welcome.md`,
    )
    .example(
      "Send, ten a second",
      `${NAME} send --server submission://mail.example --user ann --password-from prompt \\\n` +
        "  --list people.csv --message welcome.md --journal welcome.db --rate 10/s",
    )
    .example("Go on after a stop or a crash", `${NAME} resume --journal welcome.db`)
    .noExit()
    .command("check", checking().action((call) => verbs.check(call)))
    .command("send", sending().action((call) => verbs.send(call)))
    .command("resume", resuming().action((call) => verbs.resume(call)))
    .command(
      "status",
      journaled(typed("Tells how far jobs are, without asking the server."))
        .example("How far is it?", `${NAME} status --journal welcome.db`)
        .action((call) => verbs.status(call)),
    )
    .command("report", reporting().action((call) => verbs.report(call)))
    .command("release", releasing().action((call) => verbs.release(call)))
    .command(
      "work",
      running(journaled(typed("Takes part in a job of several machines, in PostgreSQL.")))
        .example(
          "On each machine",
          `${NAME} work --journal postgres://mail@db.example/mail --journal-password-from env:PG_PW`,
        )
        .action((call) => verbs.work(call)),
    );
}

function typed(description: string) {
  return new Command()
    .description(description)
    .type("duration", duration)
    .type("rate", rate)
    .type("source", secretSource)
    .type("never", neverInArguments)
    .type("tls", tlsLevel)
    .type("list-format", new EnumType(["csv", "jsonl"]))
    .type("separator", new EnumType(["comma", "semicolon", "tab"]))
    .type("notice", new EnumType(["success", "failure", "delay", "never"]))
    .type("word", new EnumType(["resend", "failed"]))
    .type("code", replyCode)
    .type("report", formatTarget(["csv", "json", "html"]))
    .type("count", count);
}

type Types = ReturnType<typeof typed> extends Command<infer _O, infer _A, infer Known> ? Known
  : never;

/** Options that several verbs have are added to whatever options they have besides. */
function talking<O>(command: Command<O, [], Types>) {
  return command
    .group("Output")
    .option("--json", "Print JSON, one object on each line")
    .option("--quiet", "Say only what went wrong")
    .option("--permissions", "Print the permissions that this call needs, and end");
}

function journaled<O>(command: Command<O, [], Types>) {
  return talking(
    command
      .group("Job")
      .option("--journal <path:file>", "A file, or postgres://user@host/database", {
        required: true,
      })
      .option("--job <name:string>", "The job; the only unfinished one if missing")
      .option("--journal-password-from <source:source>", "The password of PostgreSQL")
      .option("--journal-password <text:never>", "Refused: others can read arguments", {
        hidden: true,
      })
      .option("--moved", "The journal was moved here, and nobody goes on with the original"),
  );
}

/** The list and the message. */
function reading<O>(command: Command<O, [], Types>) {
  return command
    .group("List")
    .option(
      "--list <path:file>",
      "A row for each person, in CSV or JSON Lines; - is standard input",
      {
        required: true,
      },
    )
    .option("--list-format <format:list-format>", "csv or jsonl; by the end of its name")
    .option("--separator <word:separator>", "Of CSV: comma, semicolon or tab; comma")
    .option("--email-column <name:string>", "The column with the address; email")
    .option("--allow-address-literals", "Take an IP address in brackets for a domain")
    .group("Message")
    .option("--message <path:file>", "A text with front matter, or a raw message: .eml", {
      required: true,
    })
    .option("--from <address:string>", "The return path; that of From, <> for none")
    .option("--list-unsubscribe <link:string>", "https: or mailto: link, perhaps with {{field}}", {
      collect: true,
    })
    .option("--dsn <list:notice[]>", "Ask for notices: success, failure, delay, or never")
    .option("--smtputf8", "Write to addresses beyond ASCII (SMTPUTF8)");
}

/** The server, the pace and the run. */
function running<O>(command: Command<O, [], Types>) {
  return command
    .group("Server")
    .option(
      "--server <url:string>",
      "submission://host, smtps://host, smtp://host, lmtp://host:port",
    )
    .option("--user <name:string>", "Who logs in")
    .option(
      "--password-from <source:source>",
      "env:NAME, file:PATH, command:PATH, stdin or prompt",
      {
        conflicts: ["token-from"],
      },
    )
    .option("--token-from <source:source>", "The same for an OAuth access token")
    .option("--password <text:never>", "Refused: others can read arguments", { hidden: true })
    .option("--token <text:never>", "Refused: others can read arguments", { hidden: true })
    .option("--auth <list:string[]>", "Use only these mechanisms, in this order")
    .option("--cleartext-auth", "Log in without TLS: others can read the password")
    .option("--tls <how:tls>", "How TLS is used; implicit for smtps://, else required")
    .option("--tls-name <name:string>", "The name that the certificate must be for")
    .option("--tls-ca <path:file>", "Trust this authority as well (PEM)")
    .option("--tls-cert <path:file>", "Show this certificate (PEM); needs --tls-key")
    .option("--tls-key <path:file>", "Its private key (PEM)")
    .option("--proxy <url:string>", "Connect through socks5://host:port or http://host:port")
    .option("--helo <name:string>", "Our name in EHLO; our address by default")
    .option("--timeout <t:duration>", "Limit of each wait but the one behind a message")
    .option("--end-timeout <t:duration>", "Limit of the wait behind the end of a message; 10m")
    .group("Signature")
    .option("--dkim-key <path:file>", "A private key (PEM), RSA or Ed25519; perhaps one of each", {
      collect: true,
    })
    .option("--dkim-selector <name:string>", "Its name in the domain", { collect: true })
    .option("--dkim-domain <name:string>", "The domain that signs; that of From")
    .group("Pace")
    .option("--rate <rate:rate>", "Messages: 10/s, 600/min, 20000/h")
    .option("--recipients-rate <rate:rate>", "Recipients, the same way")
    .option("--connections <n:count>", "The most connections; 5")
    .option("--messages-per-connection <n:count>", "The most messages over one connection")
    .option(
      "--window <n:count>",
      "Message ends unanswered on a connection; 1, more with --chunking",
    )
    .option("--chunking", "Send by BDAT where it is offered")
    .option("--per-domain <n:count>", "The most messages under way to one domain")
    .option("--retry <n:count>", "How often a row is tried in all; 5")
    .option(
      "--retry-base <t:duration>",
      "The first wait before another try; 1m, then twice as long",
    )
    .option("--max-refusals <n:count>", "Stop after so many refusals in a row, all alike; 20")
    .group("This run")
    .option("--deadline <t:duration>", "How long the run may take")
    .option("--limit <n:count>", "The most rows of the run")
    .option("--no-wait", "End when only deferred rows are left")
    .option(
      "--suppress <path:file>",
      "Addresses that are not written to, one on each line; case makes no difference",
    )
    .option("--report <format:report>", "At the end write csv:PATH, json:PATH or html:PATH", {
      collect: true,
    })
    .option(
      "--save-dialogue <path:file>",
      "Write a dialogue of the first connection: up to its third message, and its end",
    )
    .option("--force", "Replace the file of --save-dialogue");
}

function checking() {
  return talking(reading(typed("Validates every row and message, without network.")))
    .group("Output")
    .option("--samples <n:integer>", "How many messages are shown", { default: 1 })
    .option("--errors <n:count>", "How many mistakes are shown", { default: 20 })
    .example("Is it in order?", `${NAME} check --list people.csv --message welcome.md`);
}

function sending() {
  return talking(running(reading(typed("Checks the whole list, makes a job of it, and sends."))))
    .env("SMTP_URL=<url:string>", "The server, if --server is not given", { prefix: "SMTP_" })
    .group("Job")
    .option("--journal <path:file>", "A file that is made, or postgres://user@host/database")
    .option("--job <name:string>", "Its name; that of the journal file if missing")
    .option("--journal-password-from <source:source>", "The password of PostgreSQL")
    .option("--journal-password <text:never>", "Refused: others can read arguments", {
      hidden: true,
    })
    .option("--moved", "The journal was moved here, and nobody goes on with the original")
    .option("--again", "Send a message that another job of the journal has sent")
    .group("Instead")
    .option("--test-to <address:string>", "Send the first message to this address alone")
    .option("--dry-run <folder:file>", "Write the messages into this folder, and send nothing", {
      conflicts: ["test-to"],
    })
    .example(
      "Have a look at it yourself first",
      `${NAME} send --server smtp://relay.example --list people.csv --message welcome.md \\\n` +
        "  --test-to ann@mail.example",
    )
    .example(
      "Send",
      `${NAME} send --server smtp://relay.example --list people.csv --message welcome.md \\\n` +
        "  --journal welcome.db --rate 10/s --report html:welcome.html",
    );
}

function resuming() {
  return running(journaled(typed("Goes on with a job, by what its journal keeps of it.")))
    .example("After a stop, a crash, a reboot", `${NAME} resume --journal welcome.db`);
}

function reporting() {
  return journaled(typed("Writes what has become of all rows."))
    .option("--format <format:report>", "csv, json or html, with :PATH into a file", {
      required: true,
      collect: true,
    })
    .example("A page to look at", `${NAME} report --journal welcome.db --format html:welcome.html`);
}

function releasing() {
  return journaled(typed("Says what is to be done with rows in doubt, or with rows that failed."))
    .group("Rows")
    .option("--to <word:word>", "resend: send them again; failed: leave them", { required: true })
    .option("--failed", "Rows that failed, and none in doubt: to resend")
    .option("--recipient <address:string>", "Only this one", { collect: true })
    .option("--code <code:code>", "Only rows with this code: 554, or 5.7.1", { collect: true })
    .option("--reason <text:string>", "Only rows whose reason, as reports show it, holds this")
    .option("--by <name:string>", "Who says so, for the journal", { default: "operator" })
    .example(
      "The server's log does not know them: send them again",
      `${NAME} release --journal welcome.db --to resend && ${NAME} resume --journal welcome.db`,
    )
    .example(
      "The server has refused everybody, and was mended",
      `${NAME} release --journal welcome.db --failed --code 5.7.1 --to resend`,
    );
}
