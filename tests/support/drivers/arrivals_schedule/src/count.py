import argparse
import os

from azureml.core import Run

parser = argparse.ArgumentParser()
parser.add_argument("--input")
path = parser.parse_args().input
if os.path.isdir(path):
    path = os.path.join(path, os.listdir(path)[0])
with open(path) as file:
    Run.get_context().log("lines", len(file.readlines()))
