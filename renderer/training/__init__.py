"""Our own voices: from recordings, or from what another engine says, to a model that speaks.

The walk of a training, file by file:

    text_set  what is to be spoken            corpus    clips and speakers on disk
    distil    an engine speaks -> corpus      prepare   recordings -> corpus, checked clip by clip
    features  clip -> mel, F0, energy         augment   labelled variants of a clip
    fastpitch phonemes -> mel (model)         hifigan   mel -> waveform (model)
    acoustic / vocoding   batches and one training step of each model
    trainer   the loop: checkpoints, resume, metrics, pictures
    fit       recipe -> run: puts corpora, source, learner and trainer together
    export    checkpoint -> ONNX voice        character a new voice from ten minutes of recordings

The door to torch for training; at run time a voice needs onnxruntime alone (`renderer.speech`).
"""
