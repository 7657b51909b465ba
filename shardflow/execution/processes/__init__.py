"""Children of the run: starting them, waiting for them, stopping them and whatever they leave behind."""
