"""Inputs of every shape against what reads them: each gives a result, or the error that is promised for it.

`scripts/fuzz --minutes 10 --seed 1` runs it for long; a few seconds of it are a unit test (`tests/unit/test_fuzz.py`).
"""
