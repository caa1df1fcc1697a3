import os
import sys

folder, out = sys.argv[1:]
os.makedirs(out, exist_ok=True)
with open(os.path.join(out, "lines.txt"), "w") as f:
    for name in sorted(os.listdir(folder)):
        f.write(open(os.path.join(folder, name)).read())
