import { deepEqual, equal, ok, rejects } from "node:assert/strict";
import { openArchive } from "../../src/jobs/cleanup/archive/archive.ts";
import { ArchiveError } from "../../src/jobs/cleanup/archive/archive_error.ts";
import { LineJournal } from "../../src/jobs/cleanup/journal/line_journal.ts";
import { denoFileStore as store } from "../../src/jobs/deno_file_store.ts";
import type { FileStore } from "../../src/jobs/file_store.ts";
import { MemoryStore } from "../faults/memory_store.ts";
import { all, DAY, KINDS, MESSAGES, octetsIn, octetsOf, put } from "./cleanup/archives.ts";

const text = new TextEncoder();

/** A folder of this machine for one test, gone afterwards. */
async function scratch(): Promise<AsyncDisposable & { readonly path: string }> {
  await Deno.mkdir("tests/.tmp", { recursive: true });
  const path = await Deno.makeTempDir({ dir: "tests/.tmp", prefix: "store_" });
  // makeTempDir() gives an absolute path from a relative one.
  const relative = path.slice(path.indexOf("tests/.tmp"));
  return {
    path: relative,
    [Symbol.asyncDispose]: () => Deno.remove(relative, { recursive: true }),
  };
}

async function modeOf(path: string): Promise<string> {
  return ((await Deno.lstat(path)).mode ?? 0).toString(8).slice(-3);
}

/** The disk and its double in memory keep the same promises. */
const STORES = [
  { kind: "the disk", open: (): FileStore => store },
  { kind: "memory", open: (): FileStore => new MemoryStore() },
];

Deno.test.each(STORES)("FileStore writes, cuts and reads files on $kind", async ({ open }) => {
  await using folder = await scratch();
  const files = open();
  await files.makeFolder(`${folder.path}/a/b`);
  const path = `${folder.path}/a/b/file`;
  equal(await files.size(path), undefined);
  equal(await files.read(path), undefined);
  await rejects(all(files.readPieces(path)), Deno.errors.NotFound);
  const file = await files.create(path);
  await file.write(text.encode("hello, "));
  await file.write(text.encode("world"));
  equal(file.size, 12);
  await file.sync();
  file.close();
  file.close();
  const again = await files.append(path);
  equal(again.size, 12);
  await again.truncate(5);
  await again.write(text.encode("!"));
  equal(again.size, 6);
  again.close();
  deepEqual(await files.read(path), text.encode("hello!"));
  equal(await files.size(path), 6);
  deepEqual(await all(files.readPieces(path, { offset: 1, length: 3 })), [text.encode("ell")]);
  deepEqual(await all(files.readPieces(path, { offset: 4, length: 9 })), [text.encode("o!")]);
  deepEqual(await all(files.readPieces(path, { offset: 9, length: 9 })), []);
});

Deno.test.each(STORES)(
  "FileStore gives names, takes them and lists them on $kind",
  async ({ open }) => {
    await using folder = await scratch();
    const files = open();
    const at = (name: string): string => `${folder.path}/${name}`;
    await files.makeFolder(folder.path);
    await files.makeFolder(at("inner"));
    for (const name of ["b", "a"]) (await files.create(at(name))).close();
    deepEqual(await files.list(folder.path), [
      { name: "a", kind: "file" },
      { name: "b", kind: "file" },
      { name: "inner", kind: "folder" },
    ]);
    deepEqual(await files.list(at("missing")), []);
    await rejects(files.create(at("a")), Deno.errors.AlreadyExists);
    await rejects(files.rename(at("a"), at("b")), Deno.errors.AlreadyExists);
    await rejects(files.rename(at("missing"), at("c")), Deno.errors.NotFound);
    await rejects(files.rename(at("a"), at("missing/a")), Deno.errors.NotFound);
    await files.rename(at("a"), at("b"), { replace: true });
    await files.rename(at("b"), at("inner/c"));
    await files.syncFolder(at("inner"));
    await rejects(files.syncFolder(at("missing")), Deno.errors.NotFound);
    deepEqual((await files.list(folder.path)).map(({ name }) => name), ["inner"]);
    await files.remove(at("inner/c"));
    await files.remove(at("inner/c"));
    deepEqual(await files.list(at("inner")), []);
    await rejects(files.create(at("missing/x")), Deno.errors.NotFound);
    await rejects(files.append(at("inner")), TypeError);
    await rejects(files.size(at("inner")), TypeError);
  },
);

Deno.test.each(STORES)("FileStore lets one run write a file on $kind", async ({ open }) => {
  await using folder = await scratch();
  const files = open();
  await files.makeFolder(folder.path);
  const path = `${folder.path}/file`;
  const file = await files.create(path);
  await rejects(files.append(path), Deno.errors.Busy);
  file.close();
  (await files.append(path)).close();
});

