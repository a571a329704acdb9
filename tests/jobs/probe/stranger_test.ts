import { equal, ok } from "node:assert/strict";
import { probe } from "@mailwright/mailwright/jobs";
import { startSandbox } from "@mailwright/mailwright/sandbox";
import { Secret } from "@mailwright/mailwright";

Deno.test("probe() asks nothing as a stranger that it was to ask as a user", async () => {
  await using server = await startSandbox({ users: { ann: "open sesame" }, requires: "login" });
  const run = await probe(server.smtpUrl, { // nobody has told us to trust its CA
    login: { user: "ann", password: new Secret("open sesame") },
    from: "ann@mail.example",
    to: ["bob@mail.example"],
  });
  const ids = run.findings.map(({ id }) => id);
  ok(ids.includes("cert.untrusted"), ids.join());
  ok(ids.includes("check.skipped"), ids.join());
  equal(ids.includes("rcpt.refused"), false);
  const said = server.ledger.texts("command");
  equal(said.some((line) => /^(AUTH|RCPT)/.test(line)), false);
  equal(run.exitCode, 3); // a check that was asked for did not run
});
