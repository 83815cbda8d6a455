"""The properties that say what to read, and as whom."""

from __future__ import annotations

from record_processor.config.choices import InitialPosition, PollingProfile, TrimmedData
from record_processor.config.property_key import PropertyKey, choice, flag, integer, text

READING = (
    text("applicationName", "Names the application and its lease table. Workers with the same name share the work."),
    text("streamName", "Table names or stream ARNs, separated by commas."),
    PropertyKey(
        "regionName",
        "region",
        None,
        "The region of the tables, their streams and the lease table. If it is not set, AWS_REGION counts, then "
        "AWS_DEFAULT_REGION, then the region of the profile, then us-east-1.",
    ),
    choice(
        "initialPositionInStream",
        "Where to start on a shard without a checkpoint: with the oldest record (TRIM_HORIZON, up to 24 hours back) or "
        "with the moment at which an application first reads the shard (LATEST).",
        InitialPosition,
        InitialPosition.TRIM_HORIZON,
    ),
    text(
        "AwsCredentialsProvider",
        "The credentials, for the streams and for all that has no provider of its own: DefaultCredentialsProvider, "
        "ProfileCredentialsProvider|NAME, StsAssumeRoleCredentialsProvider|ROLE_ARN|SESSION, and the like.",
        "DefaultCredentialsProvider",
        secret=True,
    ),
    text(
        "AwsCredentialsProviderDynamoDB",
        "The credentials for the tables. Default: those of AwsCredentialsProvider.",
        secret=True,
    ),
    text(
        "AwsCredentialsProviderCloudWatch",
        "The credentials for CloudWatch. Default: those of AwsCredentialsProvider.",
        secret=True,
    ),
    text("kinesisEndpoint", "The endpoint of DynamoDB Streams, such as http://localhost:8000. Default: AWS's."),
    text("dynamoDBEndpoint", "The endpoint of DynamoDB, for the tables and the lease table. Default: AWS's."),
    integer("maxRecords", "How many records to ask for per call. DynamoDB returns 1 MB at most.", 1_000, 1, 1_000),
    choice(
        "pollingProfile",
        "How often a shard is read: more often costs more reads, and changes arrive sooner (low-latency, 250 ms; "
        "balanced, 1 s; low-cost, 5 s). idleTimeBetweenReadsInMillis, if it is set, applies instead.",
        PollingProfile,
        PollingProfile.BALANCED,
        ours=True,
    ),
    # KCL's idle time is 1 s too, and doubles while a shard is empty.
    integer(
        "idleTimeBetweenReadsInMillis",
        "The pause between two calls on a shard, in milliseconds, doubled while the shard is empty. Each call costs "
        "a streams read request unit; below 200 DynamoDB throttles. Default: as pollingProfile says.",
        minimum=1,
    ),
    # Held records and late checkpoints need a call even when nothing comes.
    flag(
        "callProcessRecordsEvenForEmptyRecordList",
        "Whether shard processes are called when there are no records. Held batches and checkpoints need it.",
        default=True,
    ),
    integer(
        "trimWarningMinutes",
        "How many minutes before DynamoDB removes records that are not processed a worker warns (the event trim.near). "
        "0: never.",
        240,
        maximum=1_440,
        ours=True,
    ),
    choice(
        "trimmedData",
        "What a shard does after DynamoDB has trimmed records (24 hours) that were not read: go on with the oldest "
        "record (continue), or wait until this is set to continue (stop). The event data.trimmed reports it.",
        TrimmedData,
        TrimmedData.CONTINUE,
        ours=True,
    ),
    integer(
        "streamCheckIntervalMillis",
        "How often, in milliseconds, to look if a table has a new stream (the event stream.replaced).",
        30_000,
        100,
        ours=True,
    ),
    integer(
        "parentShardPollIntervalMillis",
        "How often a child shard checks if its parent is done, in milliseconds.",
        1_000,
        1,
    ),
)
