"""What an account sends from and with: sender domains, DKIM keys and signing, SMTP users, API keys."""
