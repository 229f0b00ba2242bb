"""What a review of a project's takes stands on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from renderer.bootstrap.house import House, open_house
from renderer.bootstrap.workspace import open_workspace

if TYPE_CHECKING:
    from renderer.services.review import Review

RETAKES_LOCK = ".retakes.lock"


def open_review(house: House) -> Review:
    """Compose the service that records decisions about a project's takes.

    Args:
        house: The project; stays as it is when committed files change, see `reopen`.
    """
    from renderer.manifest.retake_book import CommittedRetakes
    from renderer.services.recording import FOLDER
    from renderer.services.replace import RecordingFolder
    from renderer.services.review import Review

    place = house.workspace
    return Review(
        house.unit,
        house.reading,
        CommittedRetakes(place.project, place.build / RETAKES_LOCK),
        RecordingFolder(place.project.root / FOLDER, house.store),
    )


def reopen(house: House) -> House:
    """Return the house with the committed files as they are now: after a retake or replacement.

    Raises:
        ManifestError: The project file, a lexicon or a recording is wrong.
    """
    place = house.workspace
    return open_house(open_workspace(place.project.path, place.settings, place.build))
