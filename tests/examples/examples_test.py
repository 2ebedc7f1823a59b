"""Each of the five stacks, applied for real on this machine: processes, PostgreSQL, Redis, crons that answer to their secret.

    examples_test.py INFRA ROOT [NAME]     NAME: odys omo_bot autolynx readme omega
"""
import json
import os
import signal
import sys
import unittest
from urllib.parse import urlsplit

from machine import Machine

ENVIRONMENTS = {"odys": "dev", "omo-bot": "dev", "autolynx": "local", "readme": "local", "omega": "dev"}


class Example(Machine):
    """What every example must do; a class below each adds its own."""

    name = None

    def start(self):
        self.copy_example(self.name, ENVIRONMENTS[self.name])
        self.succeed("apply", "--auto-approve")
        self.converged()

    def converged(self):
        planned = self.succeed("plan", "--detailed-exitcode")
        self.assertIn("No changes. Your infrastructure matches the configuration.", planned.stdout)
        self.succeed("drift")

    def destroy(self):
        """Leaves no process, no folder, no cluster."""
        data = os.path.join(self.folder, ".infra", self.environment, "local")
        self.succeed("destroy", "--auto-approve")
        self.wait_for(lambda: not self.processes(), 20, "the end of every process")
        self.assertFalse(os.path.exists(data), data)
        state = json.loads(self.succeed("show", "--format", "json").stdout)
        self.assertEqual([], state["values"]["root_module"].get("resources", []))

    def stop_beyond_retries(self, address):
        """Kills a service's process until its restart policy gives up."""
        path = "/services/" + self.resource(address)["id"]

        def stopped():
            view = self.agent("GET", path)
            if view.get("pid"):
                try:
                    os.killpg(view["pid"], signal.SIGKILL)
                except ProcessLookupError:
                    pass
            return view["state"] == "stopped"
        self.wait_for(stopped, 240, f"{address} stopping for good")

    def drop_role(self, address):
        """Takes the database's login away, as its owner could by mistake."""
        role = self.resource(address)["user"]
        self.as_cluster_owner(address, f"""
            alter database "{role}" owner to postgres;
            \\c "{role}"
            reassign owned by "{role}" to postgres;
            drop owned by "{role}";
            drop role "{role}";
        """)

    def drifted(self, *addresses):
        report = self.succeed("drift", status=3)
        for address in addresses:
            self.assertIn(address, report.stdout)

    def repaired(self):
        self.succeed("apply", "--auto-approve")
        self.converged()

    def url(self, output="url"):
        return self.succeed("output", output).stdout.strip()

    def fire(self, address):
        """Has the agent run a cron now, and gives what came of it."""
        return self.agent("POST", "/crons/" + self.resource(address)["id"] + "/fire")["last"]["result"]

    def life(self):
        raise NotImplementedError


class Odys(Example):
    name = "odys"

    def life(self):
        url = self.url()
        self.assertEqual(200, self.http(url + "/api/health")[0])
        self.assertEqual(401, self.http(url + "/api/cron/reminders")[0])
        self.assertIn("200", self.fire('cron.daily["reminders"]'))
        self.stop_beyond_retries("service.evolution")
        self.drop_role("database.main")
        self.drifted("service.evolution", "database.main")
        self.repaired()
        self.assertEqual(200, self.http(url + "/api/health")[0])


class OmoBot(Example):
    name = "omo-bot"

    def life(self):
        self.assertEqual(200, self.http(self.url("api") + "/health")[0])
        self.assertIn(self.url("api"), self.http(self.url("dashboard") + "/")[1])
        self.drop_role("database.main")
        self.drifted("database.main")
        self.repaired()
        self.assertEqual(200, self.http(self.url("api") + "/health")[0])


class Autolynx(Example):
    name = "autolynx"

    def life(self):
        self.assertEqual(200, self.http(self.url() + "/api/health")[0])
        self.assertEqual(401, self.http(self.url() + "/api/scheduler/tick", method="POST", data=b"")[0])
        self.assertIn("200", self.fire("cron.scheduler_tick"))
        self.drop_role("database.main")
        self.drifted("database.main")
        self.repaired()


class Readme(Example):
    name = "readme"

    def life(self):
        self.assertEqual(200, self.http(self.url("api") + "/health")[0])
        self.assertEqual(200, self.http(self.url("client") + "/api/start", method="POST", data=b"")[0])
        rules = os.path.join(urlsplit(self.resource("bucket.books")["endpoint"]).path.rstrip("/") + ".rules.json")
        with open(rules, encoding="utf-8") as file:
            text = file.read()
        with open(rules, "w", encoding="utf-8") as file:
            file.write(text.replace("application/pdf", "image/png"))
        self.drifted("bucket.books")
        self.repaired()
        self.succeed("apply", "--auto-approve", "--param", "with_worker=true")
        self.succeed("plan", "--detailed-exitcode", "--param", "with_worker=true")


class Omega(Example):
    name = "omega"

    def life(self):
        status, body = self.http(self.url() + "/health")
        self.assertEqual((200, "connected"), (status, json.loads(body)["discord"]))
        self.stop_beyond_retries("service.bot")
        self.drifted("service.bot")
        self.repaired()


def test_life(self):
    self.start()
    self.life()
    self.destroy()


def test_every_environment_validates(self):
    self.copy_example(self.name, None)
    self.succeed("validate")


for example in (Odys, OmoBot, Autolynx, Readme, Omega):
    example.test_life, example.test_every_environment_validates = test_life, test_every_environment_validates


if __name__ == "__main__":
    Machine.infra, Machine.root = sys.argv[1], sys.argv[2]
    wanted = {"odys": Odys, "omo_bot": OmoBot, "autolynx": Autolynx, "readme": Readme, "omega": Omega}
    chosen = [wanted[name] for name in (sys.argv[3:] or wanted)]
    suite = unittest.TestSuite(unittest.defaultTestLoader.loadTestsFromTestCase(case) for case in chosen)
    sys.exit(not unittest.TextTestRunner(verbosity=2).run(suite).wasSuccessful())
