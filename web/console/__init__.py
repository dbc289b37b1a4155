"""The volunteers' desk: one Flask app at `/console`, with its own cookie, for people who help others at a centre."""
