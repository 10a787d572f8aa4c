"""From the champion and corrections to a candidate: `lesson.teach`."""
