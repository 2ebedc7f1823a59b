"""Runs every test of a build folder and closes with the plain line `N passed, N failed`.

CTest knows the test programs; this counts the cases inside them (GoogleTest and unittest), so that the number means something.
A program that dies before it says how many cases failed counts as one failure.
"""
import os
import re
import subprocess
import sys

folder = sys.argv[1]
log = os.path.join(folder, "Testing", "Temporary", "LastTest.log")
environment = dict(os.environ, CTEST_OUTPUT_ON_FAILURE="1", GTEST_COLOR="no", UBSAN_OPTIONS="print_stacktrace=1",
                   TSAN_OPTIONS="halt_on_error=1 second_deadlock_stack=1")
status = subprocess.call(["ctest", "--test-dir", folder, "--parallel", "2", "--timeout", "900", *sys.argv[2:]], env=environment)

passed = failed = 0
with open(log, encoding="utf-8", errors="replace") as file:
    for section in re.split(r"^-{58}\n(?=\d+/\d+ Test)|^(?=\d+/\d+ Testing: )", file.read(), flags=re.M):
        if not re.match(r"\d+/\d+ Test", section):
            continue
        good = bool(re.search(r"^Test Passed\.", section, re.M))
        counted_bad = 0
        if found := re.search(r"^\[  PASSED  \] (\d+) tests?", section, re.M):
            passed += int(found.group(1))
            if bad := re.search(r"^\[  FAILED  \] (\d+) tests?, listed below", section, re.M):
                counted_bad = int(bad.group(1))
        elif found := re.search(r"^Ran (\d+) tests? in", section, re.M):
            counted_bad = sum(int(n) for n in re.findall(r"(?:failures|errors)=(\d+)", section))
            passed += int(found.group(1)) - counted_bad
        elif good:
            passed += 1
        failed += counted_bad if counted_bad or good else 1
print(f"{passed} passed, {failed} failed")
sys.exit(1 if failed or status else 0)
