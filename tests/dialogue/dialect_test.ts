import {
  DialogueSyntaxError,
  importDialogues,
  type ImportOptions,
  printDialogue,
} from "@mailwright/mailwright";
import { deepEqual, equal, ok, throws } from "node:assert/strict";
import { roundTrip } from "./same.ts";

const pure = { permissions: "none" } as const;

/** The sessions of a page as text, and the notations they were in. */
function read(page: string | readonly string[], options: ImportOptions = {}): string[] {
  const text = typeof page === "string" ? page : page.join("\n");
  return importDialogues(text, options).map(({ dialect, dialogue }) =>
    `# ${dialect}\n${roundTrip(dialogue)}`
  );
}

Deno.test("importDialogues() reads the notation of RFC 5321 with its pages and folds", pure, () => {
  deepEqual(
    read([
      "   Prose before.",
      "",
      "      S: 220-mx.example Simple Mail",
      "      C: EHLO client.example",
      "      S: 250-mx.example greets",
      "         client.example",
      "      S: 250 HELP",
      "",
      "Author                Standards Track          [Page 12]",
      "\f",
      "RFC 9999            A Protocol           October 2008",
      "",
      "      C: MAIL FROM:<a@client.example>",
      "      S: 250 OK",
      "      C (3): DATA",
      "      S: 354 go",
      "      C:    indented",
      "      C: .",
      "      S: 250 OK",
      "      C: QUIT",
      "      S: 221 bye",
      "   Prose between ends a session.",
      "      C: NOOP",
      "      S: 250 OK",
    ]),
    [
      "# rfc5321\n@smtp\nS: 220 mx.example Simple Mail\nC: EHLO client.example\nS: 250-mx.example greets client.example\nS: 250 HELP\nC: MAIL FROM:<a@client.example>\nS: 250 OK\nC: DATA\nS: 354 go\nC:    indented\nC: .\nS: 250 OK\nC: QUIT\nS: 221 bye\n",
      "# rfc5321\n@smtp\n@fragment\nC: NOOP\nS: 250 OK\n",
    ],
  );
});

Deno.test("importDialogues() reads events of RFC 3207, 4954 and 1939", pure, () => {
  deepEqual(
    read([
      "S: <waits for connection on TCP port 25>",
      "C: <opens connection>",
      "S: 220 mx",
      "C: EHLO me",
      "S: 250-mx",
      "S: 250 STARTTLS",
      "C: STARTTLS",
      "S: 220 Go ahead",
      "C: <starts TLS negotiation>",
      "C & S: <negotiate a TLS session>",
      "C & S: <check result of negotiation>",
      "C: EHLO me",
      "S: 250 mx",
    ]),
    [
      "# rfc5321\n@smtp\nS: 220 mx\nC: EHLO me\nS: 250-mx\nS: 250 STARTTLS\nC: STARTTLS\nS: 220 Go ahead\nC & S: <tls>\nC: EHLO me\nS: 250 mx\n",
    ],
  );
  deepEqual(
    read([
      "      S: <wait for connection on TCP port 110>",
      "      C: <open connection>",
      "      S:    +OK POP3 server ready <1896.697170952@dbc.mtview.ca.us>",
      "      C:    APOP mrose c4c9334bac560ecc979e58001b3e22fb",
      "      S:    +OK mrose's maildrop has 2 messages (320 octets)",
      "      C:    LIST",
      "      S:    +OK 2 messages (320 octets)",
      "      S:    1 120",
      "      S:    2 200",
      "      S:    .",
      "      C:    RETR 1",
      "      S:    +OK 120 octets",
      "      S:    <the POP3 server sends message 1>",
      "      S:    .",
      "      C:    QUIT",
      "      S:    +OK dewey POP3 server signing off (maildrop empty)",
      "      C:  <close connection>",
      "      S:  <wait for next connection>",
    ]),
    [
      "# rfc5321\n@pop3\n@var user = user@example.test\n@secret pass = open sesame\nS: +OK POP3 server ready ${stamp=<1896.697170952@dbc.mtview.ca.us>}\nC: APOP ${user} ${apop stamp pass}\nS: +OK mrose's maildrop has 2 messages (320 octets)\nC: LIST\nS: +OK 2 messages (320 octets)\nS: 1 120\nS: 2 200\nS: .\nC: RETR 1\nS: +OK 120 octets\nS*\nS: .\nC: QUIT\nS: +OK dewey POP3 server signing off (maildrop empty)\nC: <close>\n",
    ],
  );
});

