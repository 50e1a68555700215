"""A mixed-integer model by columns and rows, as MathOpt's protocol buffer."""

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from ortools.math_opt import model_pb2


@dataclass(slots=True)
class Milp:
    """The model by columns and rows, ready for the solver's own format."""

    cost: list[float] = field(default_factory=list)
    whole: list[bool] = field(default_factory=list)
    upper: list[float] = field(default_factory=list)
    rows: list[tuple[float, float]] = field(default_factory=list)
    entries: list[tuple[int, int, float]] = field(default_factory=list)
    constant: float = 0.0

    def column(self, cost: float, *, whole: bool = False, upper: float = math.inf) -> int:
        """A new variable from 0 up."""
        self.cost.append(cost)
        self.whole.append(whole)
        self.upper.append(upper)
        return len(self.cost) - 1

    def row(self, low: float, high: float, terms: list[tuple[int, float]]) -> None:
        """low <= sum of terms <= high."""
        self.entries.extend((len(self.rows), column, factor) for column, factor in terms)
        self.rows.append((low, high))

    def proto(self) -> Any:
        """As MathOpt reads it."""
        model = model_pb2.ModelProto()
        model.variables.ids.extend(range(len(self.cost)))
        model.variables.lower_bounds.extend([0.0] * len(self.cost))
        model.variables.upper_bounds.extend(self.upper)
        model.variables.integers.extend(self.whole)
        model.objective.offset = self.constant
        priced = [n for n, cost in enumerate(self.cost) if cost]
        model.objective.linear_coefficients.ids.extend(priced)
        model.objective.linear_coefficients.values.extend([self.cost[n] for n in priced])
        model.linear_constraints.ids.extend(range(len(self.rows)))
        model.linear_constraints.lower_bounds.extend([low for low, _ in self.rows])
        model.linear_constraints.upper_bounds.extend([high for _, high in self.rows])
        row, column, factor = (np.array(part) for part in zip(*self.entries, strict=True))
        keys, where = np.unique(row.astype(np.int64) * len(self.cost) + column, return_inverse=True)
        sums = np.zeros(len(keys))
        np.add.at(sums, where, factor.astype(float))
        kept = sums != 0.0
        matrix = model.linear_constraint_matrix
        matrix.row_ids.extend((keys[kept] // len(self.cost)).tolist())
        matrix.column_ids.extend((keys[kept] % len(self.cost)).tolist())
        matrix.coefficients.extend(sums[kept].tolist())
        return model
