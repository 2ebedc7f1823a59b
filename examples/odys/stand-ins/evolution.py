"""Stand-in for the WhatsApp gateway: its own database and schema, an API key."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
from stand_in import Reply, database, query, serve  # noqa: E402

URI = "DATABASE_CONNECTION_URI"


def instances(request):
    if request.headers.get("apikey") != os.environ["AUTHENTICATION_API_KEY"]:
        raise Reply(401, {"error": "unauthorized"})
    return [{"name": name} for (name,) in query("select name from instance order by name", variable=URI)]


def root(_):
    query("select count(*) from instance", variable=URI)
    return {"status": 200, "message": "Welcome to the gateway"}


with database(URI) as connection, connection.cursor() as cursor:
    cursor.execute("create table if not exists instance(name text primary key)")
serve({"GET /": root, "GET /instance/fetchInstances": instances})