Deno.test.each(STORES)(
  "FileStore.lock() is held by one on $kind [P37] [T-C13]",
  async ({ open }) => {
    await using folder = await scratch();
    const files = open();
    await files.makeFolder(folder.path);
    const path = `${folder.path}/lock`;
    {
      using lock = await files.lock(path);
      ok(lock);
      equal(await files.lock(path), undefined);
    }
    const lock = await files.lock(path);
    ok(lock);
    lock.release();
    lock.release();
    (await files.lock(path))?.release();
  },
);

Deno.test("denoFileStore.lock() tells who holds it, also when the name was longer", async () => {
  await using folder = await scratch();
  const path = `${folder.path}/lock`;
  await Deno.writeTextFile(path, "pid 4294967296 since the beginning of all time\n");
  using _lock = await store.lock(path);
  const told = new TextDecoder().decode(await store.read(path));
  ok(/^pid \d+ since \d{4}-\d\d-\d\dT[\d:.]+Z\n$/.test(told), told);
  ok(told.startsWith(`pid ${Deno.pid} `));
});

Deno.test("denoFileStore makes files and folders for the owner only", async () => {
  await using folder = await scratch();
  await store.makeFolder(`${folder.path}/a/b`);
  (await store.create(`${folder.path}/a/created`)).close();
  (await store.append(`${folder.path}/a/appended`)).close();
  (await store.lock(`${folder.path}/a/lock`))?.release();
  const modes = ["a", "a/b", "a/created", "a/appended", "a/lock"];
  deepEqual(await Promise.all(modes.map((name) => modeOf(`${folder.path}/${name}`))), [
    "700",
    "700",
    "600",
    "600",
    "600",
  ]);
});

Deno.test("denoFileStore writes all when the disk takes a part [T-F14]", async () => {
  await using folder = await scratch();
  const file = await store.create(`${folder.path}/file`);
  const write = Deno.FsFile.prototype.write;
  const taken: number[] = [];
  Deno.FsFile.prototype.write = function (octets) {
    taken.push(octets.length);
    return write.call(this, octets.subarray(0, Math.min(3, octets.length)));
  };
  try {
    await file.write(text.encode("0123456789"));
  } finally {
    Deno.FsFile.prototype.write = write;
  }
  deepEqual(taken, [10, 7, 4, 1]);
  equal(file.size, 10);
  file.close();
  deepEqual(await store.read(`${folder.path}/file`), text.encode("0123456789"));
});

Deno.test("denoFileStore tells how much is in a file after a write that failed half way [T-F14]", async () => {
  await using folder = await scratch();
  const file = await store.create(`${folder.path}/file`);
  const write = Deno.FsFile.prototype.write;
  let calls = 0;
  Deno.FsFile.prototype.write = function (octets) {
    calls += 1;
    if (calls === 2) return Promise.reject(Object.assign(new Error("full"), { code: "ENOSPC" }));
    return write.call(this, octets.subarray(0, 4));
  };
  try {
    await rejects(file.write(text.encode("0123456789")), { code: "ENOSPC" });
  } finally {
    Deno.FsFile.prototype.write = write;
  }
  equal(file.size, 4);
  await file.truncate(0);
  file.close();
  equal(await store.size(`${folder.path}/file`), 0);
});

/** Links and what they lead to: only who may write everywhere can make links in Deno. */
const LINKS = "tests/fixtures/links";

Deno.test("denoFileStore follows no link to a file or a folder [T-C08] [T-F13]", async () => {
  const at = (name: string): string => `${LINKS}/${name}`;
  for (const name of ["filelink", "dangling", "link"]) {
    await rejects(store.append(at(name)), TypeError);
    await rejects(store.size(at(name)), TypeError);
    await rejects(store.lock(at(name)), TypeError);
    await rejects(store.rename(at("real/file"), at(name)), Deno.errors.AlreadyExists);
  }
  await rejects(store.syncFolder(at("link")), Deno.errors.NotADirectory);
  await rejects(store.rename(at("real/file"), at("link/new")), Deno.errors.NotADirectory);
  for (const name of ["link", "link/x", "filelink/x", "dangling/x", "real/file/x"]) {
    await rejects(store.makeFolder(at(name), { below: LINKS }), Deno.errors.NotADirectory);
  }
  deepEqual(await store.list(LINKS), [
    { name: "dangling", kind: "link" },
    { name: "filelink", kind: "link" },
    { name: "link", kind: "link" },
    { name: "real", kind: "folder" },
  ]);
});

Deno.test("denoFileStore.makeFolder() takes a folder that is there without its parents", {
  permissions: { read: ["tests/.tmp/narrow/job"], write: ["tests/.tmp"] },
}, async () => {
  const path = "tests/.tmp/narrow/job";
  await Deno.mkdir(path, { recursive: true });
  try {
    await store.makeFolder(path);
    deepEqual(await store.list(path), []);
    await rejects(store.makeFolder("tests/.tmp/narrow/other"), Deno.errors.NotCapable);
  } finally {
    await Deno.remove("tests/.tmp/narrow", { recursive: true });
  }
});

