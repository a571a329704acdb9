/**
 * The least a program on Deno can do: one write for each message, replies counted and not read. What it
 * reaches is what the machine allows: `PORT COUNT CONNECTIONS`.
 *
 * @module
 */

const [port, count, connections] = Deno.args.map(Number) as [number, number, number]; // from our runner

const encoder = new TextEncoder();
const text = `${"x".repeat(70)}\r\n`.repeat(13);
const envelope = "MAIL FROM:<sender@bench.example>\r\nRCPT TO:<person@bench.example>\r\nDATA\r\n";
const begin = performance.now();
let row = 0;
let accepted = 0;

async function send(): Promise<void> {
  using socket = await Deno.connect({ hostname: "127.0.0.1", port });
  socket.setNoDelay(true);
  const buffer = new Uint8Array(16 * 1024);
  const replies = async (lines: number): Promise<void> => {
    for (let seen = 0; seen < lines;) {
      const read = await socket.read(buffer);
      if (read === null) throw new Error("Cannot read: the sink closed");
      for (let at = 0; at < read; at++) if (buffer[at] === 10) seen++;
    }
  };
  const say = async (what: string, lines: number): Promise<void> => {
    await socket.write(encoder.encode(what)); // small enough for one write on loopback
    await replies(lines);
  };
  await replies(1);
  await say("HELO bench.example\r\n", 1);
  await say(envelope, 3);
  while (row < count) {
    const number = row++;
    const header = `From: sender@bench.example\r\nTo: person${number}@bench.example\r\n` +
      `Subject: Message number ${number}\r\nMessage-ID: <${number}@bench.example>\r\n\r\n`;
    await say(`${header}${text}.\r\n${envelope}`, 4);
    accepted++;
  }
}

await Promise.all(Array.from({ length: connections }, send));
const ms = performance.now() - begin;
await Deno.stdout.write(encoder.encode(JSON.stringify({ ms, accepted })));
