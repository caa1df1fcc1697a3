from azureml.core import Workspace
from azureml.core.authentication import ServicePrincipalAuthentication


def login(e):
    return ServicePrincipalAuthentication(
        tenant_id=e.tenant_id, service_principal_id=e.app_id, service_principal_password=e.app_secret
    )


def get_workspace(e):
    return Workspace.get(
        name=e.workspace_name, subscription_id=e.subscription_id, resource_group=e.resource_group, auth=login(e)
    )
