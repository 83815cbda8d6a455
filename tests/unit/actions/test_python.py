from __future__ import annotations

import asyncio
import contextvars
import copy
import functools
import json
import re
import sys
import threading
import time
import types
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from record_processor.actions.python import PythonAction, PythonSettings
from record_processor.config.units import Duration
from record_processor.errors import InvalidSettingError, PartialFailure
from record_processor.plugin.partial_batch_response import InvalidBatchResponse, UnexpectedAnswerError
from record_processor.records.stream import Shard
from record_processor.records.template import Template
from tests.builders import ARN, STREAM, change_record

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from record_processor.actions.handlers.handler_context import Context

calls: list[tuple[dict[str, Any], Context]] = []
not_a_function = 12


def handle(event: dict[str, Any], context: Context) -> None:
    calls.append((event, context))


def action(handler: str, **settings: Any) -> PythonAction:
    made = PythonAction(PythonSettings(name="orders", type="python", handler=handler, **settings))
    made.open(Shard("shardId-1", STREAM))
    return made


def test_a_handler_gets_lambdas_event_and_a_context() -> None:
    calls.clear()
    record = change_record()
    action(f"{__name__}:handle").deliver([record])
    ((event, context),) = calls
    assert event == {"Records": [record.to_lambda()]}
    assert event["Records"][0]["eventSourceARN"] == ARN
    assert (context.function_name, context.shard_id) == ("orders", "shardId-1")
    assert context.aws_request_id


def spoil(event: dict[str, Any], _context: Any) -> None:
    """Change everything in an event that can be changed."""
    calls.append((json.loads(json.dumps(event, default=str)), _context))

    def change(value: Any) -> None:
        if isinstance(value, dict):
            for inside in value.values():
                change(inside)
            value["spoilt"] = True
        elif isinstance(value, list):
            for inside in value:
                change(inside)
            value.append("spoilt")

    change(event)


@pytest.mark.parametrize(
    "shape",
    [
        {},
        {"format": "dynamodb"},
        {"format": "plain"},
        {"template": Template({"whole": "{new}", "tags": "{new.Tags}", "by": "{userIdentity}", "fixed": {"a": [1]}})},
    ],
)
def test_what_a_handler_does_to_its_event_changes_no_other_call_and_no_other_action(shape: dict[str, Any]) -> None:
    calls.clear()
    image = {"Company": {"S": "x"}, "Tags": {"L": [{"M": {"a": {"SS": ["b"]}}}]}}
    record = change_record(NewImage=image, userIdentity={"type": "Service"})
    plain = copy.deepcopy(record.plain)
    for made in (action(f"{__name__}:spoil", **shape), action(f"{__name__}:spoil", **shape)):
        made.deliver([record])
        made.deliver([record])
    assert all(event == calls[0][0] for event, _ in calls)
    assert "spoilt" not in json.dumps([event for event, _ in calls])
    assert (record.plain, record.user_identity) == (plain, {"type": "Service"})


