"""The metronome: APScheduler in its own role, ringing the queue."""
