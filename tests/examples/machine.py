"""What the tests on this machine share: a copy of an example in a folder of its own, the program, and ways to break things."""
import http.client
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import unittest
import urllib.error
import urllib.request


class Machine(unittest.TestCase):
    """One stack in a folder of its own. Whatever a test does, its environment is destroyed and its folder removed."""

    infra = root = None

    def setUp(self):
        self.work = tempfile.mkdtemp(prefix="infra-test-")
        os.chmod(self.work, 0o755)
        self.env = dict(os.environ, XDG_CONFIG_HOME=os.path.join(self.work, "config"), NO_COLOR="1")
        for name in ("INFRA_ENV", "INFRA_KEY", "CI"):
            self.env.pop(name, None)
        self.folder = None
        self.environment = None
        self.addCleanup(self.clean)

    def clean(self):
        if self.folder and self.environment and os.path.isdir(os.path.join(self.folder, ".infra")):
            self.run_infra("destroy", "--auto-approve", *self.every_guard())
        for pid in self.processes():
            os.kill(pid, signal.SIGKILL)
        shutil.rmtree(self.work, ignore_errors=True)

    def every_guard(self):
        state = self.run_infra("state", "list")
        return [f"--allow-destroy={address}" for address in state.stdout.split() if re.match(r"(database|bucket|service)\.", address)]

    def copy_example(self, name, environment):
        shutil.copy(os.path.join(self.root, "examples", "stand_in.py"), self.work)
        self.folder = os.path.join(self.work, name)
        shutil.copytree(os.path.join(self.root, "examples", name), self.folder, ignore=shutil.ignore_patterns(".infra"))
        self.environment = environment

    def write(self, name, text):
        self.folder = self.folder or os.path.join(self.work, "stack")
        os.makedirs(self.folder, exist_ok=True)
        with open(os.path.join(self.folder, name), "w", encoding="utf-8") as file:
            file.write(text)

    def run_infra(self, *arguments, timeout=180, **more):
        command = [self.infra, *arguments]
        if self.environment and arguments[0] not in ("init", "validate", "fmt", "explain", "version", "providers", "completion"):
            command += ["--env", self.environment]
        return subprocess.run(command, cwd=self.folder, env=self.env, capture_output=True, text=True, timeout=timeout,
                              stdin=subprocess.DEVNULL, check=False, **more)

    def succeed(self, *arguments, status=0, **more):
        done = self.run_infra(*arguments, **more)
        self.assertEqual(status, done.returncode, f"infra {' '.join(arguments)}\n{done.stdout}\n{done.stderr}")
        return done

    def resource(self, address):
        """What `infra show` knows of one resource."""
        document = json.loads(self.succeed("show", address, "--format", "json").stdout)
        return document["values"]["root_module"]["resources"][0]["values"]

    def agent(self, method, path):
        """Asks this environment's agent, over its socket."""
        connection = http.client.HTTPConnection("localhost", timeout=120)
        connection.sock = socket.socket(socket.AF_UNIX)
        connection.sock.connect(os.path.join(self.folder, ".infra", self.environment, "local", "agent.sock"))
        connection.request(method, path, body=b"{}" if method == "POST" else None, headers={"Content-Type": "application/json"})
        answer = connection.getresponse()
        body = json.loads(answer.read() or b"null")
        connection.close()
        return body

    def as_cluster_owner(self, address, script):
        """Runs SQL as the superuser of the cluster that holds a database."""
        found = self.resource(address)
        command = ["psql", "-v", "ON_ERROR_STOP=1", "-q", "-h", found["local"]["socket"], "-p", str(found["port"]), "-U", "postgres", "-d", "postgres"]
        if os.geteuid() == 0:
            command = ["runuser", "-u", "postgres", "--"] + command
        done = subprocess.run(command, input=script, capture_output=True, text=True, cwd="/", check=False)
        self.assertEqual(0, done.returncode, done.stderr)

    def processes(self):
        """Processes whose command line or folder lies in this test's folder."""
        found = []
        for entry in os.listdir("/proc"):
            if not entry.isdigit() or int(entry) == os.getpid():
                continue
            try:
                with open(f"/proc/{entry}/cmdline", "rb") as file:
                    line = file.read().decode(errors="replace")
                with open(f"/proc/{entry}/stat", encoding="utf-8", errors="replace") as file:
                    zombie = file.read().rsplit(")", 1)[1].split()[0] == "Z"
                where = os.readlink(f"/proc/{entry}/cwd")
            except OSError:
                continue
            if not zombie and (self.work in line or where.startswith(self.work)):
                found.append(int(entry))
        return found

    def http(self, url, method="GET", headers=None, data=None):
        request = urllib.request.Request(url, method=method, headers=headers or {}, data=data)
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as refused:
            return refused.code, refused.read().decode()

    def wait_for(self, condition, seconds=60, what="it"):
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            if condition():
                return
            time.sleep(0.2)
        self.fail(f"{what} did not happen within {seconds} s")
