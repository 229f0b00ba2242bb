"""The review page's server: the QA page, with decisions that are kept and renders that arrive.

    page      the report's own page, told that there is a server behind it
    board     every line's row in memory; lines that changed are read again
    reviewing what a reviewer does: look, listen, decide, undo, hand in a recording
    asked     what a page may hand in, checked
    feed      tells every open page what changed, as server-sent events
    watch     looks for what others changed: workers, other servers, the command line
    door      who may come in: token, session, names of this server
    guard     the same held before any route runs, cross-site requests; headers of every answer
    problem   errors as JSON: what happened and what to do
    sound     sounds in parts, as players ask for them
    routes    addresses to calls; `app` puts all of it together; `serve` runs it
    compose   all of it out of a house: the one module here that knows the database

Everything else is handed in: no route knows a database, and nothing here renders.
"""
