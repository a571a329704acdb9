/**
 * Reads or empties a mailbox with `Pop3Session`: `top|retr|dele PORT USER PASSWORD COUNT`.
 *
 * @module
 */

import { connectPop3, Secret } from "../../../src/pop3/mod.ts";

const [task, port, user, password, count] = Deno.args as [string, string, string, string, string]; // from our runner

await using session = await connectPop3({
  url: `pop3://127.0.0.1:${port}`,
  tls: "none",
  allowCleartextAuth: true,
  auth: { user, password: new Secret(password), mechanisms: ["USER"] },
});
await session.stat(); // The server has opened the mailbox now.
const begin = performance.now();
const listing = await session.uidl();
if (!listing.ok) throw listing.error;
const numbers = listing.value.map(({ no }) => no).slice(0, Number(count));
let accepted = 0;
if (task === "top") {
  for await (const item of session.top(numbers, 0)) if (item.ok) accepted++;
} else if (task === "retr") {
  for await (const item of session.retrieve(numbers)) {
    if (item.ok && (await item.value.bytes()).length > 0) accepted++;
  }
} else {
  const marked = (await session.markDeleted(numbers)).filter(({ ok }) => ok);
  if ((await session.commit()).kind === "committed") accepted = marked.length;
}
const ms = performance.now() - begin;
await Deno.stdout.write(new TextEncoder().encode(JSON.stringify({ ms, accepted })));
