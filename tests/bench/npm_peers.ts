/**
 * Clients from npm, pinned, in a folder that is not committed and that nothing else reads.
 *
 * @module
 */

const FOLDER = new URL("../.tmp/bench", import.meta.url).pathname;
const MODULES = `${FOLDER}/node_modules`;

/** A package that is compared with. */
export type Peer = "nodemailer@10.6.0" | "yapople@0.4.10" | "node-pop3@0.11.0";

/** The packages, and where each is entered. */
const PEERS: Readonly<Record<Peer, string>> = {
  "nodemailer@10.6.0": `${MODULES}/nodemailer/dist/esm/nodemailer.js`,
  "yapople@0.4.10": `${MODULES}/yapople/lib/yapople.js`,
  "node-pop3@0.11.0": `${MODULES}/node-pop3/src/Command.js`,
};

let installed: Promise<boolean> | undefined;

/** Gives the entry point of a package, installed if need be; undefined where npm does not do it. */
export async function entryOf(peer: Peer): Promise<string | undefined> {
  // In one call: npm takes away what it was not told of.
  return await (installed ??= install()) ? PEERS[peer] : undefined;
}

async function install(): Promise<boolean> {
  try {
    await Deno.mkdir(FOLDER, { recursive: true });
    await Deno.writeTextFile(`${FOLDER}/package.json`, "{}");
    const { success } = await new Deno.Command("npm", {
      args: ["install", "--no-save", "--no-audit", "--no-fund", ...Object.keys(PEERS)],
      cwd: FOLDER,
      stdout: "null",
      stderr: "null",
    }).output();
    return success;
  } catch {
    return false; // no npm on this machine
  }
}