def test_a_handler_has_all_of_lambdas_context(monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    calls.clear()
    action(f"{__name__}:handle", timeout=Duration(60)).deliver([change_record()])
    ((_, context),) = calls
    assert 59_000 < context.get_remaining_time_in_millis() <= 60_000
    now = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: now + 70)
    assert context.get_remaining_time_in_millis() == 0
    assert (context.function_version, context.invoked_function_arn) == ("$LATEST", ARN)
    assert (context.log_group_name, context.log_stream_name) == ("/record-processor/Phones", "shardId-1")
    assert (context.identity.cognito_identity_id, context.identity.cognito_identity_pool_id) == (None, None)
    assert (context.client_context, context.memory_limit_in_mb, context.tenant_id) == (None, 0, None)
    context.log("seen")
    assert capsys.readouterr().out == "seen\n"
    context.mine = 1  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("handler", "message"),
    [
        ("no_such_module:handle", "cannot import 'no_such_module': ModuleNotFoundError.*; looked in"),
        (f"{__name__}:absent", "has no 'absent'"),
        (f"{__name__}:not_a_function", "is not a function, found int"),
    ],
)
def test_a_handler_that_is_not_there_is_refused_before_anything_starts(handler: str, message: str) -> None:
    with pytest.raises(InvalidSettingError, match=message) as refused:
        action(handler)
    assert refused.value.key == "handler"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (
            "import json\njson.loads('{')",
            r"cannot import 'broken': JSONDecodeError: Expecting.* \(FOLDER/broken.py:2\)",
        ),
        ("\nimport no_such_library", r"ModuleNotFoundError: No module named 'no_such_library' \(FOLDER/broken.py:2\)"),
        ("def handle(:", r"cannot import 'broken': SyntaxError: .* \(FOLDER/broken.py:1\)"),
        ("object.nothing", r"AttributeError: type object 'object' has no attribute 'nothing' \(FOLDER/broken.py:1\)"),
        ("import sys\nsys.exit('bye')", r"cannot import 'broken': SystemExit: bye \(FOLDER/broken.py:2\)"),
        (
            "def __getattr__(n):\n  return {}[n]",
            r"cannot get 'broken:handle': KeyError: 'handle' \(FOLDER/broken.py:2\)",
        ),
        ("def __getattr__(n):\n  return 1 .x", r"AttributeError: 'int' object has no attribute 'x' \(FOLDER/broken.py"),
        (
            "class E(Exception):\n  def __str__(s): 1/0\nraise E",
            r"E: \(its message cannot be read: .* ZeroDivisionError\) \(FOLDER/broken.py:3",
        ),
        ("def handel(e, c): ...", r"module 'broken' \(FOLDER/broken.py\) has no 'handle'; did you mean 'handel'\?"),
    ],
)
def test_an_error_while_a_module_is_imported_is_shown_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, says: str
) -> None:
    (tmp_path / "broken.py").write_text(text)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "broken", raising=False)
    with pytest.raises(InvalidSettingError, match=says.replace("FOLDER", re.escape(str(tmp_path)))):
        action("broken:handle")


responses: list[Any] = []


def respond(_event: dict[str, Any], _context: Context) -> Any:
    return responses[0]


async def handle_async(event: dict[str, Any], _context: Context) -> Any:
    calls.append((event, _context))
    await asyncio.sleep(0.02)
    return responses[0] if responses else None


def failed_positions(answer: Any, count: int = 4, handler: str = "respond") -> list[int]:
    responses[:] = [answer]
    records = [change_record(SequenceNumber=str(number)) for number in range(1, count + 1)]
    made = action(f"{__name__}:{handler}")
    try:
        made.deliver(records)
    except PartialFailure as failure:
        return sorted(failure.failures)
    finally:
        made.close()
    return []


@pytest.mark.parametrize(
    "answer", [None, {}, {"batchItemFailures": []}, {"batchItemFailures": None}, {"batchItemFailures": [], "more": 1}]
)
def test_an_answer_without_failures_means_that_all_is_well(answer: Any) -> None:
    assert failed_positions(answer) == []


def yielding(_event: Any, _context: Any) -> Any:
    yield 1


async def yielding_later(_event: Any, _context: Any) -> Any:
    yield 1


async def respond_later(_event: Any, _context: Any) -> Any:
    return responses[0]


@pytest.mark.parametrize("answer", [{"statusCode": 200}, "done", True, 0, [], {"batchItemFailure": []}, object()])
@pytest.mark.parametrize("handler", ["respond", "respond_later"])
def test_an_answer_that_is_none_fails_the_batch(answer: Any, handler: str) -> None:
    with pytest.raises(UnexpectedAnswerError, match=r'returned .*; expected None, or .*"batchItemFailures"'):
        failed_positions(answer, handler=handler)


@pytest.mark.parametrize("handler", ["yielding", "yielding_later"])
def test_a_generator_fails_the_batch_since_nothing_of_it_has_run(handler: str) -> None:
    with pytest.raises(UnexpectedAnswerError, match=rf"a generator \({handler}\), so that nothing of it has run"):
        failed_positions(None, handler=handler)


def decorated(handler: Callable[..., Any]) -> Callable[..., Any]:
    def around(*arguments: Any) -> Any:
        return handler(*arguments)

    return around


class Waited:
    """Awaitable, though no coroutine."""

    def __await__(self) -> Any:
        yield from asyncio.sleep(0).__await__()
        return responses[0]


class Called:
    async def __call__(self, *_: Any) -> Any:
        await asyncio.sleep(0)
        return responses[0]


