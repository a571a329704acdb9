import { deepEqual, equal, match, ok, rejects, throws } from "node:assert/strict";
import {
  eml,
  header,
  maildir,
  mbox,
  remove,
  type RestoredMessage,
  type RestoreReceipt,
  type RestoreSelector,
} from "../../../src/jobs/mod.ts";
import { JournalState } from "../../../src/jobs/cleanup/journal/journal_state.ts";
import { archivedMessages } from "../../../src/jobs/cleanup/restore/archived_messages.ts";
import { fates, listMail, listMails, listsPolicy, uidsOf, USER, World } from "./job_world.ts";

const ACCEPTED = { outcome: "accepted" } as const;

/** Takes messages, and gives an answer. */
function postbox(
  answer: (text: string) => Promise<RestoreReceipt> | RestoreReceipt = () => ACCEPTED,
) {
  const texts: string[] = [];
  const send = async (message: RestoredMessage): Promise<RestoreReceipt> => {
    const pieces = await Array.fromAsync(message.content());
    const octets = await new Blob(pieces as BlobPart[]).bytes();
    equal(octets.length, message.bytes);
    const text = new TextDecoder().decode(octets);
    texts.push(text);
    return await answer(text);
  };
  return { texts, send };
}

/** A mailbox of which everything was removed. */
async function emptied(count: number): Promise<World> {
  const world = await World.start(listMails(count));
  equal((await world.cleanUp()).counts.verified, count);
  return world;
}

Deno.test("restore() sends what was archived, exactly or with Resent fields on top", async () => {
  await using world = await emptied(2);
  await using job = await world.open();
  const exact = postbox();
  const first = await job.restore({ uid: "u1" }, exact);
  deepEqual(first.items.map(({ uid, outcome }) => `${uid} ${outcome}`), ["u1 accepted"]);
  deepEqual(exact.texts, [listMail(1)]);
  const resent = postbox();
  await job.restore({ uid: "u2" }, {
    ...resent,
    resent: { from: "Ann <ann@mail.example>", to: ["ann@mail.example", "Ben <ben@x.example>"] },
  });
  const [text = ""] = resent.texts;
  ok(text.endsWith(`\r\n${listMail(2)}`));
  match(
    text.slice(0, -listMail(2).length),
    /^Resent-Date: Thu, 01 Jan 2026 00:00:00 \+0000\r\nResent-From: Ann <ann@mail\.example>\r\nResent-To: ann@mail\.example, Ben <ben@x\.example>\r\nResent-Message-ID: <restored\.\w+\.[0-9a-f]{32}@mail\.example>\r\n$/,
  );
});

Deno.test("restore() refuses who is no mailbox, before anything is sent", async () => {
  await using world = await emptied(1);
  await using job = await world.open();
  const { texts, send } = postbox();
  const resent = { from: "ann@mail.example\r\nBcc: x@y.example", to: ["ann@mail.example"] };
  await rejects(job.restore({ uid: "u1" }, { send, resent }), { name: "AddressError" });
  deepEqual(texts, []);
});

Deno.test("restore() finds messages by run and by digest, and nothing else", async () => {
  await using world = await emptied(3);
  await using job = await world.open({ connect: undefined as never });
  const { runId = "" } = job.status().runs[0] ?? {};
  const all = await job.restore({ run: runId }, { folder: "out" });
  deepEqual(all.items.map(({ outcome }) => outcome), ["exported", "exported", "exported"]);
  const [item] = all.items;
  equal(world.text(item?.path ?? ""), listMail(1));
  equal(item?.path, `out/${item?.sha256}.eml`);
  const one = await job.restore({ sha256: item?.sha256 ?? "" }, { folder: "out" });
  deepEqual(one.items, [item]);
  await rejects(job.restore({ run: "another" }, { folder: "out" }), {
    kind: "usage",
    message: 'Cannot find "another": nothing in the journal fits',
  });
  await rejects(job.release({ run: "another" }), { kind: "usage" });
  equal(world.archived.length, 3);
});

