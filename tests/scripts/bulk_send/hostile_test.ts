import { deepEqual, equal, match, ok } from "node:assert/strict";
import { parseHeaderBlock } from "../../../src/message/mod.ts";
import { bulkSend, inSetting, type Setting } from "./script.ts";

/** What acts on a line, each by itself. */
const CONTROLS = ["\r\nBcc: v@x.example", "\r", "\n", "\v", "\f", "\x7f", "\u0085", "\u2028"];

/** A message with other front matter, or another text. */
function message(
  { top = "", subject = '"Hello {{name}}"', text = "Dear {{name}},\n" } = {},
): string {
  return `---\nfrom: News <news@here.example>\nsubject: ${subject}\n${top}---\n${text}`;
}

/** A list of good rows around one cell. */
function listWith(cell: string): string {
  const quoted = `"${cell.replaceAll('"', '""')}"`;
  return `email,name\nann@there.example,Ann\nben@there.example,${quoted}\ncarol@there.example,Carol\n`;
}

/** Sends, and makes sure that it was refused, where, and that nobody has heard of it. */
async function refused(
  { all, box }: Setting,
  wanted: RegExp,
  more: readonly string[] = [],
): Promise<void> {
  const { code, out, err } = await bulkSend(["send", ...all, ...more]);
  deepEqual([code, out], [2, ""], err);
  match(err, wanted);
  equal(box.ledger.entries.length, 0, "nothing was said to the server");
}

/** The header fields of a mail that was stored. */
function headerOf(text: string) {
  return parseHeaderBlock(new TextEncoder().encode(text), { complete: true });
}

Deno.test("bulk_send refuses a row that would add a line to a header [T-I15] [T-I32]", async () => {
  await inSetting(async (setting) => {
    for (const control of CONTROLS) {
      await setting.write("people.csv", listWith(`B${control}`));
      await setting.write("welcome.md", message());
      await refused(
        setting,
        /line 3: Cannot write the header "Subject": .*\n.*\nnothing was sent/s,
      );
    }
    // In the text a line end is a line end.
    await setting.write("people.csv", listWith("Ben\nor Bob"));
    await setting.write("welcome.md", message({ subject: "Hello" }));
    equal((await bulkSend(["send", ...setting.all])).code, 0);
    match(setting.box.mails[1]?.text ?? "", /\r\n\r\nDear Ben\r\nor Bob,\r\n$/);
  });
});

Deno.test("bulk_send takes no header names from data, and few from the author [T-I16] [T-I17]", async () => {
  await inSetting(async (setting) => {
    const { write, box, all } = setting;
    for (const column of ["__proto__", "constructor"]) {
      await write("people.csv", `email,name,${column}\nann@there.example,Ann,x\n`);
      await refused(setting, new RegExp(`line 1: "${column}" cannot name a column`));
    }
    await write(
      "people.csv",
      "email,name,Bcc,DKIM-Signature,X-A\nann@there.example,Ann,v@x.example,x,y\n",
    );
    for (
      const [line, wanted] of [
        ["X A: 1", /line 5: expected "name: value"/],
        ['"": 1', /line 5: expected "name: value"/],
        ["X:Y: 1", /line 5: expected "name: value"/],
        ["__proto__: 1", /Cannot write the header "__proto__"/],
        [
          "Bcc: v@x.example",
          /Cannot write the header "Bcc": it is written from the message itself/,
        ],
        ["To: v@x.example", /Cannot write the header "To"/],
        ["Content-Type: text\/plain", /Cannot write the header "Content-Type"/],
        ['X-A: "1\\r\\nBcc: v@x.example"', /Cannot write the header "X-A"/],
      ] as const
    ) {
      await write("welcome.md", message({ top: `headers:\n  ${line}\n` }));
      await refused(setting, wanted);
    }
    await write("welcome.md", message());
    equal((await bulkSend(["send", ...all])).code, 0);
    deepEqual(box.mails.map(({ to }) => to), [["ann@there.example"]]);
    const names = headerOf(box.mails[0]?.text ?? "").fields.map(({ name }) => name);
    for (const name of ["Bcc", "DKIM-Signature", "X-A"]) equal(names.includes(name), false);
  });
});