async def in_a_task(_event: Any, _context: Any) -> Any:
    return asyncio.ensure_future(respond_later({}, None))


@types.coroutine
def old_style(_event: Any, _context: Any) -> Any:
    yield from asyncio.sleep(0).__await__()
    return responses[0]


def in_an_executor(_event: Any, _context: Any) -> Any:
    with ThreadPoolExecutor() as executor:
        return executor.submit(lambda: responses[0])


elsewhere = asyncio.new_event_loop()


def in_a_loop_of_its_own(_event: Any, _context: Any) -> Any:
    """A future of a loop that runs in another thread."""
    if not elsewhere.is_running():
        threading.Thread(target=elsewhere.run_forever, daemon=True).start()

    async def task() -> Any:
        return asyncio.ensure_future(respond_later({}, None))

    return asyncio.run_coroutine_threadsafe(task(), elsewhere).result()


decorated_async = decorated(respond_later)
partial_async = functools.partial(respond_later)
object_async = Called()
object_awaitable = decorated(lambda *_: Waited())


@pytest.mark.parametrize(
    "handler",
    [
        "decorated_async", "partial_async", "object_async", "object_awaitable", "in_a_task", "old_style",
        "in_an_executor", "in_a_loop_of_its_own",
    ],
)  # fmt: skip
def test_whatever_can_be_awaited_is_awaited(handler: str) -> None:
    assert failed_positions({"batchItemFailures": [{"itemIdentifier": "2"}]}, handler=handler) == [1, 2, 3]
    assert failed_positions(None, handler=handler) == []


who: contextvars.ContextVar[str] = contextvars.ContextVar("who", default="nobody")


async def says_who(_event: Any, _context: Any) -> None:
    calls.append(({"who": who.get()}, _context))


def test_an_async_handler_sees_the_context_variables_of_its_call() -> None:
    calls.clear()
    who.set("caller")
    made = action(f"{__name__}:says_who")
    made.deliver([change_record()])
    made.close()
    assert calls[0][0] == {"who": "caller"}


@pytest.mark.parametrize(
    ("failures", "expected"), [(["3"], [2, 3]), (["4", "2"], [1, 2, 3]), (["1"], [0, 1, 2, 3]), (["4"], [3])]
)
def test_everything_from_the_lowest_failure_on_comes_again(failures: list[str], expected: list[int]) -> None:
    answer = {"batchItemFailures": [{"itemIdentifier": number} for number in failures]}
    assert failed_positions(answer) == expected
    assert failed_positions(answer, handler="handle_async") == expected


@pytest.mark.parametrize(
    "item", [{"itemIdentifier": ""}, {"itemIdentifier": None}, {"itemIdentifier": "99"}, {"item": "1"}, None, "1"]
)
def test_an_identifier_that_is_not_in_the_batch_fails_all_of_it(item: Any) -> None:
    with pytest.raises(InvalidBatchResponse, match="not in the batch"):
        failed_positions({"batchItemFailures": [item]})


turns: list[asyncio.Lock] = []
present: list[asyncio.AbstractEventLoop] = []


async def in_turn(_event: Any, _context: Any) -> None:
    """With something of its module that belongs to a loop, as clients do."""
    if not turns:
        turns.append(asyncio.Lock())
    async with turns[0]:
        await asyncio.sleep(0.01)


def test_handlers_of_several_actions_may_share_what_belongs_to_an_event_loop() -> None:
    first, second = action(f"{__name__}:in_turn"), action(f"{__name__}:in_turn")
    threads = [threading.Thread(target=made.deliver, args=([change_record()],)) for made in (first, second)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    first.close()
    second.deliver([change_record()])
    second.close()


async def meet(_event: Any, _context: Any) -> None:
    """Return once all calls are in it."""
    present.append(asyncio.get_running_loop())
    until = time.monotonic() + 60
    while len(present) < 50:
        assert time.monotonic() < until, f"{len(present)} calls at a time"
        await asyncio.sleep(0.01)


def test_async_calls_share_one_loop_and_overlap() -> None:
    present.clear()
    made = action(f"{__name__}:meet")
    with ThreadPoolExecutor(50) as threads:
        for call in [threads.submit(made.deliver, [change_record()]) for _ in range(50)]:
            call.result()
    assert len(set(present)) == 1
    made.close()
