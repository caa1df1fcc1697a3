import os
import sys

source, clean_dir, rejected = sys.argv[1:4]
assert os.path.isfile(source), source
assert source == os.environ["AZUREML_DATAREFERENCE_all_sales"]
assert clean_dir == os.environ["AZUREML_DATAREFERENCE_clean"]
os.makedirs(clean_dir, exist_ok=True)
os.makedirs(rejected, exist_ok=True)
with open(source) as lines, open(clean_dir + "/sales.csv", "w") as good, open(rejected + "/sales.csv", "w") as bad:
    for line in lines:
        (bad if float(line.split(",")[1]) < 0 else good).write(line)
