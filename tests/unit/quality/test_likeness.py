from __future__ import annotations

import numpy as np
import pytest

from renderer.quality.likeness import centroid, cosine, resemble

X = np.array([1, 0, 0], np.float32)
Y = np.array([0, 1, 0], np.float32)


def test_the_centroid_of_two_is_between_them():
    assert cosine(centroid([X, Y]), X) == pytest.approx(np.sqrt(0.5), abs=1e-6)
    assert float(np.linalg.norm(centroid([X, X * 3]))) == pytest.approx(1)


def test_no_or_cancelling_vectors_have_no_centroid():
    with pytest.raises(ValueError, match="at least one"):
        centroid([])
    with pytest.raises(ValueError, match="direction"):
        centroid([X, -X])


def test_the_wrong_speaker_has_a_negative_margin():
    voices = {"mira": X, "otto": Y}
    right = resemble(np.array([0.9, 0.1, 0], np.float32), "mira", voices)
    wrong = resemble(np.array([0.9, 0.1, 0], np.float32), "otto", voices)
    assert right.margin == pytest.approx(-wrong.margin)
    assert right.margin > 0.8
    assert right.nearest == "otto"


def test_a_lone_voice_has_no_margin():
    assert resemble(X, "mira", {"mira": X}).margin is None
