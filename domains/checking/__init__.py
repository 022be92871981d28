"""What DNS says of a domain's records, and which mistake was made where it says something else. Reads no database."""
