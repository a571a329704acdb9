import { deepEqual, equal, throws } from "node:assert/strict";
import { Capabilities } from "../../src/smtp/capabilities.ts";
import { type Content, prepareContent } from "../../src/smtp/content.ts";
import { type Envelope, prepareEnvelope } from "../../src/smtp/envelope.ts";
import type { MailParameters, RcptParameters } from "../../src/smtp/parameters.ts";
import { compose, parseAddress } from "../../src/message/mod.ts";

function offering(...lines: string[]): Capabilities {
  return new Capabilities(
    new Map(lines.map((line) => {
      const [keyword = "", ...parameters] = line.split(" ");
      return [keyword, parameters];
    })),
  );
}

const EVERYTHING = offering(
  ...["SIZE 10000", "8BITMIME", "SMTPUTF8", "DSN", "AUTH PLAIN", "REQUIRETLS", "CHUNKING"],
  ...["BINARYMIME", "DELIVERBY 60", "FUTURERELEASE 3600 2026-12-31T00:00:00Z", "MT-PRIORITY"],
);

interface How {
  readonly envelope?: Partial<Envelope>;
  readonly content?: Content;
  readonly offered?: Capabilities;
  readonly secure?: boolean;
  readonly chunking?: boolean;
}

/** The lines of an envelope. */
function lines(how: How = {}): string[] {
  const { content = "Subject: x\r\n\r\nHello\r\n", offered = offering(), secure = true } = how;
  const ready = prepareContent(content, {}, offered, how.chunking ?? false);
  const envelope: Envelope = {
    from: "ann@mail.example",
    to: ["bob@mail.example"],
    policy: "any",
    ...how.envelope,
  };
  return prepareEnvelope(envelope, ready, { capabilities: offered, secure })
    .commands.map(({ line }) => line.expose());
}

const withMail = (parameters: MailParameters, offered: Capabilities, secure = true): string =>
  lines({ envelope: { parameters }, offered, secure })[0] ?? "";

Deno.test("prepareEnvelope() reads paths of every kind", { permissions: "none" }, () => {
  deepEqual(
    lines({
      envelope: {
        from: null,
        to: [
          "Bob@MAIL.example",
          parseAddress("carol@mail.example"),
          "postmaster",
          { address: "dave@mail.example", parameters: {} },
          { address: "Postmaster" },
        ],
      },
    }),
    [
      "MAIL FROM:<>",
      "RCPT TO:<Bob@mail.example>",
      "RCPT TO:<carol@mail.example>",
      "RCPT TO:<Postmaster>",
      "RCPT TO:<dave@mail.example>",
      "RCPT TO:<Postmaster>",
    ],
  );
  equal(lines({ envelope: { from: "" } })[0], "MAIL FROM:<>");
});

Deno.test("prepareEnvelope() refuses an envelope for nobody", { permissions: "none" }, () => {
  throws(() => lines({ envelope: { to: [] } }), {
    name: "SmtpLocalError",
    message: "Cannot send to nobody: no recipients",
  });
});

Deno.test("prepareEnvelope() refuses addresses that would become something else [S85]", {
  permissions: "none",
}, () => {
  const wrong = [
    "a@b.example\r\nDATA",
    "a@b.example> SIZE=1",
    "a@b.example\0",
    "",
    "a",
    "<a@b.example>",
  ];
  for (const address of wrong) {
    throws(() => lines({ envelope: { to: [address] } }), { name: "AddressError" });
    if (address !== "") {
      throws(() => lines({ envelope: { from: address } }), { name: "AddressError" });
    }
  }
});

Deno.test("prepareEnvelope() turns a domain into A-labels without any extension [S54]", {
  permissions: "none",
}, () => {
  const to = ["bob@bücher.example"];
  deepEqual(lines({ envelope: { to } }), [
    "MAIL FROM:<ann@mail.example>",
    "RCPT TO:<bob@xn--bcher-kva.example>",
  ]);
  equal(lines({ envelope: { to }, offered: EVERYTHING })[0]?.includes("SMTPUTF8"), false);
});

Deno.test("prepareEnvelope() refuses a mailbox outside ASCII without SMTPUTF8 [S54] [T-I11]", {
  permissions: "none",
}, () => {
  const refusal = { name: "SmtpLocalError", enhanced: "5.6.7" };
  throws(() => lines({ envelope: { to: ["grüße@mail.example"] } }), refusal);
  throws(() => lines({ envelope: { from: "grüße@mail.example" } }), refusal);
  const offered = offering("SMTPUTF8", "8BITMIME");
  deepEqual(lines({ envelope: { to: ["grüße@mail.example"] }, offered }), [
    "MAIL FROM:<ann@mail.example> SMTPUTF8",
    "RCPT TO:<grüße@mail.example>",
  ]);
});

