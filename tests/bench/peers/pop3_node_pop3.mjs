/**
 * Reads or empties a mailbox with node-pop3: `MODULE top|retr|dele PORT USER PASSWORD COUNT`.
 */

import process from "node:process";

const [module, task, port, user, password, count] = process.argv.slice(2);
const { default: Pop3Command } = await import(module);

const client = new Pop3Command({ host: "127.0.0.1", port: Number(port), user, password });
await client.STAT(); // The server has opened the mailbox now.
const begin = performance.now();
const numbers = (await client.UIDL()).map(([number]) => Number(number)).slice(0, Number(count));
let accepted = 0;
for (const number of numbers) {
  if (task === "top") accepted += (await client.TOP(number, 0)).length > 0;
  else if (task === "retr") accepted += (await client.RETR(number)).length > 0;
  else {
    await client.DELE(number);
    accepted++;
  }
}
if (task === "dele") await client.QUIT();
const ms = performance.now() - begin;
if (task !== "dele") await client.QUIT();
process.stdout.write(JSON.stringify({ ms, accepted }));
