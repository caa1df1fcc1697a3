import os
import sys

text, out = sys.argv[1:3]
os.makedirs(os.path.dirname(out), exist_ok=True)
with open(out, "w") as f:
    f.write("\n".join(text.split()) + "\n")
