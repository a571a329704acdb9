import { deepEqual, equal, ok } from "node:assert/strict";
import { queueIdOf } from "../../src/smtp/receipt.ts";
import { receiptOf } from "../../src/smtp/error_receipt.ts";
import { SmtpLocalError } from "../../src/smtp/errors.ts";
import { ClosedError } from "../../src/wire/mod.ts";
import { mailTo, names, SMALL } from "./deliveries.ts";
import { greeted } from "./scripted_session.ts";

const PURE: Omit<Deno.TestDefinition, "fn" | "name"> = { permissions: "none" };
const { envelope } = mailTo(["bob@mx.example"]);

async function reasonOf(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error("it was not rejected");
}

Deno.test("receiptOf() gives the receipt of a send that was cut off", PURE, async () => {
  await using made = await greeted("", "C~ MAIL\nS: 250 sender\nC~ RCPT\n<close>");
  const error = await reasonOf(made.session.send(envelope, SMALL));
  ok(error instanceof ClosedError);
  const receipt = receiptOf(error);
  equal(receipt, made.session.lastReceipt);
  equal(receipt?.outcome, "not-sent");
  equal(receipt.stage, "rcpt");
  equal(receipt.host, "mx.example");
  equal(receipt.tls, false);
  equal(receipt.octets, 0);
  equal(receipt.error, error);
});

Deno.test("receiptOf() gives the receipt of a send that we refuse ourselves", PURE, async () => {
  await using made = await greeted("SIZE 10", "C: NOOP\nS: 250 fine");
  const error = await reasonOf(made.session.send(envelope, SMALL));
  ok(error instanceof SmtpLocalError);
  const receipt = receiptOf(error);
  equal(receipt?.outcome, "not-sent");
  equal(receipt.stage, "mail");
  deepEqual(receipt.rejected.map(({ retry }) => retry), ["never"]);
  deepEqual(names(receipt.rejected), ["bob@mx.example"]);
  await made.session.noop(); // nothing was said
  await made.done;
});

Deno.test("receiptOf() knows nothing of errors that are not ours", PURE, () => {
  equal(receiptOf(new Error("mine")), undefined);
  equal(receiptOf(undefined), undefined);
  equal(receiptOf(new ClosedError("no message was under way")), undefined);
});

Deno.test("receiptOf() keeps apart the sends that one death has ended [S23]", PURE, async () => {
  await using made = await greeted("", "C~ MAIL\nS: 250 sender\nC~ RCPT\n<close>");
  const other = mailTo(["eve@mx.example"]).envelope;
  const [first, second] = await Promise.all([
    reasonOf(made.session.send(envelope, SMALL)),
    reasonOf(made.session.send(other, SMALL)),
  ]);
  deepEqual(names(receiptOf(first)?.rejected ?? []), ["bob@mx.example"]);
  deepEqual(names(receiptOf(second)?.rejected ?? []), ["eve@mx.example"]);
  ok(first instanceof ClosedError && second instanceof ClosedError);
  equal(first.message, second.message);
});

Deno.test(
  "SmtpSession.send() sends in the order of the calls, each with its own receipt [S23]",
  PURE,
  async () => {
    const one = (to: string, reply: string): string => `
    C: MAIL FROM:<ann@client.example>
    S: 250 sender
    C: RCPT TO:<${to}@mx.example>
    S: ${reply}`;
    const content = "C: DATA\nS: 354 go\nC: Subject: hi\nC: .";
    await using made = await greeted(
      "",
      `${one("a", "250 ok")}
    ${content}
    S: 250 a
    ${one("b", "550 no")}
    C: RSET
    S: 250 reset
    ${one("c", "250 ok")}
    ${content}
    S: 250 c`,
    );
    const receipts = await Promise.all(
      ["a", "b", "c"].map((to) => made.session.send(mailTo([`${to}@mx.example`]).envelope, SMALL)),
    );
    deepEqual(receipts.map(({ reply }) => `${reply}`), ["250 a", "550 no", "250 c"]);
    await made.done;
  },
);

Deno.test(
  "SmtpSession.send() gives no older receipt to a message whose turn never came",
  PURE,
  async () => {
    await using made = await greeted(
      "STARTTLS",
      `C~ MAIL
    S: 250 sender
    C~ RCPT
    S: 250 ok
    C: DATA
    S: 354 go
    C: Subject: hi
    C: .
    S: 250 taken
    C: STARTTLS
    S: 220 go
    <tls>`,
    );
    equal((await made.session.send(envelope, SMALL)).outcome, "accepted");
    await made.session.startTls();
    const error = await reasonOf(made.session.send(envelope, SMALL)); // no EHLO yet
    ok(error instanceof SmtpLocalError);
    equal(receiptOf(error)?.outcome, "not-sent");
    equal(made.session.lastReceipt?.outcome, "not-sent");
  },
);

Deno.test.each([
  ["Ok: queued as 2F6DE3929", "2F6DE3929"],
  ["Ok: queued as 4Xyz12-34.5_6", "4Xyz12-34.5_6"],
  ["OK id=1tBcDe-000000-0A", "1tBcDe-000000-0A"],
  ["ok:  Message 1763097690 accepted", "1763097690"],
  ["<20260101.ABC> Queued mail for delivery", undefined],
  ["fine", undefined],
  ["", undefined],
  ["queued as abc", undefined], // too short to be told from a word
])("queueIdOf() reads %j", PURE, (text, id) => {
  equal(queueIdOf(text), id);
});
