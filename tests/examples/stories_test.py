"""What a new user tries on this machine, the wrong things too: init, renames, guards, kills, and every kind of bad input.

    stories_test.py INFRA ROOT
"""
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import unittest

from machine import Machine

TWO_DATABASES = """
stack shop { environments = [dev] }
environment dev { place all on local }
database main { engine = postgres, version = "15" }
service web {
  source = directory(".")
  env { DATABASE_URL = database.main.url }
  health { path = "/" }
  local { command = "python3 -m http.server --bind 127.0.0.1 $PORT" }
}
output url = service.web.url
"""


class FirstSteps(Machine):
    def test_init_ends_with_a_service_that_answers(self):
        self.folder = self.work
        self.succeed("init", "x")
        self.folder = os.path.join(self.work, "x")
        self.environment = "dev"
        done = subprocess.run([self.infra, "apply", "--auto-approve"], cwd=self.folder, env=self.env, capture_output=True, text=True,
                              stdin=subprocess.DEVNULL, timeout=120, check=False)
        self.assertEqual(0, done.returncode, done.stdout + done.stderr)
        url = re.search(r"http://127\.0\.0\.1:\d+", done.stdout).group(0)
        self.assertEqual(200, self.http(url)[0])
        self.assertEqual(1, subprocess.run([self.infra, "init", "x"], cwd=self.work, env=self.env, capture_output=True, check=False).returncode)

    def test_without_a_terminal_apply_wants_approval(self):
        self.write("shop.infra", TWO_DATABASES)
        self.environment = "dev"
        refused = self.succeed("apply", status=3)
        self.assertIn("--auto-approve", refused.stdout + refused.stderr)
        self.assertFalse(self.processes())


class Guards(Machine):
    def test_a_rename_is_a_move_and_a_removal_is_refused(self):
        self.environment = "dev"
        self.write("shop.infra", TWO_DATABASES)
        self.succeed("apply", "--auto-approve")
        self.write("shop.infra", TWO_DATABASES.replace("database main", "database primary").replace("database.main", "database.primary"))
        plan = self.succeed("plan").stdout
        self.assertIn("database.primary", plan)
        self.assertIn("database.main", plan)
        self.assertIn("0 to destroy", plan)
        self.succeed("apply", "--auto-approve")
        self.succeed("plan", "--detailed-exitcode")
        self.write("shop.infra", re.sub(r"database main .*\n", "", TWO_DATABASES).replace("  env { DATABASE_URL = database.main.url }\n", ""))
        refused = self.succeed("apply", "--auto-approve", status=3)
        self.assertIn("--allow-destroy=database.primary", refused.stdout + refused.stderr)
        self.succeed("destroy", "--auto-approve", status=3)
        self.succeed("apply", "--auto-approve", "--allow-destroy=database.primary")
        self.succeed("plan", "--detailed-exitcode")
        self.succeed("destroy", "--auto-approve")


