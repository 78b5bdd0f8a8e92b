"""Peers that are vector databases: chromadb, lancedb, qdrant-edge-py."""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from benchmarks.peers_data import FIELDS, Condition, K, Papers, Rows
from benchmarks.peers_peer import GRAPH, Effort, Peer

BATCH: Final = 1_000
"""Papers a call while building, where the engine names no number of its own."""


def facts_of(papers: Papers) -> Iterator[dict[str, int]]:
    """The integers of each paper by name."""
    lines = zip(*(getattr(papers, field).tolist() for field in FIELDS), strict=True)
    return (dict(zip(FIELDS, line, strict=True)) for line in lines)


class Chroma(Peer):
    """HNSW beside SQLite; a change is written to a log and enters the graph's file a thousand at a time."""

    name = package = distribution = "chromadb"
    settings = "PersistentClient, hnsw ip, max_neighbors 16, ef_construction 100 (its defaults)"
    efforts = tuple({"ef_search": ef} for ef in GRAPH)
    _asked: Effort | None = None

    def build(self, place: Path, papers: Papers) -> None:
        """The largest batches that it takes."""
        self._connect(place)
        hnsw = {"space": "ip", "ef_construction": 100, "max_neighbors": 16, "num_threads": 1}
        self._papers = self._client.create_collection("papers", configuration={"hnsw": hnsw}, embedding_function=None)
        for part in papers.parts(self._client.get_max_batch_size()):
            self.add(part)

    def open(self, place: Path) -> None:
        """The graph itself is read with the first question."""
        self._connect(place)
        self._papers = self._client.get_collection("papers", embedding_function=None)

    def where(self, condition: Condition | None) -> dict[str, Any] | None:
        """In the language of its filters."""
        if condition is None:
            return None
        field, low, high = condition
        return {"$and": [{field: {"$gte": low}}, {field: {"$lt": high}}]}

    def search(self, row: Rows, where: dict[str, Any] | None, effort: Effort) -> list[int]:
        """Only ids are asked for. A new setting counts from the next opening on."""
        if effort != self._asked:
            self._papers.modify(configuration={"hnsw": dict(effort)})
            self._client.clear_system_cache()
            self.open(self._place)
            self._asked = effort
        found = self._papers.query(query_embeddings=row[None], n_results=K, where=where, include=["distances"])
        return [int(key) for key in found["ids"][0]]

    def add(self, papers: Papers) -> None:
        """One call."""
        ids = [str(key) for key in papers.keys.tolist()]
        self._papers.add(ids=ids, embeddings=papers.rows, metadatas=list(facts_of(papers)))

    def delete(self, keys: Sequence[int]) -> None:
        """One call."""
        self._papers.delete(ids=[str(key) for key in keys])

    def count(self) -> int:
        """Asked of SQLite."""
        return int(self._papers.count())

    def _connect(self, place: Path) -> None:
        self._place = place
        config = importlib.import_module("chromadb.config")
        self._client = self.module.PersistentClient(str(place), config.Settings(anonymized_telemetry=False))


