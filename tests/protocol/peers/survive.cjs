// pouchdb-server leaves some failures of its requests to nobody, and node would end it then.
"use strict";
for (const kind of ["uncaughtException", "unhandledRejection"]) {
  process.on(kind, (error) => console.error(kind, error && error.message));
}
