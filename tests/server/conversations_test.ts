import { deepEqual } from "node:assert/strict";
import { capabilityLists, type SmtpBackend } from "@mailwright/mailwright";
import { served, type ServedOptions } from "./served.ts";

/** Commands and the replies they get, after EHLO. */
type Talk = readonly (readonly [command: string, reply: string])[];

/** Plays a talk after EHLO. */
async function play(talk: Talk, options: ServedOptions = {}): Promise<void> {
  await using session = await served(options);
  await session.client.ask("EHLO client.example");
  for (const [command, reply] of talk) {
    deepEqual([command, await session.client.ask(command)], [command, reply]);
  }
}

const everything = capabilityLists({
  size: 1000,
  more: [
    "DSN",
    "EXPN",
    "ETRN",
    "DELIVERBY",
    "FUTURERELEASE 3600 2027-01-01T00:00:00Z",
    "MT-PRIORITY",
    "AUTH PLAIN",
    "X-COLOUR",
  ],
});

const OK = "250 2.1.0 Sender OK";
const RCPT = "250 2.1.5 Recipient OK";

Deno.test.each<[string, Talk, ServedOptions?]>([
  ["greets again and forgets the transaction", [
    ["MAIL FROM:<a@x.example>", OK],
    ["HELO client.example", "250 mx.example"],
    ["RCPT TO:<b@x.example>", "503 5.5.1 Send MAIL first"],
  ]],
  ["refuses a greeting without a host", [
    ["EHLO", "501 5.5.4 The name of a host must follow"],
    ["HELO", "501 5.5.4 The name of a host must follow"],
    ["EHLO two words", "501 5.5.4 This is no name of a host"],
    ["EHLO m\u00fcnchen.example", "501 5.5.4 This is no name of a host"],
    ["EHLO [192.0.2", "501 5.5.4 This is no name of a host"],
    ["HELO [IPv6:2001:db8::1]", "250 mx.example"],
  ]],
  ["knows no LHLO over SMTP and no other verbs", [
    ["LHLO client.example", "500 5.5.1 Command not recognized"],
    ["FROBNICATE", "500 5.5.1 Command not recognized"],
    ["", "500 5.5.1 Command not recognized"],
    ["constructor", "500 5.5.1 Command not recognized"],
    [" NOOP", "500 5.5.1 Command not recognized"],
  ]],
  ["takes verbs in any case and blanks at the end", [
    ["noop", "250 2.0.0 OK"],
    ["NoOp  ", "250 2.0.0 OK"],
    ["NOOP whatever it is", "250 2.0.0 OK"],
    ["mail from:<a@x.example>  ", OK],
  ]],
  ["refuses parameters where there are none", [
    ["RSET now", "501 5.5.4 RSET takes no parameter"],
    ["QUIT now", "501 5.5.4 QUIT takes no parameter"],
    ["DATA now", "501 5.5.4 DATA takes no parameter"],
  ]],
  ["keeps the order of a transaction", [
    ["RCPT TO:<b@x.example>", "503 5.5.1 Send MAIL first"],
    ["DATA", "503 5.5.1 Send MAIL first"],
    ["MAIL FROM:<a@x.example>", OK],
    ["MAIL FROM:<a@x.example>", "503 5.5.1 Nested MAIL command"],
    ["DATA", "554 5.5.1 No valid recipients"],
    ["RCPT TO:<nobody@x.example>", "550 5.1.1 No such user"],
    ["DATA", "554 5.5.1 No valid recipients"],
    ["RSET", "250 2.0.0 Flushed"],
    ["RCPT TO:<b@x.example>", "503 5.5.1 Send MAIL first"],
  ]],
  ["reads paths exactly", [
    ["MAIL FROM:a@x.example", "501 5.1.7 Send MAIL FROM:<address>"],
    ["MAIL FROM: <a@x.example>", "501 5.1.7 Send MAIL FROM:<address>"],
    ["MAIL a@x.example", "501 5.1.7 Send MAIL FROM:<address>"],
    ["MAIL FROM:<a@x.example", "501 5.1.7 Send MAIL FROM:<address>"],
    ["MAIL FROM:<a@x.example>junk", "501 5.5.4 Characters after the path"],
    ["MAIL FROM:<>", OK],
    ["RCPT TO:<>", "501 5.1.3 Send RCPT TO:<address>"],
    ["RCPT TO:<Postmaster>", RCPT],
    ["RCPT TO:<b>", "501 5.1.3 Send RCPT TO:<address>"],
    ["RCPT TO:<@relay.example:b@x.example>", RCPT],
    ["RCPT TO:<b\u00e9@x.example>", "553 5.6.7 An address with such characters needs SMTPUTF8"],
  ]],
  ["reads paths with patience where it is not strict", [
    ["MAIL FROM: a@x.example", OK],
    ["RCPT TO: <b@x.example>", RCPT],
  ], { strict: false }],
  ["takes every parameter of MAIL", [
    [
      "MAIL FROM:<a@x.example> SIZE=10 BODY=8BITMIME RET=HDRS ENVID=a+2Bb AUTH=<> " +
      "HOLDFOR=60 BY=120;R MT-PRIORITY=-3 SMTPUTF8 X-COLOUR=red",
      OK,
    ],
    ["RCPT TO:<\u00fc@x.example> NOTIFY=SUCCESS,DELAY ORCPT=rfc822;b+2Bc@x.example", RCPT],
  ], { capabilities: everything }],
  ["refuses bad values of parameters", [
    ["MAIL FROM:<a@x.example> SIZE=", "501 5.5.4 Malformed parameter"],
    ["MAIL FROM:<a@x.example> SIZE=-1", "501 5.5.4 Bad value for parameter SIZE"],
    ["MAIL FROM:<a@x.example> SIZE=1 SIZE=1", "501 5.5.4 Parameter SIZE given twice"],
    ["MAIL FROM:<a@x.example> SIZE=1001", "552 5.3.4 Message exceeds the fixed maximum size"],
    ["MAIL FROM:<a@x.example> BODY=9BIT", "501 5.5.4 Bad value for parameter BODY"],
    ["MAIL FROM:<a@x.example> SMTPUTF8=1", "501 5.5.4 Bad value for parameter SMTPUTF8"],
    ["MAIL FROM:<a@x.example> RET=SOME", "501 5.5.4 Bad value for parameter RET"],
    ["MAIL FROM:<a@x.example> ENVID=a+0D+0Ab", "501 5.5.4 Bad value for parameter ENVID"],
    ["MAIL FROM:<a@x.example> AUTH=a+b", "501 5.5.4 Bad value for parameter AUTH"],
    ["MAIL FROM:<a@x.example> HOLDFOR=0", "501 5.5.4 Bad value for parameter HOLDFOR"],
    ["MAIL FROM:<a@x.example> HOLDUNTIL=soon", "501 5.5.4 Bad value for parameter HOLDUNTIL"],
    [
      "MAIL FROM:<a@x.example> HOLDFOR=1 HOLDUNTIL=2026-01-01T00:00:00Z",
      "501 5.5.4 HOLDFOR and HOLDUNTIL exclude each other",
    ],
    ["MAIL FROM:<a@x.example> BY=0;R", "501 5.5.4 Bad value for parameter BY"],
    ["MAIL FROM:<a@x.example> MT-PRIORITY=10", "501 5.5.4 Bad value for parameter MT-PRIORITY"],
    ["MAIL FROM:<a@x.example> REQUIRETLS", "555 5.5.4 Parameter REQUIRETLS not recognized"],
    ["MAIL FROM:<a@x.example> COLOUR=red", "555 5.5.4 Parameter COLOUR not recognized"],
    ["MAIL FROM:<a@x.example> =", "501 5.5.4 Malformed parameter"],
    ["MAIL FROM:<a@x.example>", OK],
    ["RCPT TO:<b@x.example> NOTIFY=NEVER,SUCCESS", "501 5.5.4 Bad value for parameter NOTIFY"],
    ["RCPT TO:<b@x.example> ORCPT=nothing", "501 5.5.4 Bad value for parameter ORCPT"],
    ["RCPT TO:<b@x.example> RRVS=2014-04-03", "555 5.5.4 Parameter RRVS not recognized"],
  ], { capabilities: everything }],
  ["refuses parameters that need what is not there", [
    ["MAIL FROM:<a@x.example> REQUIRETLS", "530 5.7.0 REQUIRETLS needs TLS"],
    [
      "MAIL FROM:<a@x.example> BODY=BINARYMIME",
      "555 5.5.4 Parameter BODY=BINARYMIME not recognized",
    ],
    ["MAIL FROM:<a@x.example> BY=soon", "501 5.5.4 Bad value for parameter BY"],
  ], {
    capabilities: {
      clear: ["ENHANCEDSTATUSCODES", "8BITMIME", "REQUIRETLS", "DELIVERBY"],
      tls: [],
      authenticated: [],
    },
  }],
  ["knows no parameters after HELO", [
    ["HELO client.example", "250 mx.example"],
    ["MAIL FROM:<a@x.example> SIZE=1", "555 5.5.4 Parameter SIZE not recognized"],
  ]],
  ["does not do what it does not offer", [
    ["MAIL FROM:<a@x.example> SIZE=1", "555 Parameter SIZE not recognized"],
    ["VRFY a", "502 Command not implemented here"],
    ["EXPN a", "502 Command not implemented here"],
    ["HELP", "502 Command not implemented here"],
    ["STARTTLS", "502 Command not implemented here"],
    ["AUTH PLAIN", "502 Command not implemented here"],
    ["ETRN x.example", "502 Command not implemented here"],
    ["ATRN", "502 Command not implemented here"],
    ["TURN", "502 Command not implemented here"],
    ["BDAT 0 LAST", "502 Command not implemented here"],
  ], { capabilities: { clear: [], tls: [], authenticated: [] } }],
  ["answers VRFY and EXPN without a backend for them", [
    ["VRFY ann", "252 2.0.0 Cannot VRFY the user, but will take mail and try to deliver it"],
    ["VRFY", "501 5.5.4 A name or address must follow"],
    ["VRFY \u00e9", "553 5.6.7 A name with such characters needs SMTPUTF8"],
    [
      "VRFY \u00e9 SMTPUTF8",
      "252 2.0.0 Cannot VRFY the user, but will take mail and try to deliver it",
    ],
    ["EXPN staff", "502 5.5.1 Command not implemented here"],
    ["ETRN x.example", "502 5.5.1 Command not implemented here"],
  ], { capabilities: everything }],
  ["hands VRFY, EXPN and ETRN to the backend", [
    ["VRFY ann", "250 2.1.5 Ann <ann@mx.example>"],
    ["EXPN staff", "250-2.1.5 <ann@mx.example>\n250 2.1.5 <ben@mx.example>"],
    ["ETRN @x.example", "250 2.0.0 for @x.example"],
    ["ETRN #queue", "250 2.0.0 for #queue"],
    ["ETRN", "501 5.5.4 Send ETRN host, @domain or #queue"],
    ["ETRN a b", "501 5.5.4 Send ETRN host, @domain or #queue"],
    ["MAIL FROM:<a@x.example>", OK],
    ["ETRN x.example", "503 5.5.1 A mail transaction is open"],
  ], {
    capabilities: everything,
    backend: {
      verify: (text) => ({ code: 250, status: "2.1.5", text: `Ann <${text}@mx.example>` }),
      expand: () => ({
        code: 250,
        status: "2.1.5",
        text: ["<ann@mx.example>", "<ben@mx.example>"],
      }),
      etrn: (node) => ({ code: 250, status: "2.0.0", text: `for ${node}` }),
    },
  }],
  ["helps", [
    [
      "HELP",
      "214-2.0.0 Commands:\n214 2.0.0 EHLO HELO LHLO STARTTLS AUTH MAIL RCPT DATA BDAT RSET VRFY " +
      "EXPN NOOP HELP ETRN ATRN TURN QUIT",
    ],
    ["HELP rcpt", "214 2.0.0 RCPT TO:<address> [parameters]"],
    ["HELP love", "504 5.5.4 There is no help on this"],
    ["HELP constructor", "504 5.5.4 There is no help on this"],
  ]],
  ["gives the replies of the backend", [
    ["MAIL FROM:<spam@x.example>", "550 5.7.1 Go away"],
    ["MAIL FROM:<a@x.example>", "250 2.1.0 Welcome"],
    ["RCPT TO:<moved@x.example>", "251 2.1.5 Will forward"],
    ["RCPT TO:<busy@x.example>", "450 4.2.1 Busy"],
  ], {
    backend: {
      sender: ({ address }) =>
        address === "spam@x.example"
          ? { code: 550, status: "5.7.1", text: "Go away" }
          : { code: 250, status: "2.1.0", text: "Welcome" },
      recipient: ({ address }) =>
        address.startsWith("moved")
          ? { code: 251, status: "2.1.5", text: "Will forward" }
          : { code: 450, status: "4.2.1", text: "Busy" },
    },
  }],
  ["wants a login where it must", [
    ["MAIL FROM:<a@x.example>", "530 5.7.0 Authentication required"],
  ], { requires: "login" }],
  ["wants TLS where it must", [
    ["MAIL FROM:<a@x.example>", "530 5.7.0 Must issue a STARTTLS command first"],
  ], { requires: "tls" }],
  ["keeps the numbers of LIMITS", [
    ["MAIL FROM:<a@x.example>", OK],
    ["RCPT TO:<b@x.example>", RCPT],
    ["RCPT TO:<b@y.example>", "452 4.5.3 Too many domains"],
    ["RCPT TO:<c@X.example>", RCPT],
    ["RCPT TO:<d@x.example>", "452 4.5.3 Too many recipients"],
  ], { capabilities: capabilityLists({ more: ["LIMITS RCPTMAX=2 RCPTDOMAINMAX=1"] }) }],
  ["refuses control characters and foreign octets in any argument [T-V03]", [
    ["NOOP a\rb", "501 5.5.4 Control characters are refused"],
    ["MAIL FROM:<a\0@x.example>", "501 5.5.4 Control characters are refused"],
    ["EHLO a\u009bb", "501 5.5.4 Control characters are refused"],
    ["VRFY a\tb", "501 5.5.4 Control characters are refused"],
  ]],
])("serveSmtp() %s", { permissions: "none" }, (_name, talk, options) => play(talk, options));

