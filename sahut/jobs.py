"""The jobs that a queue may be asked for, by name."""
