import { deepEqual, equal } from "node:assert/strict";
import { Offer } from "../../src/server/capabilities.ts";
import { DataReader } from "../../src/server/data_reader.ts";
import { isHost, readPath } from "../../src/server/path.ts";
import { replyLines } from "../../src/server/reply.ts";
import { decodeXtext } from "../../src/server/xtext.ts";

const pure = { permissions: "none" } as const;

Deno.test.each<[string, string | undefined]>([
  ["<a@b.example>", "a@b.example"],
  ["<a.b+c@b>", "a.b+c@b"],
  ['<"a b>\\"c"@b.example>', '"a b>\\"c"@b.example'],
  ["<@r.example,@s.example:a@b.example>", "a@b.example"],
  ["<a@[192.0.2.1]>", "a@[192.0.2.1]"],
  ["<a@[IPv6:2001:db8::1]>", "a@[IPv6:2001:db8::1]"],
  ["<\u00fc@m\u00fcnchen.example>", "\u00fc@m\u00fcnchen.example"],
  [`<${"a".repeat(64)}@b.example>`, `${"a".repeat(64)}@b.example`],
  [`<${"a".repeat(65)}@b.example>`, undefined],
  [`<${"\u00fc".repeat(33)}@b.example>`, undefined],
  [`<a@${"b.".repeat(130)}example>`, undefined],
  ["<a..b@c.example>", undefined],
  ["<.a@c.example>", undefined],
  ["<a@b..example>", undefined],
  ["<a@-b.example>", undefined],
  ["<a@b.example.>", undefined],
  ["<a@b_c.example>", undefined],
  ["<a b@c.example>", undefined],
  ["<a@[192.0.2]>", undefined],
  ["<a@b@c.example>", undefined],
  ["<a>", undefined],
  ["<>", undefined],
  ["<Postmaster>", undefined],
  ["a@b.example", undefined],
])("readPath() reads %s", pure, (text, address) => {
  equal(readPath(text)?.address, address);
});

Deno.test("readPath() gives what follows, and knows the special ones", pure, () => {
  deepEqual(readPath("<a@b> SIZE=1"), { address: "a@b", rest: " SIZE=1" });
  deepEqual(readPath("<> RET=FULL", { mayBeEmpty: true }), { address: "", rest: " RET=FULL" });
  deepEqual(readPath("<postMASTER>", { postmaster: true }), { address: "postMASTER", rest: "" });
  deepEqual(readPath(" a@b x", { lenient: true }), { address: "a@b", rest: " x" });
});

Deno.test("readPath() and isHost() are done with hostile lines at once", pure, () => {
  // An expression that backtracks would still be at it tomorrow.
  const long = 60_000;
  for (const unit of ["a-", "a.", "@a,", "<", '"\\', '\\"', "[a:", "-"]) {
    const line = `<${unit.repeat(long / unit.length)}`;
    equal(readPath(`${line}\0>`), undefined);
    equal(isHost(`${line.slice(1)}\0`), false);
  }
});

Deno.test.each<[string, string | undefined]>([
  ["plain", "plain"],
  ["a+2Bb+3D", "a+b="],
  ["100%+25", "100%%"],
  ["+C3+BC", "\u00fc"],
  ["+c3", undefined],
  ["+C3", undefined],
  ["a=b", undefined],
  ["a b", undefined],
  ["a+0Db", undefined],
  ["a+7F", undefined],
  ["+", undefined],
])("decodeXtext() decodes %s [T-I22]", pure, (coded, text) => {
  equal(decodeXtext(coded), text);
});

Deno.test("Offer joins lines of one keyword and reads numbers", pure, () => {
  const offer = new Offer([
    "size 100",
    "AUTH=LOGIN PLAIN",
    "AUTH cram-md5",
    "LIMITS RCPTMAX=x MAILMAX=5",
  ]);
  deepEqual(offer.parameters("AUTH"), ["LOGIN", "PLAIN", "cram-md5"]);
  equal(offer.hasMechanism("AUTH", "CRAM-MD5"), true);
  equal(offer.hasMechanism("AUTH", "CRAM"), false);
  equal(offer.size, 100);
  equal(offer.limit("MAILMAX"), 5);
  equal(offer.limit("RCPTMAX"), Infinity);
  equal(new Offer(["SIZE 0"]).size, Infinity);
  equal(new Offer([]).has("SIZE"), false);
});

Deno.test("replyLines() puts code and status on every line", pure, () => {
  const reply = { code: 250, status: "2.1.5", text: ["a", "b"] };
  deepEqual(replyLines(reply, { enhanced: true }).map(String), ["250-2.1.5 a", "250 2.1.5 b"]);
  deepEqual(replyLines(reply, { enhanced: false }).map(String), ["250-a", "250 b"]);
});

Deno.test.each<[string, string | undefined]>([
  ["a\r\nb\r\n.\r\n", undefined],
  ["a\nb\r\n.\r\n", "bare LF"],
  ["\nb\r\n.\r\n", "bare LF"],
  ["a\rb\r\n.\r\n", "bare CR"],
  ["a\r\r\n.\r\n", "bare CR"],
  ["a\0\r\n.\r\n", "NUL"],
  [".\r\n\n\0\r", undefined],
])("DataReader finds the breach in %j, however it is cut", pure, (text, breach) => {
  const octets = new TextEncoder().encode(text);
  for (let cut = 1; cut <= octets.length; cut++) {
    const reader = new DataReader();
    for (let at = 0; at < octets.length && !reader.ended; at += cut) {
      reader.push(octets.subarray(at, at + cut));
    }
    deepEqual([reader.ended, reader.breach], [true, breach]);
  }
});
