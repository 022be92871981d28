"""Fuzzing of SMTP's state machines: one function a machine, which runs any octets and raises when a promise is broken.

The same functions are run by the tests (over the corpus, and over what hypothesis makes up) and by `python -m
tests.gateway.smtp.fuzz`, which looks for new input guided by coverage.
"""
