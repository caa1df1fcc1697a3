import argparse
import os
import shutil

parser = argparse.ArgumentParser()
parser.add_argument("--frames")
parser.add_argument("--out")
args = parser.parse_args()
os.makedirs(args.out, exist_ok=True)
for name in os.listdir(args.frames):
    shutil.copyfile(os.path.join(args.frames, name), os.path.join(args.out, name))
