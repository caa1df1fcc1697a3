import argparse
import os

import pandas as pd

p = argparse.ArgumentParser()
p.add_argument("--to")
to = p.parse_args().to
os.makedirs(to, exist_ok=True)
frame = pd.DataFrame({"n": [1, 2], "text": ["a", None], "when": pd.to_datetime(["2020-07-01", "2021-07-01"])})
frame["kind"] = pd.Categorical(["x", "y"])
frame.to_parquet(os.path.join(to, "part.parquet"))
