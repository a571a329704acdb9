import { deepEqual, ok } from "node:assert/strict";
import { probe } from "../../../src/jobs/mod.ts";
import { startSandbox } from "../../../src/sandbox/mod.ts";
import { Secret } from "../../../src/smtp/mod.ts";
import { TlsServer } from "./peers.ts";
import { breaches } from "./schema.ts";

Deno.test("probe() gives what the schema says, whatever it sees", async () => {
  await using box = await startSandbox({
    users: { ann: "pencil" },
    recipients: ["ben@b.example"],
    faults: [{ verb: "VRFY", reply: "421 4.3.2 Enough" }],
  });
  await using bad = await TlsServer.start({ mode: "starttls", certificate: "expired" });
  const { caCerts } = box;
  const full = {
    caCerts,
    class: "send",
    login: { user: "ann", password: new Secret("pencil") },
    from: "ann@b.example",
    to: ["ben@b.example", "nobody@b.example"],
    pipelining: true,
  } as const;
  const runs = [
    await probe([box.smtpUrl, box.smtpsUrl, box.lmtpUrl], full),
    await probe(box.smtpUrl, { caCerts, ask: ["VRFY ben"] }),
    await probe([box.pop3Url, box.pop3sUrl], { caCerts, login: full.login, touch: true }),
    await probe(box.pop3Url, { caCerts, stop: "capa" }),
    await probe(`smtp://127.0.0.1:${bad.port}`),
    await probe(["127.0.0.1:1", "unix:/tmp/no-such-socket"]),
  ];
  for (const run of runs) deepEqual(await breaches(run), []);
});

Deno.test("breaches() sees what does not belong", async () => {
  const run = await probe("127.0.0.1:1");
  const wrong = { ...run, status: "fine", more: 1, targets: [{ ...run.targets[0], ip: 1 }] };
  const found = await breaches(wrong);
  for (const place of ['run.status: "fine"', "run.more: unknown", "run.targets[0].ip: number"]) {
    ok(found.includes(place), found.join("\n"));
  }
});
