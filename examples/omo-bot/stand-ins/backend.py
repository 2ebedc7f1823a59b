"""Stand-in for the bot: a gateway loop that must not stop, an admin API, its database."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
import threading  # noqa: E402
import time  # noqa: E402

from stand_in import database, query, serve  # noqa: E402

beats = {"last": 0.0}


def gateway():
    while True:
        beats["last"] = time.monotonic()
        time.sleep(1)


def health(_):
    query("select 1 from config limit 1")
    return {"gateway": "up" if time.monotonic() - beats["last"] < 5 else "down"}


def mileage(_):
    return [{"member": member, "kilometres": int(km)} for member, km in query("select member, kilometres from mileage order by member")]


database().close()  # start-up validation: without its database the bot must not come up
threading.Thread(target=gateway, daemon=True).start()
serve({"GET /health": health, "GET /api/mileage": mileage})
