"""Stand-in for the MCP server that an editor starts over stdio: answers each JSON-RPC line with the number of bookings."""
import json
import os
import sys

import psycopg2

for line in sys.stdin:
    request = json.loads(line)
    with psycopg2.connect(os.environ["DATABASE_URL"]) as connection, connection.cursor() as cursor:
        cursor.execute("select count(*) from bookings")
        print(json.dumps({"jsonrpc": "2.0", "id": request.get("id"), "result": cursor.fetchone()[0]}), flush=True)
