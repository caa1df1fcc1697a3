import argparse
import os

parser = argparse.ArgumentParser()
parser.add_argument("--sales")
parser.add_argument("--rules")
args = parser.parse_args()
for month in range(4):
    os.makedirs(args.sales, exist_ok=True)
    with open(os.path.join(args.sales, "month-%d.csv" % month), "w") as file:
        file.write("number,amount,shop,note\n")
        for number in range(100 * month, 100 * month + 100):
            file.write('%d,%d,%s,"line one\nline ""two"""\n' % (number, number * 7 % 101, "abc"[number % 3]))
with open(os.path.join(args.rules, "closed.txt"), "w") as file:
    file.write("c")
