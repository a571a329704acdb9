import { deepEqual, equal } from "node:assert/strict";
import { isPublicAddress } from "../../../src/jobs/probe/public_address.ts";
import { OctetVeil } from "../../../src/jobs/probe/octet_veil.ts";
import { Pop3Replies } from "../../../src/jobs/probe/pop3_replies.ts";
import { Recorder } from "../../../src/jobs/probe/recorder.ts";
import type { ReplyReader } from "../../../src/jobs/probe/reply_reader.ts";
import { SmtpReplies } from "../../../src/jobs/probe/smtp_replies.ts";
import type { TranscriptLine } from "../../../src/jobs/mod.ts";
import { FakeClock } from "../../fake_clock.ts";

const encoder = new TextEncoder();

/** A recorder, and both ends as the session and the meter tell of them. */
function recording(
  options: { readonly reveal?: boolean; readonly lmtp?: boolean; readonly replies?: ReplyReader } =
    {},
) {
  const clock = new FakeClock();
  const heard: TranscriptLine[] = [];
  const recorder = new Recorder({
    clock,
    began: 0,
    replies: new SmtpReplies(),
    lmtp: false,
    reveal: false,
    ...options,
    onLine: (_number, line) => heard.push(line),
    onSaid: () => {},
    octets: new OctetVeil(() => {}, []),
    onStage: () => {},
  });
  const event = (end: "C" | "S", text: string): void =>
    recorder.listen({ at: 0, end, tls: false, kind: "line", text });
  return {
    clock,
    recorder,
    heard,
    /** Puts lines and writes them together; each may be shown otherwise than it is. */
    say(...lines: readonly (string | readonly [shown: string, sent: string])[]): void {
      const pairs = lines.map((line) => typeof line === "string" ? [line, line] as const : line);
      for (const [shown] of pairs) event("C", shown);
      recorder.onWrite(encoder.encode(pairs.map(([, sent]) => `${sent}\r\n`).join("")));
    },
    /** Reads so many octets, and then hears lines. */
    hear(octets: number, ...lines: readonly string[]): void {
      recorder.onRead(new Uint8Array(octets));
      for (const line of lines) event("S", line);
    },
  };
}

Deno.test("Recorder counts from the last octet sent to the last octet of the reply", {
  permissions: "none",
}, async () => {
  const { clock, recorder, say, hear } = recording();
  await clock.advance(100);
  recorder.begin("ehlo");
  await clock.advance(5);
  say("EHLO a.example");
  await clock.advance(20);
  hear(10);
  await clock.advance(10);
  hear(20, "250-mail.example", "250 SIZE 10");
  const stage = recorder.find("ehlo");
  deepEqual([stage?.at, stage?.ms, stage?.bytesSent, stage?.bytesReceived], [100, 30, 16, 30]);
  deepEqual(stage?.replies.map(({ to, line, code, text }) => ({ to, line, code, text })), [
    { to: "EHLO a.example", line: 2, code: 250, text: "mail.example\nSIZE 10" },
  ]);
});

Deno.test("Recorder gives the replies of a batch their gaps", { permissions: "none" }, async () => {
  const { clock, recorder, say, hear } = recording();
  recorder.following = true;
  say("MAIL FROM:<>", "RCPT TO:<a@b.example>", "DATA");
  await clock.advance(7);
  hear(10, "250 OK", "550 5.1.1 No");
  await clock.advance(3);
  hear(10, "354 Go");
  deepEqual(
    recorder.stages.map((
      { name, ok, replies: [reply] },
    ) => [name, ok, reply?.ms, reply?.pipelined]),
    [["mail", true, 7, undefined], ["rcpt", false, 0, true], ["data", true, 3, true]],
  );
  deepEqual(recorder.find("rcpt")?.replies[0]?.enhanced, "5.1.1");
});

Deno.test("Recorder leaves RSET out of its stages", { permissions: "none" }, () => {
  const { recorder, say, hear } = recording();
  recorder.begin("rcpt");
  say("RCPT TO:<a@b.example>");
  hear(10, "550 No");
  say("RSET");
  hear(10, "250 OK");
  const { ok, replies } = recorder.find("rcpt") ?? {};
  deepEqual([ok, replies?.length], [false, 1]);
});

Deno.test("Recorder takes several answers to content in LMTP, and one in SMTP", {
  permissions: "none",
}, () => {
  for (const [lmtp, replies, unasked] of [[true, 2, 0], [false, 1, 1]] as const) {
    const { recorder, say, hear } = recording({ lmtp });
    recorder.following = true;
    say("DATA");
    hear(10, "354 Go");
    const bytes = encoder.encode("x\r\n.\r\n");
    recorder.listen({ at: 0, end: "C", tls: false, kind: "content", text: "", bytes });
    recorder.onWrite(bytes);
    hear(20, "250 One", "250 Two");
    deepEqual([recorder.find("dot")?.replies.length, recorder.unasked.length], [replies, unasked]);
  }
});

