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
  "pop3://mail.example",
  "lmtp://mail.example",
  "smtp://ann:pw@mail.example",
  "ann@mail.example",
  "mail.example:0",
  "mail.example/path",
  "unix:relative",
])("parseTarget() refuses %j", { permissions: "none" }, (text) => {
  throws(() => parseTarget(text), SyntaxError);
});
