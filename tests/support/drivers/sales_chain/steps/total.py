import collections
import json
import os
from argparse import ArgumentParser

from azureml.core.run import Run

ap = ArgumentParser()
ap.add_argument("--clean")
ap.add_argument("--report")
ap.add_argument("--top", type=int)
a = ap.parse_args()
totals = collections.Counter()
for name in os.listdir(a.clean):
    for line in open(os.path.join(a.clean, name)):
        shop, amount = line.strip().split(",")
        totals[shop] += float(amount)
run = Run.get_context()
for shop, amount in totals.most_common(a.top):
    run.log_row("best", shop=shop, amount=amount)
run.parent.log("total", sum(totals.values()))
os.makedirs(os.path.dirname(a.report), exist_ok=True)
json.dump(totals, open(a.report, "w"))
