/**
 * A user's program: `url_check.ts` puts the URL of `mod.ts` in place of our name and runs it
 * without any grant.
 *
 * @module
 */

import { Channel, memoryPair, WireLine } from "@mailwright/mailwright";

const [ours, theirs] = memoryPair();
const client = new Channel(ours);
const server = new Channel(theirs, { end: "S" });
client.put(new WireLine("NOOP"));
await client.flush();
if ((await server.readLine())?.text !== "NOOP") throw new Error("Cannot hear NOOP");
client.close();
server.close();