Deno.test("bulk_send adds no recipient for a name or a value [T-I18] [T-I19] [T-I20]", async () => {
  await inSetting(async ({ box, all, write }) => {
    const names = [
      'Ben "B" \\',
      "=?utf-8?Q?=0D=0ABcc:_x@x.example?=",
      "Doe, Ben <evil@x.example>",
      "ü".repeat(20_000),
      "x".repeat(60_000),
      "> <https://evil.example/",
    ];
    const rows = names.map((name, at) => `p${at}@there.example,"${name.replaceAll('"', '""')}"\n`);
    await write("people.csv", `email,name\n${rows.join("")}`);
    await write(
      "welcome.md",
      message({ top: 'headers:\n  X-Name: "{{name}}"\n', text: "Hello\n" }),
    );
    // A link has no place where it could be folded.
    const unsubscribe = ["--list-unsubscribe", "https://here.example/u?n={{name}}"];
    const long = await bulkSend(["send", ...all, ...unsubscribe]);
    equal(long.code, 2);
    match(long.err, /line 6: Cannot write the header "List-Unsubscribe": /);
    equal(box.ledger.entries.length, 0);
    const { code, err } = await bulkSend(["send", ...all]);
    equal(code, 0, err);
    equal(box.mails.length, names.length);
    for (const { to, text } of box.mails) {
      equal(to.length, 1);
      ok(text.split("\r\n").every((line) => line.length <= 998));
      const header = headerOf(text);
      equal(header.get("to")?.text, to[0]);
      equal(header.getAll("bcc").length, 0);
      const at = Number(/\d+/.exec(to[0] ?? "")?.[0]);
      equal(header.get("x-name")?.text, names[at]);
    }
  });
});

Deno.test("bulk_send writes links of data so that they stay one link [T-I20]", async () => {
  await inSetting(async ({ box, all, write }) => {
    await write("people.csv", listWith("> , <https://evil.example/"));
    await write("welcome.md", message({ subject: "Hello" }));
    const unsubscribe = ["--list-unsubscribe", "https://here.example/u?n={{name}}"];
    equal((await bulkSend(["send", ...all, ...unsubscribe])).code, 0);
    const link = headerOf(box.mails[1]?.text ?? "").get("list-unsubscribe")?.text ?? "";
    match(link, /^<https:\/\/here\.example\/u\?n=%3E%20%2C%20%3Chttps%3A%2F%2Fevil\.example%2F>$/);
  });
});

Deno.test("bulk_send shows of an attachment one name, without its folder [T-I21]", async () => {
  await inSetting(async ({ box, folder, all, write }) => {
    await Deno.mkdir(`${folder}/in`);
    const odd = ['in/a"; filename="b.exe', "in/x\u202etxt.exe"];
    for (const name of odd) await write(name, "content");
    await write(
      "welcome.md",
      message({ top: `attachments:\n${odd.map((n) => `  - ${JSON.stringify(n)}\n`).join("")}` }),
    );
    const { code, err } = await bulkSend(["send", ...all]);
    equal(code, 0, err);
    const text = box.mails[0]?.text ?? "";
    equal(text.match(/^Content-Disposition: attachment;/gm)?.length, 2);
    equal(/[;\s]filename="b\.exe"/.test(text), false);
    equal(/in\/|\u202e/.test(text), false);
    await write("welcome.md", message({ top: "attachments: [../../gone.pdf]\n" }));
    match((await bulkSend(["send", ...all])).err, /there is no such file/);
  });
});

Deno.test("bulk_send lets nothing into commands [T-I22]", async () => {
  await inSetting(async (setting) => {
    await refused(setting, /our own name|EHLO|host name/i, ["--helo", "a\r\nRSET"]);
    await refused(setting, /Cannot parse the address/, ["--from", "a@b.example> SIZE=1"]);
    await setting.write("people.csv", "email,name\na+b=c@there.example,Ann\n");
    equal((await bulkSend(["send", ...setting.all, "--dsn", "failure"])).code, 0);
    ok(
      setting.box.ledger.texts("command").some((line) => line.includes("ORCPT=rfc822;a+2Bb+3Dc@")),
    );
  });
});

