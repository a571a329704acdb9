/**
 * What may be typed: the verbs, their options and their help.
 *
 * @module
 */

import { duration, EnumType, formatTarget, size } from "../../src/cli/mod.ts";
import { Command, type ParentCommand } from "../../src/deps/cliffy.ts";
import { FORMATS, FORMS, NAME, type PermissionsCall, type Verbs } from "./calls.ts";
import {
  count,
  listenAddress,
  matchLevels,
  namedSource,
  proxyWay,
  sessions,
  variable,
} from "./option_types.ts";

const TEXT = `S: 220 \${host}
C: EHLO client.example
S: 250 \${host}
C: MAIL FROM:<ann@client.example>
S: 250
C: RCPT TO:<nobody@mail.example>
S: 550
C: QUIT
S: 221`;

const DOT_LINES = `.tls               STARTTLS or STLS, and TLS
.auth PLAIN        log in, with --var user=ann --secret pass=prompt
.expect 250        judge the last reply
.note TEXT         write a comment down
.save [FILE]       write the dialogue
.quit              QUIT, save, end`;

const CERT = "The certificate for TLS (PEM); by default one for localhost, whose authority " +
  "sandbox --ca prints";

const FILE_HELP = "A .dialogue file, Markdown with smtp, lmtp or pop3 fences, JSON, or any page " +
  "with a session in it, such as one pasted from telnet; - is standard input.";

/**
 * Declares all that may be typed.
 *
 * @param verbs What each verb does.
 * @param version The version of the script.
 * @returns The command, to be parsed.
 */
export function declared(verbs: Verbs, version: string): ParentCommand {
  const told = (verb: string, call: Omit<PermissionsCall, "verb">, files: readonly string[]) =>
    call.permissions ? verbs.permissions({ ...call, verb }, files) : undefined;
  return new Command()
    .name(NAME)
    .version(version)
    .description(
      "Plays mail sessions that are written down: as the client, as the server, or against a " +
        `transcript.\n\n${FILE_HELP} What a reply must be is its code, unless --match says more.\n\n` +
        "Exit status: 0 passed or skipped, 1 called wrongly, 2 a file is no dialogue and nothing " +
        "was run, 3 no connection, TLS or time, 4 the other end is not as written.",
    )
    .example("A session, hello.dialogue", TEXT)
    .example("Say it to a server", `${NAME} run hello.dialogue --to smtp://mail.example`)
    .example(
      "A session that was pasted from a page, with its login",
      `${NAME} run page.txt --to smtp://mail.example --var user=ann --secret pass=prompt`,
    )
    .example(
      "The same file is the server, for a client under test",
      `${NAME} serve hello.dialogue --listen 127.0.0.1:2525`,
    )
    .example("What does this server say? Type commands", `${NAME} record --to smtp://mail.example`)
    .example("What is in this page?", `${NAME} convert page.txt -o page.dialogue`)
    .noExit()
    .command(
      "run",
      running().action((call, ...files) => told("run", call, files) ?? verbs.run(call, files)),
    )
    .command(
      "serve",
      serving().action((call, file) => told("serve", call, [file]) ?? verbs.serve(call, file)),
    )
    .command("record", recording().action((call) => told("record", call, []) ?? verbs.record(call)))
    .command(
      "check",
      checking().action((call, file, stored) =>
        told("check", { ...call, stored }, [file]) ?? verbs.check(call, file, stored)
      ),
    )
    .command(
      "dry",
      drying().action((call, file) => told("dry", call, [file]) ?? verbs.dry(call, file)),
    )
    .command(
      "lint",
      linting().action((call, ...files) => told("lint", call, files) ?? verbs.lint(call, files)),
    )
    .command(
      "fmt",
      formatting().action((call, ...files) => told("fmt", call, files) ?? verbs.fmt(call, files)),
    )
    .command(
      "convert",
      converting().action((call, file) =>
        told("convert", call, [file]) ?? verbs.convert(call, file)
      ),
    );
}

function typed(description: string) {
  return new Command()
    .description(description)
    .type("duration", duration)
    .type("size", size)
    .type("format", formatTarget(FORMATS))
    .type("variable", variable)
    .type("source", namedSource)
    .type("match", matchLevels)
    .type("listen", listenAddress)
    .type("proxy", proxyWay)
    .type("sessions", sessions)
    .type("count", count)
    .type("as", new EnumType(["client", "server"]))
    .type("form", new EnumType(FORMS))
    .type(
      "dialect",
      new EnumType(["rfc5321", "rfc821", "rfc3461", "telnet", "swaks", "curl", "transcript"]),
    )
    .option("--permissions", "Print the permissions that this call needs, and end");
}