Deno.test("denoFileStore.makeFolder() takes no new name below a base that it may not read", {
  permissions: { read: ["tests/.tmp/scoped/archive"], write: ["tests/.tmp"] },
}, async () => {
  const below = "tests/.tmp/scoped";
  const path = `${below}/archive/new`;
  await Deno.mkdir(below, { recursive: true });
  try {
    // Its name could not be made durable, so it is not made.
    await rejects(store.makeFolder(path, { below }), Deno.errors.NotCapable);
    await rejects(Deno.lstat(`${below}/archive`), Deno.errors.NotFound);
    await Deno.mkdir(`${below}/archive`);
    await store.makeFolder(path, { below });
    deepEqual(await store.list(`${below}/archive`), [{ name: "new", kind: "folder" }]);
  } finally {
    await Deno.remove(below, { recursive: true });
  }
});

Deno.test("denoFileStore.makeFolder() stays below its base [T-F13]", async () => {
  await using folder = await scratch();
  const below = `${folder.path}/base`;
  for (
    const path of [
      folder.path,
      below,
      `${below}/../x`,
      `${below}//a`,
      `${below}/./a`,
      "x",
      `${below}x`,
    ]
  ) {
    await rejects(store.makeFolder(path, { below }), TypeError);
  }
  deepEqual(await store.list(folder.path), []);
});

Deno.test.each(KINDS)(
  "Archive refuses links below its base: $kind [T-C08] [T-F13] [T-I39]",
  async (spec) => {
    const linked = JSON.parse(JSON.stringify(spec).replace("archive/", "link/"));
    using archive = openArchive(store, "lists", linked, { base: LINKS });
    await rejects(archive.begin(DAY), (error: unknown) => {
      ok(error instanceof ArchiveError && error.cause instanceof Deno.errors.NotADirectory);
      return true;
    });
    deepEqual((await store.list(`${LINKS}/real`)).map(({ name }) => name), ["file"]);
  },
);

Deno.test.each(KINDS)(
  "Archive stops when its folder is gone or a link at the barrier: $kind [T-C08]",
  async (spec) => {
    for (const then of ["gone", "link"]) {
      const files = new MemoryStore();
      using archive = openArchive(files, "lists", spec);
      const copy = await put(archive, "Subject: a\r\n\r\n");
      const folder = copy.path.slice(0, copy.path.lastIndexOf("/"));
      files.take(folder);
      if (then === "link") files.putLink(folder);
      await rejects(archive.barrier(), ArchiveError);
      await rejects(archive.begin(DAY), ArchiveError);
    }
  },
);

Deno.test.each(KINDS)(
  "Archive stops when its folder is gone on the disk: $kind [T-C08]",
  async (spec) => {
    await using folder = await scratch();
    using archive = openArchive(store, "lists", spec, { base: folder.path });
    const copy = await put(archive, "Subject: a\r\n\r\n");
    const target = `${folder.path}/${copy.path.slice(0, copy.path.lastIndexOf("/"))}`;
    await Deno.rename(target, `${folder.path}/moved`);
    await rejects(archive.barrier(), ArchiveError);
    equal(await openArchive(store, "lists", spec, { base: folder.path }).verify(copy), false);
  },
);

Deno.test.each(KINDS)("Archive and LineJournal work on the disk: $kind", async (spec) => {
  await using folder = await scratch();
  const path = `${folder.path}/journal.jsonl`;
  const parse = (value: unknown): object => value as object; // What this test has written.
  {
    using archive = openArchive(store, "lists", spec, { base: folder.path });
    using journal = await LineJournal.open(store, path, { parse });
    for (const message of Object.values(MESSAGES)) journal.append(await put(archive, message));
    await archive.barrier();
    await journal.sync();
  }
  using journal = await LineJournal.open(store, path, { parse });
  const known = journal.entries as Awaited<ReturnType<typeof put>>[];
  using archive = openArchive(store, "lists", spec, { base: folder.path, known });
  equal(await archive.tidy(), 0);
  for (const [at, message] of Object.values(MESSAGES).entries()) {
    const copy = known[at];
    ok(copy !== undefined);
    equal(await archive.verify(copy), true);
    deepEqual(await octetsIn(archive, copy), octetsOf(message));
  }
  equal((await all(archive.digests())).length, known.length);
});

Deno.test("create() gives no file that another run has removed before it was locked", async () => {
  await using folder = await scratch();
  const path = `${folder.path}/1.part`;
  const { tryLock } = Deno.FsFile.prototype;
  Deno.FsFile.prototype.tryLock = async function (exclusive) {
    await Deno.remove(path);
    return await tryLock.call(this, exclusive);
  };
  try {
    await rejects(store.create(path), Deno.errors.Busy);
  } finally {
    Deno.FsFile.prototype.tryLock = tryLock;
  }
});
