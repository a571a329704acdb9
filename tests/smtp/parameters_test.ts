import { deepEqual, equal, throws } from "node:assert/strict";
import { mail, rcpt } from "../../src/smtp/commands.ts";
import { type MailParameters, type RcptParameters, xtext } from "../../src/smtp/parameters.ts";
import { parseAddress } from "../../src/message/mod.ts";

const ANN = parseAddress("ann@mail.example");
const BOB = parseAddress("bob@mail.example");

Deno.test.each<{ says: string; given: MailParameters }>([
  { says: "", given: {} },
  { says: " SIZE=1000", given: { size: 1000 } },
  { says: " SIZE=0", given: { size: 0 } },
  { says: " BODY=7BIT", given: { body: "7BIT" } },
  { says: " BODY=8BITMIME", given: { body: "8BITMIME" } },
  { says: " BODY=BINARYMIME", given: { body: "BINARYMIME" } },
  { says: " SMTPUTF8", given: { smtpUtf8: true } },
  { says: "", given: { smtpUtf8: false, requireTls: false } },
  { says: " AUTH=<>", given: { auth: null } },
  { says: " AUTH=e+3Dmc2@mail.example", given: { auth: "e=mc2@mail.example" } },
  { says: " RET=HDRS ENVID=QQ314159", given: { ret: "HDRS", envid: "QQ314159" } },
  { says: " RET=FULL", given: { ret: "FULL" } },
  { says: " REQUIRETLS", given: { requireTls: true } },
  { says: " HOLDFOR=3600", given: { holdFor: 3600 } },
  {
    says: " HOLDUNTIL=2026-02-03T04:05:06Z",
    given: { holdUntil: new Date(Date.UTC(2026, 1, 3, 4, 5, 6, 789)) },
  },
  { says: " BY=120;R", given: { by: { seconds: 120, mode: "R" } } },
  { says: " BY=-5;NT", given: { by: { seconds: -5, mode: "N", trace: true } } },
  { says: " MT-PRIORITY=-9", given: { mtPriority: -9 } },
  { says: " MT-PRIORITY=9", given: { mtPriority: 9 } },
  {
    says: " X-FLAG X-Queue=night;low",
    given: { other: [{ keyword: "X-FLAG" }, { keyword: "X-Queue", value: "night;low" }] },
  },
  {
    says: " SIZE=1 BODY=8BITMIME SMTPUTF8 AUTH=<> RET=FULL ENVID=e REQUIRETLS HOLDFOR=1 BY=1;R " +
      "MT-PRIORITY=0 X",
    given: {
      other: [{ keyword: "X" }],
      mtPriority: 0,
      by: { seconds: 1, mode: "R" },
      holdFor: 1,
      requireTls: true,
      envid: "e",
      ret: "FULL",
      auth: null,
      smtpUtf8: true,
      body: "8BITMIME",
      size: 1,
    },
  },
])("mail() writes parameters:$says", { permissions: "none" }, ({ says, given }) => {
  equal(mail(ANN, given).line.expose(), `MAIL FROM:<ann@mail.example>${says}`);
});

Deno.test.each<{ says: string; given: RcptParameters }>([
  { says: "", given: {} },
  { says: " NOTIFY=NEVER", given: { notify: "NEVER" } },
  { says: " NOTIFY=SUCCESS,DELAY", given: { notify: ["SUCCESS", "DELAY", "SUCCESS"] } },
  { says: " ORCPT=rfc822;a+2Bb+3Dc@x.example", given: { orcpt: { address: "a+b=c@x.example" } } },
  { says: " ORCPT=x400;/c+3Dus/", given: { orcpt: { type: "x400", address: "/c=us/" } } },
  {
    says: " NOTIFY=FAILURE ORCPT=rfc822;bob X-A=1",
    given: {
      notify: ["FAILURE"],
      orcpt: { address: "bob" },
      other: [{ keyword: "X-A", value: "1" }],
    },
  },
])("rcpt() writes parameters:$says", { permissions: "none" }, ({ says, given }) => {
  equal(rcpt(BOB, given).line.expose(), `RCPT TO:<bob@mail.example>${says}`);
});

