"""Stand-in for the voice bot: /start opens a session with the API it was given."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
from stand_in import serve  # noqa: E402

serve({
    "GET /": lambda _: {"status": "ok"},
    "POST /start": lambda _: {"room": "https://rooms.example.org/session", "api": os.environ["API_BASE_URL"]},
})