Deno.test("importDialogues() turns the roles of RFC 2645 and RFC 821", pure, () => {
  deepEqual(
    read([
      "P:  220 EXAMPLE.NET on-demand mail relay server ready",
      "C:  EHLO example.org",
      "P:  250-EXAMPLE.NET",
      "P:  250 ATRN",
      "C:  ATRN example.org",
      "P:  250 OK now reversing the connection",
      "C:  220 example.org ready to receive email",
      "P:  EHLO EXAMPLE.NET",
      "C:  250 SIZE",
    ]),
    [
      "# rfc5321\n@smtp\nS: 220 EXAMPLE.NET on-demand mail relay server ready\nC: EHLO example.org\nS: 250-EXAMPLE.NET\nS: 250 ATRN\nC: ATRN example.org\nS: 250 OK now reversing the connection\nC & S: <turn>\nC: 220 example.org ready to receive email\nS: EHLO EXAMPLE.NET\nC: 250 SIZE\n",
    ],
  );
  deepEqual(
    read("S: TURN\nR: 250 OK\nR: 220 a\nS: HELO b\nR: OK\n"),
    ["# rfc821\n@smtp\n@fragment\nC: TURN\nS: 250 OK\nC & S: <turn>\nC: 220 a\nS: HELO b\nC: 2xx OK\n"],
  );
});

Deno.test("importDialogues() counts the octets of BDAT (RFC 3030)", pure, () => {
  const page = (size: number) => [
    "R: 220 mx",
    "S: EHLO me",
    "R: 250 CHUNKING",
    `S: BDAT ${size} LAST`,
    "S: To: a@x<CR><LF>",
    "S: <CR><LF>",
    "S: Hi<CR><LF>",
    "R: 250 ok",
  ];
  const [text] = read(page(15));
  ok(text?.endsWith("C: BDAT 15 LAST\nC<<raw END\nTo: a@x\n\nHi\nEND\nS: 250 ok\n"));
  const notes = (size: number) =>
    importDialogues(page(size).join("\n"))[0]?.notes.map(({ text }) => text);
  deepEqual(notes(15), []);
  deepEqual(notes(16), ["BDAT announces 16 octets, 15 are shown"]);
});

Deno.test("importDialogues() reads swaks, and TLS from its marks", pure, () => {
  deepEqual(
    read([
      "=== Trying mx.example:25...",
      "=== Connected to mx.example.",
      "<-  220 mx.example ESMTP",
      " -> EHLO me",
      "<-  250-mx.example",
      "<-  250 STARTTLS",
      " -> STARTTLS",
      "<-  220 go",
      "=== TLS started with cipher TLSv1.3",
      " ~> EHLO me",
      "<~  250-mx.example",
      "<~  250 AUTH PLAIN",
      " ~> AUTH PLAIN AHVzZXIAc2VzYW1l",
      "<~  235 ok",
      " ~> MAIL FROM:<a@x>",
      "<~* 550 not you",
      " ~> QUIT",
      "<~  221 bye",
      "=== Connection closed with remote host.",
    ]),
    [
      "# swaks\n@smtp\n@var user = user@example.test\n@secret pass = open sesame\nS: 220 mx.example ESMTP\nC: EHLO me\nS: 250-mx.example\nS: 250 STARTTLS\nC: STARTTLS\nS: 220 go\nC & S: <tls>\nC: EHLO me\nS: 250-mx.example\nS: 250 AUTH PLAIN\nC: AUTH PLAIN ${plain user pass}\nS: 235 ok\nC: MAIL FROM:<a@x>\nS: 550 not you\nC: QUIT\nS: 221 bye\n",
    ],
  );
  const [content] = read([
    "<-  220 mx",
    " -> DATA",
    "<-  354 go",
    " -> Subject: x",
    " -> ",
    " ->  -> y",
    " -> .",
    "<** 550 no",
  ]);
  ok(content?.endsWith("C: Subject: x\nC:\nC:  -> y\nC: .\nS: 550 no\n"), content);
});

