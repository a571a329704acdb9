import { equal, throws } from "node:assert/strict";
import {
  ask,
  atrn,
  auth,
  bdat,
  checkHelloName,
  type Command,
  DATA,
  etrn,
  hello,
  mail,
  QUIT,
  rawCommand,
  rcpt,
  RSET,
  STARTTLS,
  TURN,
} from "../../src/smtp/commands.ts";
import { parseAddress } from "../../src/message/mod.ts";

const ANN = parseAddress("ann@mail.example");

Deno.test.each<{ says: string; command: Command; timer: string }>([
  { says: "EHLO client.example", command: hello("EHLO", "client.example"), timer: "command" },
  { says: "HELO [192.0.2.1]", command: hello("HELO", "[192.0.2.1]"), timer: "command" },
  { says: "LHLO client.example", command: hello("LHLO", "client.example"), timer: "command" },
  { says: "STARTTLS", command: STARTTLS, timer: "command" },
  { says: "AUTH LOGIN", command: auth("LOGIN"), timer: "command" },
  { says: "AUTH EXTERNAL =", command: auth("EXTERNAL", "="), timer: "command" },
  { says: "MAIL FROM:<ann@mail.example>", command: mail(ANN), timer: "mail" },
  { says: "MAIL FROM:<>", command: mail(null), timer: "mail" },
  { says: "RCPT TO:<ann@mail.example>", command: rcpt(ANN), timer: "rcpt" },
  { says: "RCPT TO:<Postmaster>", command: rcpt("Postmaster"), timer: "rcpt" },
  {
    says: "RCPT TO:<ann@[IPv6:::1]>",
    command: rcpt(parseAddress("ann@[IPv6:::1]", { allowLiterals: true })),
    timer: "rcpt",
  },
  { says: "DATA", command: DATA, timer: "data" },
  { says: "BDAT 12", command: bdat(12, false), timer: "chunk" },
  { says: "BDAT 0 LAST", command: bdat(0, true), timer: "final" },
  { says: "RSET", command: RSET, timer: "command" },
  { says: "VRFY Ann Other", command: ask("VRFY", "Ann Other"), timer: "command" },
  { says: "VRFY Grüße SMTPUTF8", command: ask("VRFY", "Grüße", true), timer: "command" },
  { says: "EXPN staff", command: ask("EXPN", "staff"), timer: "command" },
  { says: "HELP", command: ask("HELP"), timer: "command" },
  { says: "HELP MAIL", command: ask("HELP", "MAIL"), timer: "command" },
  { says: "NOOP", command: ask("NOOP"), timer: "command" },
  { says: "NOOP still here", command: ask("NOOP", "still here"), timer: "command" },
  { says: "QUIT", command: QUIT, timer: "quit" },
  { says: "ETRN example.org", command: etrn("example.org"), timer: "command" },
  { says: "ETRN @example.org", command: etrn("@example.org"), timer: "command" },
  { says: "ETRN #night_queue", command: etrn("#night_queue"), timer: "command" },
  { says: "ATRN", command: atrn(), timer: "command" },
  { says: "ATRN a.example,b.example", command: atrn(["a.example", "b.example"]), timer: "command" },
  { says: "TURN", command: TURN, timer: "command" },
  { says: "X-Mine  two blanks ", command: rawCommand("X-Mine  two blanks "), timer: "command" },
])("commands: $says", { permissions: "none" }, ({ says, command, timer }) => {
  equal(command.line.expose(), says);
  equal(command.line.shown, says);
  equal(command.timer, timer);
  equal(command.verb, says.split(" ")[0]?.toUpperCase());
});

const CONTROLS = ["\r", "\n", "\r\nQUIT", "\0", "\t", "\x0b", "\x0c", "\x1b", "\x7f"];

Deno.test("commands: control characters are refused in every argument [S85] [T-I22]", {
  permissions: "none",
}, () => {
  for (const control of CONTROLS) {
    const argument = `client${control}x`;
    const attempts: (() => Command)[] = [
      () => hello("EHLO", argument),
      () => hello("HELO", argument),
      () => hello("LHLO", argument),
      () => hello("EHLO", `[192.0.2.1${control}]`),
      () => mail(parseAddress(`${argument}@mail.example`)),
      () => rcpt(parseAddress(`ann@${argument}`)),
      () => ask("VRFY", argument),
      () => ask("VRFY", argument, true),
      () => ask("EXPN", argument),
      () => ask("HELP", argument),
      () => ask("NOOP", argument),
      () => etrn(argument),
      () => atrn([argument]),
      () => auth(argument),
      () => auth("PLAIN", argument),
      () => auth("PLAIN", argument, "${plain user pass}"),
      () => rawCommand(argument),
      () => rawCommand(`NOOP ${argument}`),
    ];
    for (const attempt of attempts) throws(attempt, SyntaxError);
  }
});

