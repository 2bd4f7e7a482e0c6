"""A pool is a table of customers, whatever rows it keeps them in: checked against a plain dictionary."""

import numpy as np
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from retainsim.pool import Pool

CELLS = 3


class Model(RuleBasedStateMachine):
    """The pool beside a dictionary from name to traits."""

    def __init__(self):
        super().__init__()
        self.pool, self.model, self.named, self.owned = Pool(CELLS), {}, 0, 0

    @rule(count=st.one_of(st.integers(0, 30), st.integers(500, 1500)))
    def append(self, count):
        rows = self.pool.append(count)
        assert len(rows) == count
        names = np.arange(self.named, self.named + count)
        assert self.pool["frailty"][rows].tolist() == [1.0] * count  # what died in a row leaves nothing behind
        assert self.pool["cell"][rows].tolist() == [CELLS] * count  # placed nowhere yet
        self.pool["name"][rows] = names
        self.pool.place(rows, names % CELLS)
        self.pool["frailty"][rows] = names / 7
        for column in range(self.owned):
            assert (self.pool[f"own.{column}"][rows] == column).all()
            self.pool[f"own.{column}"][rows] = names * column
        self.model |= {int(n): {"cell": n % CELLS, "frailty": n / 7, "owned": self.owned} for n in names}
        self.named += count

    @rule(share=st.sampled_from([0.0, 0.01, 0.5, 0.95, 1.0]), seed=st.integers(0, 99))
    def remove(self, share, seed):
        rows = self.pool.rows()
        gone = rows[np.random.default_rng(seed).random(len(rows)) < share]
        for name in self.pool["name"][gone].tolist():
            del self.model[name]
        self.pool.remove(gone)

    @rule()
    def pack(self):
        self.pool.pack()

    @rule()
    def own(self):
        self.pool.own(f"own.{self.owned}", np.float64(self.owned))
        self.owned += 1

    @rule(seed=st.integers(0, 99))
    def write(self, seed):
        rows = self.pool.rows()
        some = rows[np.random.default_rng(seed).random(len(rows)) < 0.3]
        self.pool["frailty"][some] += 1.0
        for name in self.pool["name"][some].tolist():
            self.model[name]["frailty"] += 1.0

    @rule(cell=st.integers(0, CELLS - 1), seed=st.integers(0, 99))
    def move(self, cell, seed):
        rows = self.pool.rows()
        some = rows[np.random.default_rng(seed).random(len(rows)) < 0.3]
        self.pool.place(some, cell)
        for name in self.pool["name"][some].tolist():
            self.model[name]["cell"] = cell

    @invariant()
    def holds_who_is_here_and_nobody_else(self):
        rows = self.pool.rows()
        assert len(self.pool) == len(rows) == len(self.model)
        assert sorted(self.pool["name"][rows].tolist()) == sorted(self.model)

    @invariant()
    def keeps_every_trait(self):
        rows = self.pool.rows()
        names = self.pool["name"][rows].tolist()
        assert self.pool["cell"][rows].tolist() == [self.model[n]["cell"] for n in names]
        assert self.pool["frailty"][rows].tolist() == [self.model[n]["frailty"] for n in names]
        for column in range(self.owned):
            wanted = [n * column if column < self.model[n]["owned"] else column for n in names]
            assert self.pool[f"own.{column}"][rows].tolist() == wanted

    @invariant()
    def counts_by_cell(self):
        cells = [traits["cell"] for traits in self.model.values()]
        wanted = np.bincount(np.array(cells, dtype=np.int64), minlength=CELLS).tolist()
        assert self.pool.count().tolist() == self.pool.recount().tolist() == wanted

    @invariant()
    def lets_nobody_leave_twice(self):
        dead = np.flatnonzero(~self.pool["present"])
        assert (self.pool["leaves"][dead] == np.inf).all()

    @invariant()
    def stays_of_one_length(self):
        assert {len(self.pool[c]) for c in ("name", "present", "leaves", "cell")} == {self.pool.size}


TestPool = Model.TestCase
TestPool.settings = settings(max_examples=40, stateful_step_count=25, deadline=None, derandomize=True)


def test_memory_follows_those_present_not_all_who_ever_came():
    pool = Pool()
    for _ in range(200):
        pool.remove(pool.append(500))
        pool.pack()
    assert pool.size <= 2048
    assert len(pool["name"].base) <= 4096


def test_a_column_keeps_its_type_when_the_pool_grows_and_packs():
    pool = Pool()
    types = {name: pool[name].dtype for name in ("name", "present", "segment", "cell", "joined", "spell")}
    pool.remove(pool.append(5000)[:4000])
    pool.pack()
    assert {name: pool[name].dtype for name in types} == types


def test_a_column_is_a_view_that_can_be_written_to():
    pool = Pool()
    rows = pool.append(3)
    pool["size"][rows[1]] = 5.0
    assert pool["size"].tolist() == [1.0, 5.0, 1.0]


def test_who_comes_after_packing_inherits_nothing_from_the_dead():
    pool = Pool(CELLS)
    pool.own("charge", np.float64(0.0))
    rows = pool.append(3000)
    for column, value in (("frailty", 5.0), ("charge", 7.0), ("leaves", 9.0), ("reason", 1)):
        pool[column][rows] = value
    pool.place(rows, 2)
    pool.remove(rows[:2500])
    pool.pack()
    assert pool.size == 500
    new = pool.append(2500)
    for column, value in (("frailty", 1.0), ("charge", 0.0), ("cell", CELLS), ("leaves", np.inf), ("reason", -1)):
        assert (pool[column][new] == value).all(), column
        assert (pool[column][:500] != value).all(), column
