import argparse
import os

parser = argparse.ArgumentParser()
parser.add_argument("--painted")
parser.add_argument("--film")
args = parser.parse_args()
with open(args.film, "w") as film:
    for name in sorted(os.listdir(args.painted)):
        with open(os.path.join(args.painted, name)) as file:
            film.write(name + " " + file.read().splitlines()[1] + "\n")
