"""Takes in corrections, teaches them to the champion, and lets a gate judge what comes of it; a service of its own."""
