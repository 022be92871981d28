"""The load and the receiving server of a benchmark, each a process of its own: they must use little of the machine."""