Deno.test("importDialogues() reads curl, which does not show content", pure, () => {
  deepEqual(
    read([
      "*   Trying 192.0.2.1:25...",
      "* Connected to mx.example (192.0.2.1) port 25",
      "< 220 mx.example",
      "> EHLO me",
      "< 250-mx.example",
      "< 250 STARTTLS",
      "> STARTTLS",
      "< 220 go",
      "* TLSv1.3 (OUT), TLS handshake, Client hello (1):",
      "* SSL connection using TLSv1.3",
      "> EHLO me",
      "< 250 mx.example",
      "> DATA",
      "< 354 go",
      "} [11 bytes data]",
      "< 250 ok",
      "> QUIT",
      "< 221 bye",
      "* Closing connection",
    ]),
    [
      "# curl\n@smtp\nS: 220 mx.example\nC: EHLO me\nS: 250-mx.example\nS: 250 STARTTLS\nC: STARTTLS\nS: 220 go\nC & S: <tls>\nC: EHLO me\nS: 250 mx.example\nC: DATA\nS: 354 go\nC*\nC: .\nS: 250 ok\nC: QUIT\nS: 221 bye\n",
    ],
  );
});

Deno.test("importDialogues() reads our own transcripts with their times", pure, () => {
  const event = (at: number, end: string, kind: string, text: string, bytes?: string) =>
    JSON.stringify({ at, end, tls: false, kind, text, ...(bytes === undefined ? {} : { bytes }) });
  const [text = ""] = read([
    "what is no event is passed over",
    '{"at":1,"end":"X"}',
    event(12, "S", "line", "220 mx"),
    event(14, "C", "line", "DATA"),
    event(50, "S", "line", "354 go"),
    event(50, "C", "content", "", btoa("a\r\n..b\r\nc\r\n.\r\n")),
    event(61, "S", "line", "250 ok"),
  ]);
  ok(text.includes("#+2ms\nC: DATA\n"), text);
  equal(
    text.replace(/#.*\n/g, ""),
    "@smtp\nS: 220 mx\nC: DATA\nS: 354 go\nC: a\nC: ..b\nC: c\nC: .\nS: 250 ok\n",
  );
});

Deno.test.each([
  [
    "AUTH LOGIN dXNlcg==\nS: 334 UGFzc3dvcmQ6\nC: c2VzYW1l",
    "AUTH LOGIN ${b64 user}\nS: 334 UGFzc3dvcmQ6\nC: ${b64 pass}",
  ],
  ["AUTH PLAIN\nS: 334\nC: AHUAcA==", "AUTH PLAIN\nS: 334\nC: ${plain user pass}"],
  ["AUTH XOAUTH2 dXNlcg==", "AUTH XOAUTH2 ${xoauth2 user pass}"],
  [
    "AUTH CRAM-MD5\nS: 334 PDFAeD4=\nC: dXNlcg==",
    "AUTH CRAM-MD5\nS: 334 ${b64 challenge=PDFAeD4=}\nC: ${cram challenge user pass}",
  ],
  ["AUTH SCRAM-SHA-1 biwsbj1\nS: 334 cj1\nC: Yz1\nS: 334 dj1\nC:", "@auth SCRAM-SHA-1 user pass"],
  ["AUTH PLAIN\nS: 334\nC: *", "AUTH PLAIN\nS: 334\nC: *"],
])("importDialogues() leaves no credential in %j [T-I45]", pure, (said, written) => {
  const [text] = read(`S: 220 mx\nC: EHLO me\nS: 250 mx\nC: ${said}\nS: 235 ok\n`);
  const body = text?.slice(text.indexOf("S: 250 mx\n") + 10);
  equal(body, `${written.startsWith("@") ? "" : "C: "}${written}\nS: 235 ok\n`);
});

const STRAY = [
  "S: 220 mx",
  "C: AUTH LOGIN",
  "C: dXNlcg==",
  "C: c2VzYW1l",
  "S: 535 no",
  "C: dGVzdGVy",
  "C: NOOP",
  "S: 250 ok",
  "C: Rset",
  "S: 250 ok",
];

Deno.test("importDialogues() drops credentials that nothing asked for [T-I45]", pure, () => {
  deepEqual(read(STRAY), [
    "# rfc5321\n@smtp\nS: 220 mx\nC: AUTH LOGIN\nS: 535 no\nC: NOOP\nS: 250 ok\nC: Rset\nS: 250 ok\n",
  ]);
});

Deno.test(
  "importDialogues() reads on behind a description of TLS, and what is left out",
  pure,
  () => {
    deepEqual(
      read([
        "      C: STARTTLS",
        "      S: 220 Ready to start TLS",
        "        ... TLS negotiation proceeds, further commands",
        "            protected by TLS layer ...",
        "      C: DATA",
        "      S: 354 go",
        "       ...",
        "      C: .",
        "      S: 250 ok",
      ]),
      [
        "# rfc5321\n@smtp\n@fragment\nC: STARTTLS\nS: 220 Ready to start TLS\nC & S: <tls>\nC: DATA\nS: 354 go\nC: .\nS: 250 ok\n",
      ],
    );
  },
);

Deno.test("importDialogues() gives two logins two names", pure, () => {
  const [text] = read([
    "S: +OK",
    "C: USER ann",
    "S: +OK",
    "C: PASS wrong",
    "S: -ERR",
    "C: USER ann",
    "S: +OK",
    "C: PASS right",
    "S: +OK",
  ]);
  ok(text?.includes("@secret pass = open sesame\n@secret pass2 = 2open sesame\n"));
  ok(
    text?.endsWith("C: PASS ${pass}\nS: -ERR\nC: USER ${user}\nS: +OK\nC: PASS ${pass2}\nS: +OK\n"),
  );
});

Deno.test("importDialogues() takes text of a page for text [T-I42]", pure, () => {
  const [text] = read(
    "S: 220 ${mx}\nC: NOOP ${x}\nS: 250 \x1b[2J\nC: DATA\nS: 354 go\nC: <drop>\nC: a\x07\\\nC: ${y}\nC: .\nS: 250 ok\n",
  );
  equal(
    text,
    "# rfc5321\n@smtp\nS: 220 $${mx}\nC: NOOP $${x}\nS: 250 \\x1b[2J\nC: DATA\nS: 354 go\nC|<drop>\\r\\n\nC|a\\x07\\\\\\r\\n\nC: $${y}\nC: .\nS: 250 ok\n",
  );
});

Deno.test("importDialogues() makes portable what belongs to one session", pure, () => {
  const [text] = read(
    "S: 220 mx.example ESMTP\nC: EHLO me.example\nS: 250-mx.example\nS: 250 SIZE\nC: DATA\nS: 354 go\nC: Date: Mon, 1 Jan 2024\nC: Message-ID: <a@b>\nC: .\nS: 250 2.0.0 OK queued as 4Tx1\n",
    { portable: true },
  );
  equal(
    text,
    "# rfc5321\n@smtp\nS: 220 ${host=mx.example} ESMTP\nC: EHLO ${client=me.example}\nS: 250-${host}\nS: 250 SIZE\nC: DATA\nS: 354 go\nC: Date: ${_=Mon,} ${_=1} ${_=Jan} ${_=2024}\nC: Message-ID: <${messageId=a@b}>\nC: .\nS: 250 2.0.0 OK queued as ${qid=4Tx1}\n",
  );
});

Deno.test.each([
  "",
  "220 one code\n221 another code\n250 a third\n",
  "telnet mx.example 25\n",
  "S: 220 mx\n",
  "TOP n,m returns lines\nAPOP name,digest is a login\n",
])("importDialogues() finds no session in %j", pure, (page) => {
  deepEqual(read(page), []);
});

Deno.test("importDialogues() refuses a page that is too large [T-I41]", pure, () => {
  throws(() => importDialogues("a".repeat(4 * 1024 * 1024 + 1)), DialogueSyntaxError);
});

Deno.test("importDialogues() says what it did, where, and quotes nothing", pure, () => {
  const [found] = importDialogues("S: 220-mx\nC: NOOP\nS: 250 ok\n", { file: "a.txt" });
  deepEqual(found?.notes.map(({ at }) => `${at.file}:${at.line}`), ["a.txt:1"]);
  equal(found && printDialogue(found.dialogue).startsWith("@smtp\n@name a\n"), true);
});

Deno.test.each([
  [["DATA", "354 go", "hello", "."]],
  [["BDAT 0 LAST"]],
])("importDialogues() takes a reply for each recipient of LMTP after %j", pure, (message) => {
  const said = [
    ...["220 mx", "LHLO me", "250 mx", "MAIL FROM:<a@x>", "250 ok", "RCPT TO:<b@x>", "250 ok"],
    ...["RCPT TO:<c@x>", "550 no", "RCPT TO:<d@x>", "250 ok", ...message],
    ...["250 for b", "452 for d", "QUIT", "221 bye"],
  ];
  const [text = ""] = read(said);
  deepEqual(text.split("\n").slice(-6, -1), [
    ...[`C: ${message.at(-1)}`, "S: 250 for b", "S: 452 for d", "C: QUIT", "S: 221 bye"],
  ]);
});

Deno.test(
  "importDialogues() makes a digest of APOP of the stamp, once, or of nothing",
  pure,
  () => {
    const apop = "C: APOP ann 0123456789abcdef0123456789abcdef";
    const [stamped = ""] = read(["S: +OK <1@mx>", apop, "S: -ERR no", apop, "S: +OK"]);
    equal(stamped.match(/^S: \+OK \$\{stamp=<1@mx>\}$/gm)?.length, 1);
    equal(stamped.match(/^C: APOP \$\{user\} \$\{apop stamp pass\}$/gm)?.length, 2);
    const [bare = ""] = read(["S: +OK ready", apop, "S: -ERR no"]);
    ok(bare.includes(`C: APOP \${user} \${_=${"0".repeat(32)}}\n`));
  },
);

Deno.test.each(["SEND FROM:<a@x>", "SOML FROM:<a@x>", "SAML FROM:<a@x>"])(
  "importDialogues() knows %s on a page without marks",
  pure,
  (command) => {
    const [text = ""] = read(["220 mx", "HELO me", "250 mx", command, "250 ok", "QUIT", "221 bye"]);
    ok(text.includes(`C: ${command}\nS: 250 ok\n`));
  },
);

Deno.test(
  "importDialogues() takes a description for the octets of a chunk (RFC 3030)",
  pure,
  () => {
    deepEqual(
      read([
        "R: <wait for connection on TCP port 25>",
        "R: 220 mx.example",
        "S: BDAT 100000",
        "S: (First 10000 octets of the message)",
        "S: BDAT 0 LAST",
        "R: 250 first",
        "R: 250 all",
      ]),
      [
        "# rfc821\n@smtp\nS: 220 mx.example\nC: BDAT ${len}\n" +
        "C|(First 10000 octets of the message)\\r\\n\nC: BDAT 0 LAST\nS: 250 first\nS: 250 all\n",
      ],
    );
  },
);

Deno.test("importDialogues() knows TLS by its description (RFC 2595)", pure, () => {
  deepEqual(
    read([
      "   C: STLS",
      "   S: +OK Begin TLS negotiation",
      "   <TLS negotiation, further commands are under TLS layer>",
      "     ...",
      "   C: STLS",
      "   S: -ERR not when TLS is active",
    ]),
    [
      "# rfc5321\n@pop3\n@fragment\nC: STLS\nS: +OK Begin TLS negotiation\nC & S: <tls>\n" +
      "C: STLS\nS: -ERR not when TLS is active\n",
    ],
  );
});

Deno.test("importDialogues() reads what mail -v shows", pure, () => {
  deepEqual(
    read([
      "Connecting to mx.example via relay...",
      "220 mx.example ESMTP",
      ">>> EHLO me.example",
      "250-mx.example, pleased to meet you",
      "250 SIZE",
      ">>> XODD what no list of commands has",
      "500 no",
      ">>> DATA",
      "354 go",
      ">>> .",
      "250 taken",
      "ben@mx.example... Sent (taken)",
      ">>> QUIT",
      "221 bye",
    ]),
    [
      "# telnet\n@smtp\nS: 220 mx.example ESMTP\nC: EHLO me.example\n" +
      "S: 250-mx.example, pleased to meet you\nS: 250 SIZE\n" +
      "C: XODD what no list of commands has\nS: 500 no\nC: DATA\nS: 354 go\nC: .\nS: 250 taken\n" +
      "C: QUIT\nS: 221 bye\n",
    ],
  );
});
