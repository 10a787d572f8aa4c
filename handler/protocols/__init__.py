"""The wire formats: what a request says, whichever protocol it came in, and how its answer is written."""