Deno.test("bulk_send smuggles no message by a value [T-I23] [T-I24] [T-I25]", async () => {
  const ends = [
    ...["\n.\n", "\n.\r", "\r.\n", "\r.\r", "\n.\r\n", "\r.\r\n", "\r\n.\n", "\r\n.\r"],
    ...["\r\n.\r\r\n", "\r\r\n.\r\r\n", "\r\n.\r\n"],
  ];
  await inSetting(async ({ box, all, write }) => {
    const rows = ends.map((end, at) =>
      `p${at}@there.example,"x${end}MAIL FROM:<evil@x.example>\r\nRCPT TO:<v@x.example>"\n`
    );
    const dots = [".", "..", ".\r\n.", "ends in\r"].map((text, at) =>
      `d${at}@there.example,"${text}"\n`
    );
    await write("people.csv", `email,name\n${rows.join("")}${dots.join("")}`);
    await write("welcome.md", message({ subject: "Hello", text: "{{name}}" }));
    const { code, err } = await bulkSend(["send", ...all, "--connections", "1"]);
    equal(code, 0, err);
    equal(box.mails.length, ends.length + dots.length);
    for (const { text, to, from } of box.mails) {
      deepEqual([from, to.length], ["news@here.example", 1]);
      equal(/\r(?!\n)|(?<!\r)\n/.test(text), false);
    }
    match(box.mails.find(({ to }) => to[0]?.startsWith("d2"))?.text ?? "", /\r\n\r\n\.\r\n\.\r\n$/);
  });
});

Deno.test("bulk_send sends a raw message as it is, or not at all [T-I23] [T-I26] [T-I27]", async () => {
  await inSetting(async (setting) => {
    const { folder, write, input, server, box } = setting;
    const eml = `${folder}/raw.eml`;
    const all = [
      ...input.slice(0, 2),
      "--message",
      eml,
      ...server,
      "--journal",
      `${folder}/raw.db`,
    ];
    const head = "From: news@here.example\r\nSubject: Raw\r\n";
    for (
      const [text, wanted] of [
        [`${head}\r\nHello\n`, /some of its lines end in CRLF and some in LF/],
        [`${head}\r\nHello\rthere\r\n`, /a carriage return without a line feed/],
        [`${head}\r\nHello\0\r\n`, /it holds NUL/],
        [`${head}\r\n${"x".repeat(2000)}\r\n`, /a line is longer than 998 octets/],
        [`${head}\r\nGrüße\r\n`, /octets above 127/],
        [`${head}Bcc: v@x.example\r\n\r\nHello\r\n`, /"bcc" must not be sent/],
        [`${head}\r\nDear {{name}},\r\n`, /it holds "\{\{"/],
        ["From: a@b.example, c@d.example\r\n\r\nHello\r\n", /exactly one From/],
        ["Hello\r\n", /it does not begin with a header/],
        [`DKIM-Signature: v=1\n${head}\r\n`.replaceAll("\r", ""), /it is signed/],
      ] as const
    ) {
      await write("raw.eml", text);
      await refused({ ...setting, all }, wanted);
    }
    await write("raw.eml", `${head}\r\n.\r\n..\r\nHello\r\n`.replaceAll("\r", ""));
    const { code, err } = await bulkSend(["send", ...all]);
    equal(code, 0, err);
    match(err, /raw\.eml: its lines end in LF, and are sent with CRLF\n/);
    ok(box.mails.every(({ text }) => text.endsWith("Raw\r\n\r\n.\r\n..\r\nHello\r\n")));
  });
});

Deno.test("bulk_send leaves nobody without a greeting [T-I28]", async () => {
  await inSetting(async (setting) => {
    const { write } = setting;
    await write(
      "people.csv",
      "email,name\nann@there.example,Ann\nben@there.example,\ncarol@there.example,  \n",
    );
    await write("welcome.md", message());
    await refused(setting, /line 3: the field "name" is empty \(subject, 1:7\)\n/);
    await refused(setting, /the field "name" is missing in 2 rows, in line 3 first/);
    await write("welcome.md", message({ text: "Dear {{nmae}},\n", subject: "Hello" }));
    await refused(setting, /line 2: the field "nmae" is missing \(text, 1:6\)/);
    await write("welcome.md", message({ text: "Dear {{name|friend}},\n", subject: "Hello" }));
    equal((await bulkSend(["send", ...setting.all])).code, 0);
    match(setting.box.mails[1]?.text ?? "", /\r\n\r\nDear friend,\r\n$/);
  });
});

Deno.test("bulk_send evaluates nothing [T-I29] [T-I30]", async () => {
  await inSetting(async (setting) => {
    const { write, box } = setting;
    for (
      const text of [
        '{{constructor.constructor("return 1")()}}',
        "{{__proto__}}",
        "{{#each}}",
        "{{name.constructor}}",
      ]
    ) {
      await write("welcome.md", message({ text: `Dear ${text}\n` }));
      await refused(setting, /Cannot use the message ".*welcome\.md": .* \(text, 1:6\)|the field/);
    }
    const values = ["{{email}}", "${1+1}", "{{#each}}", "{{{name}}}"];
    const rows = values.map((value, at) => `p${at}@there.example,${value}\n`);
    await write("people.csv", `email,name\n${rows.join("")}`);
    await write("welcome.md", message());
    equal((await bulkSend(["send", ...setting.all])).code, 0);
    for (const { to, text } of box.mails) {
      const value = values[Number(/\d/.exec(to[0] ?? "")?.[0])];
      ok(text.endsWith(`\r\n\r\nDear ${value},\r\n`), text);
    }
  });
});

