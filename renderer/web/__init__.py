"""The review page's server: the QA page, with decisions that are kept and renders that arrive.

    page      the report's own page, told that there is a server behind it
    board     every line's row in memory; lines that changed are read again
    desk      what a reviewer does: look, listen, decide, undo, hand in a recording
    feed      tells every open page what changed, as server-sent events
    watch     looks for what others changed: workers, other servers, the command line
    door      who may come in: token, session, cross-site requests, names of this server
    guard     the same held before any route runs; headers that every answer carries
    problem   errors as JSON: what happened and what to do
    sound     sounds in parts, as players ask for them
    routes    addresses to calls; `app` puts all of it together; `serve` runs it

Everything is handed in: no route knows a database, and nothing here renders.
"""
