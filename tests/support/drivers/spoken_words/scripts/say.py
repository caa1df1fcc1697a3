import argparse
import os

from azureml.core import Run

parser = argparse.ArgumentParser()
parser.add_argument("--times", type=int)
parser.add_argument("--said", type=str)
args = parser.parse_args()
if args.times < 0:
    raise ValueError(f"cannot say it {args.times} times")

run = Run.get_context()
rows = run.input_datasets["words"].to_pandas_dataframe()
os.makedirs(args.said, exist_ok=True)
with open(os.path.join(args.said, "all.txt"), "w") as file:
    for word, count in zip(rows["word"], rows["count"]):
        for _ in range(count):
            line = " ".join([word.upper()] * args.times)
            print(line)
            file.write(line + "\n")
assert os.environ["TONE"] == "loud"
os.makedirs("outputs", exist_ok=True)
with open("outputs/summary.txt", "w") as file:
    file.write(f"{len(rows)} words")
