import pytest
@pytest.mark.kind
def test_cluster(kind_cluster):
    print(kind_cluster)
    import subprocess
    print(subprocess.run(["kubectl","--kubeconfig",str(kind_cluster.kubeconfig),"-n","runner","get","jobs,pods"],capture_output=True,text=True))
@pytest.mark.docker
def test_d(): pass
