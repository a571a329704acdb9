import { deepEqual, equal } from "node:assert/strict";
import { Capabilities, parseCapabilities } from "../../src/smtp/capabilities.ts";
import { SmtpReply } from "../../src/smtp/reply.ts";

function offered(...lines: string[]): Capabilities {
  return parseCapabilities(new SmtpReply(250, ["mx.example greets", ...lines]));
}

Deno.test("parseCapabilities() takes keywords in any case [S69]", { permissions: "none" }, () => {
  const capabilities = offered("starttls", "Size 100", "PipeLining", "auth plain Login");
  equal(capabilities.has("STARTTLS"), true);
  equal(capabilities.has("startTls"), true);
  equal(capabilities.size, 100);
  equal(capabilities.pipelining, true);
  deepEqual(capabilities.auth, ["PLAIN", "LOGIN"]);
});

Deno.test("parseCapabilities() never takes the first line for a capability [S70] [T-R14]", {
  permissions: "none",
}, () => {
  const reply = new SmtpReply(250, ["STARTTLS AUTH PLAIN", "DSN"]);
  deepEqual(parseCapabilities(reply).lines, ["DSN"]);
  deepEqual(parseCapabilities(new SmtpReply(250, ["mx.example says STARTTLS"])).lines, []);
  deepEqual(parseCapabilities(new SmtpReply(250, [""])).lines, []);
});

Deno.test.each([
  { line: "XSTARTTLS" },
  { line: "NOSTARTTLS" },
  { line: "X STARTTLS" },
  { line: "we do STARTTLS" },
  { line: " STARTTLS" },
  { line: "-STARTTLS" },
  { line: "STARTTLS=1" },
  { line: "STARTTLS;" },
  { line: "STARTTLS\u00a0" },
  { line: "\u017fTARTTLS" }, // its capital letter is an S
])('parseCapabilities() finds no STARTTLS in "$line" [S70] [T-R14]', {
  permissions: "none",
}, ({ line }) => {
  equal(offered(line).has("STARTTLS"), false);
});

Deno.test("parseCapabilities() finds no mechanism in AUTHX, and none in another line [T-R14]", {
  permissions: "none",
}, () => {
  deepEqual(offered("AUTHX PLAIN", "XAUTH=LOGIN", "DSN AUTH PLAIN", "AUTH PLA\u0131N").auth, []);
});

Deno.test("parseCapabilities() unites both spellings of AUTH [S68] [T-R14]", {
  permissions: "none",
}, () => {
  deepEqual(offered("AUTH=LOGIN PLAIN", "AUTH CRAM-MD5 plain").auth, [
    "LOGIN",
    "PLAIN",
    "CRAM-MD5",
  ]);
  deepEqual(offered("AUTH=LOGIN").auth, ["LOGIN"]);
  deepEqual(offered("AUTH= LOGIN").auth, ["LOGIN"]);
  deepEqual(offered("AUTH").auth, []);
});

Deno.test("parseCapabilities() counts the first of a repeated keyword", {
  permissions: "none",
}, () => {
  equal(offered("SIZE 10", "SIZE 20").size, 10);
});

Deno.test("Capabilities.auth takes SCRAM-SHA-1-PLUS for itself alone [S71]", {
  permissions: "none",
}, () => {
  deepEqual(offered("AUTH SCRAM-SHA-1-PLUS").auth, ["SCRAM-SHA-1-PLUS"]);
});

Deno.test("Capabilities.auth looks at 64 mechanisms [T-A12]", { permissions: "none" }, () => {
  const many = Array.from({ length: 200 }, (_, index) => `M${index}`);
  const { auth } = offered(`AUTH ${many.join(" ")}`, `AUTH ${many.join("X ")}`);
  deepEqual(auth, many.slice(0, 64));
});

Deno.test.each<{ parameter: string; size: number | undefined }>([
  { parameter: " 1000", size: 1000 },
  { parameter: "", size: undefined },
  { parameter: " 0", size: undefined },
  { parameter: " abc", size: undefined },
  { parameter: " -1", size: undefined },
  { parameter: " 1e9", size: undefined },
  { parameter: " 0x10", size: undefined },
  { parameter: " 1.5", size: undefined },
  { parameter: " 9007199254740991", size: 2 ** 53 - 1 },
  { parameter: " 9007199254740993", size: undefined },
  { parameter: " 99999999999999999999", size: undefined },
])("Capabilities.size of SIZE$parameter is $size [S56] [T-R15]", {
  permissions: "none",
}, ({ parameter, size }) => {
  const capabilities = offered(`SIZE${parameter}`);
  equal(capabilities.has("SIZE"), true);
  equal(capabilities.size, size);
});

Deno.test("Capabilities.limits leaves out what is unknown or malformed [S74]", {
  permissions: "none",
}, () => {
  const line =
    "LIMITS RCPTMAX=20 rcptdomainmax=5 MAILMAX=x MAILMAX=-1 FUTURE=9 =1 RCPTMAX MAILMAX=0 " +
    "MAILMAX=1000000000000";
  const capabilities = offered(line);
  deepEqual(capabilities.limits, { rcptMax: 20, rcptDomainMax: 5 });
  deepEqual(capabilities.parameters("LIMITS"), line.split(" ").slice(1)); // kept as they came
  deepEqual(offered("LIMITS MAILMAX=3").limits, { mailMax: 3 });
  deepEqual(offered().limits, {});
});

Deno.test("Capabilities knows what other extensions say of themselves", {
  permissions: "none",
}, () => {
  const capabilities = offered(
    "DELIVERBY 240",
    "FUTURERELEASE 86400 2026-12-31T00:00:00Z",
    "MT-PRIORITY NSEP",
    "NO-SOLICITING net.example:ADV",
  );
  equal(capabilities.deliverByMinimum, 240);
  deepEqual(capabilities.futureRelease, {
    maxSeconds: 86400,
    maxDate: new Date(Date.UTC(2026, 11, 31)),
  });
  equal(capabilities.priorityProfile, "NSEP");
  deepEqual(capabilities.parameters("no-soliciting"), ["net.example:ADV"]);
  const bare = offered("DELIVERBY", "FUTURERELEASE x y", "MT-PRIORITY");
  equal(bare.deliverByMinimum, 0);
  deepEqual(bare.futureRelease, {});
  equal(bare.priorityProfile, undefined);
});

Deno.test("Capabilities.without() takes away and never adds", { permissions: "none" }, () => {
  const all = offered("PIPELINING", "AUTH PLAIN LOGIN XOAUTH2", "SIZE 10", "8BITMIME");
  const less = all.without([
    "pipelining",
    "auth login xoauth2",
    "SIZE",
    "CHUNKING",
    "AUTH SCRAM-X",
  ]);
  deepEqual(less.lines, ["AUTH PLAIN", "8BITMIME"]);
  equal(less.pipelining, false);
  equal(less.size, undefined);
  equal(less.without(["AUTH plain"]).has("AUTH"), false);
  equal(less.without(["AUTH"]).has("AUTH"), false);
  deepEqual(less.without([]).lines, less.lines);
  equal(all.pipelining, true); // the set itself does not change
});

Deno.test("Capabilities shows itself as lines", { permissions: "none" }, () => {
  equal(JSON.stringify(offered("size 10", "dsn")), '["SIZE 10","DSN"]');
  deepEqual(new Capabilities().lines, []);
});
