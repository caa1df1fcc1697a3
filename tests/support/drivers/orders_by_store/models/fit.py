import argparse


def init():
    global args
    parser = argparse.ArgumentParser()
    parser.add_argument("--min_weeks", type=int)
    args, _ = parser.parse_known_args()


def run(mini_batch, mini_batch_context):
    keys = mini_batch_context.partition_key_value
    print("fitting", keys, "of batch", mini_batch_context.minibatch_index)
    for key, value in keys.items():
        assert set(mini_batch[key].astype(str)) == {value}, (key, value)
    assert list(mini_batch.columns)[-len(keys):] == list(keys), mini_batch.columns
    assert len(mini_batch_context.dataset.to_pandas_dataframe()) == len(mini_batch)
    weekly = mini_batch.groupby("week")["quantity"].mean().sort_index()
    assert len(weekly) >= args.min_weeks
    weeks = weekly.index.to_series()
    slope = ((weeks - weeks.mean()) * (weekly - weekly.mean())).sum() / ((weeks - weeks.mean()) ** 2).sum()
    return mini_batch.assign(slope=round(float(slope), 6))
