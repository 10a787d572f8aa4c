"""Papers and what disturbs the reading of a digit on them: one seeded generator, each kind a named function."""