Deno.test("prepareEnvelope() says SMTPUTF8 for header fields in UTF-8, or refuses [S55]", {
  permissions: "none",
}, () => {
  const content = "Subject: Grüße\r\n\r\nHello\r\n";
  const offered = offering("SMTPUTF8", "8BITMIME");
  equal(lines({ content, offered })[0], "MAIL FROM:<ann@mail.example> BODY=8BITMIME SMTPUTF8");
  throws(() => lines({ content, offered: offering("8BITMIME") }), { enhanced: "5.6.7" });
});

Deno.test("prepareEnvelope() says what content needs, and nothing for ASCII [S55]", {
  permissions: "none",
}, () => {
  const offered = offering("SMTPUTF8", "8BITMIME", "DSN", "REQUIRETLS", "MT-PRIORITY");
  equal(lines({ offered })[0], "MAIL FROM:<ann@mail.example>");
  equal(
    lines({ offered, content: "Subject: x\r\n\r\nGrüße\r\n" })[0],
    "MAIL FROM:<ann@mail.example> BODY=8BITMIME",
  );
});

Deno.test("prepareEnvelope() sends the size where it is offered, and checks it [S56]", {
  permissions: "none",
}, () => {
  const content = `Subject: x\r\n\r\n${"a".repeat(98)}\r\n`.repeat(45);
  equal(content.length, 5130);
  for (const size of ["SIZE", "SIZE 0", "SIZE 5130", "SIZE abc"]) {
    equal(lines({ content, offered: offering(size) })[0], "MAIL FROM:<ann@mail.example> SIZE=5130");
  }
  equal(lines({ content })[0], "MAIL FROM:<ann@mail.example>");
  for (const size of ["SIZE 1000", "SIZE 5129"]) {
    throws(() => lines({ content, offered: offering(size) }), {
      name: "SmtpLocalError",
      enhanced: "5.3.4",
      temporary: false,
    });
  }
});

Deno.test("prepareEnvelope() is not talked out of the size by a smaller one [S56]", {
  permissions: "none",
}, () => {
  const content = `a: b\r\n\r\n${"a".repeat(100)}\r\n`;
  const envelope = { parameters: { size: 10 } };
  equal(
    lines({ content, envelope, offered: offering("SIZE 200") })[0],
    "MAIL FROM:<ann@mail.example> SIZE=10",
  );
  throws(() => lines({ content, envelope, offered: offering("SIZE 100") }), { enhanced: "5.3.4" });
  throws(() => lines({ envelope: { parameters: { size: 200 } }, offered: offering("SIZE 100") }), {
    enhanced: "5.3.4",
  });
});

Deno.test("prepareEnvelope() announces no other content than there is [S49] [S51]", {
  permissions: "none",
}, () => {
  const offered = EVERYTHING;
  const refusal = { name: "SmtpLocalError", enhanced: "5.6.1" };
  const eightBit = "Subject: x\r\n\r\nGrüße\r\n";
  throws(
    () => lines({ offered, content: eightBit, envelope: { parameters: { body: "7BIT" } } }),
    refusal,
  );
  for (const chunking of [false, true]) {
    const envelope = { parameters: { body: "BINARYMIME" as const } };
    throws(() => lines({ offered, chunking, envelope }), refusal);
  }
  equal(
    withMail({ body: "8BITMIME" }, offering("8BITMIME")),
    "MAIL FROM:<ann@mail.example> BODY=8BITMIME",
  );
  equal(withMail({ body: "7BIT" }, offering("8BITMIME")), "MAIL FROM:<ann@mail.example> BODY=7BIT");
});

Deno.test("prepareEnvelope() gives each recipient notices of his own [S57]", {
  permissions: "none",
}, () => {
  const to = [
    { address: "bob@mail.example", parameters: { notify: ["FAILURE"] as const } },
    {
      address: "carol@mail.example",
      parameters: {
        notify: "NEVER" as const,
        orcpt: { address: "c+1=x@old.example" },
      },
    },
    "dave@mail.example",
  ];
  const envelope = { to, parameters: { envid: "u+1=2", ret: "HDRS" as const } };
  deepEqual(lines({ envelope, offered: offering("DSN") }), [
    "MAIL FROM:<ann@mail.example> RET=HDRS ENVID=u+2B1+3D2",
    "RCPT TO:<bob@mail.example> NOTIFY=FAILURE",
    "RCPT TO:<carol@mail.example> NOTIFY=NEVER ORCPT=rfc822;c+2B1+3Dx@old.example",
    "RCPT TO:<dave@mail.example>",
  ]);
});

Deno.test.each<{ name: string; parameters: RcptParameters }>([
  { name: "NOTIFY", parameters: { notify: "NEVER" } },
  { name: "ORCPT", parameters: { orcpt: { address: "a@b.example" } } },
])("prepareEnvelope() refuses $name where DSN is not offered [S57]", {
  permissions: "none",
}, ({ parameters }) => {
  const to = [{ address: "bob@mail.example", parameters }];
  throws(() => lines({ envelope: { to } }), {
    name: "SmtpLocalError",
    message: "Cannot ask for notices: the server does not offer DSN",
  });
  equal(lines({ envelope: { to }, offered: offering("DSN") }).length, 2);
});

