"""Lines and manifest files of one project, in SQL."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Row, Select, bindparam, delete, func, insert, select, update

from renderer.db.chunk import chunks
from renderer.db.plain import to_plain, utterance_of
from renderer.db.tables import line, line_take, manifest_file, project, take
from renderer.domain.take import TakeStatus
from renderer.domain.utterance import text_hash
from renderer.ports import Clock, LineWrite, StoredLine

_COLUMNS = (
    line.c.id,
    line.c.utterance,
    line.c.render_key,
    line.c.input_digest,
    line.c.take_id,
    line.c.frozen_take_id,
    line.c.is_orphaned,
    take.c.status,
    take.c.parts,
)


def _stored(row: Row[Any]) -> StoredLine:
    return StoredLine(
        pk=row.id,
        utterance=utterance_of(row.utterance),
        render_key=row.render_key,
        input_digest=row.input_digest,
        take_id=row.take_id,
        status=TakeStatus(row.status),
        parts=row.parts,
        is_frozen=row.frozen_take_id is not None,
        is_orphaned=row.is_orphaned,
    )


class SqlLines:
    """Implements `ports.LineRepository`."""

    def __init__(self, connection: Connection, project_id: int, clock: Clock) -> None:
        self._connection = connection
        self._project_id = project_id
        self._clock = clock

    def _select(self) -> Select[Any]:
        joined = line.join(take, line.c.take_id == take.c.id)
        return select(*_COLUMNS).select_from(joined).where(line.c.project_id == self._project_id)

    def find(self, keys: Sequence[tuple[str, str]]) -> dict[tuple[str, str], StoredLine]:
        """Return the stored ones of some (line_id, locale) pairs."""
        wanted = set(keys)
        found: dict[tuple[str, str], StoredLine] = {}
        for some in chunks(sorted({line_id for line_id, _ in wanted})):
            for row in self._connection.execute(self._select().where(line.c.line_id.in_(some))):
                stored = _stored(row)
                if stored.utterance.key in wanted:
                    found[stored.utterance.key] = stored
        return found

    def iterate(
        self, statuses: Sequence[TakeStatus] = (), paths: Collection[str] | None = None
    ) -> Iterator[StoredLine]:
        """Yield the lines in manifest order, in bounded memory; orphans are left out."""
        query = self._select().order_by(line.c.path, line.c.position, line.c.id)
        query = query.where(line.c.is_orphaned.is_(False))
        if statuses:
            query = query.where(take.c.status.in_([s.value for s in statuses]))
        query = query.execution_options(yield_per=500)
        if paths is None:
            yield from map(_stored, self._connection.execute(query))
            return
        for some in chunks(sorted(paths)):
            piece = query.where(line.c.path.in_(some))
            yield from map(_stored, self._connection.execute(piece))

    def ids(self, without: Iterable[str]) -> Iterator[tuple[str, str, str]]:
        """Yield (line_id, locale, path) of every line outside some files."""
        skipped = set(without)
        query = select(line.c.line_id, line.c.locale, line.c.path).where(
            line.c.project_id == self._project_id, line.c.is_orphaned.is_(False)
        )
        for line_id, locale, path in self._connection.execute(query):
            if path not in skipped:
                yield line_id, locale, path

    def text_hashes(self, locale: str) -> dict[str, str]:
        """Return line id to `text_hash` of every line of one locale."""
        query = select(line.c.line_id, line.c.text_hash).where(
            line.c.project_id == self._project_id,
            line.c.locale == locale,
            line.c.is_orphaned.is_(False),
        )
        return dict(self._connection.execute(query).tuples().all())

    def count_by_status(self, paths: Iterable[str]) -> dict[tuple[TakeStatus, bool], int]:
        """Count the lines of some files by (status of their take, whether frozen)."""
        wanted = set(paths)
        frozen = line.c.frozen_take_id.is_not(None)
        query = (
            select(line.c.path, take.c.status, frozen, func.count())
            .select_from(line.join(take, line.c.take_id == take.c.id))
            .where(line.c.project_id == self._project_id, line.c.is_orphaned.is_(False))
            .group_by(line.c.path, take.c.status, frozen)
        )
        counts: dict[tuple[TakeStatus, bool], int] = {}
        for path, status, is_frozen, number in self._connection.execute(query):
            if path in wanted:
                key = TakeStatus(status), bool(is_frozen)
                counts[key] = counts.get(key, 0) + number
        return counts

    def save(self, lines: Sequence[LineWrite], generation: int) -> None:
        """Insert or update lines and remember which takes they asked for."""
        new = [self._values(w, generation) for w in lines if w.pk is None]
        old = [self._values(w, generation) | {"pk": w.pk} for w in lines if w.pk is not None]
        if new:
            self._connection.execute(insert(line), new)
        if old:
            names: dict[str, Any] = {name: bindparam(name) for name in old[0] if name != "pk"}
            self._connection.execute(
                update(line).where(line.c.id == bindparam("pk")).values(**names), old
            )
        self._remember([w.utterance.key for w in lines])

    def _values(self, write: LineWrite, generation: int) -> dict[str, Any]:
        said = write.utterance
        return {
            "project_id": self._project_id,
            "line_id": said.line_id,
            "locale": said.locale,
            "path": said.origin.path,
            "position": said.origin.line,
            "character": said.character,
            "utterance": to_plain(said),
            "text_hash": text_hash(said.written),
            "render_key": write.render_key,
            "input_digest": write.input_digest,
            "take_id": write.take_id,
            "frozen_take_id": write.frozen_take_id,
            "generation": generation,
            "is_orphaned": False,
            "orphaned_at": None,
        }

    def _remember(self, keys: Sequence[tuple[str, str]]) -> None:
        """Add the current takes to the lines' histories."""
        ids = sorted({line_id for line_id, _ in keys})
        now = self._clock.now()
        for some in chunks(ids):
            known = select(line_take.c.take_id).where(
                line_take.c.line_pk == line.c.id, line_take.c.take_id == line.c.take_id
            )
            missing = select(line.c.id, line.c.take_id).where(
                line.c.project_id == self._project_id, line.c.line_id.in_(some), ~known.exists()
            )
            rows = [
                {"line_pk": pk, "take_id": take_id, "since": now}
                for pk, take_id in self._connection.execute(missing)
            ]
            if rows:
                self._connection.execute(insert(line_take), rows)

    def rename(self, pk: int, line_id: str) -> None:
        """Give a stored line another id; its takes and decisions stay."""
        row = self._connection.execute(select(line.c.utterance).where(line.c.id == pk)).one()
        self._connection.execute(
            update(line)
            .where(line.c.id == pk)
            .values(line_id=line_id, utterance=dict(row.utterance) | {"line_id": line_id})
        )

    def free(self, pk: int) -> None:
        """Take the id from an orphan, so that another line can have it."""
        self.rename(pk, f"x2~{pk}")  # no manifest can say such an id

    def orphan(self, paths: Sequence[str], generation: int) -> int:
        """Mark the lines of some files that this generation did not see; return how many."""
        total = 0
        for some in chunks(paths):
            total += self._connection.execute(
                update(line)
                .where(
                    line.c.project_id == self._project_id,
                    line.c.path.in_(some),
                    line.c.generation != generation,
                    line.c.is_orphaned.is_(False),
                )
                .values(is_orphaned=True, orphaned_at=self._clock.now())
            ).rowcount
        return total

    def freeze(self, pk: int, take_id: int | None) -> None:
        """Pin a line to a take, or let it go: then its file is read again at the next import."""
        row = self._connection.execute(select(line.c.path).where(line.c.id == pk)).one()
        self._connection.execute(update(line).where(line.c.id == pk).values(frozen_take_id=take_id))
        if take_id is None:
            self._connection.execute(
                update(manifest_file)
                .where(
                    manifest_file.c.project_id == self._project_id,
                    manifest_file.c.path == row.path,
                )
                .values(context="thawed")
            )

    def previous_approved(self, pks: Sequence[int]) -> dict[int, int]:
        """Return row id to the last approved take the line had before its current one."""
        found: dict[int, int] = {}
        for some in chunks(pks):
            query = (
                select(line_take.c.line_pk, line_take.c.take_id)
                .join(line, line.c.id == line_take.c.line_pk)
                .join(take, take.c.id == line_take.c.take_id)
                .where(
                    line_take.c.line_pk.in_(some),
                    line_take.c.take_id != line.c.take_id,
                    take.c.status == TakeStatus.APPROVED.value,
                )
                .order_by(line_take.c.since, line_take.c.take_id)
            )
            found.update(self._connection.execute(query).tuples().all())
        return found

    def takes_of(self, pks: Sequence[int]) -> dict[int, tuple[int, ...]]:
        """Return row id to every take the line ever asked for, the oldest first."""
        found: dict[int, tuple[int, ...]] = {}
        for some in chunks(pks):
            query = (
                select(line_take.c.line_pk, line_take.c.take_id)
                .where(line_take.c.line_pk.in_(some))
                .order_by(line_take.c.since, line_take.c.take_id)
            )
            for pk, take_id in self._connection.execute(query):
                found[pk] = (*found.get(pk, ()), take_id)
        return found

    def files(self) -> dict[str, tuple[str, str]]:
        """Return path to (sha256, context) of every imported manifest file."""
        query = select(manifest_file.c.path, manifest_file.c.sha256, manifest_file.c.context).where(
            manifest_file.c.project_id == self._project_id
        )
        return {path: (sha, context) for path, sha, context in self._connection.execute(query)}

    def save_files(self, files: Mapping[str, tuple[str, str]], gone: Iterable[str]) -> None:
        """Record imported files and forget the ones that are gone."""
        for some in chunks(sorted({*files, *gone})):
            self._connection.execute(
                delete(manifest_file).where(
                    manifest_file.c.project_id == self._project_id, manifest_file.c.path.in_(some)
                )
            )
        rows = [
            {"project_id": self._project_id, "path": path, "sha256": sha, "context": context}
            for path, (sha, context) in files.items()
        ]
        if rows:
            self._connection.execute(insert(manifest_file), rows)

    def next_generation(self) -> int:
        """Return a number no import has used, and keep other imports of the project waiting.

        They wait until this transaction ends. What only refers to the project does not.
        """
        mine = select(project.c.id).where(project.c.id == self._project_id)
        self._connection.execute(mine.with_for_update(key_share=True))
        newest = select(func.max(line.c.generation)).where(line.c.project_id == self._project_id)
        return int(self._connection.execute(newest).scalar() or 0) + 1
