import pytest
@pytest.mark.kind
def test_warm(kind_cluster): print(kind_cluster)
