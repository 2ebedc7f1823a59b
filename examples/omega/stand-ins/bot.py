"""Stand-in for the Discord bot: one gateway, its data on the volume or in Turso, artifacts served over HTTP."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
import sqlite3  # noqa: E402

from stand_in import serve  # noqa: E402

# A process on this machine finds its volume through a variable; in a container it is mounted at /data.
folder = os.environ.get("INFRA_VOLUME_DATA", "/data")
path = os.path.join(folder, "omega.db")


def connect():
    connection = sqlite3.connect(path, timeout=5)
    connection.execute("create table if not exists messages(id integer primary key, text text not null)")
    return connection


def health(_):
    with connect() as connection:
        (count,) = connection.execute("select count(*) from messages").fetchone()
    return {"discord": "connected", "messages": count}


connect().close()
serve({"GET /health": health, "GET /artifacts/*": lambda request: {"artifact": request.path}})
