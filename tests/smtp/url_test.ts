import { deepEqual, doesNotMatch, equal, throws } from "node:assert/strict";
import { parseHostPort, parseSmtpUrl, type TlsLevel } from "../../src/smtp/url.ts";

function messageOf(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    if (error instanceof SyntaxError) return error.message;
  }
  throw new Error("it was accepted");
}

const TCP: readonly [string, "smtp" | "lmtp", string, number, TlsLevel][] = [
  ["smtp://mail.example", "smtp", "mail.example", 25, "required"],
  ["submission://mail.example", "smtp", "mail.example", 587, "required"],
  ["smtps://mail.example", "smtp", "mail.example", 465, "implicit"],
  ["smtps://mail.example:2465", "smtp", "mail.example", 2465, "implicit"],
  ["smtp://mail.example:465", "smtp", "mail.example", 465, "implicit"],
  ["submission://mail.example:465", "smtp", "mail.example", 465, "implicit"],
  ["smtp://mail.example:2525", "smtp", "mail.example", 2525, "required"],
  ["smtp://mail.example:1", "smtp", "mail.example", 1, "required"],
  ["smtp://mail.example:65535", "smtp", "mail.example", 65535, "required"],
  ["lmtp://mail.example:24", "lmtp", "mail.example", 24, "required"],
  ["lmtp://127.0.0.1:2003", "lmtp", "127.0.0.1", 2003, "required"],
  ["SMTP://Mail.EXAMPLE:25", "smtp", "mail.example", 25, "required"],
  ["smtp://localhost", "smtp", "localhost", 25, "required"],
  ["smtp://127.0.0.1", "smtp", "127.0.0.1", 25, "required"],
  ["smtp://[::1]", "smtp", "::1", 25, "required"],
  ["smtps://[2001:DB8:0:0::1]:465", "smtp", "2001:db8::1", 465, "implicit"],
];

Deno.test.each(TCP)(
  "parseSmtpUrl() reads %s",
  { permissions: "none" },
  (url, protocol, hostname, port, tls) => {
    deepEqual(parseSmtpUrl(url), { protocol, target: { hostname, port }, tls });
  },
);

Deno.test.each([
  ["smtp://mail.example.", "mail.example"],
  ["smtp://münchen.example", "xn--mnchen-3ya.example"],
  ["smtp://MÜNCHEN.example.:587", "xn--mnchen-3ya.example"],
  ["smtp://xn--mnchen-3ya.example", "xn--mnchen-3ya.example"],
  ["smtp://straße.example", "xn--strae-oqa.example"],
])(
  "parseSmtpUrl() gives the name of %s as A-labels without a dot at its end [T-S16]",
  { permissions: "none" },
  (url, hostname) => {
    const { target } = parseSmtpUrl(url);
    equal("hostname" in target && target.hostname, hostname);
  },
);

Deno.test.each([
  ["unix:/run/dovecot/lmtp", "/run/dovecot/lmtp"],
  ["UNIX:/run/x", "/run/x"],
  ["unix:/run/a b@c?d#e:1", "/run/a b@c?d#e:1"],
])("parseSmtpUrl() takes the path of %s as it stands", { permissions: "none" }, (url, path) => {
  deepEqual(parseSmtpUrl(url), { protocol: "lmtp", target: { path }, tls: "none" });
});

const PORT = "the port must be a number from 1 to 65535";
const SCHEME = "expected smtp://, submission://, smtps://, lmtp:// or unix:PATH";
const NO_IP = "the host cannot be used: it is neither IPv4 nor IPv6";
const LOGIN = "user and password are passed as auth, not here";
const misplaced = (what: string): string =>
  `"${what}" has no place here, expected a host and perhaps a port`;

