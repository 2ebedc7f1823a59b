"""The real program, killed with SIGKILL at every point of its journal, then run again: state equals cloud, nothing twice.

    crash_test.py INFRA ROOT

The simulator keeps its cloud in a file, so that it outlives the program. INFRA_CRASH=POINT:N kills a test build at the N-th
passing of POINT; INFRA_SETTLE_MS shortens how long an absence is doubted.
"""
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

INFRA, ROOT = sys.argv[1], sys.argv[2]

FIRST = """
stack crash { environments = [dev] }
environment dev { place all on simulator, ephemeral = true }
provider simulator { file = "cloud.jsonl" }
secret key { generate = random(24) }
database main { engine = postgres }
service web {
  source = image("web:1")
  env { DATABASE_URL = database.main.url, KEY = secret.key, SELF = service.web.url }
  volume data { mount = "/data", size = 1GB }
}
resource simulator.thing a { name = "a", size = 1, region = "eu" }
resource simulator.keyed b { name = "b", size = 1, secret = secret.key }
resource simulator.named c { name = "c", size = 1 }
resource simulator.listed d { name = "d", size = 1 }
resource simulator.token e { name = "e" }
"""
SECOND = FIRST.replace("web:1", "web:2").replace('"a", size = 1, region = "eu"', '"a", size = 2, region = "us"') \
    .replace('"b", size = 1', '"b", size = 5').replace('resource simulator.listed d { name = "d", size = 1 }\n', "") \
    .replace("database main", "database primary").replace("database.main", "database.primary") \
    + 'resource simulator.thing f { name = "f", size = 1 }\n'


def journal_points():
    with open(os.path.join(ROOT, "planner", "crash_points.h"), encoding="utf-8") as file:
        return re.findall(r'^\s+"([a-z_.]+)"', file.read(), re.M) + ["state.before_commit", "state.after_commit"]


class Crash(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="infra-crash-")
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.env = dict(os.environ, XDG_CONFIG_HOME=os.path.join(self.folder, "config"), INFRA_SETTLE_MS="400", NO_COLOR="1")

    def write(self, text):
        with open(os.path.join(self.folder, "main.infra"), "w", encoding="utf-8") as file:
            file.write(text)

    def infra(self, *arguments, **variables):
        return subprocess.run([INFRA, *arguments, "--env", "dev"], cwd=self.folder, env=dict(self.env, **variables), timeout=120,
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)

    def succeed(self, *arguments, **variables):
        done = self.infra(*arguments, **variables)
        self.assertEqual(0, done.returncode, f"{arguments}\n{done.stdout}\n{done.stderr}")
        return done

    def cloud(self):
        """The objects that the simulated cloud holds: {(type, id)}."""
        objects = {}
        path = os.path.join(self.folder, "cloud.jsonl")
        if os.path.exists(path):
            with open(path, encoding="utf-8") as file:
                for line in file:
                    try:
                        entry = json.loads(line)
                    except json.JSONDecodeError:
                        continue  # a line torn by the kill
                    if "gone" in entry:
                        objects.pop((entry["type"], entry["gone"]), None)
                    else:
                        objects[(entry["type"], entry["id"])] = entry
        # A second token harms nobody, and nobody looks for it: that class may have twins after a crash.
        return {(kind, key) for kind, key in objects if kind != "simulator.token"}

    def state(self):
        resources = json.loads(self.succeed("show", "--format", "json").stdout)["values"]["root_module"].get("resources", [])
        return {(r["type"], r["values"].get("id")) for r in resources
                if r["type"].startswith("simulator.") and r["type"] != "simulator.token"}

    def whole(self):
        """State equals cloud, and there is nothing left to do."""
        planned = self.infra("plan", "--detailed-exitcode")
        self.assertEqual(0, planned.returncode, planned.stdout + planned.stderr)
        self.assertEqual(len(self.state()), len(self.cloud()), (sorted(self.state(), key=str), sorted(self.cloud())))
        self.assertEqual({t for t, _ in self.state()}, {t for t, _ in self.cloud()})

    def crash(self, point, passing):
        """True when the program died at that passing of the point."""
        done = self.infra("apply", "--auto-approve", INFRA_CRASH=f"{point}:{passing}")
        self.assertIn(done.returncode, (0, -signal.SIGKILL), done.stdout + done.stderr)
        return done.returncode == -signal.SIGKILL

    def at_every_passing(self, prepare):
        hit = {}
        for point in journal_points():
            for passing in (1, 2, 3, 5, 8, 13, 21):
                with self.subTest(point=point, passing=passing):
                    prepare()
                    died = self.crash(point, passing)
                    self.succeed("apply", "--auto-approve")
                    self.whole()
                if not died:
                    break
                hit[point] = passing
        return hit

    def clear(self):
        for name in (".infra", "cloud.jsonl"):
            path = os.path.join(self.folder, name)
            shutil.rmtree(path, ignore_errors=True) if os.path.isdir(path) else os.path.exists(path) and os.remove(path)

    def test_creating(self):
        def prepare():
            self.clear()
            self.write(FIRST)
        hit = self.at_every_passing(prepare)
        for point in journal_points():
            elsewhere = point.startswith("recover.") or point in ("apply.before_moves", "apply.before_known", "apply.after_known")
            if not elsewhere:  # those are passed by other programs of the tests
                self.assertIn(point, hit, "never passed")

    def test_changing_replacing_moving_removing(self):
        self.write(FIRST)
        self.succeed("apply", "--auto-approve")
        kept = tempfile.mkdtemp(prefix="infra-crash-kept-")
        self.addCleanup(shutil.rmtree, kept, ignore_errors=True)
        shutil.copytree(self.folder, kept, dirs_exist_ok=True)

        def prepare():
            self.clear()
            shutil.copytree(os.path.join(kept, ".infra"), os.path.join(self.folder, ".infra"))
            shutil.copy(os.path.join(kept, "cloud.jsonl"), self.folder)
            self.write(SECOND)
        self.assertIn("apply.after_intent", self.at_every_passing(prepare))

    def test_a_crash_while_recovering_from_a_crash(self):
        for point in ("recover.before_settled", "recover.after_settled", "apply.after_intent", "state.after_commit"):
            with self.subTest(point=point):
                self.clear()
                self.write(FIRST)
                self.assertTrue(self.crash("apply.after_call", 2))
                self.crash(point, 1)
                self.succeed("apply", "--auto-approve")
                self.whole()

    def test_at_random_moments(self):
        seed = int(os.environ.get("INFRA_SEED", "11"))
        print(f"seed {seed}")
        dice = random.Random(seed)
        for _ in range(int(os.environ.get("INFRA_KILLS", "15"))):
            self.clear()
            self.write(FIRST)
            run = subprocess.Popen([INFRA, "apply", "--auto-approve", "--env", "dev"], cwd=self.folder, env=self.env,
                                   stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            time.sleep(10 ** dice.uniform(-3, -0.7))
            run.send_signal(signal.SIGKILL)
            run.wait()
            self.succeed("apply", "--auto-approve")
            self.whole()


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + sys.argv[3:], verbosity=2)
