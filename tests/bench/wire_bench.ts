/**
 * How fast lines and dots go: `deno bench tests/bench/wire_bench.ts`.
 *
 * Each round handles one MiB, so that "iter/s" reads as MiB/s.
 *
 * @module
 */

import { Channel, DotStuffer, DotUnstuffer, LineReader } from "../../src/wire/mod.ts";
import type { Connection } from "../../src/wire/mod.ts";

const SIZE = 1024 * 1024;
const CHUNK = 64 * 1024;

/** One MiB of equal lines. */
function text(line: string): Uint8Array {
  return new TextEncoder().encode(line.repeat(Math.ceil(SIZE / line.length)).slice(0, SIZE));
}

function chunks(bytes: Uint8Array): readonly Uint8Array[] {
  return Array.from(
    { length: Math.ceil(bytes.length / CHUNK) },
    (_, index) => bytes.subarray(index * CHUNK, (index + 1) * CHUNK),
  );
}

/** A peer that says `bytes` once and then closes. */
function source(bytes: Uint8Array): Connection {
  let at = 0;
  return {
    local: { transport: "memory" },
    remote: { transport: "memory" },
    security: "clear",
    read(buffer) {
      if (at === bytes.length) return Promise.resolve(null);
      const part = bytes.subarray(at, at + Math.min(buffer.length, CHUNK));
      buffer.set(part);
      at += part.length;
      return Promise.resolve(part.length);
    },
    write: () => Promise.resolve(),
    startTls: () => Promise.reject(new TypeError("Cannot start TLS on a benchmark")),
    close() {},
  };
}

const prose = text("x".repeat(75) + "\r\n");
const replies = text("250 2.1.5 Ok\r\n");
const unixProse = text("x".repeat(75) + "\n");
const dots = text("." + "x".repeat(74) + "\r\n");
const stuffedDots = text(".." + "x".repeat(73) + "\r\n");
const onlyLineFeeds = text("\n");

for (const [name, bytes] of [["75-octet lines", prose], ["replies", replies]] as const) {
  Deno.bench(`LineReader, ${name}`, { group: "lines" }, async () => {
    const reader = new LineReader(source(bytes));
    while (await reader.fill()) while (reader.line(8192) !== undefined);
  });
  Deno.bench(`Channel, ${name}`, { group: "lines" }, async () => {
    const channel = new Channel(source(bytes));
    while (await channel.fill()) while (channel.takeLine() !== undefined);
    channel.close();
  });
}

for (
  const [name, bytes] of [
    ["75-octet lines", prose],
    ["75-octet lines ending in LF", unixProse],
    ["every line with a dot", dots],
    ["line feeds alone", onlyLineFeeds],
  ] as const
) {
  const parts = chunks(bytes);
  Deno.bench(`DotStuffer, ${name}`, { group: "stuff" }, () => {
    const stuffer = new DotStuffer();
    for (const part of parts) stuffer.push(part);
    stuffer.end();
  });
}

for (
  const [name, bytes] of [
    ["75-octet lines", prose],
    ["every line with a dot", stuffedDots],
    ["replies", replies],
  ] as const
) {
  const parts = chunks(bytes);
  Deno.bench(`DotUnstuffer, ${name}`, { group: "unstuff" }, () => {
    const unstuffer = new DotUnstuffer();
    for (const part of parts) unstuffer.push(part);
  });
}
