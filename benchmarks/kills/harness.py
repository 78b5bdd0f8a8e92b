"""The process that kills: it plans, aims, and judges what is left."""

from __future__ import annotations

import os
import random
import shutil
import time
import traceback
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from benchmarks.kills import check
from benchmarks.kills.check import Failed
from benchmarks.kills.child import CHUNK, Child, Task, limits, open_model, perform
from benchmarks.kills.papers import Contents, changed, pair, paper, states
from indexer import upkeep
from indexer.change import Change
from indexer.collection import Collection
from indexer.ingest import ingest
from indexer.paper import Paper, to_record
from indexer.report import Report
from indexer.store import ROW_TYPE

OPERATIONS: Final = ("import", "update", "remove", "compact", "backup", "restore", "create", "split and merge", "heal")
AIMS: Final = ("time", "time", "sight", "step", "word")
USUAL_CHUNK: Final = 512
"""Records a commit of everything that is not killed."""
SINGLES: Final = 96
"""Papers of one record."""
PAIRS: Final = 8
"""Papers of two records."""
NEW: Final = 72
"""Papers that an import adds or updates."""


@dataclass
class Line:
    """A line of the table: where the kills of an operation fell, and what they left."""

    kills: int = 0
    before: int = 0
    within: int = 0
    after: int = 0
    gap: int = 0
    litter: int = 0
    failures: int = 0


@dataclass(frozen=True)
class Plan:
    """A task, what the collection holds after each of its steps, and what its file may hold from before."""

    task: Task
    states: list[Contents]
    earlier: Contents | None = None


@dataclass(frozen=True)
class Usual:
    """How long an operation takes, in how many changes that can be seen from outside, in how many file operations."""

    seconds: float
    seen: int
    steps: int


