"""One Kubernetes Job per attempt.

`render` makes the objects and `interpret` reads them (both pure). `api` sends the requests, `watch` keeps the state
of a run's Jobs and pods, and `target` is the `ComputeTarget` made of these.
"""
