import { deepEqual, equal, match, rejects } from "node:assert/strict";
import { Resender } from "../../../scripts/cleanup/resender.ts";
import type { RestoredMessage } from "../../../src/jobs/mod.ts";
import { type SandboxOptions, startSandbox } from "../../../src/sandbox/mod.ts";

const TO = ["tim@mail.example"];

/** A message in pieces of a few octets. */
function archived(text: string | Uint8Array): RestoredMessage {
  const octets = typeof text === "string" ? new TextEncoder().encode(text) : text;
  return {
    uid: "u1",
    sha256: "",
    bytes: octets.length,
    async *content() {
      for (let at = 0; at < octets.length; at += 5) {
        await Promise.resolve();
        yield octets.subarray(at, at + 5);
      }
    },
  };
}

async function sending(
  options: SandboxOptions,
  work: (resender: Resender, box: Awaited<ReturnType<typeof startSandbox>>) => Promise<void>,
): Promise<void> {
  await using box = await startSandbox(options);
  const to = { url: box.smtpUrl, caCerts: box.caCerts };
  await using resender = new Resender(to, { from: "tim@mail.example", to: TO });
  await work(resender, box);
}

Deno.test("Resender sends octets as they are, to whom it is told", async () => {
  await sending({}, async (resender, box) => {
    const texts = [
      "To: everybody@else.example\r\nBcc: x@else.example\r\n\r\n.\r\n..a\r\nfrom\r\n",
      "Subject: Grüße\r\n\r\nWörter\r\n",
      `Subject: long\r\n\r\n${"x".repeat(998)}\r\n`,
    ];
    for (const text of texts) {
      const { outcome, text: said } = await resender.send(archived(text));
      equal(outcome, "accepted", said);
    }
    deepEqual(box.mails.map(({ text }) => text), texts);
    deepEqual(box.mails.map(({ to }) => to), texts.map(() => TO));
  });
});

Deno.test("Resender refuses what the server cannot take unchanged, and names the export", async () => {
  const broken = [
    `Subject: long\r\n\r\n${"x".repeat(999)}\r\n`,
    "Subject: bare\n\nLF\n",
    "Subject: bare CR\r\n\r\na\rb\r\n",
    "Subject: NUL\r\n\r\n\0\r\n",
    "Subject: open\r\n\r\nno end",
  ];
  const capabilities = { clear: ["STARTTLS"], tls: ["PIPELINING"], authenticated: ["PIPELINING"] };
  await sending({ capabilities }, async (resender, box) => {
    for (const text of [...broken, "Subject: Grüße\r\n\r\n"]) {
      const { outcome, text: why } = await resender.send(archived(text));
      equal(outcome, "refused");
      match(why ?? "", /--export writes it to a file$/);
    }
    equal((await resender.send(archived("Subject: fine\r\n\r\n"))).outcome, "accepted");
    equal(box.mails.length, 1);
  });
  await sending({}, async (resender, box) => {
    for (const text of broken) {
      equal((await resender.send(archived(text))).outcome, "accepted", JSON.stringify(text));
    }
    deepEqual(box.mails.map(({ text }) => text), broken);
  });
});

Deno.test("Resender tells a refusal, and goes on", async () => {
  await sending({ recipients: ["ann@mail.example"] }, async (resender) => {
    const { outcome, text } = await resender.send(archived("Subject: a\r\n\r\n"));
    equal(outcome, "refused");
    match(text ?? "", /^550 /);
  });
});

Deno.test("Resender is in doubt about what was sent and not answered", async () => {
  await sending({
    faults: [{ verb: ".", silent: true, then: "drop" }, {
      verb: "BDAT",
      silent: true,
      then: "drop",
    }],
  }, async (resender) => {
    const { outcome } = await resender.send(archived("Subject: a\r\n\r\n"));
    equal(outcome, "in-doubt");
  });
});

Deno.test("Resender asks a server that is gone once", async () => {
  let dials = 0;
  const dial = () => {
    dials++;
    return Promise.reject(new Error("nobody there"));
  };
  await using resender = new Resender({ url: "smtp://127.0.0.1:1", dial }, { from: null, to: TO });
  for (let at = 0; at < 3; at++) {
    await rejects(resender.send(archived("Subject: a\r\n\r\n")), { message: "nobody there" });
  }
  equal(dials, 1);
});
