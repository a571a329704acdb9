/**
 * Sends 1 KB messages through nodemailer's pool, on Node or Deno: `MODULE PORT COUNT CONNECTIONS`.
 */

import process from "node:process";

const [module, port, count, connections] = process.argv.slice(2);
const { default: nodemailer } = await import(module);

const transport = nodemailer.createTransport({
  host: "127.0.0.1",
  port: Number(port),
  secure: false,
  ignoreTLS: true,
  pool: true,
  maxConnections: Number(connections),
  maxMessages: Infinity,
});
const text = `${"x".repeat(70)}\n`.repeat(13);
const begin = performance.now();
let row = 0;
let accepted = 0;

async function send() {
  while (row < Number(count)) {
    const number = row++;
    await transport.sendMail({
      from: "sender@bench.example",
      to: `person${number}@bench.example`,
      subject: `Message number ${number}`,
      date: new Date(1_700_000_000_000 + number * 1000),
      messageId: `<${number}@bench.example>`,
      text,
    });
    accepted++;
  }
}

await Promise.all(Array.from({ length: 2 * Number(connections) }, send));
const ms = performance.now() - begin;
transport.close();
process.stdout.write(JSON.stringify({ ms, accepted }));