Deno.test("restore() takes the first 8 digits of a digest, and what somebody has typed", async () => {
  await using world = await emptied(3);
  await using job = await world.open({ connect: undefined as never });
  const { runId = "" } = job.status().runs[0] ?? {};
  const count = async (selector: RestoreSelector) =>
    (await job.restore(selector, { folder: "out" })).items.length;
  const { items: [item] } = await job.restore({ uid: "u1" }, { folder: "out" });
  const { sha256 = "" } = item ?? {};
  equal(await count({ sha256: sha256.slice(0, 8) }), 1);
  const { archivedPaths: [path = ""] } = world;
  const typed = { [runId]: 3, u2: 1, [sha256.slice(0, 8)]: 1, "./archive/": 3, [path]: 1 };
  for (const [id, found] of Object.entries(typed)) equal(await count({ id }), found, id);
  const nothing = [{ sha256: sha256.slice(0, 7) }, { sha256: "" }, { id: "u9" }, { path: "arch" }];
  for (const selector of nothing) {
    await rejects(job.restore(selector, { folder: "out" }), { kind: "usage" });
  }
});

Deno.test(
  "archivedMessages() does not guess which digest is meant",
  { permissions: "none" },
  () => {
    const state = new JournalState();
    for (const end of ["a", "b"]) {
      const copy = { archive: "lists", path: end, sha256: `${"0".repeat(63)}${end}`, bytes: 1 };
      state.take({ event: "found", copy, at: 1 });
    }
    throws(() => archivedMessages(state, { sha256: "00000000" }), {
      name: "CleanupError",
      message: /2 digests begin with it/,
    });
    equal(archivedMessages(state, { id: `${"0".repeat(63)}a` }).length, 1);
  },
);

Deno.test("restore() does not send by itself what was sent, or may have been", async () => {
  for (const outcome of ["accepted", "in-doubt"] as const) {
    await using world = await emptied(1);
    const box = postbox(() => ({ outcome, text: "250 queued" }));
    const once = async (again = false) => {
      await using job = await world.open();
      const { items } = await job.restore({ uid: "u1" }, { send: box.send, again });
      return items[0]?.outcome;
    };
    deepEqual([await once(), await once(), await once(true)], [outcome, "skipped", outcome]);
    equal(box.texts.length, 2);
  }
});

Deno.test("restore() sends again what was refused", async () => {
  await using world = await emptied(1);
  await using job = await world.open();
  const refused = postbox(() => {
    throw new Error("550 no such user");
  });
  const { items: [item] } = await job.restore({ uid: "u1" }, refused);
  deepEqual([item?.outcome, item?.text], ["refused", "550 no such user"]);
  deepEqual(job.status().restored, []);
  const { items: [next] } = await job.restore({ uid: "u1" }, postbox());
  equal(next?.outcome, "accepted");
});

Deno.test("restore() takes a failure in doubt for one, and so does the next run", async () => {
  await using world = await emptied(2);
  {
    await using job = await world.open();
    const doubtful = postbox(() => {
      throw Object.assign(new Error("no answer"), { inDoubt: true });
    });
    equal((await job.restore({ uid: "u1" }, doubtful)).items[0]?.outcome, "in-doubt");
    // The process ends while the message is sent.
    const stuck = Promise.withResolvers<void>();
    const sending = job.restore(
      { uid: "u2" },
      postbox(() => {
        stuck.resolve();
        return Promise.reject("died");
      }),
    );
    await rejects(sending, (error) => error === "died");
    await stuck.promise;
  }
  await using job = await world.open();
  deepEqual(job.status().restored.map(({ outcome }) => outcome), ["in-doubt", "in-doubt"]);
  const { items } = await job.restore({ uid: "u2" }, postbox());
  equal(items[0]?.outcome, "skipped");
});

Deno.test("restore() sends nothing that the archive has not kept to the octet", async () => {
  await using world = await emptied(1);
  const [path = ""] = world.archivedPaths;
  world.store.put(path, world.text(path).replace("Body", "Bodi"));
  await using job = await world.open();
  const { texts, send } = postbox();
  const { items } = await job.restore({ uid: "u1" }, { send });
  equal(items[0]?.outcome, "damaged");
  deepEqual(texts, []);
});

