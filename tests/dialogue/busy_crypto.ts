/**
 * Knows whether the platform computes: digests and keys come from another thread, so what waits for
 * them waits for no time, however idle this thread looks.
 *
 * @module
 */

let pending = 0;

/** Whether a digest, a key or a signature is under way. */
export function cryptoBusy(): boolean {
  return pending > 0;
}

for (const name of ["digest", "importKey", "deriveKey", "sign"] as const) {
  const method: (...args: never[]) => Promise<unknown> = crypto.subtle[name].bind(crypto.subtle);
  const counted = async (...args: never[]): Promise<unknown> => {
    pending++;
    try {
      return await method(...args);
    } finally {
      pending--;
    }
  };
  Object.defineProperty(crypto.subtle, name, { value: counted });
}
