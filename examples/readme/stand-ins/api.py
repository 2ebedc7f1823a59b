"""Stand-in for the API: health, uploads into the bucket, the queue that the worker reads."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
import uuid  # noqa: E402
from urllib.parse import unquote, urlsplit  # noqa: E402

from stand_in import Redis, Reply, database, query, serve  # noqa: E402


def health(_):
    query("select count(*) from books")
    Redis(os.environ["DRAMATIQ_BROKER_URL"]).call("PING")
    return {"status": "ok"}


def upload(request):
    fields = request.form()
    if "household_id" not in fields or "file" not in fields:
        raise Reply(422, {"error": "household_id and file are required"})
    book, household = str(uuid.uuid4()), fields["household_id"][1].decode()
    path = f"{household}/{book}.pdf"
    target = os.path.join(unquote(urlsplit(os.environ["BUCKET_ENDPOINT"]).path), path)
    os.makedirs(os.path.dirname(target), exist_ok=True)
    with open(target, "wb") as file:
        file.write(fields["file"][1])
    query("insert into books(id, household_id, storage_path, status) values (%s, %s, %s, 'processing')", book, household, path)
    queue = f'{os.environ["DRAMATIQ_NAMESPACE"]}:books'
    Redis(os.environ["DRAMATIQ_BROKER_URL"]).call("LPUSH", queue, book)
    return {"book_id": book, "status": "processing", "storage_path": path}


database().close()
serve({"GET /health": health, "POST /admin/books/upload": upload})
