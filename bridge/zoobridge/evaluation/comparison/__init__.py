"""Several runs on the same items: intervals, tests, and what may be concluded."""
