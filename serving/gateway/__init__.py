"""The gateway: Envoy in front of any number of nodes, its keys, its certificate, and the supervisor that runs it."""
