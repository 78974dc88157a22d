"""Measures recq_nb beside what a person would use instead, in one run: ``make bench``, or ``python -m benchmarks``."""
