import { deepEqual, equal } from "node:assert/strict";
import {
  type CapabilityLists,
  capabilityLists,
  Secret,
  type TranscriptEvent,
} from "@mailwright/mailwright";
import { served } from "./served.ts";

const { tls, clear } = capabilityLists({
  mechanisms: ["PLAIN", "LOGIN", "CRAM-MD5", "SCRAM-SHA-256", "X-NEW"],
});
/** AUTH in the clear, for these tests are about AUTH. */
const open: CapabilityLists = { clear: tls, tls, authenticated: clear };

const plain = (text: string): string => btoa(text);
const YES = "235 2.7.0 Authentication succeeded";
const NO = "535 5.7.8 Authentication credentials invalid";

Deno.test.each<[string, readonly (readonly [command: string, reply: string])[]]>([
  ["PLAIN with an initial response", [[`AUTH PLAIN ${plain("\0ann\0pencil")}`, YES]]],
  ["PLAIN without one", [["AUTH PLAIN", "334 "], [plain("\0ann\0pencil"), YES]]],
  ["LOGIN", [
    ["AUTH LOGIN", "334 VXNlcm5hbWU6"],
    [plain("ann"), "334 UGFzc3dvcmQ6"],
    [plain("pencil"), YES],
  ]],
  ["LOGIN with an initial response", [
    [`auth login ${plain("ann")}`, "334 UGFzc3dvcmQ6"],
    [plain("pencil"), YES],
  ]],
  ["a wrong password", [[`AUTH PLAIN ${plain("\0ann\0pen")}`, NO]]],
  ["an unknown user", [[`AUTH PLAIN ${plain("\0bob\0pencil")}`, NO]]],
  ["an empty initial response", [["AUTH PLAIN =", NO]]],
  ["a cancelled exchange", [
    ["AUTH LOGIN", "334 VXNlcm5hbWU6"],
    ["*", "501 5.7.0 Authentication cancelled"],
    ["NOOP", "250 2.0.0 OK"],
  ]],
  ["what is no base64", [
    ["AUTH PLAIN a", "501 5.5.2 Cannot decode the base64"],
    ["AUTH PLAIN YQ", "501 5.5.2 Cannot decode the base64"],
    ["AUTH PLAIN YR==", "501 5.5.2 Cannot decode the base64"],
    ["AUTH LOGIN", "334 VXNlcm5hbWU6"],
    ["YW 5u", "501 5.5.2 Cannot decode the base64"],
    ["AUTH PLAIN a b", "501 5.5.4 Send AUTH mechanism [initial-response]"],
    ["AUTH", "501 5.5.4 Send AUTH mechanism [initial-response]"],
  ]],
  ["mechanisms it does not have", [
    ["AUTH DIGEST-MD5", "504 5.5.4 Unrecognized authentication mechanism"],
    ["AUTH X-NEW", "454 4.7.0 Mechanism not available now"],
    ["AUTH constructor", "504 5.5.4 Unrecognized authentication mechanism"],
  ]],
  ["a second login", [
    [`AUTH PLAIN ${plain("\0ann\0pencil")}`, YES],
    [`AUTH PLAIN ${plain("\0ann\0pencil")}`, "503 5.5.1 Already authenticated"],
  ]],
  ["a login within a transaction", [
    ["MAIL FROM:<a@x.example>", "250 2.1.0 Sender OK"],
    [`AUTH PLAIN ${plain("\0ann\0pencil")}`, "503 5.5.1 A mail transaction is open"],
  ]],
  ["lines that are too long", [
    [`AUTH PLAIN ${"A".repeat(12_300)}`, "500 5.5.2 Line too long"],
    ["AUTH LOGIN", "334 VXNlcm5hbWU6"],
    ["A".repeat(12_292), "500 5.5.6 Authentication exchange line is too long"],
    ["AUTH LOGIN", "334 VXNlcm5hbWU6"],
    [btoa("a".repeat(9000)), "334 UGFzc3dvcmQ6"],
  ]],
])("AUTH answers %s", { permissions: "none" }, async (_name, talk) => {
  await using session = await served({ capabilities: open });
  await session.client.ask("EHLO client.example");
  for (const [command, reply] of talk) equal(await session.client.ask(command), reply);
});

Deno.test("AUTH comes after EHLO", { permissions: "none" }, async () => {
  await using session = await served({ capabilities: open });
  equal(await session.client.ask("AUTH LOGIN"), "503 5.5.1 Send EHLO first");
});

Deno.test("AUTH asks for TLS where the mechanism is offered there", {
  permissions: "none",
}, async () => {
  await using session = await served({ capabilities: capabilityLists({ mechanisms: ["PLAIN"] }) });
  await session.client.ask("EHLO client.example");
  deepEqual(await session.client.askAll("AUTH PLAIN", "AUTH LOGIN"), [
    "538 5.7.11 Encryption required for this mechanism",
    "502 5.5.1 Command not implemented here",
  ]);
});

Deno.test("AUTH stops after some failures", { permissions: "none" }, async () => {
  await using session = await served({ capabilities: open, limits: { failedLogins: 2 } });
  const wrong = `AUTH PLAIN ${plain("\0ann\0pen")}`;
  const replies = await session.client.askAll("EHLO client.example", wrong, wrong, wrong);
  deepEqual(replies.slice(1), [NO, NO, "421 4.7.0 Too many failed logins"]);
  equal(await session.end, "dismissed");
});

Deno.test("AUTH tells the backend who it is, and shows another list", {
  permissions: "none",
}, async () => {
  const users: (string | undefined)[] = [];
  await using session = await served({
    capabilities: open,
    requires: "login",
    backend: {
      credentials: {
        password: () => new Secret("pencil"),
        mayActAs: (_user, other) => other === "boss",
      },
      sender(_sender, { user }) {
        users.push(user);
        return undefined;
      },
    },
  });
  const { client } = session;
  const replies = await client.askAll(
    "EHLO client.example",
    `AUTH PLAIN ${plain("boss\0ann\0pencil")}`,
    "MAIL FROM:<a@x.example>",
    "EHLO client.example",
  );
  equal(replies[1], YES);
  deepEqual(users, ["boss"]);
  equal(replies[3]?.includes("AUTH"), false);
});

Deno.test("AUTH leaves no secret in the transcript", { permissions: "none" }, async () => {
  const events: TranscriptEvent[] = [];
  await using session = await served({
    capabilities: open,
    onEvent: (event) => events.push(event),
  });
  const secret = plain("\0ann\0pencil");
  await session.client.askAll(
    "EHLO client.example",
    "AUTH LOGIN",
    plain("ann"),
    plain("pen"),
    "AUTH PLAIN",
    plain("\0ann\0pen"),
    `AUTH PLAIN ${secret}`,
    ` auth  plain  ${secret}`,
    "AUTH PLAIN =",
  );
  const said = events.filter(({ end, kind }) => end === "C" && kind === "line");
  deepEqual(said.map(({ text }) => text), [
    "EHLO client.example",
    "AUTH LOGIN",
    "${hidden}",
    "${hidden}",
    "AUTH PLAIN",
    "${hidden}",
    "AUTH PLAIN ${hidden}",
    " auth  plain  ${hidden}",
    "AUTH PLAIN =",
  ]);
});
