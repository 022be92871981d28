"""SendCloud's calls, one module for each of the vendor's."""
