"""How worker processes are started: forked from a fork server, or spawned afresh."""
