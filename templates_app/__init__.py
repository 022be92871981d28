"""What an account sends, and to whom in bulk: templates, unsubscribe pages, address lists."""
