/**
 * Maildir: a file for each message in `new`, moved to `cur` by a mail reader that has seen it.
 *
 * @module
 */

import { joinPath } from "../../file_path.ts";
import type { ArchiveFiles } from "./archive_kind.ts";
import type { FileLayout, NamedFile } from "./message_files.ts";

/** A mail reader puts its flags behind a colon. */
const NAME = /^([0-9a-f]{64})(?::.*)?$/;

/** The layout of a maildir. */
export const maildirLayout: FileLayout = {
  foldersOf: (place) => [`${place}/tmp`, `${place}/new`, `${place}/cur`],

  fileOf: (place, sha256) => `${place}/new/${sha256}`,

  async *filesOf(place, files) {
    for (const folder of ["new", "cur"]) yield* await namedFiles(`${place}/${folder}`, files);
  },
};

async function namedFiles(
  folder: string,
  { store, base }: ArchiveFiles,
): Promise<NamedFile[]> {
  return (await store.list(joinPath(base, folder))).flatMap(({ name, kind }) => {
    const sha256 = NAME.exec(name)?.[1];
    return kind === "file" && sha256 !== undefined ? [{ path: `${folder}/${name}`, sha256 }] : [];
  });
}