class Lance(Peer):
    """A column store with an index beside it; rows that came later are scanned until it is optimized."""

    name = package = distribution = "lancedb"
    settings = (
        "IVF_HNSW_SQ dot, one partition, m 20, ef_construction 300 (its defaults), BTREE on both integers, prefilter"
    )
    efforts = tuple(
        {"ef": ef, "refine_factor": refine}
        for ef, refine in (
            (20, 1),
            (30, 2),
            (60, 2),
            (100, 4),
            (150, 4),
            (200, 4),
            (300, 4),
            (400, 8),
            (800, 8),
            (1600, 8),
        )
    )

    def build(self, place: Path, papers: Papers) -> None:
        """A table, the graph, and indexes on the integers."""
        index = importlib.import_module("lancedb.index")
        self._papers = self.module.connect(str(place)).create_table("papers", self._table(papers))
        graph = index.IvfHnswSq(distance_type="dot", num_partitions=1, m=20, ef_construction=300)
        self._papers.create_index("vector", config=graph)
        for field in FIELDS:
            self._papers.create_scalar_index(field, index_type="BTREE")

    def open(self, place: Path) -> None:
        """Indexes are read with the first question."""
        self._papers = self.module.connect(str(place)).open_table("papers")

    def where(self, condition: Condition | None) -> str | None:
        """In SQL."""
        if condition is None:
            return None
        field, low, high = condition
        return f"{field} >= {low} AND {field} < {high}"

    def search(self, row: Rows, where: str | None, effort: Effort) -> list[int]:
        """Only keys are asked for."""
        query = self._papers.search(row).distance_type("dot").select(["key", "_distance"]).limit(K).ef(effort["ef"])
        query = query.refine_factor(effort["refine_factor"])
        if where is not None:
            query = query.where(where, prefilter=True)
        return [int(key) for key in query.to_arrow()["key"].to_pylist()]

    def add(self, papers: Papers) -> None:
        """One version of the table."""
        self._papers.add(self._table(papers))

    def delete(self, keys: Sequence[int]) -> None:
        """One version of the table."""
        self._papers.delete(f"key IN ({', '.join(str(key) for key in keys)})")

    def count(self) -> int:
        """Asked of the table."""
        return int(self._papers.count_rows())

    def _table(self, papers: Papers) -> Any:
        arrow = importlib.import_module("pyarrow")
        rows = arrow.FixedSizeListArray.from_arrays(arrow.array(papers.rows.ravel()), papers.rows.shape[1])
        columns = {name: arrow.array(getattr(papers, name)) for name in ("keys", *FIELDS)}
        return arrow.table({"key": columns.pop("keys"), **columns, "vector": rows})


class Qdrant(Peer):
    """The storage of the Qdrant server within a process; changes go to a log first."""

    name = "qdrant-edge"
    package = "qdrant_edge"
    distribution = "qdrant-edge-py"
    settings = (
        "Dot, float32, hnsw m 16, ef_construct 100 (its defaults), integer indexes on both, optimize() after building"
    )
    efforts = tuple({"hnsw_ef": ef} for ef in GRAPH)

    def build(self, place: Path, papers: Papers) -> None:
        """Points, indexes on the integers, then the graph."""
        edge = self.module
        vectors = edge.EdgeVectorParams(papers.rows.shape[1], edge.Distance.Dot)
        hnsw = edge.HnswIndexConfig(16, 100, 10_000, max_indexing_threads=1)
        config = edge.EdgeConfig(vectors=vectors, hnsw_config=hnsw, max_search_threads=1)
        self._shard = edge.EdgeShard.create(str(place), config)
        for field in FIELDS:
            operation = edge.UpdateOperation.create_field_index(field, edge.PayloadSchemaType.Integer)
            self._shard.update(operation)
        for part in papers.parts(BATCH):
            self.add(part)
        self._shard.optimize()
        self._shard.flush()

    def open(self, place: Path) -> None:
        """With the settings that it keeps beside."""
        self._shard = self.module.EdgeShard.load(str(place))

    def where(self, condition: Condition | None) -> Any:
        """In the classes of its filters."""
        if condition is None:
            return None
        field, low, high = condition
        between = self.module.RangeFloat(gte=low, lt=high)
        return self.module.Filter(must=[self.module.FieldCondition(field, range=between)])

    def search(self, row: Rows, where: Any, effort: Effort) -> list[int]:
        """Only ids are asked for."""
        request = self.module.SearchRequest(
            query=self.module.Query.Nearest(row.tolist()),
            limit=K,
            filter=where,
            params=self.module.SearchParams(hnsw_ef=effort["hnsw_ef"]),
        )
        return [int(point.id) for point in self._shard.search(request)]

    def add(self, papers: Papers) -> None:
        """One operation."""
        lines = zip(papers.keys.tolist(), papers.rows.tolist(), facts_of(papers), strict=True)
        points = [self.module.Point(key, row, facts) for key, row, facts in lines]
        self._shard.update(self.module.UpdateOperation.upsert_points(points))

    def delete(self, keys: Sequence[int]) -> None:
        """One operation."""
        self._shard.update(self.module.UpdateOperation.delete_points(list(keys)))

    def count(self) -> int:
        """Asked of the shard."""
        return int(self._shard.count(self.module.CountRequest(exact=True)))

    def close(self) -> None:
        """Writes what waits."""
        self._shard.close()