Deno.test(
  "serveSmtp() lists what it offers, and nothing else",
  { permissions: "none" },
  async () => {
    await using session = await served();
    const reply = await session.client.ask("EHLO client.example");
    deepEqual(reply?.split("\n"), [
      "250-mx.example",
      "250-PIPELINING",
      "250-SIZE 1073741824",
      "250-8BITMIME",
      "250-BINARYMIME",
      "250-CHUNKING",
      "250-SMTPUTF8",
      "250-ENHANCEDSTATUSCODES",
      "250-VRFY",
      "250 HELP",
    ]);
  },
);

Deno.test(
  "serveSmtp() hands typed parameters to the backend",
  { permissions: "none" },
  async () => {
    const seen: Parameters<SmtpBackend["message"]>[0][] = [];
    await using session = await served({
      capabilities: everything,
      backend: {
        message(envelope) {
          seen.push(envelope);
          throw new Error("Enough");
        },
      },
    });
    await session.client.askAll(
      "EHLO client.example",
      "MAIL FROM:<a@x.example> SIZE=10 BODY=8bitmime RET=HDRS ENVID=a+2Bb AUTH=c+3Dd@x HOLDFOR=60 " +
        "BY=-120;NT MT-PRIORITY=9 SMTPUTF8 X-COLOUR=red",
      "RCPT TO:<b@x.example> NOTIFY=delay,success ORCPT=rfc822;b+2Bc@x.example X-COLOUR",
      "RCPT TO:<c@x.example> NOTIFY=NEVER ORCPT=utf-8;\u00fc@x.example",
      "DATA",
    );
    deepEqual({ sender: seen[0]?.sender, recipients: seen[0]?.recipients }, {
      sender: {
        address: "a@x.example",
        size: 10,
        body: "8BITMIME",
        return: "HDRS",
        envelopeId: "a+b",
        auth: "c=d@x",
        holdFor: 60,
        deliverBy: { seconds: -120, mode: "N", trace: true },
        priority: 9,
        smtpUtf8: true,
        others: Object.assign(Object.create(null), { "X-COLOUR": "red" }),
      },
      recipients: [
        {
          address: "b@x.example",
          notify: ["SUCCESS", "DELAY"],
          originalRecipient: { type: "rfc822", address: "b+c@x.example" },
          others: Object.assign(Object.create(null), { "X-COLOUR": "" }),
        },
        {
          address: "c@x.example",
          notify: ["NEVER"],
          originalRecipient: { type: "utf-8", address: "\u00fc@x.example" },
        },
      ],
    });
  },
);

