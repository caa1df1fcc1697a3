"""The step of each environment here: import what is named, use it as scripts of its time did, and log versions."""

import importlib
import platform
import sys

import numpy as np
import pandas as pd
from azureml.core import Run

USES = {
    "sklearn": "use_sklearn",
    "xgboost": "use_xgboost",
    "lightgbm": "use_lightgbm",
    "tensorflow": "use_tensorflow",
}
TABLE = pd.DataFrame({"size": [1.0, 2.0, 3.0, 4.0] * 10, "kind": ["a", "b", "a", "b"] * 10})
LABELS = np.array([0, 0, 1, 1] * 10)


def use_sklearn():
    from sklearn.linear_model import LogisticRegression
    from sklearn.preprocessing import OneHotEncoder

    kinds = OneHotEncoder(sparse=False).fit_transform(TABLE[["kind"]])
    features = np.hstack([kinds, TABLE[["size"]]])
    return LogisticRegression(solver="liblinear").fit(features, LABELS).score(features, LABELS)


def use_xgboost():
    from xgboost import XGBClassifier

    return XGBClassifier(n_estimators=2).fit(TABLE[["size"]], LABELS).score(TABLE[["size"]], LABELS)


def use_lightgbm():
    from lightgbm import LGBMClassifier

    return LGBMClassifier(n_estimators=2).fit(TABLE[["size"]], LABELS).score(TABLE[["size"]], LABELS)


def use_tensorflow():
    import tensorflow as tf

    model = tf.keras.Sequential([tf.keras.layers.Dense(1, input_shape=(1,))])
    model.compile(optimizer="sgd", loss="mse")
    model.fit(TABLE[["size"]].values, LABELS, epochs=1, verbose=0)
    return len(model.get_weights())


run = Run.get_context()
run.log("python", platform.python_version())
for name in ["numpy", "pandas", *sys.argv[1:]]:
    module = importlib.import_module(name)
    run.log(name, str(getattr(module, "__version__", "imported")))
    if name in USES:
        run.log("use of " + name, float(globals()[USES[name]]()))
run.log("accuracy", np.float(np.average([True, False])))
TABLE.to_parquet("table.parquet")
print("rows", len(pd.read_parquet("table.parquet")))
