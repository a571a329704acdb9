/**
 * Where in an archive a message of a day belongs: the path of the policy with its day filled in.
 *
 * @module
 */

import { joinPath } from "../../file_path.ts";
import type { FileStore } from "../../file_store.ts";

const DAY_PARTS = /\{(yyyy|mm|dd)\}/g;

/** The place for a day; everything from the first to the last part of an unknown one is `undated`. */
export function placeFor(template: string, day: Date | undefined): string {
  const year = day?.getUTCFullYear();
  // The year of a forged date may have five digits, or none.
  if (day === undefined || year === undefined || !(year >= 0 && year <= 9999)) {
    return template.replace(/\{.*\}/, "undated");
  }
  const parts: Record<string, string> = {
    "{yyyy}": String(year).padStart(4, "0"),
    "{mm}": String(day.getUTCMonth() + 1).padStart(2, "0"),
    "{dd}": String(day.getUTCDate()).padStart(2, "0"),
  };
  return template.replace(DAY_PARTS, (part) => parts[part] ?? part);
}

/** All places of a path that may be there: those with a day in the order of their names, then the one without. */
export async function* placesOf(
  store: FileStore,
  base: string,
  template: string,
): AsyncGenerator<string> {
  const undated = placeFor(template, undefined);
  if (undated !== template) yield* dated(store, base, "", template.split("/"));
  yield undated;
}

async function* dated(
  store: FileStore,
  base: string,
  above: string,
  [step, ...below]: readonly string[],
): AsyncGenerator<string> {
  if (step === undefined) {
    yield above;
    return;
  }
  const folder = above === "" ? base : joinPath(base, above);
  for (const name of step.includes("{") ? await namesLike(store, folder, step) : [step]) {
    yield* dated(store, base, above === "" ? name : `${above}/${name}`, below);
  }
}

async function namesLike(store: FileStore, folder: string, step: string): Promise<string[]> {
  const digits = (part: string): string => part === "{yyyy}" ? "\\d{4}" : "\\d{2}";
  const pattern = step.split(/(\{\w+\})/).map((part) =>
    part.startsWith("{") ? digits(part) : RegExp.escape(part)
  );
  const like = new RegExp(`^${pattern.join("")}$`);
  return (await store.list(folder)).map(({ name }) => name).filter((name) => like.test(name));
}
