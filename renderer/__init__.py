"""Barkline: dialogue manifests in, verified voice assets out.

The map. One line's straight walk, room by room:

    1  manifest    reads what writers commit -> Utterances, or every fault at once
    2  services.ingest   render key; known: cache hit, new: Take + outbox row in ONE transaction
    3  services.relay    claims outbox rows, groups by voice and length, publishes, marks sent;
                         services.reap sends again what a queue or a worker has lost
    4  workers.actors    render_batch(take_ids), a few lines that call services.render
    5  services.render   (a) lease, count the attempt  (b) text -> speech -> direction ->
                         audio.mastering -> quality, no transaction open; services.lease renews
    6                    (c) objects to storage under their hash
    7                    (d) second transaction, fenced by the lease: verdict, hashes, event;
                         nothing is owed for the take any more
    8  services.publish  the voice lock; `pull` fetches it into the game build
    9  report      the QA pages; web serves the same pages to those who decide

Who may import whom (held by import-linter, see pyproject.toml):

    cli            the only place that prints and exits
    workers        actors; the embedded worker; worker and relay processes and their supervisor
    web            the review page's server; knows nobody of workers, is told what it needs
    bootstrap      the only place where parts meet: Settings -> adapters
    config         the only reader of the environment; environment: how variables are read
    services manifest db messaging speech judges storage report pull training telemetry
    analysis       siblings (analysis: who sounds like whom, in figures and pictures;
                   telemetry: metrics, health, logs and traces of the service)
    ports          every Protocol
    quality text direction      pure: gate; words and phonemes; emotion and prosody
    audio          pure: waveform, spectrum, pitch, loudness, mastering, codec
    domain         values and rules, standard library only
    errors         one tree
    whole_file     writes a file whole or not at all
"""

__version__ = "0.1.0"
