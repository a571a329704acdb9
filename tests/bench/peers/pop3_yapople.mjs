/**
 * Reads or empties a mailbox with yapople, which has LIST and no UIDL: `MODULE top|retr|dele PORT USER PASSWORD COUNT`.
 */

import process from "node:process";

const [module, task, port, user, password, count] = process.argv.slice(2);
const { default: { Client } } = await import(module);

const client = new Client({
  host: "127.0.0.1",
  port: Number(port),
  tls: false,
  username: user,
  password,
});
await client.connect();
await client.count(); // The server has opened the mailbox now.
const begin = performance.now();
const numbers = Object.keys(await client.list()).map(Number).slice(0, Number(count));
let accepted = 0;
for (const number of numbers) {
  if (task === "top") accepted += (await client.top(number, 0)).length > 0;
  else if (task === "retr") accepted += (await client.retr(number)).length > 0;
  else {
    await client.dele(number);
    accepted++;
  }
}
if (task === "dele") await client.disconnect();
const ms = performance.now() - begin;
if (task !== "dele") await client.disconnect();
process.stdout.write(JSON.stringify({ ms, accepted }));
