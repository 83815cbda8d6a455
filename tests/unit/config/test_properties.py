from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from record_processor.config.choices import BillingMode
from record_processor.config.credential_providers import secrets_in
from record_processor.config.properties import read_properties
from record_processor.config.property_schema import BY_ENVIRONMENT, KEYS
from record_processor.errors import InvalidConfigError
from record_processor.text import redaction

if TYPE_CHECKING:
    from record_processor.config.worker_configuration import WorkerConfiguration

ROOT = Path(__file__).parents[3]
SMALL = "applicationName = shop\nstreamName = Orders\n"


def read(tmp_path: Path, text: str, overrides: list[str] | None = None, **environment: str) -> WorkerConfiguration:
    path = tmp_path / "worker.properties"
    path.write_text(text)
    return read_properties(path, overrides or [], environment)


def mistakes(tmp_path: Path, text: str, overrides: list[str] | None = None, **environment: str) -> list[str]:
    with pytest.raises(InvalidConfigError) as found:
        read(tmp_path, text, overrides, **environment)
    return [str(mistake).replace(f"{tmp_path}/", "") for mistake in found.value.mistakes]


def test_two_keys_are_enough(tmp_path: Path) -> None:
    configuration = read(tmp_path, SMALL)
    assert configuration.stream_names == ("Orders",)
    assert configuration.for_kcl["initialPositionInStream"] == "TRIM_HORIZON"
    assert configuration.actions_path == tmp_path / "actions.yaml"


def test_several_streams_are_separated_by_commas(tmp_path: Path) -> None:
    arn = "arn:aws:dynamodb:eu-west-1:123456789012:table/B/stream/2026-01-01T00:00:00.000"
    configuration = read(tmp_path, f"applicationName = shop\nstreamName = Orders, {arn}")
    assert configuration.stream_names == ("Orders", arn)


def test_the_environment_overrides_the_file_and_set_overrides_both(tmp_path: Path) -> None:
    text = SMALL + "failoverTimeMillis = 20000\nmaxRecords = 10\nregionName = eu-west-1"
    environment = {"RECORD_PROCESSOR_FAILOVER_TIME_MILLIS": "30000", "RECORD_PROCESSOR_MAX_RECORDS": "20"}
    configuration = read(tmp_path, text, ["maxRecords=30"], **environment)
    assert configuration.leases.failover_time_millis == 30000
    assert configuration.for_kcl["maxRecords"] == "30"
    assert configuration.aws.region == "eu-west-1"


def test_every_mistake_is_answered_with_file_and_line(tmp_path: Path) -> None:
    text = """\
# a comment
applicationName = shop
streamNam = Orders
failoverTimeMillis = soon

metricsLevel = SOME
callProcessRecordsEvenForEmptyRecordList = yes
streamArn = x
maxRecords = 0
retriesOfEverything = 1
applicationName = shop2
"""
    assert mistakes(tmp_path, text) == [
        "worker.properties:11: applicationName is set more than once; first: "
        + f"{tmp_path}/worker.properties:2".replace(f"{tmp_path}/", ""),
        "worker.properties:3: unknown key 'streamNam'; did you mean 'streamName'?",
        "worker.properties:4: failoverTimeMillis: expected a whole number of at least 1000, found 'soon'",
        "worker.properties:6: metricsLevel: expected one of NONE, SUMMARY, DETAILED, found 'SOME'",
        "worker.properties:7: callProcessRecordsEvenForEmptyRecordList: expected true or false, found 'yes'",
        "worker.properties:8: streamArn cannot be set: streamName takes ARNs too",
        "worker.properties:9: maxRecords: expected a whole number from 1 to 1000, found '0'",
        "worker.properties:10: unknown key 'retriesOfEverything'; properties/worker.properties lists the main ones",
    ]


