"""Write the service's random passwords and what is made of them, for `docker compose up`.

    python scripts/service_secrets.py [FOLDER]

Passwords that are there stay as they are; the files made of them are written anew. The folder is
for its owner alone. The files in it can be read by everyone who gets that far, because containers
run as users of their own and Compose mounts a file with the mode it has.
"""

from __future__ import annotations

import argparse
import secrets
import sys
from pathlib import Path

PASSWORDS = ("database_password", "queue_password", "s3_secret_key", "grafana_password")


def write_secrets(folder: Path) -> list[str]:
    """Write every secret file the compose file names.

    Args:
        folder: Where; made with mode 0700 where it is missing.

    Returns:
        The names of the passwords that were new.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)
    new = [name for name in PASSWORDS if _add(folder / name, secrets.token_urlsafe(32))]
    new += ["s3_access_key"] if _add(folder / "s3_access_key", secrets.token_hex(10)) else []
    made = _made_of({file.name: file.read_text(encoding="utf-8") for file in folder.iterdir()})
    for name, text in made.items():
        _replace(folder / name, text)
    return new


def _made_of(known: dict[str, str]) -> dict[str, str]:
    database, queue = known["database_password"], known["queue_password"]
    return {
        "database_url": f"postgresql+psycopg://barkline:{database}@postgres:5432/barkline",
        "queue_url": f"redis://:{queue}@queue:6379/0",
        "queue.conf": f"requirepass {queue}\n",
        "s3_credentials": "[default]\n"
        f"aws_access_key_id = {known['s3_access_key']}\n"
        f"aws_secret_access_key = {known['s3_secret_key']}\n",
    }


def _add(path: Path, text: str) -> bool:
    if path.is_file() and path.read_text(encoding="utf-8").strip():
        return False
    _replace(path, text)
    return True


def _replace(path: Path, text: str) -> None:
    """Write a file in one step: a container that starts meanwhile never sees half of it."""
    half = path.with_name(f"{path.name}.tmp")
    half.unlink(missing_ok=True)
    half.write_text(text, encoding="utf-8")
    half.chmod(0o444)
    half.replace(path)


def main() -> int:
    """Write the secrets and say which were new."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", nargs="?", type=Path, default=Path(".secrets"))
    folder: Path = parser.parse_args().folder
    try:
        new = write_secrets(folder)
    except OSError as error:
        sys.stderr.write(f"{folder}: {error.strerror or error}; name another folder.\n")
        return 1
    sys.stdout.write(f"{folder}: {', '.join(new) or 'nothing'} new.\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
