import { equal, rejects, throws } from "node:assert/strict";
import {
  about,
  apop,
  auth,
  authResponse,
  lang,
  pass,
  rawPop3Command,
  top,
  user,
} from "../../src/pop3/commands.ts";
import { Secret } from "../../src/pop3/mod.ts";

const none = { permissions: "none" } as const;
const STAMP = "<1896.697170952@dbc.mtview.ca.us>";

Deno.test.each(["\r", "\n", "\0", "\r\nDELE 1", "\x7f"])(
  "commands refuse %o in any argument [P7]",
  async (stray) => {
    const name = `ann${stray}`;
    throws(() => user(name), SyntaxError);
    throws(() => pass(new Secret(name)), SyntaxError);
    throws(() => lang(`de${stray}`), SyntaxError);
    throws(() => auth(`PLAIN${stray}`), SyntaxError);
    throws(() => rawPop3Command(`XTND ${stray}`), SyntaxError);
    throws(() => authResponse(`abc${stray}`, "${hidden}"), SyntaxError);
    await rejects(apop(name, STAMP, new Secret("tanstaaf")), SyntaxError);
  },
);

Deno.test("errors of refused secrets do not show them [P39] [T-A08]", none, () => {
  for (const make of [() => pass(new Secret("open\nsesame")), () => user("bert\n")]) {
    throws(make, (error: Error) => !/sesame|bert/.test(error.message));
  }
});

Deno.test("commands with secrets have a form to be shown [P39] [T-A09]", async () => {
  const given = new Secret(" pencil case ");
  equal(pass(given).line.expose(), "PASS  pencil case ");
  equal(`${pass(given).line}`, "PASS ${pass}");
  equal(`${user("ann").line}`, "USER ${user}");
  const digest = await apop("mrose", STAMP, new Secret("tanstaaf"));
  equal(digest.line.expose(), "APOP mrose c4c9334bac560ecc979e58001b3e22fb");
  equal(`${digest.line}`, "APOP ${user} ${apop stamp pass}");
  const first = auth("PLAIN", { text: "AGEAYg==", shown: "${plain user pass}" });
  equal(first?.line.expose(), "AUTH PLAIN AGEAYg==");
  equal(`${first?.line}`, "AUTH PLAIN ${plain user pass}");
});

Deno.test("pass() leaves blanks alone and takes any length [P8]", none, () => {
  equal(pass(new Secret("  two  words ")).line.expose(), "PASS   two  words ");
  equal(pass(new Secret("x".repeat(1000))).line.expose().length, 1005);
});

Deno.test("auth() keeps a response back that does not fit, not one that does [P8]", none, () => {
  const shown = "${hidden}";
  const fitting = "x".repeat(255 - "AUTH PLAIN \r\n".length);
  equal(auth("PLAIN", { text: fitting, shown })?.line.expose().length, 253);
  equal(auth("PLAIN", { text: `${fitting}x`, shown }), undefined);
  equal(authResponse("x".repeat(12_000), shown).line.expose().length, 12_000);
});

Deno.test("commands longer than 255 octets are refused, counted in octets", none, () => {
  equal(user("x".repeat(248)).line.expose().length, 253);
  throws(() => user("x".repeat(249)), { message: /has 256 octets, more than 255/ });
  throws(() => user("\u00e4".repeat(125)), SyntaxError);
});

Deno.test("top() always sends the number of lines [Q7]", none, () => {
  equal(`${top(7, 0).line}`, "TOP 7 0");
  equal(`${top(7, 25).line}`, "TOP 7 25");
  for (const lines of [-1, 1.5, NaN, Infinity]) throws(() => top(7, lines), RangeError);
});

Deno.test("about() names one message or all", none, () => {
  equal(`${about("LIST").line}`, "LIST");
  equal(`${about("UIDL", 12).line}`, "UIDL 12");
});

Deno.test.each(["", "de_AT", "deutsch-", "-", "**", "a b"])(
  "lang() refuses the tag %o",
  none,
  (tag) => {
    throws(() => lang(tag), SyntaxError);
  },
);

Deno.test("lang() asks for the list, a language or the server's choice", none, () => {
  equal(`${lang().line}`, "LANG");
  equal(`${lang("de-AT").line}`, "LANG de-AT");
  equal(`${lang("*").line}`, "LANG *");
});

Deno.test("rawPop3Command() takes any line that begins with a verb", none, () => {
  const command = rawPop3Command("xtnd XMIT a  b ");
  equal(command.verb, "XTND");
  equal(command.line.expose(), "xtnd XMIT a  b ");
  for (const line of ["", " NOOP", "1", "NO.OP", "N".repeat(21)]) {
    throws(() => rawPop3Command(line), SyntaxError);
  }
});

Deno.test("an empty user, and a user with a blank in APOP, is refused", async () => {
  throws(() => user(""), SyntaxError);
  await rejects(apop("ann b", STAMP, new Secret("tanstaaf")), SyntaxError);
  await rejects(apop("", STAMP, new Secret("tanstaaf")), SyntaxError);
});
