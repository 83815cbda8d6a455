"""For tests of handlers, of `actions.yaml` and of actions of your own: neither a JVM nor AWS is needed.

```python
from record_processor.testing import Actions, insert

def test_large_orders_are_sent_to_the_partner() -> None:
    with Actions("actions.yaml") as actions:
        result = actions.feed(insert({"id": "o-1"}, {"Total": 120}), insert({"id": "o-2"}, {"Total": 5}))
    assert len(result["partner"].sent) == 1
```

This module is part of the public API: docs/reference/python-api.md.
"""

from record_processor.testing.changes import Change, change_record, insert, modify, remove
from record_processor.testing.fake_lease import FakeLease
from record_processor.testing.handler_calls import context, event, plain_event
from record_processor.testing.harness import Actions, DeliveryHarness, make_action
from record_processor.testing.results import ActionResult, FeedResult, RecordResult
from record_processor.testing.watched_action import FakeSink

__all__ = [
    "ActionResult",
    "Actions",
    "Change",
    "DeliveryHarness",
    "FakeLease",
    "FakeSink",
    "FeedResult",
    "RecordResult",
    "change_record",
    "context",
    "event",
    "insert",
    "make_action",
    "modify",
    "plain_event",
    "remove",
]
