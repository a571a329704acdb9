/**
 * Tables of plain text: aligned by the width a terminal gives each character, cut to a given width,
 * and the same with or without colours.
 *
 * @module
 */

import { cutToWidth, displayWidth, visible } from "./plain_text.ts";

/** One column. */
export interface Column {
  /** What stands above it. */
  readonly header: string;
  /** Where shorter cells go. @default {"left"} */
  readonly align?: "left" | "right";
}

const GAP = 2;
/** No column becomes narrower than this: three characters and the sign that something was cut. */
const LEAST = 4;

/**
 * Lays out rows under headers. Control characters in cells are shown as escapes.
 *
 * @param columns The columns; a text is a header, aligned left.
 * @param rows The cells; a missing one is empty.
 * @param options `width` is what a line may take: the widest columns are cut first.
 * @returns The lines, each with its line end.
 *
 * @example Usage
 * ```ts
 * import { formatTable } from "./table.ts";
 * import { equal } from "node:assert/strict";
 *
 * equal(
 *   formatTable(["stage", { header: "ms", align: "right" }], [["banner", "402"], ["tls", "24"]]),
 *   "stage    ms\nbanner  402\ntls      24\n",
 * );
 * ```
 */
export function formatTable(
  columns: readonly (string | Column)[],
  rows: readonly (readonly string[])[],
  options: { readonly width?: number } = {},
): string {
  const shapes = columns.map((column) => typeof column === "string" ? { header: column } : column);
  const lines = [shapes.map(({ header }) => header), ...rows]
    .map((row) => shapes.map((_, index) => visible(row[index] ?? "")));
  const widths = shapes.map((_, index) =>
    lines.reduce((most, line) => Math.max(most, displayWidth(line[index] ?? "")), 0)
  );
  shrink(widths, (options.width ?? Infinity) - GAP * (widths.length - 1));
  return lines.map((line) => {
    const cells = line.map((cell, index) => fit(cell, widths[index] ?? 0, shapes[index]?.align));
    return `${cells.join(" ".repeat(GAP)).trimEnd()}\n`;
  }).join("");
}

/** Takes column by column from the widest, until all fit or none can give more. */
function shrink(widths: number[], room: number): void {
  let excess = widths.reduce((sum, width) => sum + width, 0) - room;
  for (; excess > 0; excess--) {
    const widest = Math.max(...widths);
    if (widest <= LEAST) return;
    widths[widths.lastIndexOf(widest)] = widest - 1;
  }
}

function fit(cell: string, width: number, align: Column["align"]): string {
  const text = cutToWidth(cell, width);
  const space = " ".repeat(width - displayWidth(text));
  return align === "right" ? space + text : text + space;
}
