def init():
    global calls
    calls = 0


def run(mini_batch):
    assert str(mini_batch["miles"].dtype) == "float64", mini_batch.dtypes
    result = mini_batch.copy()
    result["speed"] = result["miles"] / result["minutes"] * 60
    result["batch_rows"] = len(mini_batch)
    return result
