"""Stand-in for the Next.js app: health, the scheduler's tick behind its secret, Vapi's webhook."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
import hashlib  # noqa: E402
import hmac  # noqa: E402

from stand_in import Reply, database, query, require_bearer, serve  # noqa: E402


def health(_):
    query("select count(*) from campaigns")
    return {"status": "ok", "cap": int(os.environ["DEFAULT_CONCURRENCY_CAP"])}


def tick(request):
    require_bearer(request, "CRON_SHARED_SECRET")
    query("insert into scheduler_ticks default values")
    return {"dispatched": 0}


def vapi(request):
    wanted = hmac.new(os.environ["WEBHOOK_SHARED_SECRET"].encode(), request.body, hashlib.sha256).hexdigest()
    if not hmac.compare_digest(wanted, request.headers.get("x-vapi-signature", "")):
        raise Reply(401, {"error": "unauthorized"})
    return {"received": True}


database().close()
serve({
    "GET /": lambda _: "<h1>AutoLynx</h1>",
    "GET /api/health": health,
    "POST /api/scheduler/tick": tick,
    "POST /api/webhooks/vapi": vapi,
})
