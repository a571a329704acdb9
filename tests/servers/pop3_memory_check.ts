/**
 * A message that is larger than the memory it may cost, from a real Dovecot to a file.
 */
import { ok, strictEqual } from "node:assert/strict";
import { startDovecot } from "./dovecot.ts";
import { largeMessage, type LargeOrder, type LargeReport } from "./large_reader.ts";
import { JONES } from "./our_client.ts";
import { run } from "./process.ts";
import { serverTest } from "./programs.ts";
import { RunFolder } from "./run_folder.ts";

const MEGABYTE = 1024 ** 2;
/** The most memory that the whole process may ever have: far less than twice the message. */
const MOST = 128 * MEGABYTE;
const READER = new URL("large_reader.ts", import.meta.url).pathname;

async function digestOf(octets: Uint8Array<ArrayBuffer>): Promise<string> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", octets)).toHex();
}

await serverTest(
  "Pop3Session writes 100 MB from Dovecot to a file and stays small",
  ["dovecot", "openssl", "root"],
  async (step) => {
    await using dovecot = await startDovecot();
    await using folder = await RunFolder.make("large");
    const message = largeMessage();
    await dovecot.fill(JONES, [message]);
    const digest = await digestOf(message);
    const { host, ports, caPem, users } = dovecot;
    const urls = [`pop3s://${host}:${ports.pop3s}`, `pop3://${host}:${ports.pop3}`];
    for (const [i, url] of urls.entries()) {
      const file = folder.file(`message${i}`);
      const order: LargeOrder = { url, caPem, user: JONES, password: users[JONES] ?? "", file };
      // Deno gives what is below /proc only to those who may do everything.
      const args = ["run", "--allow-all", "--quiet", READER];
      const { stdout } = await run(Deno.execPath(), args, { stdin: JSON.stringify(order) });
      const { peak }: LargeReport = JSON.parse(stdout);
      await step(`${url.split(":")[0]}: ${Math.round(peak / MEGABYTE)} MB at most`, async () => {
        strictEqual(await digestOf(await Deno.readFile(file)), digest);
        ok(peak < MOST);
      });
    }
  },
);
