import { equal } from "node:assert/strict";
import { connectSmtp } from "@mailwright/mailwright";
import { startSandbox } from "@mailwright/mailwright/sandbox";

// The sanitizers of the test see every socket and timer that stays behind.
Deno.test(
  "connectSmtp() a thousand times leaves nothing open [T-X13]",
  { timeout: 120_000 },
  async () => {
    await using server = await startSandbox();
    for (let round = 0; round < 1000; round++) {
      await using session = await connectSmtp({ url: server.smtpUrl, tls: "none" });
      equal(session.capabilities.has("PIPELINING"), true);
      // Half of them leave without a farewell.
      if (round % 2 === 1) session.close();
    }
    equal(server.ledger.entries.filter(({ kind }) => kind === "open").length, 1000);
  },
);
