"""Scripts that leave a process which goes on writing into their output."""

from __future__ import annotations

_WRITER = """
import os, sys, time
while True:
    with open(sys.argv[1] + "/data.txt", "a") as file:
        file.write("written on\\n")
    mine = sys.argv[1] + "/pid.%d" % os.getpid()
    with open(mine, "w") as file:
        file.write(str(os.getpid()))
    os.rename(mine, sys.argv[1] + "/pid")
    sys.stdout.flush()
"""
LEAVES = f"""
import multiprocessing, os, subprocess, sys, time
way, out = sys.argv[1:3]
os.makedirs(out, exist_ok=True)
writer = [sys.executable, "-c", {_WRITER!r}, os.path.abspath(out)]

def daemon():
    if os.fork() == 0:
        os.setsid()
        os.chdir("/")
        if os.fork() == 0:
            null = os.open(os.devnull, os.O_RDWR)
            for number in range(3):
                os.dup2(null, number)
            os.execve(writer[0], writer, {{}} if way == "a daemon without environment" else os.environ)
        os._exit(0)
    os.wait()

if way == "a child":
    subprocess.Popen(writer)
elif way == "a child in a session of its own":
    subprocess.Popen(writer, start_new_session=True)
elif way.startswith("a daemon"):
    daemon()
elif way == "a process pool":
    for _ in range(3):
        multiprocessing.get_context("fork").Process(target=os.execv, args=(writer[0], writer)).start()
while not all(map(os.path.exists, (out + "/pid", *sys.argv[3:]))):
    time.sleep(0.01)
print("left", way, flush=True)
os._exit(0)
"""
"""Called with one of `WAYS` and the output's folder, in which ``pid`` and ``data.txt`` are written again and again.

It ends once that has begun, and all files are there that it is given beside."""
WAYS = (
    "a child",
    "a child in a session of its own",
    "a daemon",
    "a daemon without environment",
    "a process pool",
)
