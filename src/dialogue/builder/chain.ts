/**
 * A list that grows at its end while all its beginnings stay as they are.
 *
 * @module
 */

/** The last item and all before it; nothing for an empty list. */
export type Chain<T> = { readonly last: T; readonly before: Chain<T> } | undefined;

/** The list with more items. */
export function append<T>(chain: Chain<T>, items: readonly T[]): Chain<T> {
  return items.reduce<Chain<T>>((before, last) => ({ last, before }), chain);
}

/** The items in their order. */
export function itemsOf<T>(chain: Chain<T>): readonly T[] {
  const items: T[] = [];
  for (let link = chain; link !== undefined; link = link.before) items.push(link.last);
  return items.reverse();
}