Deno.test.each<{ keyword: string; parameters: MailParameters }>([
  { keyword: "SIZE", parameters: { size: 1 } },
  { keyword: "8BITMIME", parameters: { body: "8BITMIME" } },
  { keyword: "8BITMIME", parameters: { body: "7BIT" } },
  { keyword: "SMTPUTF8", parameters: { smtpUtf8: true } },
  { keyword: "DSN", parameters: { ret: "FULL" } },
  { keyword: "DSN", parameters: { envid: "x" } },
  { keyword: "AUTH", parameters: { auth: null } },
  { keyword: "AUTH", parameters: { auth: "ann@mail.example" } },
  { keyword: "REQUIRETLS", parameters: { requireTls: true } },
  { keyword: "DELIVERBY", parameters: { by: { seconds: 60, mode: "R" } } },
  { keyword: "FUTURERELEASE", parameters: { holdFor: 60 } },
  { keyword: "FUTURERELEASE", parameters: { holdUntil: new Date(0) } },
  { keyword: "MT-PRIORITY", parameters: { mtPriority: 3 } },
])("prepareEnvelope() asks for $keyword only where it is offered: $parameters", {
  permissions: "none",
}, ({ keyword, parameters }) => {
  const message = new RegExp(`: the server does not offer ${keyword}$`);
  throws(() => withMail(parameters, EVERYTHING.without([keyword])), {
    name: "SmtpLocalError",
    temporary: false,
    message,
  });
  equal(withMail(parameters, EVERYTHING).startsWith("MAIL FROM:<ann@mail.example> "), true);
});

Deno.test("prepareEnvelope() fails closed on REQUIRETLS [S58]", { permissions: "none" }, () => {
  const refusal = { name: "SmtpLocalError", enhanced: "5.7.30" };
  throws(() => withMail({ requireTls: true }, offering("REQUIRETLS"), false), refusal);
  throws(() => withMail({ requireTls: true }, offering(), true), refusal);
  throws(() => withMail({ requireTls: true }, offering(), false), refusal);
  equal(
    withMail({ requireTls: true }, offering("REQUIRETLS"), true),
    "MAIL FROM:<ann@mail.example> REQUIRETLS",
  );
});

Deno.test("prepareEnvelope() keeps to the limits that extensions name", {
  permissions: "none",
}, () => {
  const local = { name: "SmtpLocalError" };
  equal(withMail({ by: { seconds: 60, mode: "R" } }, EVERYTHING).endsWith(" BY=60;R"), true);
  throws(() => withMail({ by: { seconds: 59, mode: "R" } }, EVERYTHING), local);
  equal(withMail({ by: { seconds: 59, mode: "N" } }, EVERYTHING).endsWith(" BY=59;N"), true);
  equal(withMail({ holdFor: 3600 }, EVERYTHING).endsWith(" HOLDFOR=3600"), true);
  throws(() => withMail({ holdFor: 3601 }, EVERYTHING), local);
  const lastDay = new Date(Date.UTC(2026, 11, 31));
  equal(
    withMail({ holdUntil: lastDay }, EVERYTHING).endsWith("HOLDUNTIL=2026-12-31T00:00:00Z"),
    true,
  );
  throws(() => withMail({ holdUntil: new Date(lastDay.getTime() + 1000) }, EVERYTHING), local);
  equal(withMail({ holdFor: 9999 }, offering("FUTURERELEASE")).endsWith(" HOLDFOR=9999"), true);
});

Deno.test("prepareEnvelope() has Bcc in the envelope, and the content does not [S59]", {
  permissions: "none",
}, () => {
  const { bytes, envelope } = compose({
    from: "Ann <ann@mail.example>",
    to: "Bob <bob@mail.example>",
    cc: "carol@mail.example",
    bcc: ["dave@mail.example", "Eve <eve@mail.example>"],
    subject: "x",
    text: "Hello\n",
    date: 0,
    messageId: "<1@mail.example>",
  });
  const content = prepareContent(bytes, {}, offering(), false);
  const { commands } = prepareEnvelope({ ...envelope, policy: "any" }, content, {
    capabilities: offering(),
    secure: true,
  });
  deepEqual(commands.map(({ line }) => line.expose()), [
    "MAIL FROM:<ann@mail.example>",
    "RCPT TO:<bob@mail.example>",
    "RCPT TO:<carol@mail.example>",
    "RCPT TO:<dave@mail.example>",
    "RCPT TO:<eve@mail.example>",
  ]);
  const wire = new TextDecoder().decode(content.whole);
  equal(/bcc|dave|eve/i.test(wire), false);
  equal(/^To: Bob <bob@mail\.example>\r\n/m.test(wire), true);
  equal(/^Cc: carol@mail\.example\r\n/m.test(wire), true);
});