Deno.test("rcpt() writes an ORCPT that is not ASCII as RFC 6533 does [S57]", {
  permissions: "none",
}, () => {
  const words = (address: string, type?: string): string => {
    const orcpt = type === undefined ? { address } : { address, type };
    return rcpt(BOB, { orcpt }).line.expose().split(" ").at(-1) ?? "";
  };
  equal(words("grüße@x.example"), "ORCPT=utf-8;gr\\x{FC}\\x{DF}e@x.example");
  equal(words("🙂+1=\\@x", "UTF-8"), "ORCPT=UTF-8;\\x{1F642}\\x{2B}1\\x{3D}\\x{5C}@x");
});

Deno.test("mail() writes ENVID with blanks, plus and equals as xtext [S57] [T-I22]", {
  permissions: "none",
}, () => {
  const { line } = mail(ANN, { envid: "a+1=2 x" });
  equal(line.expose(), "MAIL FROM:<ann@mail.example> ENVID=a+2B1+3D2+20x");
});

Deno.test("mail() refuses an ENVID that is not printable ASCII [S57]", {
  permissions: "none",
}, () => {
  for (const envid of ["Grüße", "\u0100", "🙂", "a\tb"]) {
    throws(() => mail(ANN, { envid }), {
      name: "SyntaxError",
      message: /^Cannot use the ENVID ".+": expected printable ASCII$/,
    });
  }
});

Deno.test("xtext() leaves what is printable and codes the rest [T-I22]", {
  permissions: "none",
}, () => {
  equal(xtext("!aZ09~"), "!aZ09~");
  equal(xtext(""), "");
  equal(xtext("a b\tc\x7f"), "a+20b+09c+7F");
  // The octets of UTF-8, never the low byte of a character.
  equal(xtext("\u560a"), "+E5+98+8A");
});

const CONTROLS = ["\r", "\n", "\r\nRCPT TO:<evil@x.example>", "\0", "\t", "\x1b", "\x7f", "\u0085"];

Deno.test("mail() and rcpt() refuse control characters in every value [S85] [T-I22]", {
  permissions: "none",
}, () => {
  for (const control of CONTROLS) {
    const value = `a${control}b`;
    const mails: MailParameters[] = [
      { auth: value },
      { envid: value },
      { ret: value as "FULL" },
      { body: value as "7BIT" },
      { by: { seconds: 1, mode: value as "R" } },
      { other: [{ keyword: value }] },
      { other: [{ keyword: "X", value }] },
    ];
    for (const parameters of mails) throws(() => mail(ANN, parameters), SyntaxError);
    const rcpts: RcptParameters[] = [
      { notify: [value as "DELAY"] },
      { orcpt: { address: value } },
      { orcpt: { address: "a", type: value } },
      { other: [{ keyword: "X", value }] },
    ];
    for (const parameters of rcpts) throws(() => rcpt(BOB, parameters), SyntaxError);
  }
});

Deno.test("mail() and rcpt() refuse values that would become another parameter [T-I22]", {
  permissions: "none",
}, () => {
  // The casts are what a program without types can do.
  throws(() => mail(ANN, { body: "7BIT SIZE=1" as "7BIT" }), SyntaxError);
  throws(() => mail(ANN, { ret: "FULL AUTH=<>" as "FULL" }), SyntaxError);
  throws(() => mail(ANN, { by: { seconds: 1, mode: "R X" as "R" } }), SyntaxError);
  throws(() => rcpt(BOB, { notify: ["DELAY NOTIFY=NEVER" as "DELAY"] }), SyntaxError);
  throws(() => rcpt(BOB, { orcpt: { address: "a", type: "rfc822;b ORCPT=x" } }), SyntaxError);
  throws(() => mail(ANN, { other: [{ keyword: "X=1" }] }), SyntaxError);
  throws(() => mail(ANN, { other: [{ keyword: "-X" }] }), SyntaxError);
  throws(() => mail(ANN, { other: [{ keyword: "X", value: "1=2" }] }), SyntaxError);
  throws(() => mail(ANN, { other: [{ keyword: "X", value: "" }] }), SyntaxError);
  throws(() => mail(ANN, { other: [{ keyword: "X", value: "é" }] }), SyntaxError);
  throws(() => mail(ANN, { envid: "\ud800" }), SyntaxError);
});