Deno.test.each([
  { name: "with an underscore", given: "my_host.local", says: "my-host.local" },
  { name: "that is an IPv6 address", given: "::1", says: "[IPv6:::1]" },
  { name: "that is an IPv6 literal", given: "[IPv6:2001:DB8::1]", says: "[IPv6:2001:db8::1]" },
  { name: "that is IPv4 mapped into IPv6", given: "::ffff:1.2.3.4", says: "[1.2.3.4]" },
  { name: "that is mapped and in brackets", given: "[IPv6:::ffff:1.2.3.4]", says: "[1.2.3.4]" },
  { name: "that is an IPv4 address", given: "192.0.2.7", says: "[192.0.2.7]" },
  { name: "that is an IPv4 literal", given: "[192.0.2.7]", says: "[192.0.2.7]" },
  { name: "of one label", given: "localhost", says: "localhost" },
])("checkHelloName() takes a name $name [S72]", { permissions: "none" }, ({ given, says }) => {
  equal(checkHelloName(given), says);
});

Deno.test("checkHelloName() refuses what is neither a domain nor an address [S72] [T-I22]", {
  permissions: "none",
}, () => {
  const wrong = [
    "",
    " ",
    "a b",
    "a..b",
    "-a.example",
    "client.example ",
    "bücher.example",
    "[999.1.1.1]",
    "[client.example]",
    "[IPv6:::1",
    "1.2.3",
    ":::",
    "fe80::1%eth0",
    `${"a".repeat(256)}`,
    "client.example SIZE=1",
  ];
  for (const name of wrong) throws(() => checkHelloName(name), SyntaxError, name);
});

Deno.test("etrn(), atrn(), bdat() and auth() refuse malformed arguments", {
  permissions: "none",
}, () => {
  for (const node of ["", "@", "#", "a b", "@@a", "a,b", "exämple.org", "-"]) {
    throws(() => etrn(node), SyntaxError, node);
  }
  for (const domain of ["", "@a.example", "a b", "a.example,b.example", "-a"]) {
    throws(() => atrn([domain]), SyntaxError, domain);
  }
  for (const octets of [-1, 1.5, NaN, 2 ** 53]) throws(() => bdat(octets, false), RangeError);
  for (const name of ["", "plain", "PLAIN x", "A".repeat(21)]) {
    throws(() => auth(name), SyntaxError, name);
  }
});

Deno.test("ask() refuses VRFY and EXPN of nothing, and letters that nobody can read", {
  permissions: "none",
}, () => {
  throws(() => ask("VRFY"), SyntaxError);
  throws(() => ask("EXPN", ""), SyntaxError);
  for (const verb of ["VRFY", "EXPN", "HELP", "NOOP"] as const) {
    throws(() => ask(verb, "Grüße"), SyntaxError, verb);
  }
});

Deno.test("commands: a line has at most 512 octets", { permissions: "none" }, () => {
  equal(ask("NOOP", "x".repeat(505)).line.expose().length, 510);
  throws(() => ask("NOOP", "x".repeat(506)), {
    name: "SyntaxError",
    message: /^Cannot send "NOOP x+…": the line has 513 octets, more than 512$/,
  });
  // Octets count, not letters: these are two octets each.
  throws(() => rawCommand(`NOOP ${"é".repeat(253)}`), SyntaxError);
  equal(rawCommand(`NOOP ${"é".repeat(252)}`).verb, "NOOP");
  // RFC 6531 section 3.4: the parameter widens the line by its ten octets.
  equal(ask("VRFY", "x".repeat(505), true).verb, "VRFY");
  throws(() => ask("VRFY", "x".repeat(506), true), SyntaxError);
});

Deno.test("rawCommand() takes a verb and refuses what has none", { permissions: "none" }, () => {
  equal(rawCommand("xclient ADDR=192.0.2.1").verb, "XCLIENT");
  for (const text of ["", " NOOP", "1X", "NO.OP", "<ann@mail.example>", "é", "A".repeat(21)]) {
    throws(() => rawCommand(text), SyntaxError, text);
  }
});

Deno.test("rawCommand() shows a marked line by its stand-in only [S86]", {
  permissions: "none",
}, () => {
  const { line } = rawCommand("XLOGIN ann hunter2", "XLOGIN ann ${hidden}");
  equal(line.expose(), "XLOGIN ann hunter2");
  equal(line.shown, "XLOGIN ann ${hidden}");
  const long = `XLOGIN hunter2${"x".repeat(600)}`;
  for (const text of [long, "XLOGIN hunter2\n", " XLOGIN hunter2"]) {
    throws(
      () => rawCommand(text, "XLOGIN ${hidden}"),
      (error: Error) => error instanceof SyntaxError && !error.message.includes("hunter2"),
    );
  }
});

Deno.test(
  "auth() shows the stand-in of the first response [T-A09]",
  { permissions: "none" },
  () => {
    const { line } = auth("PLAIN", "AHRpbQBzZWNyZXQ=", "${plain user pass}");
    equal(line.expose(), "AUTH PLAIN AHRpbQBzZWNyZXQ=");
    equal(`${line} ${JSON.stringify({ line })}`, line.shown + ` {"line":"${line.shown}"}`);
    equal(line.shown, "AUTH PLAIN ${plain user pass}");
  },
);