class Harness:
    """Templates of collections, a child that waits, and the results."""

    def __init__(
        self,
        place: Path,
        *,
        toy: bool,
        keep: Path | None = None,
        usual: Usual | None = None,
        out: Callable[[str], None] = print,
    ) -> None:
        self.place, self.toy, self.keep, self.out = place, toy, keep, out
        self.encoder = check.Counting(open_model(toy=toy))
        self.table = {operation: Line() for operation in OPERATIONS}
        self.aims: Counter[str] = Counter()
        self.usual = dict.fromkeys(OPERATIONS, usual) if usual else {}
        self._next = Child(toy=toy)
        self._make_templates()

    def close(self) -> None:
        """End the child that still waits."""
        self._next.end()

    def _make_templates(self) -> None:
        limits(low=False, chunk=USUAL_CHUNK)
        base = Collection.create(self.place / "base", self.encoder.identity)
        pairs = [paper for n in range(PAIRS) for paper in pair(n)]
        singles = [paper(n, 0) for n in range(SINGLES)]
        ingest(base, self.encoder, [*singles, *pairs], Report())
        upkeep.backup(base, self.place / "earlier.backup")
        self.base = check.contents(base)

    def plan(self, seed: int) -> Plan:
        """The operation of a seed, on a copy of its own of the collection it needs."""
        chance = random.Random(seed)  # noqa: S311  no secret: it must come out the same again
        operation, low = OPERATIONS[seed % len(OPERATIONS)], chance.random() < 0.5
        directory, file = self.place / "run" / "collection", self.place / "run" / "papers.backup"
        shutil.rmtree(self.place / "run", ignore_errors=True)
        directory.parent.mkdir()
        limits(low=low, chunk=USUAL_CHUNK)
        if operation not in {"create", "restore"}:
            shutil.copytree(self.place / "base", directory)
        task = Task(operation, str(directory), str(file), low=low)
        return self._with_steps(task, chance)

    def _with_steps(self, task: Task, chance: random.Random) -> Plan:
        before, earlier = self.base, None
        papers: list[Paper] = []
        ids: list[list[str]] = []
        match task.operation:
            case "import" | "create":
                before = self.base if task.operation == "import" else {}
                papers = [paper(n, 0) for n in range(SINGLES, SINGLES + NEW)]
                chance.shuffle(papers)
            case "update":
                papers = [changed(paper(n, 0), chance) for n in chance.sample(range(SINGLES), NEW)]
            case "remove":
                names = [f"paper-{n}" for n in chance.sample(range(SINGLES), SINGLES // 2)]
                ids = [names[start : start + 4] for start in range(0, len(names), 4)]
            case "split and merge":
                ids = [[one.id for one in pair(n)] for n in chance.sample(range(PAIRS), PAIRS // 2) for _ in "12"]
            case "compact" | "backup" | "heal":
                before = self._stir(task, chance)
        if task.operation == "restore" or (task.operation == "backup" and chance.random() < 0.5):
            shutil.copy(self.place / "earlier.backup", task.file)
            earlier = self.base
        task = replace(task, papers=[to_record(one) for one in papers], ids=ids)
        return Plan(task, states(task.operation, before, papers, ids, CHUNK), earlier)

    def _stir(self, task: Task, chance: random.Random) -> Contents:
        """Change and remove some papers, so that there is something to leave behind; returns what is then there.

        For "heal" the last change is left as by a writer that died between the papers and their indexes.
        """
        collection = Collection(Path(task.directory))
        chosen = chance.sample(range(SINGLES), 48)
        updated = [changed(paper(n, 0), chance) for n in chosen[:32]]
        removed = [f"paper-{n}" for n in chosen[32:]]
        late = [paper(n, 0) for n in range(SINGLES, SINGLES + 8)] if task.operation == "heal" else []
        ingest(collection, self.encoder, updated, Report())
        with collection.writing("remove") as writer:
            writer.remove(removed)
            if late:
                with writer.store.transaction():
                    writer.store.apply([Change.of(one, self.encoder.row_of(one).astype(ROW_TYPE)) for one in late])
        now = self.base | {one.id: one for one in [*updated, *late]}
        return {paper_id: one for paper_id, one in now.items() if paper_id not in removed}

    def measure(self, operation: str) -> None:
        """Have an operation done without a kill, and remember what is usual."""
        plan = self.plan(OPERATIONS.index(operation))
        runner = self._start(plan.task)
        seen, last = 0, None
        while runner.process.poll() is None:
            now = _look(Path(plan.task.directory))
            seen, last = seen + (now != last), now
        told = runner.end(kill=False)
        check.after(Path(plan.task.directory), plan.states[-1:], self.encoder)
        if "done" not in told or told["safe"] != len(plan.states) - 1:
            raise Failed(f"{operation} was not killed and told only {told}")
        self.usual[operation] = Usual(told["took"], seen, int(told["done"]))

    def _start(self, task: Task) -> Child:
        runner, self._next = self._next, Child(toy=self.toy)
        runner.begin(task)
        return runner

    def kill(self, seed: int) -> None:
        """One kill, everything that is to be found after it, and the same operation again."""
        operation = OPERATIONS[seed % len(OPERATIONS)]
        if operation not in self.usual:
            self.measure(operation)
        plan, line = self.plan(seed), self.table[operation]
        line.kills += 1
        killed = self.place / "killed"
        shutil.rmtree(killed, ignore_errors=True)
        try:
            before = _files(self.place / "run")
            safe, done = self._shoot(plan, random.Random(-1 - seed))  # noqa: S311
            shutil.copytree(self.place / "run", killed)
            line.after += done
            line.within += not done and _files(killed) != before
            line.before += not done and _files(killed) == before
            line.litter += bool(check.litter(killed / "collection"))
            self._judge(plan, safe)
            line.gap += check.has_gap(killed / "collection")  # opens the copy, and so changes it
        except Exception as error:
            line.failures += 1
            what = str(error) if isinstance(error, Failed) else traceback.format_exc()
            self.out(f"FAILED seed {seed}, {operation}: {what}")
            self.out(f"  again: python -m benchmarks.kills --kills 1 --seed {seed}{' --toy' * self.toy}")
            if self.keep and killed.exists():
                self.out(f"  as it was killed: {shutil.copytree(killed, self.keep / str(seed), dirs_exist_ok=True)}")

    def _shoot(self, plan: Plan, chance: random.Random) -> tuple[int, bool]:
        """Have the task done and kill it; returns the steps that were acknowledged, and whether it was done."""
        usual = self.usual[plan.task.operation]
        aim = chance.choice(AIMS)
        self.aims[aim] += 1
        if aim == "step":
            die_at = chance.randint(1, usual.steps)
            runner = self._start(replace(plan.task, die_at=die_at))
            told = runner.end(kill=False)
            return int(told.get("safe", 0)), "done" in told
        runner = self._start(plan.task)
        if aim == "word":
            runner.wait_for(chance.randint(1, len(plan.states) - 1))
        elif aim == "time":
            time.sleep(chance.uniform(0, usual.seconds * 1.02))
        else:
            wanted, last = chance.randint(1, usual.seen), _look(Path(plan.task.directory))
            while wanted and runner.process.poll() is None:
                now = _look(Path(plan.task.directory))
                wanted, last = wanted - (now != last), now
            time.sleep(chance.choice((0, 0, chance.uniform(0, 0.005))))
        told = runner.end()
        return int(told.get("safe", 0)), "done" in told

    def _judge(self, plan: Plan, safe: int) -> None:
        """Compare what a kill left with what was acknowledged, do it again, and compare with what it should be."""
        task, directory = plan.task, Path(plan.task.directory)
        limits(low=task.low, chunk=USUAL_CHUNK)
        may_lack = task.operation in {"create", "restore"} and not safe
        found = safe + check.after_kill(directory, plan.states[safe : safe + 2], self.encoder, may_lack=may_lack)
        if task.operation == "backup":
            old = [] if safe else [plan.earlier]
            check.backup_file(Path(task.file), [*old, plan.states[-1]], self.place / "restored", self.encoder)
        self.encoder.texts.clear()
        if task.operation != "restore" or not Collection.exists(directory):
            perform(task, self.encoder, lambda _: None, start=found)
        if task.operation != "split and merge":
            check.not_again(self.encoder, plan.states[found])
        check.after(directory, plan.states[-1:], self.encoder)
        if rest := check.litter(directory):
            raise Failed(f"after the second run there is still {rest}")
        if task.operation == "compact":
            check.nothing_left(directory, self.base, plan.states[-1])
        if task.operation == "backup":
            check.backup_file(Path(task.file), plan.states[-1:], self.place / "restored", self.encoder)


def _look(directory: Path) -> frozenset[tuple[str, int, int]]:
    """Names, sizes and inodes of a directory and of what stands beside it: what can be seen to change."""
    seen = set()
    for folder in (directory.parent, directory):
        try:
            with os.scandir(folder) as entries:
                for entry in entries:
                    facts = entry.stat()
                    seen.add((entry.name, facts.st_size if entry.is_file() else 0, facts.st_ino))
        except OSError:
            continue  # not made yet, or renamed between the two looks
    return frozenset(seen)


def _files(place: Path) -> dict[str, tuple[int, int]]:
    """Sizes and times of all files below a directory that hold anything but who is writing."""
    facts = {path: path.stat() for path in place.rglob("*") if path.is_file()}
    return {
        str(path.relative_to(place)): (fact.st_size, fact.st_mtime_ns)
        for path, fact in facts.items()
        if fact.st_size and "writer." not in path.name and not path.name.endswith("-shm")
    }


def run(
    kills: int,
    seed: int,
    place: Path,
    *,
    toy: bool,
    keep: Path | None = None,
    usual: Usual | None = None,
    out: Callable[[str], None] = print,
) -> dict[str, Line]:
    """So many kills with the seeds from `seed` on; returns the table. Without `usual`, what is usual is measured."""
    harness = Harness(place, toy=toy, keep=keep, usual=usual, out=out)
    try:
        for number in range(seed, seed + kills):
            harness.kill(number)
    finally:
        harness.close()
    out(f"aimed: {dict(sorted(harness.aims.items()))}")
    return harness.table
