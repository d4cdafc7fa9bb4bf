#!/usr/bin/env python3
"""A start of the dashboard: the port and the next free one, the address that is printed, kept and opened in the
desktop's browser, and how long a later `./run` takes."""
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request

from made_capture import PROGRAM, ROOT, Check, need_program, sp3ctra

KEPT = []


def free_port():
    """A port whose two followers are free as well."""
    while True:
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            port = s.getsockname()[1]
        if port > 60000:
            continue
        try:
            for k in range(3):
                with socket.socket() as s:
                    s.bind(("127.0.0.1", port + k))
            return port
        except OSError:
            continue


class Running:
    """A dashboard; `said` is what it printed until it was ready."""
    def __init__(self, *command, env=None, seconds=20):
        self.began = time.monotonic()
        self.child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                      stderr=subprocess.STDOUT, env=env, start_new_session=True)
        os.set_blocking(self.child.stdout.fileno(), False)
        self.said = ""
        while "Ctrl-C" not in self.said and time.monotonic() - self.began < seconds and self.child.poll() is None:
            self.said += (self.child.stdout.read() or b"").decode()
            time.sleep(0.01)
        self.took = time.monotonic() - self.began
        found = re.search(r"http://127\.0\.0\.1:(\d+)/#token=[\w-]{20,}", self.said)
        self.address = found[0] if found else ""
        self.port = int(found[1]) if found else 0
        KEPT.append(self)

    def end(self):
        if self.child.poll() is None:
            self.child.send_signal(signal.SIGTERM)
            try:
                self.child.wait(10)
            except subprocess.TimeoutExpired:
                os.killpg(self.child.pid, signal.SIGKILL)
                self.child.wait(5)
        return self.child.returncode


def ports(check):
    port = free_port()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", port))
        taken.listen(1)
        data = check.path("data")
        running = Running(PROGRAM, "serve", "--no-browser", "--data", data, "--port", str(port))
        check.same("a taken port: the next free one", running.port, port + 1)
        check.that("and that is said", f"Port {port} is taken, so this is port {port + 1}." in running.said,
                   running.said)
    check.that("the full address with its token is printed", running.address, running.said)
    page = urllib.request.urlopen(f"http://127.0.0.1:{running.port}/", timeout=5).read()
    check.that("the address answers with the page", b"<html" in page.lower(), page[:200])
    check.same("--url prints it again", sp3ctra("serve", "--url", "--data", data)[:2], (0, running.address + "\n"))
    code, out, errors = sp3ctra("serve", "--no-browser", "--data", data, "--port", str(free_port()))
    check.that("one dashboard a data directory, and how to reach it",
               code == 1 and out == "" and "serve --url" in errors, (code, out, errors))
    check.same("ends by a signal with 0", running.end(), 0)
    code, out, errors = sp3ctra("serve", "--url", "--data", data)
    check.that("none runs: said, with the way to start one", code == 1 and out == "" and "./run" in errors, errors)
    usual = Running(PROGRAM, "serve", "--no-browser", "--data", data)
    check.that("without --port: 5000 or, when taken, said", usual.port == 5000 or
               f"Port 5000 is taken, so this is port {usual.port}." in usual.said, usual.said)
    usual.end()


