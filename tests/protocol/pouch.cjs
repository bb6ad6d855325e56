// Stock PouchDB against a server of the protocol. Usage: node pouch.cjs SCENARIO URL [COUNT]; exits 0 when all holds.
// The scenario "obey" takes no URL: it does what each line of its input says.
"use strict";
const assert = require("node:assert/strict");
const { createInterface } = require("node:readline");
const PouchDB = require("pouchdb-core")
  .plugin(require("pouchdb-adapter-http"))
  .plugin(require("pouchdb-adapter-memory"))
  .plugin(require("pouchdb-find"))
  .plugin(require("pouchdb-replication"));

const [scenario, url, count = "10000"] = process.argv.slice(2);
const remote = () => new PouchDB(url, { auth: { username: process.env.POUCH_USER, password: "pass" } });
let made = 0;
const local = () => new PouchDB(`local${(made += 1)}`, { adapter: "memory" });

const leaves = async (db, id) => {
  const all = await db.get(id, { open_revs: "all" });
  return all.map((each) => `${each.ok._rev}${each.ok._deleted ? "*" : ""}`).sort();
};

const until = async (holds, what) => {
  const end = Date.now() + 20000;
  while (!(await holds())) {
    assert.ok(Date.now() < end, `in time: ${what}`);
    await new Promise((done) => setTimeout(done, 20));
  }
};

const present = (db, id) => db.get(id).then(() => true, () => false);

