"""Stand-in for the client: /api/start asks the bot for a session."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
import json  # noqa: E402
from urllib.request import Request, urlopen  # noqa: E402

from stand_in import serve  # noqa: E402


def start(_):
    with urlopen(Request(os.environ["BOT_START_URL"], method="POST", data=b"{}"), timeout=10) as answer:
        return json.load(answer)


serve({"GET /": lambda _: "<h1>Readme</h1>", "POST /api/start": start})