Deno.test("restore() takes another copy of the same octets where one is gone", async () => {
  await using world = await emptied(1);
  const [path = ""] = world.archivedPaths;
  world.store.take(path);
  world.box.fill(USER, [{ uid: "u1", content: listMail(1) }]);
  const archives = { lists: maildir("archive/lists"), other: eml("other") };
  const policy = listsPolicy({
    archives,
    rules: [remove("lists", header("List-Id").exists(), { archive: "other" })],
  });
  await using job = await world.open({ policy });
  await job.apply((await job.plan()).planId);
  const { runId = "" } = job.status().runs[0] ?? {};
  const { items } = await job.restore({ path }, { folder: "out" });
  deepEqual(items.map(({ outcome }) => outcome), ["exported"], runId);
});

Deno.test("a restored message is kept until it is released", async () => {
  await using world = await emptied(2);
  await using job = await world.open();
  const { texts, send } = postbox();
  await job.restore({ uid: "u1" }, { send, resent: { from: USER, to: [USER] } });
  const [text = ""] = texts;
  const back = `Received: by mail.example; Thu, 01 Jan 2026 00:00:00 +0000\r\n${text}`;
  world.box.fill(USER, [{ uid: "n1", content: back }, { uid: "u3", content: listMail(3) }]);
  await world.clock.advance(3 * 86_400_000);
  const plan = await job.plan({ acceptChurn: true });
  deepEqual(uidsOf(plan), ["u3"]);
  deepEqual(plan.kept.map(({ reason, rule }) => [reason, rule]), [["keep-rule", "restored"]]);
  deepEqual(job.status().restored.map(({ messageId, back }) => [messageId, back]), [
    ["<1@alpha.example>", true],
  ]);
  equal(await job.release({ uid: "u1" }), 1);
  equal(await job.release({ uid: "u1" }), 0);
  deepEqual(uidsOf(await job.plan({ acceptChurn: true })), ["n1", "u3"]);
});

Deno.test("apply() knows a restored message by its body too, once that was read", async () => {
  await using world = await emptied(1);
  await using job = await world.open();
  // Both are there when the plan is made, and nobody has asked for anything back yet.
  world.box.fill(USER, [
    { uid: "n1", content: listMail(1) },
    { uid: "n2", content: listMail(1, "Another body\r\n") },
  ]);
  const { planId } = await job.plan({ acceptChurn: true });
  await job.restore({ uid: "u1" }, postbox());
  deepEqual(fates(await job.apply(planId)), ["n1 kept: restored", "n2 verified"]);
  // Without the body the identifier speaks for it.
  world.box.fill(USER, [{ uid: "n3", content: listMail(1, "Another body\r\n") }]);
  deepEqual(uidsOf(await job.plan({ acceptChurn: true })), []);
});

Deno.test("a restored message without an identifier is known by its body", async () => {
  const content = listMail(1).replace(/^Message-ID:.*\r\n/m, "");
  await using world = await World.start([{ uid: "u1", content }]);
  await world.cleanUp();
  await using job = await world.open();
  await job.restore({ uid: "u1" }, postbox());
  world.box.fill(USER, [{ uid: "n1", content: content.replace("Mail 1", "Mail One") }]);
  const { planId } = await job.plan({ acceptChurn: true });
  deepEqual(fates(await job.apply(planId)), ["n1 kept: restored"]);
});

Deno.test("restore() gives back exactly what was archived, whatever the kind of the archive", async () => {
  const archives = [
    maildir("archive/{yyyy}/{mm}"),
    eml("archive/{yyyy}"),
    mbox("archive/{yyyy}.mbox"),
  ];
  const bodies = ["From me\r\n>From me\r\n", "..\r\n.x\r\n", "", "\u{1F339}\r\n\r\n"];
  for (const lists of archives) {
    await using world = await World.start(
      bodies.map((body, at) => ({ uid: `u${at}`, content: listMail(at, body) })),
    );
    const policy = listsPolicy({ archives: { lists } });
    equal((await world.cleanUp({ policy })).exit, "done");
    await using job = await world.open({ policy });
    const { texts, send } = postbox();
    await job.restore({ run: job.status().runs[0]?.runId ?? "" }, { send });
    deepEqual(texts, bodies.map((body, at) => listMail(at, body)));
    ok(world.archivedPaths.every((path) => path.startsWith("archive/2024")));
  }
});