Deno.test("bulk_send escapes values where HTML could act on them [T-I31]", async () => {
  await inSetting(async ({ box, all, write }) => {
    await write("people.csv", listWith('"><script>alert(1)</script> onerror=x'));
    await write(
      "welcome.html",
      '<p title="{{name}}">{{name}}</p><a href="https://x.example/{{name}}">x</a>\n',
    );
    await write("welcome.md", message({ subject: "Hello", top: "html: welcome.html\n" }));
    equal((await bulkSend(["send", ...all])).code, 0);
    const text = (box.mails[1]?.text ?? "").replaceAll("=\r\n", "").replaceAll("=3D", "=");
    const html = text.slice(text.indexOf("<p title="));
    equal(/<script|title=""/.test(html), false);
    match(html, /&lt;script&gt;/);
  });
});

Deno.test("bulk_send refuses a list that is broken, with the line [T-I33] [T-I35]", async () => {
  await inSetting(async (setting) => {
    for (
      const [list, wanted] of [
        ['email,name\n"ann@there.example\n",Ann\n', /line 2, column "email": /],
        [
          'email,name\nann@there.example,"Ann\nben@there.example,Ben\n',
          /line 2: a quote is opened/,
        ],
        ["email,name\nann@there.example,Ann\nben@there.example\n", /line 3: it has 1 cell,/],
        ["email;name\nann@there.example;Ann\n", /line 1: the separator of its columns is ";"/],
        [new Uint8Array([0xff, 0xfe, 0x65, 0]), /line 1: it is UTF-16/],
        ["email,name\nann@there.example,A\0\n", /line 2: it holds NUL/],
        ["email,name,name\nann@there.example,A,B\n", /line 1: two columns are named "name"/],
        ["name\nAnn\n", /line 1: no column is named "email"/],
        [`email,name\nann@there.example,${"x".repeat(1_000_000)}\n`, /line 2: a cell is longer/],
        ["email,name\nann@there.example,Ann\na@b@c.example,B\n", /line 3, column "email"/],
        ["email,name\nx@a.example;y@b.example,Ann\n", /line 2, column "email"/],
        ["", /line 1: it is empty/],
      ] as const
    ) {
      await setting.write("people.csv", list);
      await refused(setting, wanted);
    }
  });
});

Deno.test("bulk_send writes to a person once, whatever the spelling of the domain [T-I34]", async () => {
  await inSetting(async ({ all, write, recipients }) => {
    await write(
      "people.csv",
      "email,name\nann@münchen.example,Ann\nann@xn--mnchen-3ya.example,Ann\nann@MÜNCHEN.example,Ann\n",
    );
    const { code, out } = await bulkSend(["send", ...all]);
    equal(code, 0);
    match(out, /duplicate of line 2/);
    deepEqual(recipients(), ["ann@xn--mnchen-3ya.example"]);
  });
});

Deno.test("bulk_send reports what a server says as text, in each format [T-I37]", async () => {
  await inSetting(async ({ box, folder, all, journal }) => {
    const evil = `=HYPERLINK("http://x.example")<script>alert(1)</script>`;
    box.misbehave({ verb: "RCPT", pattern: "ann@", reply: `550 ${evil}` });
    const reports = ["--report", `csv:${folder}/r.csv`, "--report", `html:${folder}/r.html`];
    const { code, err } = await bulkSend(["send", ...all, ...reports]);
    equal(code, 1, err);
    const csv = await Deno.readTextFile(`${folder}/r.csv`);
    ok(csv.includes(`"'=HYPERLINK(""http://x.example"")<script>`), csv);
    for (const cell of csv.matchAll(/"((?:[^"]|"")*)"/g)) {
      equal(/^[=+\-@\t\r]/.test(cell[1] ?? ""), false);
    }
    const html = await Deno.readTextFile(`${folder}/r.html`);
    equal(html.match(/<script>/g)?.length, 1);
    match(html, /=HYPERLINK\(&quot;http:\/\/x\.example&quot;\)&lt;script&gt;/);
    const json = JSON.parse((await bulkSend(["report", ...journal, "--format", "json"])).out);
    equal(json.list[0].text, evil);
  });
});