const scenarios = {
  // The same questions of PouchDB's own database and of the server: the same answers.
  async find() {
    const [here, server] = [local(), remote()];
    const docs = Array.from({ length: 40 }, (_, n) => ({
      _id: `doc${String(n).padStart(2, "0")}`,
      n: n % 7,
      name: ["a", "B", "b", "c", "aa"][n % 5],
      tags: n % 2 ? ["odd", n] : ["even"],
      at: { floor: n % 4, door: String(n) },
    }));
    await server.bulkDocs(docs);
    await here.replicate.from(server);
    for (const db of [here, server]) {
      for (const fields of [["n"], ["at.floor", "n"]]) {
        const index = { index: { fields, name: fields.join("-"), ddoc: `by-${fields.join("-")}` } };
        assert.equal((await db.createIndex(index)).result, "created");
        assert.equal((await db.createIndex(index)).result, "exists");
      }
      const { indexes, total_rows } = await db.getIndexes();
      assert.equal(total_rows, 3);
      assert.deepEqual(indexes.map((each) => each.name), ["_all_docs", "at.floor-n", "n"]);
    }
    const asked = [
      { selector: { n: 3 } },
      { selector: { n: { $gt: 1, $lte: 5 } }, sort: ["n"], limit: 40 },
      { selector: { n: { $gte: 0 } }, sort: [{ n: "desc" }], fields: ["_id", "at.floor"] },
      { selector: { "at.floor": 2, n: { $gt: 0 } }, sort: ["at.floor", "n"] },
      { selector: { _id: { $gt: "doc05", $lt: "doc09" } } },
      { selector: { tags: { $elemMatch: { $eq: "odd" } }, n: { $in: [1, 2] } } },
      { selector: { tags: { $all: ["odd", 5] } } },
      { selector: { tags: { $size: 1 }, n: { $mod: [3, 0] } } },
      { selector: { $or: [{ n: 1 }, { "at.door": "7" }], $not: { name: "a" } } },
      { selector: { $nor: [{ n: { $lt: 5 } }, { name: { $regex: "^[ab]" } }] } },
      { selector: { name: { $exists: false } } },
      { selector: { at: { $type: "object" }, n: { $ne: 2 } }, limit: 100 },
      { selector: { n: { $gt: null } }, limit: 100 },
    ];
    for (const query of asked) {
      const [mine, theirs] = await Promise.all([here, server].map((db) => db.find({ limit: 25, ...query })));
      const sorted = query.sort ? (docs) => docs : (docs) => docs.sort((a, b) => (a._id < b._id ? -1 : 1));
      const told = [mine, theirs].map(({ docs }) => sorted(docs).map(({ _rev, ...doc }) => doc));
      if (query.limit === undefined || query.sort) assert.deepEqual(told[1], told[0], JSON.stringify(query));
      else assert.equal(told[1].length, told[0].length, JSON.stringify(query));
    }
    const explained = await server.explain({ selector: { n: 3 } });
    assert.equal(explained.index.name, "n");
    assert.match((await server.find({ selector: { name: "a" } })).warning, /^no matching index found/i);
    await assert.rejects(server.find({ selector: { name: "a" }, sort: ["name"] }), { error: "no_usable_index" });
    const live = [];
    const to = local();
    const filtered = await to.replicate.from(server, { selector: { n: 3 } });
    assert.equal(filtered.docs_written, 6);
    await server.changes({ selector: { n: 3 } }).on("change", (each) => live.push(each.id));
    assert.equal(live.length, 6);
    const { indexes } = await server.getIndexes();
    for (const index of indexes.slice(1)) await server.deleteIndex(index);
    assert.equal((await server.getIndexes()).total_rows, 1);
  },

  async "both ways"() {
    const [here, there, server] = [local(), local(), remote()];
    await here.bulkDocs([{ _id: "a/b 进", of: "here" }, { _id: "_design/x", language: "query" }, { _id: "gone" }]);
    await here.remove(await here.get("gone"));
    await there.put({ _id: "b", of: "there" });
    await here.sync(server);
    await there.sync(server);
    await here.sync(server);
    for (const db of [here, there, server]) {
      assert.equal((await db.get("a/b 进")).of, "here");
      assert.equal((await db.get("b")).of, "there");
      assert.equal((await db.get("_design/x")).language, "query");
      await assert.rejects(db.get("gone"), { status: 404, reason: "deleted" });
    }
    const again = await here.replicate.to(server);
    assert.equal(again.docs_written, 0);
    assert.equal((await there.allDocs()).total_rows, 3);
  },

  async conflicts() {
    const [one, two, server] = [local(), local(), remote()];
    await one.put({ _id: "x", n: 0 });
    await one.sync(server);
    await two.sync(server);
    await one.put({ ...(await one.get("x")), n: 1 });
    await two.put({ ...(await two.get("x")), n: 2 });
    await two.put({ ...(await two.get("x")), n: 3 });
    for (const db of [one, two, one]) await db.sync(server);
    const told = await Promise.all([one, two, server].map((db) => leaves(db, "x")));
    assert.equal(told[0].length, 2);
    assert.deepEqual(told[0], told[1]);
    assert.deepEqual(told[0], told[2]);
    const winners = await Promise.all([one, two, server].map((db) => db.get("x", { conflicts: true })));
    assert.deepEqual(winners.map((doc) => doc.n), [3, 3, 3]);
    await one.remove("x", winners[0]._conflicts[0]);
    for (const db of [one, two]) await db.sync(server);
    assert.equal((await two.get("x", { conflicts: true }))._conflicts, undefined);
    await two.remove(await two.get("x"));
    await one.put({ ...(await one.get("x")), n: 4 });
    for (const db of [one, two, one]) await db.sync(server);
    for (const db of [one, two, server]) assert.equal((await db.get("x")).n, 4, "an edit wins over a deletion");
  },

  async attachments() {
    const [here, there, server] = [local(), local(), remote()];
    const photo = Buffer.alloc(300000, "照片");
    const first = await here.put({
      _id: "with photo",
      _attachments: { "a/b.jpg": { content_type: "image/jpeg", data: photo.toString("base64") } },
    });
    await here.sync(server);
    await here.put({ ...(await here.get("with photo")), n: 2 });
    await here.sync(server);
    await there.sync(server);
    for (const db of [there, server]) {
      const got = await db.getAttachment("with photo", "a/b.jpg");
      assert.ok(photo.equals(got), "the same bytes");
      assert.equal((await db.get("with photo")).n, 2);
    }
    assert.ok(photo.equals(await server.getAttachment("with photo", "a/b.jpg", { rev: first.rev })));
    const online = await server.putAttachment("online", "t", Buffer.from("hello"), "text/plain");
    await server.removeAttachment("online", "t", online.rev);
    await there.sync(server);
    assert.equal((await there.get("online"))._attachments, undefined);
  },

  async live() {
    const [one, two, server] = [local(), local(), remote()];
    const syncs = [one, two].map((db) => db.sync(server, { live: true, retry: true }));
    await one.put({ _id: "from one" });
    await until(() => present(two, "from one"), "one to two");
    await two.put({ _id: "from two" });
    await until(() => present(one, "from two"), "two to one");
    await server.put({ _id: "from the server" });
    await until(async () => (await present(one, "from the server")) && present(two, "from the server"), "to both");
    const ended = syncs.map((sync) => new Promise((done) => sync.on("complete", done)));
    for (const sync of syncs) sync.cancel();
    await Promise.all(ended);
  },

  async many() {
    const [here, there, server] = [local(), local(), remote()];
    const docs = Array.from({ length: Number(count) }, (_, n) => ({ _id: `doc:${n}`, n, text: "走访".repeat(20) }));
    await here.bulkDocs(docs);
    const begun = Date.now();
    const pushed = await here.replicate.to(server, { batch_size: 500 });
    const middle = Date.now();
    const pulled = await there.replicate.from(server, { batch_size: 500 });
    const ended = Date.now();
    assert.equal(pushed.docs_written, docs.length);
    assert.equal(pulled.docs_written, docs.length);
    assert.equal((await there.info()).doc_count, docs.length);
    assert.equal((await server.info()).doc_count, docs.length);
    const [mine, theirs] = await Promise.all([here, there].map((db) => db.allDocs()));
    assert.deepEqual(mine.rows, theirs.rows);
    console.log(`push ${middle - begun} ms, pull ${ended - middle} ms`);
  },

  // Each line is {database, call, with}: a method of a database in memory, answered with a line {ok} or {error}.
  async obey() {
    const known = new Map();
    const make = (name, options) => new PouchDB(name, { ...options, adapter: "memory" });
    const either = (name) => (name.includes("://") ? new PouchDB(name) : known.get(name));
    const own = {
      open: async (name, options) => void known.set(name, make(name, options)),
      // What a program finds that starts anew: only what was stored.
      reopen: async (name, options) => {
        await known.get(name).close();
        known.set(name, make(name, options));
      },
      destroy: (name) => known.get(name).destroy().then(() => known.delete(name)),
      // With "cut" it ends once the first batch is stored, before that is written down.
      replicate: (source, target, { cut, ...options }) => {
        const run = PouchDB.replicate(either(source), either(target), options);
        if (cut) run.on("change", () => run.cancel());
        return run;
      },
    };
    for await (const line of createInterface({ input: process.stdin })) {
      const { database, call, with: given } = JSON.parse(line);
      const done = call in own ? own[call](database, ...given) : known.get(database)[call](...given);
      const told = await Promise.resolve(done).then(
        (ok) => ({ ok: ok ?? null }),
        (error) => ({ error: error.status ?? 500, reason: `${error.name}: ${error.reason ?? error.message}` }),
      );
      console.log(JSON.stringify(told));
    }
  },

  async denied() {
    const [here, server] = [local(), remote()];
    await here.bulkDocs([{ _id: process.env.POUCH_THEIRS }, { _id: "mine after" }]);
    const denied = [];
    await here.replicate.to(server).on("denied", (each) => denied.push((each.doc ?? each).id));
    assert.deepEqual(denied, [process.env.POUCH_THEIRS]);
    assert.ok(await present(server, "mine after"));
  },
};

scenarios[scenario]().then(
  () => process.exit(0),
  (error) => {
    console.error(error);
    process.exit(1);
  },
);
