"""Jobs: teachings that were asked for, done one at a time in processes of their own, whoever is killed meanwhile."""