function reading(description: string) {
  return typed(description)
    .group("File")
    .option("--root <folder:file>", "Where what a file names may be; by default in its own folder");
}

function reporting(description: string) {
  return reading(description)
    .group("Output")
    .option(
      "--format <format:format>",
      "text, json, tap, junit or github, with :PATH into a file",
      {
        collect: true,
      },
    )
    .option("--json", "Short for --format json");
}

function playing(description: string) {
  return reporting(description)
    .option("--transcript <path:file>", "Write what is said as lines of JSON; - shows it")
    .option("--save-dialogue <path:file>", "Write what was said as a dialogue")
    .option("--force", "Replace an existing file")
    .group("File")
    .option("--filter <text:string>", "Only dialogues whose names hold this")
    .option("--repair", "Mend what lint finds in a page")
    .option("--var <binding:variable>", "Bind a hole from the beginning: NAME=VALUE", {
      collect: true,
    })
    .option(
      "--secret <binding:source>",
      "A secret: NAME=env:NAME, =file:PATH, =command:PATH, =stdin or =prompt",
      { collect: true },
    )
    .group("Playing")
    .option("--match <level:match>", "class, code, enhanced, text or bytes, and client=LEVEL")
    .option("--timeout <t:duration>", "Limit of each reply and line; 30s")
    .option("--total <t:duration>", "Limit of each dialogue; 15m")
    .option("--max-bytes <size:size>", "The most that is sent; 64MiB")
    .option("--keep-going", "Go on where something is not as expected")
    .option("--outcome <name:string>", "Take this arm of an alternative where this end chooses");
}

function running() {
  return playing("Plays dialogues as the client.")
    .arguments("<...files:string>")
    .group("Connection")
    .option(
      "--to <server:string>",
      "smtp://, submission://, smtps://, lmtp://, pop3:// or pop3s://host[:port], host[:port], " +
        "unix:PATH; several for several protocols",
      { required: true, collect: true },
    )
    .option("--patient", "Wait as long as RFC 5321 asks clients to: five minutes")
    .option("--tls-ca <path:file>", "Trust this authority as well (PEM)")
    .option("--tls-name <name:string>", "The name that the certificate must be for")
    .option("--cleartext-auth", "Send secrets without TLS: others can read them")
    .group("Playing")
    .option("--jobs <n:count>", "So many files at the same time", { default: 1 })
    .example(
      "All tests, four at a time, for a build server",
      `${NAME} run tests/*.dialogue \\
  --to smtp://127.0.0.1:2525 --jobs 4 --format junit:report.xml --format text`,
    )
    .example(
      "A page with two protocols",
      `${NAME} run page.txt --to smtp://mail.example --to pop3s://mail.example \\
  --var user=ann --secret pass=prompt --outcome ok`,
    )
    .example("Straight from the clipboard", `xclip -o | ${NAME} run - --to smtp://127.0.0.1:2525`);
}

function serving() {
  return playing(
    `Plays a dialogue as the server, on loopback, once for each connection. ${FILE_HELP}`,
  )
    .arguments("<file:string>")
    .group("Connection")
    .option(
      "--listen <address:listen>",
      "127.0.0.1:PORT or [::1]:PORT, 0 for a free port; smtps:// or pop3s:// before it for TLS " +
        "from the first octet",
      { required: true },
    )
    .option("--sessions <n:sessions>", "End after so many connections; 0 for all that come", {
      default: 1,
    })
    .option("--cert <path:file>", CERT)
    .option("--key <path:file>", "Its private key (PEM)")
    .group("Playing")
    .option("--timing", "Wait as long as it took when it was recorded (#+12ms)")
    .option("--optional", "Say the lines that may be missing (S?)")
    .option("--rotate", "Take the next arm of an alternative for each connection")
    .option("--over", "Serve all mail as the sandbox does, but for the @on rules of the file")
    .example(
      "How does this client behave when it is refused?",
      `${NAME} serve page.txt --listen 127.0.0.1:2525 --outcome badPassword`,
    )
    .example(
      "A whole server that answers the first RCPT with 451",
      `printf '@smtp\\n@on RCPT x1 -> 451 4.2.1 try later\\n' > later.dialogue
${NAME} serve later.dialogue --listen 127.0.0.1:2525 --over`,
    );
}