Deno.test.each<{ name: string; given: MailParameters }>([
  { name: "a negative size", given: { size: -1 } },
  { name: "a size with a fraction", given: { size: 1.5 } },
  { name: "a size beyond what a number holds", given: { size: 2 ** 53 } },
  { name: "a size that is text", given: { size: "1 AUTH=<>" as unknown as number } },
  { name: "a hold of no time", given: { holdFor: 0 } },
  { name: "a hold of ten digits", given: { holdFor: 1_000_000_000 } },
  { name: "an invalid date", given: { holdUntil: new Date(NaN) } },
  { name: "a year of five digits", given: { holdUntil: new Date(Date.UTC(10_000, 0)) } },
  { name: "a return within no time", given: { by: { seconds: 0, mode: "R" } } },
  { name: "a time of ten digits", given: { by: { seconds: 1_000_000_000, mode: "N" } } },
  { name: "a priority of 10", given: { mtPriority: 10 } },
  { name: "a priority of -10", given: { mtPriority: -10 } },
])("mail() refuses $name", { permissions: "none" }, ({ given }) => {
  throws(() => mail(ANN, given), RangeError);
});

Deno.test("mail() and rcpt() refuse a typed parameter in the open form", {
  permissions: "none",
}, () => {
  throws(() => mail(ANN, { other: [{ keyword: "requiretls" }] }), {
    name: "SyntaxError",
    message: 'Cannot use the parameter "requiretls": expected the field that it has of its own',
  });
  throws(() => rcpt(BOB, { other: [{ keyword: "NOTIFY", value: "NEVER" }] }), SyntaxError);
});

Deno.test("mail() refuses to hold a message twice", { permissions: "none" }, () => {
  const both = { holdFor: 1, holdUntil: new Date(0) };
  throws(() => mail(ANN, both), {
    name: "SyntaxError",
    message: "Cannot hold a message both for a time and until a date",
  });
});

Deno.test("mail() and rcpt() bound what an extension bounds", { permissions: "none" }, () => {
  equal(mail(ANN, { envid: "e".repeat(100) }).verb, "MAIL");
  throws(() => mail(ANN, { envid: "e".repeat(101) }), SyntaxError);
  throws(() => mail(ANN, { envid: "=".repeat(34) }), SyntaxError); // 102 as they stand in the line
  throws(() => mail(ANN, { envid: "" }), SyntaxError);
  equal(mail(ANN, { auth: "a".repeat(500) }).verb, "MAIL");
  throws(() => mail(ANN, { auth: "a".repeat(501) }), SyntaxError);
  equal(rcpt(BOB, { orcpt: { address: "a".repeat(493) } }).verb, "RCPT");
  throws(() => rcpt(BOB, { orcpt: { address: "a".repeat(494) } }), SyntaxError);
  throws(() => rcpt(BOB, { orcpt: { address: "" } }), SyntaxError);
  throws(() => rcpt(BOB, { notify: [] }), SyntaxError);
});

Deno.test("a line grows by the words of known extensions only", { permissions: "none" }, () => {
  const known = mail(ANN, { auth: "a".repeat(500), envid: "e".repeat(100), size: 1 });
  equal(known.line.expose().length > 512, true);
  const other = (length: number) =>
    mail(ANN, {
      envid: "e".repeat(100),
      other: [{ keyword: "X", value: "v".repeat(length) }],
    });
  // "MAIL FROM:<ann@mail.example>" and CRLF leave 482 octets, " X=" takes three of them.
  deepEqual(other(479).line.expose().length, 28 + 107 + 482);
  throws(() => other(480), SyntaxError);
});
