import argparse
import os

parser = argparse.ArgumentParser()
parser.add_argument("--iterations", type=int)
parser.add_argument("--words")
parser.add_argument("--one")
parser.add_argument("--out")
args = parser.parse_args()
os.makedirs(args.out, exist_ok=True)
text = open(args.one).read().strip()
count = len(os.listdir(args.words))
with open(os.path.join(args.out, "prepared.txt"), "w") as file:
    file.write(f"{os.environ['AML_PARAMETER_GREETING']} {text} {args.iterations} {count}")
