"""Stand-in for the worker: takes books off the queue and marks them ready."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
import signal  # noqa: E402
import time  # noqa: E402

from stand_in import Redis, database, query  # noqa: E402

signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
database().close()
broker = Redis(os.environ["DRAMATIQ_BROKER_URL"])
print("waiting for books", flush=True)
while True:
    book = broker.call("RPOP", f'{os.environ["DRAMATIQ_NAMESPACE"]}:books')
    if book:
        query("update books set status = 'ready' where id = %s", book)
    else:
        time.sleep(0.5)
