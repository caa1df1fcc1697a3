from azureml.core import Environment, Workspace
from azureml.core.compute import AmlCompute, ComputeTarget
from azureml.exceptions import ComputeTargetException


def get_compute(workspace: Workspace, compute_name: str, vm_size: str, max_nodes: int):
    try:
        if compute_name in workspace.compute_targets:
            compute_target = workspace.compute_targets[compute_name]
            if compute_target and type(compute_target) is AmlCompute:
                print("Found existing compute target " + compute_name + " so using it.")
        else:
            compute_config = AmlCompute.provisioning_configuration(
                vm_size=vm_size, vm_priority="lowpriority", min_nodes=0, max_nodes=max_nodes,
                idle_seconds_before_scaledown="300",
            )
            compute_target = ComputeTarget.create(workspace, compute_name, compute_config)
            compute_target.wait_for_completion(show_output=True, min_node_count=None, timeout_in_minutes=10)
        return compute_target
    except ComputeTargetException as ex:
        print(ex)
        print("An error occurred trying to provision compute.")
        exit(1)


def get_environment(workspace: Workspace, name: str, conda_file: str, create_new: bool = False):
    environments = Environment.list(workspace=workspace)
    restored = None
    for env in environments:
        if env == name:
            restored = environments[name]
    if restored is None or create_new:
        restored = Environment.from_conda_specification(name, conda_file)
        restored.docker.enabled = True
        restored.register(workspace)
    return restored
