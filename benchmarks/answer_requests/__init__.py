"""The requests whose answers are compared: pictures of many kinds in bodies of every format, and bad ones."""
