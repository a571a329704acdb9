import { deepEqual, equal, match, throws } from "node:assert/strict";
import { type SandboxFault, startSandbox } from "@mailwright/mailwright/sandbox";
import { fault, FAULT_HELP } from "../../../scripts/sandbox/fault.ts";
import { ValidationError } from "../../../src/cli/mod.ts";
import { connect } from "../../sandbox/plain_client.ts";

const pure = { permissions: "none" } as const;

/** As the command line reads it. */
function read(value: string): SandboxFault {
  return fault({ label: "Option", name: "--fault", type: "fault", value });
}

Deno.test.each<[string, SandboxFault]>([
  ["RCPT after=2 times=1 reply=451 4.3.0 Later", {
    verb: "RCPT",
    after: 2,
    times: 1,
    reply: "451 4.3.0 Later",
  }],
  ["rcpt pattern=ben reply=550", { verb: "RCPT", pattern: "ben", reply: "550" }],
  ["DATA then=drop", { verb: "DATA", then: "drop" }],
  [". silent then=drop", { verb: ".", silent: true, then: "drop" }],
  ["QUIT silent=yes", { verb: "QUIT", silent: true }],
  ["* delay=1m connection=0 protocol=lmtp", {
    verb: "*",
    delayMs: 60_000,
    connection: 0,
    protocol: "lmtp",
  }],
  ["CONNECT reply=220-a\\r\\n220 b", { verb: "CONNECT", reply: "220-a\r\n220 b" }],
  ["STARTTLS extra=250\\x20evil\\r\\n\\\\", { verb: "STARTTLS", extra: "250 evil\r\n\\" }],
  ["MAIL effect=no reply=250 Fine", { verb: "MAIL", effect: false, reply: "250 Fine" }],
  ["QUIT effect=yes reply=-ERR a=b", { verb: "QUIT", effect: true, reply: "-ERR a=b" }],
  ["RETR expunge=m1,m2", { verb: "RETR", expunge: ["m1", "m2"] }],
  ["XFOO then=stall", { verb: "XFOO", then: "stall" }],
  ["at=0 then=close side=received", { at: 0, then: "close", side: "received" }],
  ["at=100 then=split chunk=1", { at: 100, then: "split", chunk: 1 }],
  ["coalesce=3 protocol=pop3", { coalesce: 3, protocol: "pop3" }],
])('fault() reads "%s"', pure, (text, expected) => {
  deepEqual(read(text), expected);
});

Deno.test.each<[string, RegExp]>([
  ["", /--fault "", column 1: "": expected a VERB and what goes wrong/],
  ["  ", /--fault " +", column 1: "": expected a VERB/],
  ["side=sent", /column 1: "side=sent": expected a VERB before it, or at=N then=drop/],
  ["RCTP reply=451", /--fault "RCTP reply=451", column 1: "RCTP": expected a verb of SMTP/],
  ["RCPT\treply=451", /column 1: "RCPT\treply=451": expected a verb of SMTP/],
  ["ＲＣＰＴ silent", /column 1: "ＲＣＰＴ": expected a verb of SMTP/],
  ["__proto__ silent", /column 1: "__proto__"/],
  ["RCPT after=1", /column 1: "RCPT": expected what goes wrong behind it/],
  ["RCPT affter=2", /column 6: "affter=2": expected one of reply, silent, delay, /],
  ["RCPT constructor=2", /column 6: "constructor=2": expected one of/],
  ["RCPT =2", /column 6: "=2": expected one of/],
  ["RCPT  after=x", /column 7: "after=x": expected a whole number from 0 on behind "after="/],
  ["RCPT after", /column 6: "after": expected a whole number/],
  ["RCPT after=-1", /column 6: "after=-1": expected a whole number/],
  ["RCPT after=٣", /column 6: "after=٣": expected a whole number/],
  ["RCPT times=0 silent", /column 6: "times=0": expected a whole number from 1 on/],
  ["RCPT times=9999999999999999 silent", /column 6: .*: expected a whole number from 1 on/],
  ["RCPT after=1 after=2", /column 14: "after=2": expected after once/],
  ["RCPT pattern=😀 after=x", /column 16: "after=x": expected a whole number/],
  ["RCPT delay=2x", /column 6: "2x": expected a duration such as/],
  ["RCPT delay=", /column 6: "": expected a duration such as/],
  ["RCPT delay=99999999999999999999h", /column 6: "99999999999999999999h": expected a duration/],
  ["RCPT reply=", /column 6: "reply=": expected a text/],
  ["RCPT extra=\\q", /column 6: .*: expected a text with no other escapes than/],
  ["RCPT extra=\\xff", /column 6: .*: expected a text with no other escapes than/],
  ["RETR expunge=a,,b", /column 6: "expunge=a,,b": expected UIDs with commas between them/],
  ["RCPT silent=no", /column 6: "silent=no": expected yes behind "silent="/],
  ["RCPT silent reply=451", /column 13: "reply=451": expected either silent or a reply/],
  [
    "RCPT reply=421 a=b then=drop",
    /column 20: "then=drop": expected then= before reply=, which takes the rest/,
  ],
  ["RCPT then=split", /column 6: "then=split": expected close or drop or stall behind "then="/],
  ["RCPT at=3 silent", /column 6: "at=3"/],
  ["at=3", /column 1: "at=3": expected at and then together/],
  ["chunk=1 then=drop", /column 9: "then=drop": expected at and then together/],
  ["chunk=1 side=received", /column 9: "side=received": expected side=sent with split, chunk/],
  ["at=1 side=received then=split", /column 6: "side=received": expected side=sent with split/],
])('fault() refuses "%s" and names the place', pure, (text, words) => {
  throws(
    () => read(text),
    (error) => error instanceof ValidationError && words.test(error.message),
  );
});

Deno.test("fault() knows every verb that the sandbox obeys", async () => {
  await using box = await startSandbox();
  using client = await connect(box.ports.smtp);
  await client.reply();
  const [, words = ""] = (await client.ask("HELP"))?.split("\n") ?? [];
  const smtp = words.split(" ").slice(2); // behind code and status

  equal(smtp.includes("BDAT"), true);
  const pop3 =
    "CAPA LANG QUIT STLS UTF8 USER PASS APOP AUTH STAT LIST UIDL RETR TOP DELE RSET NOOP";
  for (const verb of [...smtp, ...pop3.split(" ")]) {
    deepEqual(read(`${verb} silent`), { verb, silent: true });
  }
});

Deno.test("the help names everything that fault() reads", pure, () => {
  for (const [text, start] of [["RCPT", "x=1"], ["at=1 then=close", "x=1"]] as const) {
    let message = "";
    try {
      read(`${text} ${start}`);
    } catch (error) {
      message = String(error);
    }
    const names = /expected one of (.*)$/.exec(message)?.[1]?.split(", ") ?? [];
    equal(names.length > 6, true);
    for (const name of names) match(FAULT_HELP, new RegExp(`\\b${name}\\b`));
  }
});
