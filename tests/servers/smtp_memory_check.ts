/**
 * A message that is larger than the memory it may cost, through a real Postfix.
 */
import { ok, strictEqual } from "node:assert/strict";
import { isWhole, type LargeOrder, type LargeReport } from "./large_sender.ts";
import { BROWN, JONES } from "./our_client.ts";
import { startPostfix } from "./postfix.ts";
import { run } from "./process.ts";
import { serverTest } from "./programs.ts";

const MEGABYTE = 1024 ** 2;
/** What sending may add to the memory of the process: far less than the message. */
const MOST = 96 * MEGABYTE;
const SENDER = new URL("large_sender.ts", import.meta.url).pathname;

async function send(order: LargeOrder): Promise<LargeReport> {
  const args = ["run", "--no-prompt", "--quiet", "--allow-net=127.0.0.1", SENDER];
  const { stdout } = await run(Deno.execPath(), args, { stdin: JSON.stringify(order) });
  return JSON.parse(stdout);
}

await serverTest(
  "SmtpSession streams 200 MB to Postfix and stays small",
  ["postfix", "dovecot", "openssl", "root"],
  async (step) => {
    await using postfix = await startPostfix({ messageSizeLimit: 0 });
    const { host, ports, caPem, users } = postfix;
    const order = {
      url: `submission://${host}:${ports.submission}`,
      caPem,
      user: JONES,
      password: users[JONES] ?? "",
    };
    const ways = [[BROWN, "DATA", false], [JONES, "BDAT", true]] as const;
    for (const [to, name, chunking] of ways) {
      await step(`by ${name}`, async () => {
        const { outcome, octets, first, most } = await send({ ...order, to, chunking });
        strictEqual(outcome, "accepted");
        ok(octets >= 200 * MEGABYTE);
        ok(most - first < MOST, `${Math.round((most - first) / MEGABYTE)} MB`);
        const [stored] = await postfix.mailbox(to);
        ok(stored !== undefined && isWhole(stored));
      });
    }
  },
);