def test_a_time_after_which_healthy_processes_would_be_ended_as_stuck_is_refused(tmp_path: Path) -> None:
    expected = "stuckAfterMillis: expected a whole number of at least 5000, found '1000'"
    assert mistakes(tmp_path, SMALL, ["stuckAfterMillis=1000"]) == [f"--set stuckAfterMillis: {expected}"]


def test_mistakes_outside_the_file_are_answered_too(tmp_path: Path) -> None:
    assert mistakes(tmp_path, SMALL, ["maxRecord=1", "nothing"], RECORD_PROCESSOR_MAX_RECORD="1") == [
        "environment: unknown variable 'RECORD_PROCESSOR_MAX_RECORD'; did you mean 'RECORD_PROCESSOR_MAX_RECORDS'?",
        "--set nothing: expected key=value",
        "--set maxRecord: unknown key 'maxRecord'; did you mean 'maxRecords'?",
    ]


def test_what_is_required_is_named(tmp_path: Path) -> None:
    assert mistakes(tmp_path, "") == [
        "worker.properties: needs the key 'applicationName'",
        "worker.properties: needs the key 'streamName'",
    ]


def test_a_secret_is_not_shown(tmp_path: Path) -> None:
    (message,) = mistakes(tmp_path, SMALL + "AwsCredentialsProvider =")
    assert message == "worker.properties:3: AwsCredentialsProvider: expected a value"


def test_credentials_keys_are_taken_in_any_case_as_kcl_takes_them(tmp_path: Path) -> None:
    configuration = read(tmp_path, SMALL + "awsCredentialsProvider = LocalCredentialsProvider")
    assert configuration.aws.streams_provider == "LocalCredentialsProvider"


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidConfigError, match=r"absent.properties: cannot be read: No such file"):
        read_properties(tmp_path / "absent.properties", [], {})


def test_each_key_has_an_environment_variable_of_its_own() -> None:
    assert len(BY_ENVIRONMENT) == len(KEYS)


KUBERNETES = {
    "RECORD_PROCESSOR_SERVICE_HOST": "10.0.0.1",
    "RECORD_PROCESSOR_SERVICE_PORT": "9090",
    "RECORD_PROCESSOR_SERVICE_PORT_METRICS": "9090",
    "RECORD_PROCESSOR_PORT": "tcp://10.0.0.1:9090",
    "RECORD_PROCESSOR_PORT_9090_TCP": "tcp://10.0.0.1:9090",
    "RECORD_PROCESSOR_PORT_9090_TCP_PROTO": "tcp",
    "RECORD_PROCESSOR_PORT_9090_TCP_PORT": "9090",
    "RECORD_PROCESSOR_PORT_9090_TCP_ADDR": "10.0.0.1",
    "RECORD_PROCESSOR_BLUE_GREEN_SERVICE_HOST": "10.0.0.2",
    "RECORD_PROCESSOR_BLUE_GREEN_PORT": "udp://10.0.0.2:53",
    "RECORD_PROCESSOR_BLUE_GREEN_PORT_53_UDP_ADDR": "10.0.0.2",
}


def test_what_kubernetes_sets_for_a_service_of_this_name_stops_no_start(tmp_path: Path) -> None:
    assert read(tmp_path, SMALL, None, **KUBERNETES).application_name == "shop"


@pytest.mark.parametrize(
    "variable", ["RECORD_PROCESSOR_FAILOVER_PORT", "RECORD_PROCESSOR_PORT", "RECORD_PROCESSOR_PORT_TCP"]
)
def test_a_variable_that_only_resembles_what_kubernetes_sets_is_refused(tmp_path: Path, variable: str) -> None:
    (mistake,) = mistakes(tmp_path, SMALL, None, **{variable: "9090"})
    assert variable in mistake


def test_the_production_template_shows_every_default_as_it_is() -> None:
    template = (ROOT / "properties/worker.properties").read_text()
    shown = dict(re.findall(r"^#?(\w+) = (.*)$", template, re.MULTILINE))
    assert set(shown) <= set(KEYS)
    for name, value in shown.items():
        default = KEYS[name].default
        if default is not None:
            assert value == default, name


