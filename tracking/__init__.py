"""What became of the mail: events, suppressions, webhooks, hourly statistics."""
