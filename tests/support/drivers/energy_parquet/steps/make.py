import os
import sys

import pandas as pd

os.makedirs(sys.argv[1], exist_ok=True)
for part in (1, 2):
    frame = pd.DataFrame({"meter": [part, part], "kwh": [part * 1.5, part * 2.5], "noise": ["a", "b"]})
    frame.to_parquet(os.path.join(sys.argv[1], "part%d.parquet" % part))
open(os.path.join(sys.argv[1], "_SUCCESS"), "w").close()