def test_the_production_template_shows_every_key_that_has_a_default() -> None:
    template = (ROOT / "properties/worker.properties").read_text()
    shown = set(re.findall(r"^#?(\w+) = ", template, re.MULTILINE))
    assert {key.name for key in KEYS.values() if key.default is not None} <= shown


def test_the_sdks_region_counts_where_none_is_written(tmp_path: Path) -> None:
    config = tmp_path / "config"
    config.write_text("[default]\nregion = eu-west-3\n[profile shop]\nregion = cn-north-1\n")

    def region(text: str = SMALL, **environment: str) -> str:
        return read(tmp_path, text, [], **environment).aws.region

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_CONFIG_FILE", str(config))
        patch.delenv("AWS_PROFILE", raising=False)
        assert region() == "eu-west-3"
        assert region(AWS_PROFILE="shop") == "cn-north-1"
        assert region(AWS_PROFILE="gone") == "us-east-1"
        assert region(SMALL + "AwsCredentialsProvider = ProfileCredentialsProvider|shop") == "cn-north-1"
        assert region(AWS_DEFAULT_REGION="eu-west-2", AWS_PROFILE="shop") == "eu-west-2"
        assert region(AWS_DEFAULT_REGION="eu-west-2", AWS_REGION="eu-west-1") == "eu-west-1"
        assert region(SMALL + "regionName = us-gov-west-1", AWS_REGION="eu-west-1") == "us-gov-west-1"


@pytest.mark.parametrize(
    "name", ["mars north", "local", "ddblocal", "eu_west_1", "EU-WEST-1", "mars-north-1", "aws-global"]
)
def test_a_region_that_is_none_is_refused_where_it_stands(tmp_path: Path, name: str) -> None:
    (message,) = mistakes(tmp_path, SMALL + f"regionName = {name}")
    assert message.startswith("worker.properties:3: regionName: expected a region of AWS, such as eu-west-1")
    (message,) = mistakes(tmp_path, SMALL, AWS_REGION=name)
    assert message.startswith("environment variable AWS_REGION: expected a region of AWS")
    assert message.endswith(f"found {name!r}")


def test_more_records_than_dynamodb_gives_are_refused(tmp_path: Path) -> None:
    assert mistakes(tmp_path, SMALL + "maxRecords = 1001") == [
        "worker.properties:3: maxRecords: expected a whole number from 1 to 1000, found '1001'"
    ]


@pytest.mark.parametrize("place", ["file", "environment", "--set"])
def test_credentials_of_providers_are_secrets_wherever_they_are_written(place: str, tmp_path: Path) -> None:
    name = "AwsCredentialsProviderDynamoDB"
    value = "DefaultCredentialsProvider,com.shop.Vault|vault-token|key=vault-key, ProfileCredentialsProvider|Hq7profile"
    text = SMALL + (f"{name.lower()} = {value}\n" if place == "file" else "")
    environment = {KEYS[name].environment: value} if place == "environment" else {}
    read(tmp_path, text, [f"{name}={value}"] if place == "--set" else [], **environment)
    line = "no profile (Hq7profile) for vault-key or vault-token in com.shop.Vault of DefaultCredentialsProvider"
    assert redaction.redacted(line) == "no profile (***) for *** or *** in com.shop.Vault of DefaultCredentialsProvider"


def test_of_a_role_the_session_and_the_region_are_no_secrets() -> None:
    role = "arn:aws:iam::123456789012:role/reader"
    provider = (
        f"StsAssumeRoleCredentialsProvider|{role}|record-processor|endpointRegion=eu-west-1|externalId=Hq7external"
    )
    assert secrets_in(provider) == [role, "externalId=Hq7external", "Hq7external"]
    assert secrets_in("ProfileCredentialsProvider|default,DefaultCredentialsProvider") == []


