import { deepEqual, throws } from "node:assert/strict";
import { parseTarget } from "../../../src/jobs/probe/target.ts";

const smtp = (host: string, port: number, role: string, implicitTls = false) => ({
  protocol: "smtp",
  address: { hostname: host, port },
  host,
  port,
  role,
  implicitTls,
});

const pop3 = (host: string, port: number, implicitTls: boolean) => ({
  ...smtp(host, port, "maildrop", implicitTls),
  protocol: "pop3",
});

Deno.test.each([
  ["smtp://mail.example", smtp("mail.example", 25, "relay")],
  ["smtp://mail.example:2525", smtp("mail.example", 2525, "relay")],
  ["smtp://mail.example:587", smtp("mail.example", 587, "submission")],
  ["smtp://mail.example:465", smtp("mail.example", 465, "submission", true)],
  ["submission://mail.example", smtp("mail.example", 587, "submission")],
  ["submission://mail.example:2587", smtp("mail.example", 2587, "submission")],
  ["smtps://mail.example", smtp("mail.example", 465, "submission", true)],
  ["mail.example", smtp("mail.example", 25, "relay")],
  ["Mail.Example.:587", smtp("mail.example", 587, "submission")],
  ["mail.example:465", smtp("mail.example", 465, "submission", true)],
  ["192.0.2.1:26", smtp("192.0.2.1", 26, "relay")],
  ["[2001:db8::1]:587", smtp("2001:db8::1", 587, "submission")],
  ["[::1]", smtp("::1", 25, "relay")],
  ["pop3://Mail.Example", pop3("mail.example", 110, false)],
  ["pop3s://mail.example", pop3("mail.example", 995, true)],
  ["pop3s://mail.example:110", pop3("mail.example", 110, true)],
  ["pop3://mail.example:995", pop3("mail.example", 995, true)],
  ["pop3://[::1]:2110", pop3("::1", 2110, false)],
  ["mail.example:110", pop3("mail.example", 110, false)],
  ["192.0.2.1:995", pop3("192.0.2.1", 995, true)],
  ["lmtp://127.0.0.1:24", {
    ...smtp("127.0.0.1", 24, "lmtp"),
    protocol: "lmtp",
  }],
  ["unix:/run/lmtp", {
    protocol: "lmtp",
    address: { path: "/run/lmtp" },
    host: "/run/lmtp",
    port: null,
    role: "lmtp",
    implicitTls: false,
  }],
])("parseTarget() reads %s", { permissions: "none" }, (text, expected) => {
  deepEqual(parseTarget(text), expected);
});

Deno.test.each([
  "",
  "imap://mail.example",
  "pop3://ann:pw@mail.example",
  "pop3://mail.example:99999",
  "lmtp://mail.example",
  "smtp://ann:pw@mail.example",
  "ann@mail.example",
  "mail.example:0",
  "mail.example/path",
  "unix:relative",
  "unix:",
])("parseTarget() refuses %j", { permissions: "none" }, (text) => {
  throws(() => parseTarget(text), SyntaxError);
});

Deno.test(
  "parseTarget() says what is missing, and shows no password",
  { permissions: "none" },
  () => {
    throws(() => parseTarget("unix:"), /expected an absolute path/);
    throws(() => parseTarget("imap://ann:pencil@mail.example"), (error: Error) => {
      return error.message.includes('"imap:"') && !error.message.includes("pencil");
    });
  },
);
