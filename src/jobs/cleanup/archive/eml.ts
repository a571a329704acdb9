/**
 * A tree of `.eml` files: 256 folders by the first two digits of the digest.
 *
 * @module
 */

import { joinPath } from "../../file_path.ts";
import type { FileLayout } from "./message_files.ts";

const FOLDER = /^[0-9a-f]{2}$/;
const NAME = /^([0-9a-f]{64})\.eml$/;

/** The layout of a tree of `.eml` files. */
export const emlLayout: FileLayout = {
  foldersOf: () => [],

  fileOf: (place, sha256) => `${place}/${sha256.slice(0, 2)}/${sha256}.eml`,

  async *filesOf(place, { store, base }) {
    for (const folder of await store.list(joinPath(base, place))) {
      if (folder.kind !== "folder" || !FOLDER.test(folder.name)) continue;
      const path = `${place}/${folder.name}`;
      for (const { name, kind } of await store.list(joinPath(base, path))) {
        const sha256 = NAME.exec(name)?.[1];
        if (kind === "file" && sha256 !== undefined) yield { path: `${path}/${name}`, sha256 };
      }
    }
  },
};