Deno.test("Recorder notes lines that are odd, and where", { permissions: "none" }, () => {
  const { recorder, hear } = recording();
  recorder.expectGreeting();
  hear(10, "220-mail.example", "221 ESMTP");
  equal(recorder.mixed[0]?.line, 2);
  const other = recording();
  other.recorder.begin("ehlo");
  other.say("EHLO a.example");
  other.hear(10, "250 mail.example", "250 and more", "nonsense");
  deepEqual(other.recorder.unasked, [{ line: 3, stage: "ehlo" }]);
  deepEqual(other.recorder.malformed, [{ line: 4, stage: "ehlo" }]);
  deepEqual(other.recorder.transcript.map(({ unexpected }) => unexpected ?? false), [
    ...[false, false, true, true],
  ]);
});

Deno.test("Recorder reveals the lines of a login in their order, and only if told to", {
  permissions: "none",
}, () => {
  for (const reveal of [true, false]) {
    const { recorder, heard, say, hear } = recording({ reveal });
    recorder.begin("auth");
    say(["AUTH LOGIN ${b64 user}", "AUTH LOGIN YW5u"]);
    hear(5, "334 UGFzc3dvcmQ6");
    say(["${b64 pass}", "c2VjcmV0"]);
    hear(5, "235 OK");
    deepEqual(
      heard.map(({ text }) => text),
      reveal
        ? ["AUTH LOGIN YW5u", "334 UGFzc3dvcmQ6", "c2VjcmV0", "235 OK"]
        : ["AUTH LOGIN ${b64 user}", "334 UGFzc3dvcmQ6", "${b64 pass}", "235 OK"],
    );
    deepEqual(recorder.transcript, heard);
    equal(recorder.find("auth")?.replies.length, 2);
  }
});

Deno.test(
  "Recorder gives a wait without an end to its stage",
  { permissions: "none" },
  async () => {
    const { clock, recorder } = recording();
    recorder.expectGreeting();
    await clock.advance(30_000);
    recorder.breakOff();
    const { ms, ok } = recorder.find("banner") ?? {};
    deepEqual([ms, ok], [30_000, false]);
  },
);

Deno.test.each([
  ["203.0.113.5", true],
  ["8.8.8.8", true],
  ["172.32.0.1", true],
  ["100.128.0.1", true],
  ["2001:db8::1", true],
  ["127.0.0.1", false],
  ["10.1.2.3", false],
  ["172.16.0.1", false],
  ["192.168.1.1", false],
  ["169.254.1.1", false],
  ["100.64.0.1", false],
  ["::1", false],
  ["fd00::1", false],
  ["fe80::1%eth0", false],
  ["::ffff:10.0.0.1", false],
])("isPublicAddress() of %s is %s", { permissions: "none" }, (address, expected) => {
  equal(isPublicAddress(address), expected);
});

Deno.test("Recorder hears a listing of POP3 to its dot, and keeps its first rows", {
  permissions: "none",
}, async () => {
  const { clock, recorder, say, hear } = recording({ replies: new Pop3Replies() });
  recorder.begin("list");
  say("LIST");
  await clock.advance(5);
  hear(10, "+OK [X/Y] many", ...Array.from({ length: 150 }, (_, index) => `${index + 1} 10`));
  equal(recorder.outstanding, 1);
  await clock.advance(7);
  hear(10, ".");
  deepEqual(recorder.find("list")?.replies, [
    { to: "LIST", line: 2, ok: true, responseCode: "X/Y", text: "many", ms: 12 },
  ]);
  const texts = recorder.transcript.map(({ text }) => text);
  deepEqual(texts.slice(100), ["99 10", "100 10", "50 more lines", "."]);
  deepEqual([recorder.malformed, recorder.unasked], [[], []]);
});

Deno.test("Recorder takes a body for a part of the answer before it", {
  permissions: "none",
}, async () => {
  const { clock, recorder, say, hear } = recording({ replies: new Pop3Replies() });
  recorder.begin("top");
  say("TOP 1 0");
  await clock.advance(5);
  hear(10, "+OK");
  await clock.advance(9);
  recorder.onRead(new Uint8Array(100));
  const bytes = new Uint8Array(100);
  recorder.listen({ at: 0, end: "S", tls: false, kind: "content", text: "", bytes });
  const stage = recorder.find("top");
  deepEqual([stage?.ms, stage?.bytesReceived, stage?.replies[0]?.ms], [14, 110, 5]);
});

Deno.test("Recorder tells the lines of POP3 apart", { permissions: "none" }, () => {
  const { recorder, say, hear } = recording({ replies: new Pop3Replies() });
  recorder.begin("stat");
  say("STAT");
  hear(10, "-ERR [IN-USE] No");
  hear(10, "+OK and more", "+OKAY", "* OK");
  recorder.begin("auth");
  say("AUTH PLAIN");
  hear(10, "+");
  equal(recorder.find("stat")?.ok, false);
  deepEqual(recorder.find("stat")?.replies[0]?.responseCode, "IN-USE");
  deepEqual(recorder.unasked.map(({ line }) => line), [3]);
  deepEqual(recorder.malformed.map(({ line }) => line), [4, 5]);
  equal(recorder.find("auth")?.replies[0]?.ok, true);
  deepEqual(
    recorder.transcript.map(({ unexpected }) => unexpected ?? false),
    [false, true, true, true, true, false, false],
  );
});