/** What is refused, how the error shows it, and why. */
const REFUSED: readonly [string, string, string][] = [
  ["smtp://mail.example:0", "smtp://mail.example:0", PORT],
  ["smtp://mail.example:70000", "smtp://mail.example:70000", PORT],
  ["smtp://mail.example:65536", "smtp://mail.example:65536", PORT],
  ["smtp://mail.example:025", "smtp://mail.example:025", PORT],
  ["smtp://mail.example:", "smtp://mail.example***", PORT],
  ["smtp://mail.example:abc", "smtp://mail.example***", PORT],
  ["smtp://mail.example:+25", "smtp://mail.example***", PORT],
  ["smtp://mail.example:2.5e1", "smtp://mail.example***", PORT],
  ["smtp://", "smtp://", "the host cannot be used: it is empty"],
  ["smtp://:25", "smtp://:25", "the host cannot be used: it is empty"],
  ["smtp://.", "smtp://.", "the host cannot be used: it is empty"],
  ["smtp://127.1", "smtp://127.1", NO_IP],
  ["smtp://127.0.0.256", "smtp://127.0.0.256", NO_IP],
  ["smtp://010.0.0.1", "smtp://010.0.0.1", NO_IP],
  ["smtp://0x7f.1", "smtp://0x7f.1", NO_IP],
  ["smtp://0x7f000001", "smtp://0x7f000001", NO_IP],
  ["smtp://2130706433:25", "smtp://2130706433:25", NO_IP],
  ["smtp://[1:2]", "smtp://[1:2]", NO_IP],
  ["smtp://[fe80::1%25eth0]", "smtp://[fe80***", misplaced("%")],
  ["smtp://[1.2.3.4]", "smtp://[1.2.3.4]", "brackets are for IPv6 addresses"],
  ["smtp://[::1", "smtp://[***", "expected a host and perhaps a port"],
  ["smtp://[::1]25", "smtp://[::1]***", "expected a host and perhaps a port"],
  ["smtp://::1", "smtp://***", "an IPv6 address stands in brackets"],
  ["lmtp://mail.example", "lmtp://mail.example", "lmtp:// needs a port"],
  ["lmtp://mail.example:25", "lmtp://mail.example:25", "LMTP must not use port 25 (RFC 2033)"],
  ["unix:", "unix:", "expected an absolute path"],
  ["unix:run/lmtp", "unix:***", "expected an absolute path"],
  ["unix:///run/lmtp", "unix:///run/lmtp", `${SCHEME}; write the path right behind unix:`],
  ["unix:/run/a%20b", "unix:/run/a%20b", "the path holds a control character or an escape"],
  ["unix:/run/a\\b", "unix:/run/a\\b", "the path holds a control character or an escape"],
  ["unix:/run/a\nb", "unix:/run/a\\nb", "the path holds a control character or an escape"],
  ["", "", SCHEME],
  ["mail.example", "mail.example", SCHEME],
  ["mail.example:25", "mail.example:25", SCHEME],
  ["smtp:mail.example", "smtp***", SCHEME],
  ["smtp:/mail.example", "smtp***", SCHEME],
  ["//mail.example", "***", SCHEME],
  [" smtp://mail.example", " smtp***", SCHEME],
  ["http://mail.example", "http://mail.example", SCHEME],
  ["constructor://x", "constructor://x", SCHEME],
  ["submissions://mail.example", "submissions://mail.example", `${SCHEME}; write smtps://`],
  ["pop3://mail.example", "pop3://mail.example", `${SCHEME}; mail is not sent to POP3 servers`],
  ["mailto:joe@mail.example", "***", `${SCHEME}; that is an address, not a server`],
];

Deno.test.each(REFUSED)(
  "parseSmtpUrl() refuses %j: %s [T-I46]",
  { permissions: "none" },
  (url, shown, reason) => {
    throws(() => parseSmtpUrl(url), {
      name: "SyntaxError",
      message: `Cannot parse SMTP URL "${shown}": ${reason}`,
    });
  },
);

const HOSTILE: readonly [string, string, string][] = [
  ["smtp://u:p%0d%0aX@h", "smtp://***", LOGIN],
  ["smtp://h%00.evil", "smtp://h%00.evil", misplaced("%")],
  ["smtp://h\\@evil", "smtp://***", LOGIN],
  ["smtp://h\\evil", "smtp://h\\evil", misplaced("\\")],
  ["smtp://ex\r\nample.com", "smtp://ex\\r\\nample.com", misplaced("\\r")],
  ["smtp://h\0.evil", "smtp://h\\x00.evil", misplaced("\\x00")],
  ["smtp://h\t.evil", "smtp://h\\t.evil", misplaced("\\t")],
  ["smtp://h\x7f", "smtp://h\\x7f", misplaced("\\x7f")],
  ["smtp://h\x9b31m", "smtp://h\\x9b31m", misplaced("\\x9b")],
  ["smtp://h evil", "smtp://h evil", misplaced(" ")],
  ["smtp://h/", "smtp://h***", misplaced("/")],
  ["smtp://h/path", "smtp://h***", misplaced("/")],
  ["smtp://h?x=1", "smtp://h***", misplaced("?")],
  ["smtp://h:25#x", "smtp://h***", misplaced("#")],
  ["smtp://mail\u3002evil", "smtp://mail\u3002evil", misplaced("\u3002")],
  ["smtp://mail\uff0eevil", "smtp://mail\uff0eevil", misplaced("\uff0e")],
  ["smtp://mail\uff61evil", "smtp://mail\uff61evil", misplaced("\uff61")],
];

