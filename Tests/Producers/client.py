"""Reports a nightly pipeline with OpenLineage's own Python client, into the file that is its argument.

visits -> clean -> valid_visits -> report -> monthly; `publish`, which is only described, reads monthly.
PLANTED stands wherever people write freely. Scripts/test-producers checks what comes of it.
"""

import os
import sys
from datetime import datetime, timedelta, timezone

from openlineage.client import OpenLineageClient
from openlineage.client.event_v2 import (
    DatasetEvent, InputDataset, Job, JobEvent, OutputDataset, Run, RunEvent, RunState, StaticDataset,
)
from openlineage.client.facet_v2 import (
    column_lineage_dataset as columns, documentation_dataset, error_message_run, nominal_time_run,
    ownership_dataset, ownership_job, parent_run, schema_dataset, sql_job,
)
from openlineage.client.uuid import generate_static_uuid

PLANTED = os.environ["PLANTED"]
PLACE, TEAM = "postgres://warehouse:5432", "nightly"
BEGIN = datetime(2025, 3, 1, 2, tzinfo=timezone.utc)

client = OpenLineageClient(config={
    "transport": {"type": "file", "log_file_path": sys.argv[1], "append": True},
    "facets": {"environment_variables": ["PLANTED"]},  # the client adds it to each event of a run
})


def schema(*names):
    fields = [schema_dataset.SchemaDatasetFacetFields(
        name=name, type="TEXT", description=f"as {PLANTED} counts it") for name in names]
    return {"schema": schema_dataset.SchemaDatasetFacet(fields=fields)}


def taken(source, **fields):
    """Of which column of `source` each column is made, and how."""
    return {"columnLineage": columns.ColumnLineageDatasetFacet(fields={
        name: columns.Fields(inputFields=[columns.InputField(
            namespace=PLACE, name=source, field=field, transformations=[columns.Transformation(
                type="DIRECT", subtype="TRANSFORMATION", description=f"{PLANTED} asked for it")])])
        for name, field in fields.items()})}


VISITS = schema("patient", "day", "ward")
VALID = schema("patient", "day") | taken("shop.visits", patient="patient", day="day")
MONTHLY = schema("month", "visits") | taken("shop.valid_visits", month="day", visits="patient")


def run(job, number, minute, states, query=None, source=None, target=None, parent=None, facets=None):
    """One event for each of `states`, five minutes apart."""
    of = {"nominalTime": nominal_time_run.NominalTimeRunFacet(nominalStartTime=BEGIN.isoformat())}
    if parent:
        of["parent"] = parent_run.ParentRunFacet(
            run=parent_run.Run(runId=identity(TEAM, parent)), job=parent_run.Job(namespace=TEAM, name=TEAM))
    about = {"ownership": ownership_job.OwnershipJobFacet(
        owners=[ownership_job.Owner(name="team:wards", type="MAINTAINER")])}
    if query:
        about["sql"] = sql_job.SQLJobFacet(query=query, dialect="postgres")
    for step, state in enumerate(states):
        last = facets or {} if step == len(states) - 1 else {}
        client.emit(RunEvent(
            eventType=state,
            eventTime=(BEGIN + timedelta(days=number, minutes=minute + 5 * step)).isoformat(),
            run=Run(runId=identity(job, number), facets=of | last),
            job=Job(namespace=TEAM, name=job, facets=about),
            inputs=[InputDataset(PLACE, source[0], facets=source[1])] if source else [],
            outputs=[OutputDataset(PLACE, target[0], facets=target[1])] if target else []))


def identity(job, number):
    return str(generate_static_uuid(BEGIN + timedelta(days=number), f"{job} {number}".encode()))


START, RUNNING, COMPLETE, FAIL = RunState.START, RunState.RUNNING, RunState.COMPLETE, RunState.FAIL
clean = dict(
    query=f"INSERT INTO shop.valid_visits -- for {PLANTED}\n"
          f"SELECT patient, day FROM shop.visits WHERE patient <> '{PLANTED}'",
    source=("shop.visits", VISITS), target=("shop.valid_visits", VALID))
report = dict(
    query="INSERT INTO shop.monthly SELECT date_trunc('month', day), count(patient)"
          f" FROM shop.valid_visits WHERE patient IN ('{PLANTED}', $who${PLANTED}$who$) GROUP BY 1",
    source=("shop.valid_visits", VALID), target=("shop.monthly", MONTHLY))

# What is said of a dataset and of a job themselves.
client.emit(DatasetEvent(eventTime=BEGIN.isoformat(), dataset=StaticDataset(
    PLACE, "shop.visits", facets=VISITS | {
        "ownership": ownership_dataset.OwnershipDatasetFacet(
            owners=[ownership_dataset.Owner(name="team:reception", type="OWNER")]),
        "documentation": documentation_dataset.DocumentationDatasetFacet(
            description=f"Ask {PLANTED} before you change anything.")})))
client.emit(JobEvent(eventTime=BEGIN.isoformat(), job=Job(namespace=TEAM, name="publish"),
                     inputs=[InputDataset(PLACE, "shop.monthly")]))

# The first night goes well.
run(TEAM, 0, 0, [START])
run("clean", 0, 1, [START, RUNNING, COMPLETE], parent=0, **clean)
run("report", 0, 20, [START, RUNNING, COMPLETE], parent=0, **report)
run(TEAM, 0, 40, [COMPLETE])
# In the second, cleaning fails, and what started it never reports.
run("clean", 1, 1, [START, FAIL], parent=1, **clean, facets={
    "errorMessage": error_message_run.ErrorMessageRunFacet(
        message=f"no ward for {PLANTED}", programmingLanguage="python",
        stackTrace=f"KeyError: '{PLANTED}'")})
# In the third, the report begins and is never heard of again.
run("report", 2, 20, [START, RUNNING], **report)
client.close()
