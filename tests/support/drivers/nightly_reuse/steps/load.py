import os
import sys

source, out = sys.argv[1:3]
os.makedirs(out, exist_ok=True)
lines = [line for name in sorted(os.listdir(source)) for line in open(os.path.join(source, name))]
with open(os.path.join(out, "lines.txt"), "w") as f:
    f.writelines(lines)
