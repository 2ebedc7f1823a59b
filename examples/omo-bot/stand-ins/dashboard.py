"""Stand-in for the Vite dashboard: one page that knows where its API is."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
from stand_in import serve  # noqa: E402

serve({"GET /": lambda _: f'<h1>omo-bot</h1><script>const api = "{os.environ["VITE_API_URL"]}"</script>'})
