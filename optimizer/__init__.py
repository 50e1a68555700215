"""Plans: which aircraft flies to which incident, by which water point, back to which base, and when.

Start with `solve.py`; `problem.py` holds what is asked and `plan.py` what is answered. Everything here is
pure: the same problem, seed and iteration limit give the same plan. Clocks and files live in adapters.
"""