def test_a_number_of_thousands_of_digits_is_refused_where_it_stands(tmp_path: Path) -> None:
    text = f"applicationName = a\nstreamName = Orders\nfailoverTimeMillis = {'9' * 5000}\nmaxRecords = {'9' * 5000}\n"
    for place, mistake in zip((3, 4), mistakes(tmp_path, text), strict=True):
        assert f"worker.properties:{place}: " in mistake
        assert "expected a whole number" in mistake
        assert len(mistake) < 400


def test_every_property_has_a_description_of_whole_sentences() -> None:
    for key in KEYS.values():
        assert re.fullmatch(r"[A-Z].*[^.]\.", key.description), key.name
        assert key.since, key.name


@pytest.mark.parametrize(
    ("name", "type_name"),
    [
        ("maxRecords", "a whole number from 1 to 1000"),
        ("failoverTimeMillis", "a whole number of at least 1000"),
        ("metricsLevel", "one of NONE, SUMMARY, DETAILED"),
        ("cleanupLeasesUponShardCompletion", "true or false"),
        ("applicationName", "text"),
    ],
)
def test_a_propertys_type_is_said_in_words(name: str, type_name: str) -> None:
    assert KEYS[name].type_name == type_name


def test_kcls_tables_have_their_names_and_settings(tmp_path: Path) -> None:
    text = SMALL + "tableName = leases\ncoordinatorStateBillingMode = PROVISIONED\ncoordinatorStateReadCapacity = 3\n"
    text += "leaseTablePitrEnabled = true\nworkerMetricsPointInTimeRecoveryEnabled = true\n"
    tables = read(tmp_path, text + "workerMetricsDeletionProtectionEnabled = true\n").tables
    assert [table.name for table in tables] == ["leases", "shop-CoordinatorState", "shop-WorkerMetricStats"]
    assert [table.billing_mode for table in tables] == [
        BillingMode.PAY_PER_REQUEST,
        BillingMode.PROVISIONED,
        BillingMode.PAY_PER_REQUEST,
    ]
    assert (tables.coordinator.read_capacity_units, tables.coordinator.write_capacity_units) == (3, 10)
    assert [table.has_deletion_protection for table in tables] == [False, False, True]
    assert [table.has_point_in_time_recovery for table in tables] == [True, False, True]


def test_the_configuration_has_units_and_cannot_be_changed(tmp_path: Path) -> None:
    configuration = read(tmp_path, SMALL, ["shutdownGraceMillis=2500", "streamCheckIntervalMillis=100"])
    assert configuration.shutdown_grace_seconds == 2.5
    assert configuration.stream_check_interval_seconds == 0.1
    with pytest.raises(AttributeError):
        configuration.application_name = "other"  # type: ignore[misc]
    with pytest.raises(TypeError):
        configuration.for_kcl["maxRecords"] = "1"  # type: ignore[index]


def test_kcl_is_given_its_own_properties_alone(tmp_path: Path) -> None:
    assert all(not KEYS[name].ours for name in read(tmp_path, SMALL + "workerId = w").for_kcl)


@pytest.mark.parametrize(
    ("written", "millis"),
    [
        ("", "1000"),
        ("pollingProfile = low-latency\n", "250"),
        ("pollingProfile = low-cost\n", "5000"),
        ("pollingProfile = low-cost\nidleTimeBetweenReadsInMillis = 700\n", "700"),
    ],
)
def test_the_polling_profile_says_how_often_a_shard_is_read_unless_the_pause_is_written(
    tmp_path: Path, written: str, millis: str
) -> None:
    for_kcl = read(tmp_path, SMALL + written).for_kcl
    assert for_kcl["idleTimeBetweenReadsInMillis"] == millis
    assert "pollingProfile" not in for_kcl


def test_an_unknown_polling_profile_is_one_error_with_its_line(tmp_path: Path) -> None:
    assert len(mistakes(tmp_path, SMALL + "pollingProfile = fast\n")) == 1
