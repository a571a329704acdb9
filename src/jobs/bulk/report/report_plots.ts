/**
 * Plots of a report, as SVG that stands in the page itself.
 *
 * @module
 */

import { escaped } from "./markup.ts";
import type { LatencyReport } from "./report.ts";
import type { Throughput } from "./throughput.ts";

const WIDTH = 720;
const HEIGHT = 220;
const LEFT = 56;
const BOTTOM = 28;
const TOP = 12;

/**
 * Draws how many rows a second came to their end, over time.
 *
 * @param throughput What happened when.
 * @returns The plot.
 */
export function throughputPlot({ stepMs, steps }: Throughput): string {
  const perSecond = (count: number): number => count * 1000 / stepMs;
  const most = Math.max(1, ...steps.map((step) => perSecond(step.accepted + step.others)));
  const top = roundUp(most);
  const wide = (WIDTH - LEFT) / Math.max(steps.length, 1);
  const high = HEIGHT - BOTTOM - TOP;
  const bars = steps.flatMap(({ accepted, others }, at) => {
    const x = LEFT + at * wide;
    const first = perSecond(accepted) / top * high;
    const second = perSecond(others) / top * high;
    const width = Math.max(wide - (wide > 4 ? 1 : 0), 0.5);
    return [
      bar("accepted", { x, y: HEIGHT - BOTTOM - first, width, height: first }),
      bar("other", { x, y: HEIGHT - BOTTOM - first - second, width, height: second }),
    ];
  });
  const lastMs = (steps.at(-1)?.atMs ?? 0) + stepMs;
  const times = [
    label(LEFT, HEIGHT - 8, timeText(steps[0]?.atMs ?? 0), "start"),
    label(WIDTH, HEIGHT - 8, timeText(lastMs), "end"),
  ];
  return svg("Rows that came to their end, in each second", HEIGHT, [
    ...scale(top, (value) => `${value}/s`),
    ...bars,
    ...times,
  ]);
}

/**
 * Draws how long the server took for the ends of messages.
 *
 * @param latency How long.
 * @returns The plot.
 */
export function latencyPlot({ percentiles }: LatencyReport): string {
  const all = Object.entries(percentiles);
  const most = Math.max(...all.map(([, ms]) => ms), 0.01);
  const row = 26;
  const room = WIDTH - LEFT - 90;
  const lines = all.map(([percent, ms], at) => {
    const y = TOP + at * row;
    const width = Math.max(ms / most * room, 1);
    const name = percent === "100" ? "longest" : `${percent} %`;
    return label(LEFT - 8, y + 14, name, "end") +
      bar("latency", { x: LEFT, y, width, height: row - 8 }) +
      label(LEFT + width + 8, y + 14, msText(ms), "start");
  });
  return svg("How long the server took to answer", TOP + all.length * row, lines);
}

/**
 * A time span in the unit that suits it.
 *
 * @param ms Milliseconds.
 * @returns The text.
 */
export function msText(ms: number): string {
  if (ms >= 10_000) return `${(ms / 1000).toFixed(0)} s`;
  if (ms >= 1_000) return `${(ms / 1000).toFixed(1)} s`;
  return ms >= 10 ? `${ms.toFixed(0)} ms` : `${ms.toFixed(1)} ms`;
}

interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

function bar(kind: string, { x, y, width, height }: Box): string {
  if (height <= 0) return "";
  const [left, top, wide, high] = [x, y, width, height].map((value) => value.toFixed(2));
  return `<rect class="${kind}" x="${left}" y="${top}" width="${wide}" height="${high}"/>`;
}

function label(x: number, y: number, text: string, anchor: "start" | "end"): string {
  return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" text-anchor="${anchor}">${
    escaped(text)
  }</text>`;
}

/** Lines at no, half and full height. */
function scale(top: number, text: (value: number) => string): string[] {
  return [0, top / 2, top].map((value) => {
    const y = HEIGHT - BOTTOM - value / top * (HEIGHT - BOTTOM - TOP);
    return `<line x1="${LEFT}" x2="${WIDTH}" y1="${y.toFixed(1)}" y2="${y.toFixed(1)}"/>` +
      label(LEFT - 8, y + 4, text(value), "end");
  });
}

function svg(title: string, height: number, parts: readonly string[]): string {
  return `<svg viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${escaped(title)}">` +
    `<title>${escaped(title)}</title>${parts.join("")}</svg>`;
}

/** One digit with zeros, whose half is short as well. */
function roundUp(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 3, 4, 6, 8, 10].map((step) => step * power).find((step) => step >= value) ?? value;
}

/**
 * A time, to the second.
 *
 * @param ms Milliseconds since 1970.
 * @returns The text, in UTC.
 */
export function timeText(ms: number): string {
  return new Date(ms).toISOString().slice(0, 19).replace("T", " ");
}