class Kills(Machine):
    def test_kill_at_any_moment_makes_no_twins(self):
        self.environment = "dev"
        self.write("shop.infra", TWO_DATABASES)
        seed = int(os.environ.get("INFRA_SEED", "7"))
        print(f"seed {seed}")
        dice = random.Random(seed)
        for _ in range(int(os.environ.get("INFRA_KILLS", "6"))):
            run = subprocess.Popen([self.infra, "apply", "--auto-approve", "--env", "dev"], cwd=self.folder, env=self.env,
                                   stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            time.sleep(10 ** dice.uniform(-2, 0.6))
            run.send_signal(signal.SIGKILL)
            run.wait()
        self.succeed("apply", "--auto-approve")
        self.succeed("plan", "--detailed-exitcode")
        commands = [self.command(pid) for pid in self.processes()]
        self.assertEqual(1, sum("http.server" in line and not line.startswith("/bin/sh") for line in commands), commands)
        self.assertEqual(1, sum(" agent" in line for line in commands), commands)
        self.succeed("destroy", "--auto-approve", "--allow-destroy=database.main")
        self.wait_for(lambda: not self.processes(), 20, "the end of every process")

    def command(self, pid):
        try:
            with open(f"/proc/{pid}/cmdline", "rb") as file:
                return file.read().decode(errors="replace").replace("\0", " ")
        except OSError:
            return ""


class BadInput(Machine):
    def refused(self, text, *words, command=("validate",), status=1):
        self.write("bad.infra", text)
        done = self.run_infra(*command)
        said = done.stdout + done.stderr
        self.assertEqual(status, done.returncode, said[:2000])
        for word in words:
            self.assertIn(word, said)
        return said

    def test_an_empty_folder_and_an_empty_file(self):
        self.folder = self.work
        self.assertEqual(1, self.run_infra("plan").returncode)
        self.write("empty.infra", "")
        done = self.run_infra("plan")
        self.assertIn(done.returncode, (0, 1))
        self.assertTrue((done.stdout + done.stderr).strip())

    def test_a_megabyte_of_brackets(self):
        begun = time.monotonic()
        said = self.refused("let x = " + "[" * 1_000_000, "error[E")
        self.assertLess(time.monotonic() - begun, 60)
        self.assertLess(len(said), 20_000)

    def test_a_cycle(self):
        self.refused("let a = b\nlet b = a\n", "circle", "`a` → `b` → `a`")

    def test_a_bad_cron(self):
        self.refused('stack s {}\nenvironment default { place all on local }\nservice w { source = directory("."), local { command = "x" } }\n'
                     'cron c { schedule = "61 * * * *", call = service.w.http("/") }\n', "61")

    def test_a_wrong_type(self):
        self.refused('param n: int = "three"\n', "int")

    def test_a_missing_param(self):
        self.refused("param n: int\noutput n = n\n", "n", "--param", command=("plan",))

    def test_an_unwritable_state(self):
        self.environment = "dev"
        self.write("shop.infra", TWO_DATABASES)
        with open(os.path.join(self.folder, ".infra"), "w", encoding="utf-8"):
            pass
        done = self.run_infra("apply", "--auto-approve")
        self.assertEqual(1, done.returncode, done.stderr)
        self.assertIn(".infra", done.stdout + done.stderr)
        os.remove(os.path.join(self.folder, ".infra"))
        self.environment = None

    @unittest.skipUnless(os.geteuid() == 0, "mounting wants root")
    def test_a_read_only_disk(self):
        self.write("shop.infra", TWO_DATABASES)
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "none", self.folder], capture_output=True, check=False)
        if mounted.returncode != 0:
            self.skipTest("this machine does not let tests mount")
        try:
            self.write("shop.infra", TWO_DATABASES)
            subprocess.run(["mount", "-o", "remount,ro", self.folder], check=True)
            done = self.run_infra("apply", "--auto-approve", "--env", "dev")
            self.assertEqual(1, done.returncode, done.stderr)
            self.assertRegex(done.stdout + done.stderr, "(?i)read-only")
        finally:
            subprocess.run(["umount", self.folder], check=True)

    def test_a_port_in_use(self):
        self.environment = "dev"
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            port = taken.getsockname()[1]
            self.write("shop.infra", "stack s { environments = [dev] }\nenvironment dev { place all on local }\n"
                       f'service w {{ source = directory("."), port = {port}, local {{ command = "python3 -m http.server --bind 127.0.0.1 $PORT" }} }}\n')
            done = self.run_infra("apply", "--auto-approve")
            self.assertEqual(1, done.returncode)
            self.assertIn(str(port), done.stdout + done.stderr)

    def test_no_postgresql_installed(self):
        self.environment = "dev"
        self.write("shop.infra", TWO_DATABASES)
        self.env["INFRA_POSTGRES_BIN"] = os.path.join(self.work, "nothing-here")
        done = self.run_infra("apply", "--auto-approve")
        self.assertEqual(1, done.returncode)
        self.assertIn("apt-get install postgresql", done.stdout + done.stderr)

    def test_an_unknown_command_and_environment(self):
        self.write("shop.infra", TWO_DATABASES)
        self.assertIn("plan", self.run_infra("plam").stderr)
        done = self.run_infra("plan", "--env", "dve")
        self.assertEqual(1, done.returncode)
        self.assertIn("dev", done.stderr)


if __name__ == "__main__":
    Machine.infra, Machine.root = sys.argv[1], sys.argv[2]
    unittest.main(argv=sys.argv[:1] + sys.argv[3:], verbosity=2)
