import { deepEqual, equal } from "node:assert/strict";
import { connectPop3, connectSmtp, Secret } from "@mailwright/mailwright";
import { startSandbox } from "@mailwright/mailwright/sandbox";

const auth = { user: "ann", password: new Secret("pencil") };

Deno.test("a message goes out by SMTP, comes back by POP3 and is removed", async () => {
  await using box = await startSandbox({ users: { ann: "pencil" } });
  const { caCerts } = box;
  const contents = [1, 2, 3].map((n) => `Subject: ${n}\r\n\r\n.\r\n..${n}\r\n`);
  {
    await using sender = await connectSmtp({ url: box.smtpUrl, caCerts });
    for (const content of contents) {
      await sender.send({ from: null, to: ["ann@x.example"], policy: "any" }, content);
    }
  }
  for (const url of [box.pop3sUrl, box.pop3Url]) {
    await using session = await connectPop3({ url, caCerts, auth });
    const { numbers, messages, contradictions } = await session.snapshot();
    deepEqual(contradictions, []);
    deepEqual(messages.map(({ uid }) => uid), box.maildrop("ann").map(({ uid }) => uid));
    const seen: string[] = [];
    for await (const item of session.retrieve(numbers)) {
      if (item.ok) seen.push(new TextDecoder().decode(await item.value.bytes()));
    }
    deepEqual(seen, contents);
    await session.markDeleted(numbers.slice(0, 1));
    equal((await session.commit()).kind, "committed");
    contents.shift();
    deepEqual(box.maildrop("ann").map(({ text }) => text), contents);
  }
});
