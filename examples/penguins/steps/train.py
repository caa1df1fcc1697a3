"""Train a classifier that predicts the species from the measurements."""

import argparse
import os
import pickle

import pandas as pd
from azureml.core import Run
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

parser = argparse.ArgumentParser()
parser.add_argument("--in_folder", required=True)
args = parser.parse_args()

run = Run.get_context()
birds = pd.read_csv(os.path.join(args.in_folder, "prepped_data.csv"))
features, species = birds.drop(columns="species"), birds["species"]
train_x, test_x, train_y, test_y = train_test_split(features, species, test_size=0.3, random_state=7, stratify=species)

model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000, random_state=0)).fit(train_x, train_y)
accuracy = round(float(model.score(test_x, test_y)), 6)
print(f"accuracy {accuracy} on {len(test_x)} birds")
run.log("accuracy", accuracy)

os.makedirs("outputs", exist_ok=True)
with open(os.path.join("outputs", "model.pkl"), "wb") as file:
    pickle.dump(model, file)