function recording() {
  return typed("Writes a session down: one that you type, or those that go through a proxy.")
    .group("Connection")
    .option("--to <server:string>", "The server to type to", { conflicts: ["proxy"] })
    .option(
      "--proxy <way:proxy>",
      "Sit between: LISTEN=URL, with smtps:// or pop3s:// before LISTEN for a mail program that " +
        "begins with TLS",
    )
    .option(
      "--sessions <n:sessions>",
      "End the proxy after so many connections; 0 for all that come",
      {
        default: 0,
      },
    )
    .option("--timeout <t:duration>", "Limit of each reply; 30s")
    .option("--tls-ca <path:file>", "Trust this authority as well (PEM)")
    .option("--tls-name <name:string>", "The name that the certificate must be for")
    .option("--cert <path:file>", CERT)
    .option("--key <path:file>", "Its private key (PEM)")
    .option("--cleartext-auth", "Let .auth log in without TLS: others can read the password")
    .group("File")
    .option("-o, --output <path:file>", "The file to write; for a proxy, the folder")
    .option("--force", "Replace existing files")
    .option("--times", "Keep the times (#+12ms)")
    .option("--reveal", "Write secrets down as they are")
    .option("--transcript <path:file>", "Write what is said as lines of JSON")
    .option("--var <binding:variable>", "A user for .auth: user=NAME", { collect: true })
    .option("--secret <binding:source>", "A secret for .auth: pass=prompt and so on", {
      collect: true,
    })
    .example("Type to a server", `${NAME} record --to smtp://mail.example -o mine.dialogue`)
    .example("What is typed is sent as it is, but for these lines", DOT_LINES)
    .example(
      "What does my mail program say?",
      `${NAME} record --proxy 127.0.0.1:2525=smtp://mail.example -o sessions`,
    )
    .example(
      "The same where both begin with TLS",
      `${NAME} record --proxy smtps://127.0.0.1:4650=smtps://mail.example -o sessions`,
    );
}

function checking() {
  return reporting("Judges a session that is over. Needs no network.")
    .arguments("<file:string> <transcript:string>")
    .group("File")
    .option("--filter <text:string>", "Only dialogues whose names hold this")
    .option("--repair", "Mend what lint finds in a page")
    .option("--var <binding:variable>", "Bind a hole from the beginning: NAME=VALUE", {
      collect: true,
    })
    .group("Playing")
    .option("--match <level:match>", "class, code, enhanced, text or bytes, and client=LEVEL")
    .example(
      "Were the texts the same as well?",
      `${NAME} run hello.dialogue --to smtp://mail.example --transcript talk.jsonl
${NAME} check hello.dialogue talk.jsonl --match text`,
    );
}

function drying() {
  return reading("Shows what would be said and what is expected, with loops run and holes filled.")
    .arguments("<file:string>")
    .group("File")
    .option("--as <end:as>", "Whose part: client or server", { default: "client" as const })
    .option("--filter <text:string>", "Only dialogues whose names hold this")
    .option("--var <binding:variable>", "Bind a hole from the beginning: NAME=VALUE", {
      collect: true,
    })
    .example("What would go out?", `${NAME} dry hello.dialogue --var client=me.example`);
}

function linting() {
  return reporting("Looks for mistakes. Errors end with 2, and with --strict warnings too.")
    .arguments("<...files:string>")
    .option("--strict", "Warnings fail as well")
    .example("Before every commit", `${NAME} lint --strict tests/*.dialogue`);
}

function formatting() {
  return reading("Lays files out, in place.")
    .arguments("<...files:string>")
    .option("--check", "Only tell which files are not laid out, and end with 2")
    .option("--expand", "Print the file with @include and @auth written out", {
      conflicts: ["check", "promote"],
    })
    .option("--promote <transcript:file>", "Expect the texts that a run has heard")
    .example("All of them", `${NAME} fmt tests/*.dialogue`)
    .example(
      "Take over what this server says",
      `${NAME} run hello.dialogue --to smtp://mail.example --transcript talk.jsonl
${NAME} fmt hello.dialogue --promote talk.jsonl`,
    );
}

function converting() {
  return reading(
    "Writes dialogues in another form; what is odd about them goes to standard error.",
  )
    .arguments("<file:string>")
    .option("-o, --output <path:file>", "The file, or with / at its end the folder, to write")
    .option("--into <form:form>", "dialogue, typescript, json or markdown; by the ending of -o")
    .option(
      "--from <dialect:dialect>",
      "rfc5321 (C: and S:), rfc821 (S: and R:), rfc3461 (>>> and <<<), telnet, swaks, curl or " +
        "transcript; found out",
    )
    .option("--repair", "Mend what lint finds")
    .option("--any-server", "Ask of a server only what the session uses; replies by their codes")
    .option("--portable", "Make holes of names, dates and ids")
    .option("--force", "Replace existing files")
    .example(
      "A page with several sessions",
      `${NAME} convert page.txt -o sessions/ --into dialogue`,
    )
    .example("A test in TypeScript", `${NAME} convert hello.dialogue -o hello.ts`)
    .example(
      "What swaks has said",
      `swaks --to ann@mail.example --quit-after RCPT | ${NAME} convert - --into dialogue --portable`,
    );
}
