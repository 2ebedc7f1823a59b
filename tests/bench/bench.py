"""Speed and memory of the release binary, each figure beside its command. Asserts nothing.

    python3 tests/bench/bench.py build/release/cli/infra [NAME…]

NAME: version odys compile plan apply for curve (default: all). Every figure is the median of the runs after one warm-up; peak
memory is the kernel's count for the largest run.
"""
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

INFRA = os.path.abspath(sys.argv[1])
ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))


def measure(command, folder, runs=5, fresh=None):
    """Median seconds and peak MB of `command`; `fresh` runs before each."""
    seconds, peak = [], 0
    for run in range(runs + 1):
        if fresh:
            fresh()
        begun = time.perf_counter()
        process = subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
        output = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        took = time.perf_counter() - begun
        if os.waitstatus_to_exitcode(status) not in (0, 2):
            sys.exit(f"{' '.join(command)} failed:\n{output.decode()[-2000:]}")
        if run or runs == 1:
            seconds.append(took)
        peak = max(peak, usage.ru_maxrss / 1024)
    return statistics.median(seconds), peak


def show(what, command, seconds, peak, more=""):
    print(f"{what:<58}{seconds:9.3f} s {peak:7.0f} MB  {more}\n    {' '.join(command)}", flush=True)


def stack(folder, text):
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "main.infra"), "w", encoding="utf-8") as file:
        file.write('stack bench { environments = [dev] }\nenvironment dev { ephemeral = true }\n'
                   'provider simulator { file = "cloud.jsonl" }\n' + text)


def textual(count):
    return "".join(f'resource simulator.thing r{i} {{\n  name = "thing-{i}"\n  size = {i % 100}\n  tags {{ team = "core", index = "{i}" }}\n}}\n'
                   for i in range(count))


def looped(count):
    return f"for i in [for n in range(0, {count}): \"${{n}}\"] {{\n  resource simulator.thing r {{ name = \"thing-${{i}}\", size = 1 }}\n}}\n"


def applied(folder):
    subprocess.run([INFRA, "apply", "--auto-approve", "--env", "dev"], cwd=folder, check=True, stdout=subprocess.DEVNULL)


def forget(folder):
    shutil.rmtree(os.path.join(folder, ".infra"), ignore_errors=True)
    if os.path.exists(os.path.join(folder, "cloud.jsonl")):
        os.remove(os.path.join(folder, "cloud.jsonl"))


def bench_version(work):
    command = [INFRA, "version"]
    show("infra version", command, *measure(command, work, runs=20))


def bench_odys(work):
    folder = os.path.join(work, "odys")
    shutil.copytree(os.path.join(ROOT, "examples", "odys"), folder, dirs_exist_ok=True)
    shutil.copy(os.path.join(ROOT, "examples", "stand_in.py"), work)
    command = [INFRA, "plan", "--env", "dev"]
    show("plan of examples/odys in dev, nothing applied", command, *measure(command, folder, runs=10))


def bench_compile(work, count=10_000):
    folder = os.path.join(work, "compile")
    stack(folder, textual(count))
    command = [INFRA, "validate"]
    show(f"validate {count:,} textual resources", command, *measure(command, folder))


def bench_plan(work, count=10_000):
    folder = os.path.join(work, "plan")
    stack(folder, textual(count))
    applied(folder)
    command = [INFRA, "plan", "--env", "dev"]
    show(f"plan {count:,} textual resources, unchanged", command, *measure(command, folder))


def bench_apply(work, count=10_000):
    folder = os.path.join(work, "apply")
    stack(folder, textual(count))
    command = [INFRA, "apply", "--auto-approve", "--env", "dev"]
    planned, _ = measure([INFRA, "plan", "--env", "dev"], folder, runs=3, fresh=lambda: forget(folder))
    seconds, peak = measure(command, folder, runs=3, fresh=lambda: forget(folder))
    show(f"apply {count:,} creates, each durable before and after", command, seconds, peak,
         f"{count / seconds:,.0f} operations/s in all, {count / max(seconds - planned, 1e-9):,.0f} without planning")


def bench_for(work, count=100_000):
    folder = os.path.join(work, "for")
    stack(folder, looped(count))
    command = [INFRA, "plan", "--env", "dev"]
    show(f"plan {count:,} resources from `for`, all new", command, *measure(command, folder, runs=3))


def bench_curve(work):
    base = None
    for count in (1_000, 3_000, 10_000, 30_000, 100_000):
        folder = os.path.join(work, f"curve{count}")
        stack(folder, looped(count))
        applied(folder)
        command = [INFRA, "plan", "--env", "dev"]
        seconds, peak = measure(command, folder, runs=3)
        each = seconds / count * 1e6
        base = base or each
        show(f"plan {count:,} from `for`, unchanged", command, seconds, peak, f"{each:.1f} µs each, {each / base:.2f} of the first")


def main():
    benches = {name.removeprefix("bench_"): function for name, function in globals().items() if name.startswith("bench_")}
    chosen = sys.argv[2:] or list(benches)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with tempfile.TemporaryDirectory(prefix="infra-bench-") as work:
        os.environ["XDG_CONFIG_HOME"] = os.path.join(work, "config")
        for name in chosen:
            benches[name](work)


if __name__ == "__main__":
    main()
