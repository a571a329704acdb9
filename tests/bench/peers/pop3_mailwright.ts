/**
 * Reads a mailbox with `Pop3Session`: `top|retr PORT USER PASSWORD`.
 *
 * @module
 */

import { connectPop3, Secret } from "../../../src/pop3/mod.ts";

const [task, port, user, password] = Deno.args as [string, string, string, string]; // from our runner

await using session = await connectPop3({
  url: `pop3://127.0.0.1:${port}`,
  tls: "none",
  allowCleartextAuth: true,
  auth: { user, password: new Secret(password), mechanisms: ["USER"] },
});
const begin = performance.now();
const listing = await session.uidl();
if (!listing.ok) throw listing.error;
const numbers = listing.value.map(({ no }) => no);
let accepted = 0;
if (task === "top") {
  for await (const item of session.top(numbers, 0)) if (item.ok) accepted++;
} else {
  for await (const item of session.retrieve(numbers)) {
    if (item.ok && (await item.value.bytes()).length > 0) accepted++;
  }
}
const ms = performance.now() - begin;
await Deno.stdout.write(new TextEncoder().encode(JSON.stringify({ ms, accepted })));
