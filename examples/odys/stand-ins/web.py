"""Stand-in for the Next.js app: health, two cron routes behind their secret, a webhook."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
from stand_in import database, query, require_bearer, serve  # noqa: E402


def health(_):
    query("select count(*) from bookings")
    return {"status": "ok"}


def cron(request):
    require_bearer(request, "CRON_SECRET")
    job = request.path.rsplit("/", 1)[-1]
    query("insert into cron_runs(job) values (%s)", job)
    return {"job": job, "ran": True}


def webhook(request):
    query("insert into webhook_events(body) values (%s)", request.body.decode(errors="replace"))
    return {"received": True}


database().close()
serve({
    "GET /": lambda _: "<h1>Odys</h1>",
    "GET /api/health": health,
    "GET /api/cron/*": cron,
    "POST /api/webhooks/evolution": webhook,
})
