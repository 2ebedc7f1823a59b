"""Holds the source tree to its floors: who may include whom, which folder owns which library, who may open a secret."""
import os
import re
import sys
import tempfile
import unittest

ROOT = sys.argv.pop(1) if len(sys.argv) > 1 else os.getcwd()

# A folder includes its own files and these.
FLOORS = {
    "base": set(),
    "compiler": {"base"},
    "state": {"base"},
    "providers": {"base"},
    "planner": {"base", "compiler", "state", "providers"},
    "cli": {"base", "compiler", "state", "providers", "planner"},
}
# A library's headers, and the files that may include them.
OWNERS = [
    (r"antlr4|Infra(Lexer|Parser)\.h|(Lexer|Parser|Token|CharStream|CommonTokenStream|atn/.*|dfa/.*|tree/.*)\.h", r"compiler/(antlr_\w+\.h|\w+\.cpp)"),
    (r"SQLiteCpp/.*|sqlite3\.h", r"state/.*"),
    (r"curl/.*", r"providers/http_door\.cpp"),
    (r"libpq-fe\.h", r"providers/sql_door\.cpp"),
    (r"uv\.h", r"providers/local/.*"),
    (r"CLI/.*", r"cli/.*"),
    (r"sodium\.h", r"base/.*"),
    (r"graphviz/.*", r"cli/.*"),
    (r"re2/.*", r"(compiler|base|planner)/.*\.cpp"),
    (r"yaml-cpp/.*", r"compiler/.*\.cpp"),
    (r"nlohmann/.*", r"[a-z/]+/[a-z_]+\.cpp"),
]
# The only readers of a secret's bytes, and why.
EXPOSERS = {
    "base/secret.cpp": "what a secret is made of",
    "base/sealing.cpp": "sealing and keyed fingerprints",
    "base/json.cpp": "the doors' request bodies",
    "compiler/functions.cpp": "functions of secrets, whose results are secrets",
    "planner/leaves.cpp": "a platform's SHA-256 of a value, compared and kept only as a keyed fingerprint",
    "planner/checks.cpp": "headers of a probe that carry a secret",
    "providers/scrubber.cpp": "keeping secrets out of messages",
    "providers/http_wire.cpp": "requests to the platform that owns the secret",
    "providers/sql_door.cpp": "connections and parameters",
    "providers/simulator/behaviour.cpp": "a platform that shows digests",
    "providers/local/agent_crons.cpp": "a cron's own request",
    "providers/local/agent_http.cpp": "a cron's own request",
    "providers/local/agent_postgres.cpp": "the password of a role, to the server's standard input",
    "providers/local/agent_services.cpp": "digests that tell a changed variable",
    "providers/local/agent_spawn.cpp": "the environment and standard input of a process",
    "cli/output_command.cpp": "`infra output NAME` of a revealed output",
}


def sources(root):
    for folder in FLOORS:
        for path, _, names in os.walk(os.path.join(root, folder)):
            for name in sorted(names):
                if name.endswith((".h", ".cpp")):
                    yield os.path.relpath(os.path.join(path, name), root)


def violations(root):
    found = []
    for path in sources(root):
        folder = path.split(os.sep)[0]
        with open(os.path.join(root, path), encoding="utf-8") as file:
            text = file.read()
        for kind, target in re.findall(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', text, re.M):
            above = target.split("/")[0]
            if kind == '"' and above in FLOORS and above != folder and above not in FLOORS[folder]:
                found.append(f"{path} includes {target}: {folder}/ stands beside or below {above}/")
            for library, owners in OWNERS:
                if re.fullmatch(library, target) and not re.fullmatch(owners, path):
                    found.append(f"{path} includes {target}: only {owners} may")
        if re.search(r"[.>]expose\(", text) and path not in EXPOSERS:
            found.append(f"{path} opens a secret: only {', '.join(EXPOSERS)} may")
        if path.endswith(".h") and "#pragma once" not in text:
            found.append(f"{path} has no #pragma once")
    return found


class Layering(unittest.TestCase):
    def test_every_include_points_down(self):
        self.assertEqual([], violations(ROOT))

    def test_a_wrong_include_is_found(self):
        with tempfile.TemporaryDirectory() as root:
            os.makedirs(os.path.join(root, "state"))
            with open(os.path.join(root, "state", "x.cpp"), "w", encoding="utf-8") as file:
                file.write('#include "planner/plan.h"\n#include <curl/curl.h>\nauto a = secret.expose();\n')
            self.assertEqual(3, len(violations(root)))

    def test_there_is_something_to_check(self):
        self.assertGreater(len(list(sources(ROOT))), 50)


if __name__ == "__main__":
    unittest.main()
