// What an application does with stock PouchDB when the network is bad: the same in a browser and in node.
"use strict";
globalThis.lossy = (() => {
  let patience = 4000; // milliseconds without a sign of life, after which a replication is begun anew
  const known = new Map();
  const either = (name) =>
    name.includes("://") ? new PouchDB(name, { auth: { username: "admin", password: "pass" } }) : known.get(name);

  // One attempt. After an error PouchDB goes on with what it had begun, and could record a checkpoint beyond documents
  // that it dropped, so it is cancelled as well. After an answer that broke off it may wait for ever.
  const attempt = (source, target, options) =>
    new Promise((done) => {
      const run = PouchDB.replicate(either(source), either(target), options);
      let timer;
      const end = (told) => {
        clearTimeout(timer);
        if (told !== "whole") run.cancel();
        done(told);
      };
      const wait = () => {
        clearTimeout(timer);
        timer = setTimeout(end, patience, "nothing happens");
      };
      run.on("change", wait);
      wait();
      run.then((told) => end(told.ok ? "whole" : told.status), (error) => end(`${error.name}: ${error.message}`));
    });

  let following = null;

  return {
    wait: async (milliseconds) => void (patience = milliseconds),
    open: async (name, options) => void known.set(name, new PouchDB(name, options)),
    store: (name, docs) => known.get(name).bulkDocs(docs, { new_edits: false }),
    async leaves(name) {
      const { results } = await known.get(name).changes({ style: "all_docs" });
      return Object.fromEntries(results.map(({ id, changes }) => [id, changes.map(({ rev }) => rev).sort()]));
    },

    // Replicate until it worked from end to end; return how often it was begun.
    async replicate(source, target, options) {
      for (let begun = 1; ; begun += 1) {
        if ((await attempt(source, target, options)) === "whole") return begun;
      }
    },

    // Sync in both directions until told otherwise, begun anew whenever nothing happens for a while.
    async follow(name, url, options) {
      const begin = () => {
        const sync = known.get(name).sync(either(url), { ...options, live: true, retry: true });
        sync.catch(() => {});
        for (const event of ["change", "active"]) sync.on(event, () => (following.seen = Date.now()));
        return sync;
      };
      following = { seen: Date.now(), begun: 1 };
      following.sync = begin();
      following.timer = setInterval(() => {
        if (Date.now() - following.seen < patience) return;
        following.sync.cancel();
        following.seen = Date.now();
        following.begun += 1;
        following.sync = begin();
      }, patience / 4);
    },
    // Whether nothing has been heard for so long that it may be over.
    quiet: async () => Date.now() - following.seen > patience / 2,
    async unfollow() {
      clearInterval(following.timer);
      following.sync.cancel();
      return following.begun;
    },

    // Every document: the winner of a live one, and its leaves, with histories and attachments where there is more than one
    // plain revision to tell of.
    async held(name) {
      const database = known.get(name);
      const { rows } = await database.allDocs({ include_docs: true });
      const shown = new Map(rows.map((row) => [row.id, row.doc]));
      const { results } = await database.changes({ style: "all_docs" });
      const told = {};
      for (const { id, changes } of results) {
        const doc = shown.get(id);
        const plain = doc && changes.length === 1 && !doc._attachments;
        const asked = { open_revs: "all", revs: true, attachments: true };
        told[id] = [doc ? doc._rev : null, plain ? [doc] : (await database.get(id, asked)).map((each) => each.ok)];
      }
      return told;
    },
  };
})();
