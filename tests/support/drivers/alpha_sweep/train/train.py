import argparse
import os

from azureml.core import Run

parser = argparse.ArgumentParser()
parser.add_argument("--alpha", type=float)
parser.add_argument("--data-folder", dest="folder")
args = parser.parse_args()

os.makedirs("./outputs", exist_ok=True)
run = Run.get_context()
mse = (args.alpha - 0.3) ** 2
run.log("alpha", args.alpha)
run.log("mse", round(mse, 4), step=1)
run.log_list("Fibonacci numbers", [0, 1, 1, 2, 3, 5, 8])
run.log_list("squares", (i * i for i in range(4)))
run.log_row("sizes", height=1, width=2)
for angle in range(3):
    run.log_row("cosine", angle=angle, cos=angle * 2)
run.log_table("table", {"x": [1, 2], "y": [3, 4]})
run.tag("kind", "trial")
run.add_properties({"author": "me"})
with open("outputs/model_%.1f.txt" % args.alpha, "w") as f:
    f.write("alpha=%s" % args.alpha)
with open("note.txt", "w") as f:
    f.write("uploaded by hand")
run.upload_file("notes/note.txt", "note.txt")
try:
    run.log("wrong", [1, 2])
except Exception as e:
    run.log("refused", type(e).__name__)
run.complete()