def browser(check):
    """xdg-open is a stand-in; it gets a private file that leads to the address, never the token itself."""
    if os.geteuid() == 0 and not shutil.which("setpriv"):
        return check.skip("the browser", "setpriv is not installed, and root never opens one")
    desk, log = check.path("desk"), check.path("desk/opened")
    os.makedirs(os.path.join(desk, "bin"))
    script = os.path.join(desk, "bin/xdg-open")
    with open(script, "w", encoding="utf-8") as f:
        f.write(f'#!/bin/sh\n{{ stat -c %a "$1"; printf "%s\\n" "$*"; cat "$1"; }} >"{log}.part"\n'
                f'mv "{log}.part" "{log}"\n')
    os.chmod(script, 0o755)
    command = [PROGRAM, "serve", "--data", os.path.join(desk, "data"), "--port", str(free_port())]
    if os.geteuid() == 0:
        program = os.path.join(desk, "sp3ctra")
        shutil.copy(PROGRAM, program)
        command[0] = program
        for folder in (check.folder.name, desk):
            os.chmod(folder, 0o755)
        os.chown(desk, 65534, 65534)
        command = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] + command
    env = {**os.environ, "PATH": os.path.join(desk, "bin") + ":" + os.environ["PATH"], "HOME": desk}
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        env.pop(name, None)
    without = Running(*command, env=env)
    time.sleep(0.3)
    check.that("no desktop: no browser", without.address and not os.path.exists(log), without.said)
    without.end()
    running = Running(*command, env={**env, "DISPLAY": ":99"})
    until = time.monotonic() + 5
    while not os.path.exists(log) and time.monotonic() < until:
        time.sleep(0.05)
    opened = ["", "", ""]
    if os.path.exists(log):
        with open(log, encoding="utf-8") as f:
            opened = f.read().split("\n", 2)
    check.that("a desktop: its browser is led to the address", running.address and running.address in opened[2],
               (running.said, opened))
    check.that("over a private file, not over a command line", opened[0] == "600" and "token" not in opened[1], opened)
    running.end()
    if os.path.exists(log):
        os.remove(log)
    silent = Running(*command, "--no-browser", env={**env, "DISPLAY": ":99"})
    time.sleep(0.3)
    check.that("--no-browser", silent.address and not os.path.exists(log), silent.said)
    silent.end()


def later_start(check):
    """The real ./run, build_program and program; compilers and npm are stand-ins that take six seconds and say so."""
    house, log = check.path("house"), check.path("house/called")
    for path in ("run", "tools/build_program", "tools/packages"):
        os.makedirs(os.path.dirname(os.path.join(house, path)), exist_ok=True)
        shutil.copy(os.path.join(ROOT, path), os.path.join(house, path))
    for path in ("src/a.cc", "web/package.json", "CMakeLists.txt", "CMakePresets.json"):
        os.makedirs(os.path.dirname(os.path.join(house, path)), exist_ok=True)
        open(os.path.join(house, path), "w", encoding="utf-8").close()
    slow = f'#!/bin/sh\necho "$0 $*" >>{log}\nsleep 6\n'
    for name in ("bin/cmake", "bin/npm", "tools/install_packages"):
        os.makedirs(os.path.dirname(os.path.join(house, name)), exist_ok=True)
        with open(os.path.join(house, name), "w", encoding="utf-8") as f:
            f.write(slow)
        os.chmod(os.path.join(house, name), 0o755)
    os.makedirs(os.path.join(house, "build/release"))
    os.symlink(PROGRAM, os.path.join(house, "build/release/sp3ctra"))
    time.sleep(0.02)
    stamp = os.path.join(house, "build/release/.built")
    open(stamp, "w", encoding="utf-8").close()
    env = {**os.environ, "PATH": os.path.join(house, "bin") + ":" + os.environ["PATH"]}
    command = [os.path.join(house, "run"), "serve", "--no-browser", "--data", check.path("d2"), "--port",
               str(free_port())]
    running = Running(*command, env=env, seconds=30)
    check.that("a later start takes at most 5 s", running.address and running.took <= 5, (running.took, running.said))
    check.that("and builds nothing", not os.path.exists(log), running.said)
    print(f"a later start: {running.took:.2f} s")
    running.end()
    os.utime(os.path.join(house, "src/a.cc"), (time.time() + 5,) * 2)
    done = subprocess.run([os.path.join(house, "tools/build_program")], env={**env, "PATH": env["PATH"]}, check=False,
                          capture_output=True, timeout=60, stdin=subprocess.DEVNULL)
    check.that("a changed source is built again", os.path.exists(log), done.stderr)


def main():
    need_program()
    check = Check()
    try:
        for part in (ports, browser, later_start):
            part(check)
    finally:
        for running in KEPT:
            running.end()
    return check.end()


if __name__ == "__main__":
    sys.exit(main())