Deno.test.each(HOSTILE)(
  "parseSmtpUrl() refuses %j [T-I50]",
  { permissions: "none" },
  (url, shown, reason) => {
    throws(() => parseSmtpUrl(url), {
      name: "SyntaxError",
      message: `Cannot parse SMTP URL "${shown}": ${reason}`,
    });
  },
);

Deno.test.each([
  "smtp://mail_1.example",
  "smtp://mail..example",
  "smtp://mail.example..",
  "smtp://-mail.example",
  "smtp://ma\u00adil.example", // a soft hyphen: IDNA drops it
  "smtp://ma\u202eil.example",
  "smtp://\uff11\uff12\uff17.0.0.1", // digits that IDNA makes ASCII
  "smtp://mail\u2024example", // a dot leader
  "smtp://mail\uff0fexample", // a slash after IDNA
  "smtp://xn--a.example",
  `smtp://${"a".repeat(64)}.example`,
  `smtp://${"a.".repeat(200)}example`,
])("parseSmtpUrl() refuses the host of %j, before or after IDNA [T-I50]", {
  permissions: "none",
}, (url) => {
  throws(() => parseSmtpUrl(url), { name: "SyntaxError", message: /: the host cannot be used: / });
});

Deno.test.each([
  "smtp://joe:hunter2@mail.example",
  "smtp://joe:hun@ter2@mail.example",
  "smtp://joe:hunter2",
  "smtp://joe:hunter2:25",
  "smtp://joe:/hunter2@mail.example",
  "smtp://joe:#hunter2",
  "smtp://mail.example?password=hunter2",
  "smtp://mail.example/hunter2",
  "smtp://[joe:hunter2]",
  "smtp://hunter2@mail.example",
  "SMTPS://joe:hunter2@mail.example\r\n",
  "smtp:joe:hunter2@mail.example",
  "joe:hunter2@mail.example",
  "joe:hunter2",
  "ftp://joe:hunter2@mail.example",
  "unix:joe:hunter2@/run/lmtp",
  "joe:hunter2://mail.example",
])(
  "parseSmtpUrl() refuses %j without showing the password [T-I47]",
  { permissions: "none" },
  (url) => {
    doesNotMatch(messageOf(() => parseSmtpUrl(url)), /hunter|ter2/);
    doesNotMatch(messageOf(() => parseHostPort(url)), /hunter|ter2/);
  },
);

Deno.test("parseSmtpUrl() shows a part of what is very long", { permissions: "none" }, () => {
  equal(messageOf(() => parseSmtpUrl(`smtp://${"a".repeat(100_000)}`)).length < 250, true);
});

Deno.test.each<[string, string, number | undefined]>([
  ["mail.example", "mail.example", undefined],
  ["Mail.Example.:587", "mail.example", 587],
  ["127.0.0.1:25", "127.0.0.1", 25],
  ["[::1]", "::1", undefined],
  ["[0:0::1]:2525", "::1", 2525],
  ["[::ffff:192.0.2.1]:25", "192.0.2.1", 25],
  ["münchen.example", "xn--mnchen-3ya.example", undefined],
])("parseHostPort() reads %s", { permissions: "none" }, (text, hostname, port) => {
  deepEqual(parseHostPort(text), { hostname, port });
});

Deno.test.each([
  ["", "", "the host cannot be used: it is empty"],
  ["mail.example:0", "mail.example:0", PORT],
  ["smtp://mail.example", "smtp://mail.example", misplaced("/")],
  ["joe:secret@mail.example", "***", LOGIN],
  ["::1", "***", "an IPv6 address stands in brackets"],
  ["mail.example/", "mail.example***", misplaced("/")],
])("parseHostPort() refuses %j", { permissions: "none" }, (text, shown, reason) => {
  throws(() => parseHostPort(text), {
    name: "SyntaxError",
    message: `Cannot parse host and port "${shown}": ${reason}`,
  });
});
