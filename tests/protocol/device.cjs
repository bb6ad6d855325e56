// Stock PouchDB in node, its databases in memory: each line of the input is {call, with}, answered with a line of JSON.
"use strict";
const { createInterface } = require("node:readline");
globalThis.PouchDB = require("pouchdb-core")
  .plugin(require("pouchdb-adapter-http"))
  .plugin(require("pouchdb-adapter-memory"))
  .plugin(require("pouchdb-replication"));
require("./lossy.js");
require("./peers/survive.cjs"); // a page lives on when a rejection is left to nobody

(async () => {
  for await (const line of createInterface({ input: process.stdin })) {
    const { call, with: given } = JSON.parse(line);
    console.log(JSON.stringify((await globalThis.lossy[call](...given)) ?? null));
  }
})();