Deno.test.each<[string, string, string, string | null]>([
  ["421", "421 mx.example Back soon", "NOOP", null],
  ["554", "554 mx.example No mail here", "MAIL FROM:<>", "503 5.5.1 No service here"],
])("serveSmtp() turns a client away with %s", { permissions: "none" }, async (...row) => {
  const [code, greeting, command, reply] = row;
  await using session = await served({
    silent: true,
    backend: { connected: () => ({ code: Number(code), text: greeting.slice(4) }) },
  });
  deepEqual(await session.client.reply(), greeting);
  deepEqual(await session.client.ask(command).catch(() => null), reply);
  if (reply !== null) {
    deepEqual(await session.client.ask("QUIT"), "221 2.0.0 mx.example closing the connection");
  }
  deepEqual(await session.end, reply === null ? "dismissed" : "quit");
});

Deno.test("serveSmtp() counts MAILMAX", { permissions: "none" }, async () => {
  await using session = await served({
    capabilities: capabilityLists({ more: ["LIMITS MAILMAX=1"] }),
  });
  const replies = await session.client.askAll(
    "EHLO client.example",
    "MAIL FROM:<a@x.example>",
    "RCPT TO:<b@x.example>",
    "DATA",
    "hello\r\n.",
    "MAIL FROM:<a@x.example>",
  );
  deepEqual(replies.at(-1), "421 4.7.0 Too many messages on one connection");
  deepEqual(await session.end, "dismissed");
});
