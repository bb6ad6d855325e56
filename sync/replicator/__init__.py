"""This server as a client of others: it pulls from and pushes to any server of CouchDB's replication protocol.

The protocol is CouchDB's (documentation, chapters "Replication" and "CouchDB Replication Protocol"), and so are the
shapes of requests, checkpoints, ``_replicator`` documents and what is shown of running replications.

Pure, without network or clock: :mod:`request` (what is asked for), :mod:`answers` (what peers said, checked),
:mod:`batch` (one page of changes on its way), :mod:`checkpoint` (where to go on), :mod:`pacing` (when to try again).
Around it: :mod:`peer` (one database of a server, through HTTP), :mod:`run` (one replication from its checkpoint to
the end of the feed), :mod:`jobs` (all of them, tried again and shared out among processes), :mod:`documents`
(``_replicator``). A database of this server is a peer like any other, reached without network: :mod:`inside`.
"""
