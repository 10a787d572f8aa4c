"""What teaching one person's digits changes: for that person, for all others, and for who is served meanwhile."""
