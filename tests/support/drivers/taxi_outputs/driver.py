# coding: utf-8
# # Outputs that become datasets
# In[1]:
import os

from azureml.core import Dataset, Experiment, Workspace
from azureml.core.compute import ComputeTarget, AmlCompute
from azureml.core.compute_target import ComputeTargetException
from azureml.core.runconfig import CondaDependencies, RunConfiguration
from azureml.data import OutputFileDatasetConfig
from azureml.pipeline.core import Pipeline
from azureml.pipeline.steps import PythonScriptStep

ws = Workspace.from_config()
print('Workspace name: ' + ws.name, 'Azure region: ' + ws.location, 'Subscription id: ' + ws.subscription_id,
      'Resource group: ' + ws.resource_group, sep='\n')
default_store = ws.get_default_datastore()
default_store.upload_files(['data/green.csv'], target_path='green', overwrite=True, show_progress=True)
green = Dataset.Tabular.from_delimited_files(default_store.path('green/green.csv'))

try:
    compute = ComputeTarget(workspace=ws, name='cpu-cluster')
except ComputeTargetException:
    compute = ComputeTarget.create(
        ws, 'cpu-cluster', AmlCompute.provisioning_configuration(vm_size='STANDARD_D2_V2', max_nodes=4))
    compute.wait_for_completion(show_output=True)
rc = RunConfiguration(conda_dependencies=CondaDependencies.create(
    pip_packages=['azureml-sdk', 'azureml-dataset-runtime[pandas,fuse]'], pin_sdk_version=False))

# In[2]:
prepped = OutputFileDatasetConfig(name='prepped', destination=(default_store, 'prepped/{run-id}/{output-name}'))
prepped = prepped.register_on_complete(name='prepped_green', description='rows with a distance')
log_dir = OutputFileDatasetConfig('log_dir').as_upload(overwrite=True, source_globs=['*.log'])

prep = PythonScriptStep(
    name='Prepare',
    script_name='prep.py',
    arguments=['--prepped', prepped, '--log_dir', log_dir],
    inputs=[green.as_named_input('raw_green')],
    compute_target=compute,
    runconfig=rc,
    source_directory='prep',
    allow_reuse=True)
rows = prepped.read_delimited_files()
fit = PythonScriptStep(
    name='Fit',
    script_name='fit.py',
    arguments=[prepped.as_input('prepped_files').as_mount()],
    inputs=[rows.drop_columns(['vendor']).as_input('prepped_rows')],
    compute_target=compute,
    runconfig=rc,
    source_directory='fit')
run = Experiment(ws, 'green').submit(Pipeline(ws, [prep, fit]))
run.wait_for_completion()

# In[3]: a second pipeline begins with what the first has registered
registered = Dataset.get_by_name(ws, 'prepped_green')
again = PythonScriptStep(
    name='Fit again',
    script_name='fit.py',
    arguments=[registered.as_named_input('files').as_download()],
    inputs=[Dataset.Tabular.from_delimited_files((default_store, 'prepped/*/prepped/*.csv')).as_named_input(
        'prepped_rows')],
    compute_target=compute,
    runconfig=rc,
    source_directory='fit')
run2 = Experiment(ws, 'green').submit(Pipeline(ws, [again]))
run2.wait_for_completion(show_output=False)


def check():
    prepare = run.find_step_run('Prepare')[0]
    expected = {'rows': 6, 'columns': 'distance,cost', 'slope': 3.0, 'files': 'part-1.csv,part-2.csv'}
    assert run.find_step_run('Fit')[0].get_metrics() == expected
    assert run2.find_step_run('Fit again')[0].get_metrics() == {**expected, 'columns': 'vendor,distance,cost'}
    assert registered.version == 1 and registered.description == 'rows with a distance'
    assert sorted(registered.to_path()) == ['/part-1.csv', '/part-2.csv'], registered.to_path()
    default_store.download('got', prefix='prepped/%s/prepped' % prepare.id, show_progress=False)
    assert os.path.isfile('got/prepped/%s/prepped/part-2.csv' % prepare.id)
    # no destination: the workspace's own folder for it, and only what the globs name
    assert default_store.download('got', prefix='dataset/%s/log_dir' % prepare.id) == 1
    assert open('got/dataset/%s/log_dir/prep.log' % prepare.id).read() == 'kept 3\n'
    (output,) = [o for o in prepare.get_details()['outputDatasets'] if o['dataset'].name == 'prepped_green']
    assert output['dataset'].id == registered.id


check()
