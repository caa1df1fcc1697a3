"""One Kubernetes Job per attempt.

`render` makes the objects and `interpret` reads them (both pure), `api` speaks to the server, `watch`
keeps what the server says of a run, and `target` is the `ComputeTarget` made of these.
"""
