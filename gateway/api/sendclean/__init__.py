"""SendClean, also sold as PowerEmail: `/v1.0/`."""
