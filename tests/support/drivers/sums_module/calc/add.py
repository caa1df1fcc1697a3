import argparse
import os

parser = argparse.ArgumentParser()
parser.add_argument("--file_num1")
parser.add_argument("--file_num2")
parser.add_argument("--output_sum", required=True)
parser.add_argument("--sign", type=int, default=1)
args = parser.parse_args()


def read(path):
    return int(open(path).read()) if path else 20


os.makedirs(os.path.dirname(args.output_sum), exist_ok=True)
with open(args.output_sum, "w") as f:
    f.write(str(read(args.file_num1) + args.sign * read(args.file_num2)))
